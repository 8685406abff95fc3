"""What a setting is: its definition, and what is made of the definitions of a record of settings."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from textwrap import fill
from typing import TYPE_CHECKING, Any, TypeVar

from chainrule.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chainrule.settings.values import Check, Values

F = TypeVar("F")

__all__ = [
    "NETWORK", "ROWS", "TRAINING", "Setting", "called_otherwise", "documented", "refuse_unknown_settings",
    "setting", "settings_of",
]  # fmt: skip

# What others call arguments that are no settings.
OTHERS_CALLED = {
    "callback": "on_epoch", "callbacks": "on_epoch", "checkpoint": "resume", "warm_start": "resume",
}  # fmt: skip
# What an option shows that it takes, and what that is in Python.
TYPES = {
    "NUMBER": "float",
    "SHARE": "float",
    "N": "int",
    "NAME": "str or object",
    "UNITS": "int or sequence of int",
    "LAYERS": "str or sequence of str",
    "WEIGHTS": "str or dict",
    "FACTORS": "float, str, or sequence of them",
    "": "bool",
}
NETWORK, TRAINING, ROWS = "Network", "Training", "Rows"  # what a setting is about


@dataclass(frozen=True)
class Setting:
    """Definition of one setting.

    Attributes
    ----------
    name : str
    default : object
        MISSING where one must be given; None where nothing, or what suits the others, is taken.
    meaning : str
        One or more sentences, in plain text.
    check : callable of value and name
        Gives the value as it is kept, or raises InputError.
    takes : str
        What it takes, as an option shows it: "NUMBER", "SHARE", "N", "NAME" or a word of its own; "" for one
        that is switched on, or off where it is on by default.
    values : str
        Its range in words.
    unit : str
    about : str
        Heading that it stands under.
    is_free : bool
        Whether a training that goes on may have another one.
    is_recorded : bool
        Whether it is kept in a model file's record.
    since : int
        First format of model files that has it; in an older file it may be missing, and is the default then.
        One from 6 on is written only where it is another one.
    varies : bool
        Whether a fit's default depends on the table.
    switch : str
        What switching it off does, where that is all that there is to say.
    also_called, resembles : tuple of str, mapping of str to str
        Names that others give to it; and to something like it, with a sentence on the difference. They are
        for messages alone, as those of a kind are.

    Examples
    --------
    >>> from chainrule.settings import Settings
    >>> {one.name: one.default for one in settings_of(Settings)}["l2"]
    0.0
    """

    name: str
    default: Any
    meaning: str
    check: Check
    takes: str
    values: str
    unit: str = ""
    about: str = TRAINING
    is_free: bool = False
    is_recorded: bool = True
    since: int = 4
    varies: bool = False
    switch: str = ""
    also_called: tuple[str, ...] = ()
    resembles: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What it means, and its range and unit, in sentences."""
        unit = f", in {self.unit}" if self.unit else ""
        return f"{self.meaning} Takes {self.values}{unit}." if self.values else self.meaning

    @property
    def option(self) -> str:
        """What it is called on the command line."""
        return f"--{'no-' if self.is_switched_off else ''}{self.name.replace('_', '-')}"

    @property
    def is_switched_off(self) -> bool:
        """Whether all that an option can do is to switch it off."""
        return not self.takes and bool(self.default)


def documented(record: type[Any], *, but: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Write the definitions of a record's settings into a docstring, in the place of ``{settings}``."""

    def with_settings(function: F) -> F:
        entries = [_entry(one) for one in settings_of(record) if one.name not in but]
        function.__doc__ = (function.__doc__ or "").replace("    {settings}\n", "".join(entries))
        return function

    return with_settings


def _entry(one: Setting) -> str:
    """A setting as numpydoc has it."""
    is_optional = one.default is None or one.varies
    ends = ", optional" if is_optional and one.default is not MISSING else ""
    lines = fill(one.text, 110, initial_indent=" " * 8, subsequent_indent=" " * 8, break_on_hyphens=False)
    return f"    {one.name} : {TYPES[one.takes]}{ends}\n{lines}\n"


def refuse_unknown_settings(
    given: Mapping[str, object], record: type[Any], others: Iterable[str] = ()
) -> None:
    """Raise UnknownNameError for a name that is no setting of this record; others may have been meant."""
    known = [one.name for one in settings_of(record)]
    there_are = list(dict.fromkeys([*known, *others]))
    called = {other: (name, "") for other, name in OTHERS_CALLED.items() if name in there_are}
    for name in given:
        if name not in known:
            raise UnknownNameError("setting", name, there_are, name, called | called_otherwise(record))


def called_otherwise(record: type[Any]) -> dict[str, tuple[str, str]]:
    """Names that others give to the settings of a record: its own name, and what differs or nothing.

    Examples
    --------
    >>> from chainrule.settings import Settings
    >>> called_otherwise(Settings)["learning_rate"]
    ('rate', '')
    """
    found: dict[str, tuple[str, str]] = {}
    for one in settings_of(record):
        found |= dict.fromkeys(one.also_called, (one.name, ""))
        found |= {other: (one.name, differs) for other, differs in one.resembles.items()}
    return found


def settings_of(record: type[Any]) -> tuple[Setting, ...]:
    """Definitions of a record's settings, in their order."""
    hashable: Any = record
    return _settings_of(hashable)


@cache
def _settings_of(record: Any) -> tuple[Setting, ...]:  # noqa: ANN401 (a class, of which mypy knows no hash)
    named = [one for one in fields(record) if "setting" in one.metadata]
    return tuple(replace(one.metadata["setting"], name=one.name) for one in named)


def setting(meaning: str, values: Values, default: Any = None, **more: Any) -> Any:  # noqa: ANN401 (what dataclasses take for a field)
    """Field of a record whose definition is this."""
    definition = Setting("", default, meaning, values.check, values.takes, values.words, **more)
    return field(default=default, metadata={"setting": definition})
