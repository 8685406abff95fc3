"""What displays are made of: a title, facts, tables, remarks, and what is folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.displays.html import Html, element, joined_html
from chainrule.displays.style import CLASS, STYLE
from chainrule.words import counted, named, told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "display", "facts", "first_and_last", "folded", "paragraph", "remark", "some_of", "table", "warning",
    "wide",
]  # fmt: skip

LONGEST_CELL, LONGEST_HEAD = 40, 32
MOST_AT_EITHER_END, MOST_COLUMNS = 5, 12


def display(title: str, *parts: object, more: str = "") -> str:
    """A display as a notebook shows it: its own style, a title, what stands behind it, and the parts.

    Examples
    --------
    >>> display("Network", "2-1").endswith('<p><span class="chainrule-title">Network</span></p>2-1</div>')
    True
    """
    heading = element("p", element("span", title, class_=f"{CLASS}-title"), f"  {more}" if more else "")
    # What is between tags of these classes is no TeX, for who looks for it.
    classes = f"{CLASS} tex2jax_ignore mathjax_ignore"
    return element("div", Html(f"<style>{STYLE}</style>"), heading, *parts, class_=classes)


def paragraph(*content: object, small: bool = False) -> Html:
    """A paragraph; a small one is beside the point.

    Examples
    --------
    >>> paragraph("150 rows")
    '<p>150 rows</p>'
    """
    return element("p", *content, class_=f"{CLASS}-small" if small else None)


def wide(content: object) -> Html:
    """A box in which what is wider than its place is scrolled."""
    return element("div", content, class_=f"{CLASS}-wide")


def folded(summary: object, *content: object, is_open: bool = False) -> Html:
    """What is behind a line that opens it, if there is anything.

    Examples
    --------
    >>> folded("Weights", "0.5"), folded("Weights")
    ('<details><summary>Weights</summary><div>0.5</div></details>', '')
    """
    if not any(content):
        return Html()
    inside = element("div", *content)
    return element("details", element("summary", summary), inside, open="" if is_open else None)


def facts(pairs: Iterable[tuple[str, object]]) -> Html:
    """Words, and what they are; those that are None or empty are left out.

    Examples
    --------
    >>> facts([("Loss", "rss"), ("Rate", None)])
    '<dl class="chainrule-facts"><dt>Loss</dt><dd>rss</dd></dl>'
    """
    there = [(word, content) for word, content in pairs if content is not None and str(content)]
    lines = [one for word, content in there for one in (element("dt", word), element("dd", content))]
    return element("dl", *lines, class_=f"{CLASS}-facts") if there else Html()


def remark(words: object) -> Html:
    """Something to know.

    Examples
    --------
    >>> remark("Rows count by their weights.")
    '<p class="chainrule-remark">Rows count by their weights.</p>'
    """
    return element("p", words, class_=f"{CLASS}-remark")


def warning(words: object) -> Html:
    """Something to look at, which says so in a word.

    Examples
    --------
    >>> warning("The loss grew.")
    '<p class="chainrule-remark chainrule-warning"><b>Warning:</b> The loss grew.</p>'
    """
    return element("p", element("b", "Warning:"), " ", words, class_=f"{CLASS}-remark {CLASS}-warning")


def table(
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    words: Sequence[int] = (),
    text: Sequence[int] = (),
    marked: Sequence[tuple[int, int]] = (),
) -> Html:
    """A table in a box of its own, with heads for its columns and its rows; nothing where it has no rows.

    Parameters
    ----------
    head : sequence
        What stands above each column.
    rows : iterable of sequences
        Of as many cells.
    caption : str
        What it is, for who cannot see what is above it.
    words, text : sequence of int
        Places of columns that hold words, or sentences, and no figures; the first holds heads of the rows.
    marked : sequence of (row, column)
        Cells that stand out.

    Examples
    --------
    >>> ">setosa</th><td>13</td></tr>" in table(["class", "rows"], [["setosa", 13]])
    True
    """
    there = list(rows)
    if not there:
        return Html()
    kinds = (
        {0: f"{CLASS}-name"} | dict.fromkeys(words, f"{CLASS}-name") | dict.fromkeys(text, f"{CLASS}-text")
    )
    heads = [element("th", one, scope="col", class_=kinds.get(k)) for k, one in enumerate(head)]
    lines = []
    for i, row in enumerate(there):
        cells = []
        for k, one in enumerate(row):
            tag, scope = ("td", None) if k else ("th", "row")
            kind = f"{CLASS}-right" if (i, k) in marked else kinds.get(k)
            cells.append(element(tag, one, scope=scope, class_=kind))
        lines.append(element("tr", *cells))
    label = caption or None
    whole = element(
        "table", element("thead", element("tr", *heads)), element("tbody", *lines), aria_label=label
    )
    return wide(whole)


def some_of(n: int, most: int) -> list[int | None]:
    """Places of the first and the last of many, None for those between; all where they take as little room.

    Examples
    --------
    >>> some_of(5, 4), some_of(9, 4)
    ([0, 1, 2, 3, 4], [0, 1, None, 7, 8])
    """
    if n <= most + 1:
        return list(range(n))
    first = (most + 1) // 2
    return [*range(first), None, *range(n - most + first, n)]


def first_and_last(
    columns: Sequence[tuple[str, Callable[[int], object]]], n_rows: int, *, caption: str
) -> Html:
    """The first and the last rows of columns, each with its number from 1; of many columns the first ones.

    Parameters
    ----------
    columns : sequence of (name, function)
        The function gives the cell at a place, from 0; only those that are shown are asked for.
    n_rows : int
    caption : str

    Examples
    --------
    >>> "<td>2.5</td>" in first_and_last([("width", [1.5, 2.5].__getitem__)], 2, caption="Rows")
    True
    """
    shown, left_out = columns[:MOST_COLUMNS], len(columns) - MOST_COLUMNS
    places = some_of(n_rows, 2 * MOST_AT_EITHER_END)
    rows = [
        ["…", *("…" for _ in shown)] if k is None else [k + 1, *(_cell(cell(k)) for _, cell in shown)]
        for k in places
    ]
    heads = ["row", *told_apart([name for name, _ in shown], LONGEST_HEAD)]
    more = paragraph(f"… {counted(left_out, 'more column')}", small=True) if left_out > 0 else ""
    return joined_html([table(heads, rows, caption=caption), more])


def _cell(value: object) -> str:
    """A cell as it is written, its middle cut where it is long."""
    if value is None:
        return ""
    return named(f"{value:.6g}" if isinstance(value, float) else str(value), LONGEST_CELL)
