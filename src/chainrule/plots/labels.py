"""Names in pictures: as they are written, never as markup, in the room that there is."""

from __future__ import annotations

import functools
import unicodedata
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, TypeVar

from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.textpath import text_to_path

from chainrule.words import counted, printable, told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

__all__ = [
    "POINTS",
    "cut",
    "drawable",
    "first_targets",
    "fitted",
    "inches_of",
    "places_of",
    "wording",
    "wrapped",
    "written",
]

POINTS = 72  # of an inch
MOST_TARGETS = 6  # that have a panel
LONGEST = 60  # characters of a name, however much room there is
SHORTEST = 6
SAFE = 1.03  # a letter that is fitted to pixels may be wider than its outline
NO_GLYPH = "\N{WHITE SQUARE}"
# Families of systems that have letters which matplotlib's own font has not, in the order of asking.
OTHER_FAMILIES = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR", "Source Han Sans", "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei", "IPAexGothic", "IPAGothic", "Droid Sans Fallback", "Hiragino Sans",
    "Hiragino Sans GB", "PingFang SC", "Heiti TC", "Arial Unicode MS", "Microsoft YaHei", "Yu Gothic",
    "MS Gothic", "SimHei", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans Hebrew",
    "Noto Sans Arabic", "Unifont",
)  # fmt: skip


def wording(size: float | None = None) -> dict[str, Any]:
    """What a text of the user's words needs: no mathematics, no TeX, and fonts that have its letters.

    Examples
    --------
    >>> wording(9.0)["parse_math"]
    False
    """
    own: dict[str, Any] = {"parse_math": False, "usetex": False, "family": _families()}
    return own if size is None else {**own, "fontsize": size}


def drawable(text: str) -> str:
    r"""A text in one line, with a box for a letter that no font has.

    Examples
    --------
    >>> print(drawable("two\nlines of $x_1$"))
    two\nlines of $x_1$
    """
    return "".join(one if _has_glyph(ord(one)) else NO_GLYPH for one in printable(text))


def inches_of(text: str, size: float) -> float:
    """How wide a text is, in inches, at a size in points.

    Examples
    --------
    >>> 0.5 < inches_of("setosa", 12.0) < 0.7
    True
    """
    if not text:
        return 0.0
    return _width(text, size, _families())


def fitted(names: Sequence[str], inches: float, size: float) -> list[str]:
    """Names cut in their middle to so much room, still told apart from each other.

    Examples
    --------
    >>> fitted(["age", "temperature of the water in 1990"], 1.0, 10.0)
    ['age', 'temp… 1990']
    """
    whole = [drawable(one) for one in names]
    longest = min(max(map(len, whole), default=0), LONGEST)
    sizes = range(SHORTEST, longest + 1)

    def widest(most: int) -> float:
        return max((inches_of(one, size) for one in told_apart(whole, most)), default=0.0)

    return told_apart(whole, max(bisect_right(sizes, inches, key=widest) - 1 + SHORTEST, SHORTEST))


def cut(text: str, inches: float, size: float) -> str:
    """One text of several words, cut at its end to so much room."""
    words = drawable(text)
    if inches_of(words, size) <= inches:
        return words
    most = bisect_right(range(len(words)), inches, key=lambda n: inches_of(f"{words[:n]}…", size)) - 1
    return f"{words[: max(most, 0)].rstrip()}…"


def wrapped(text: str, inches: float, size: float, most: int = 2) -> list[str]:
    """A text in lines of so much room, the last of them cut where there is more."""
    lines: list[str] = []
    rest = drawable(text).split()
    while rest and len(lines) < most - 1:
        n = max(
            (k for k in range(1, len(rest) + 1) if inches_of(" ".join(rest[:k]), size) <= inches), default=1
        )
        lines.append(cut(" ".join(rest[:n]), inches, size))
        rest = rest[n:]
    return [*lines, cut(" ".join(rest), inches, size)] if rest else lines


def written(value: float, digits: int = 3) -> str:
    """A number as it stands in a picture.

    Examples
    --------
    >>> written(-0.12345), written(2011.0, 4)
    ('−0.123', '2011')
    """
    return f"{value + 0.0:.{digits}g}".replace("-", "\N{MINUS SIGN}")


def places_of(n: int, most: int) -> list[int]:
    """Places of at most so many of n things, evenly spread, the first among them.

    Examples
    --------
    >>> places_of(10, 4), places_of(3, 4)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    return list(range(0, n, max(-(-n // max(most, 1)), 1)))


def first_targets(every: Sequence[T]) -> list[tuple[T, str]]:
    """As many targets as are drawn, each with what is to be said beneath it: of the last how many are not.

    Examples
    --------
    >>> first_targets("abcdefgh")[4:]
    [('e', ''), ('f', '2 more targets are not drawn')]
    """
    n = len(every) - MOST_TARGETS
    more = f"{counted(n, 'more target')} {'is' if n == 1 else 'are'} not drawn" if n > 0 else ""
    shown = every[:MOST_TARGETS]
    return [(one, more * (k == len(shown))) for k, one in enumerate(shown, 1)]


def _families() -> tuple[str, ...]:
    """The user's font, and behind it those of the system that have other letters."""
    return (*rcParams["font.family"], *_installed())


@functools.cache
def _installed() -> tuple[str, ...]:
    there = {one.name for one in fontManager.ttflist}
    return tuple(name for name in OTHER_FAMILIES if name in there)


@functools.lru_cache(4096)
def _width(text: str, size: float, families: tuple[str, ...]) -> float:
    width, _, _ = text_to_path.get_text_width_height_descent(
        text, FontProperties(family=families, size=size), ismath=False
    )
    return SAFE * float(width) / POINTS


@functools.cache
def _fonts(families: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(get_font(findfont(FontProperties(family=[name]))) for name in families)


def _has_glyph(code: int) -> bool:
    """Whether a font has a letter; one that joins others, or steers them, needs none of its own."""
    is_unseen = unicodedata.category(chr(code)) in {"Mn", "Cf"} and code > 0x7F  # noqa: PLR2004 (ASCII)
    return not is_unseen and any(font.get_char_index(code) for font in _fonts(_families()))
