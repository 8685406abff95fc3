"""Options that there are not: which one was meant, by the names that others give to it."""

from __future__ import annotations

from typing import Any

from chainrule.cli.naming import in_options
from chainrule.errors import said
from chainrule.words import suggestion

__all__ = ["unknown_option"]


def unknown_option(error: Any) -> str | None:  # noqa: ANN401 (Click's exception, typer's own copy or not)
    """What is said of an option that a command does not have; None for another fault."""
    typed, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if not hasattr(error, "possibilities") or not isinstance(typed, str) or context is None:
        return None
    known = [option for one in context.command.params for option in one.opts if option.startswith("--")]
    asked = suggestion(typed, known, _called_otherwise(known))
    return f"There is no option {typed}.{said(asked, in_options)}"


def _called_otherwise(known: list[str]) -> dict[str, tuple[str, str]]:
    """Options of the settings that a command has, by the names that others give to them."""
    from chainrule.settings import FitSettings, called_otherwise  # noqa: PLC0415 (it would make --help slow)

    return {
        f"--{other.replace('_', '-')}": (in_options(name), differs)
        for other, (name, differs) in called_otherwise(FitSettings).items()
        if in_options(name) in known
    }
