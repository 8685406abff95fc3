"""What Python's parameters are called on the command line."""

from __future__ import annotations

import functools
import shlex

from chainrule.errors import in_python
from chainrule.words import printable

__all__ = ["in_options"]

ALIKE = (
    "target", "defaults", "resume", "out", "row", "digits", "units", "rows", "cpu", "interval", "member",
    "plot",
)  # fmt: skip
NEGATED = {"header": "--no-header", "one_unit": "--no-one-unit"}
FLAGS = {"overwrite": "--force"}
ARGUMENTS = {"model": "MODEL", "table": "TABLE"}


def in_options(name: str, *value: object) -> str:
    """A parameter, alone or with a value, as the command line has it; as in Python where it has none.

    Examples
    --------
    >>> in_options("batch_size", 32), in_options("ignore", ["date of birth"]), in_options("overwrite", True)
    ('--batch-size 32', "--ignore 'date of birth'", '--force')
    >>> in_options("shuffle", False), in_options("header", False), in_options("table"), in_options("X")
    ('--no-shuffle', '--no-header', 'TABLE', 'X')
    """
    option, takes_value = _options().get(name, ("", False))
    if not option:
        return in_python(name, *value)
    if value == (False,) and name in NEGATED:
        return NEGATED[name]
    if not value or not takes_value:
        return option
    values = value[0] if isinstance(value[0], list) else value
    return " ".join(f"{option} {shlex.quote(_typed(each))}" for each in values)


@functools.cache
def _options() -> dict[str, tuple[str, bool]]:
    """Option of each parameter that has one, and whether it takes a value."""
    from chainrule.settings import FitSettings, settings_of  # noqa: PLC0415 (it would make --help slow)
    from chainrule.table_options import options_of  # noqa: PLC0415 (as above)

    names = {name: (f"--{name}", True) for name in ALIKE}
    names |= {one.name: (one.option, bool(one.takes)) for one in settings_of(FitSettings)}
    names |= {one.name: (f"--{one.name.replace('_', '-')}", bool(one.takes)) for one in options_of()}
    return names | {name: (option, False) for name, option in (FLAGS | ARGUMENTS).items()}


def _typed(value: object) -> str:
    """A value as it is typed: a number without a point where it is whole."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else printable(str(value))
