"""The page of options: every option of every command, from the definitions that the program is made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import typer

from chainrule.cli.app import WithOptions, app
from chainrule.cli.options import SETTINGS, TABLE, with_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.settings import Setting

__all__ = ["commands", "options_page"]

DEFAULT = re.compile(r"\\?\[default: (.*?)\]")  # as rich has it
FIT = "fit"  # which has an option for every setting


def commands() -> dict[str, Any]:
    """Return each command with all its options."""
    group: Any = typer.main.get_command(app)
    return {name: _whole(one) for name, one in group.commands.items()}


def _whole(command: Any) -> Any:
    """A command with the options that are made when it runs."""
    is_whole = not isinstance(command, WithOptions)
    return command if is_whole else with_options(command.callback.__wrapped__, command.help)


def options_page() -> str:
    """Return the made part of the page, in Markdown."""
    return "\n".join(line for name, command in commands().items() for line in _command(name, command))


def _command(name: str, command: Any) -> Iterator[str]:
    """A command with its arguments and options."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    yield f"## chainrule {name}"
    yield ""
    yield command.help.replace("\n", "\n\n") if "\n\n" not in command.help else command.help
    yield from (
        "",
        "```text",
        " ".join(["chainrule", name, *(a.metavar for a in arguments), "[OPTIONS]"]),
        "```",
        "",
    )
    yield from (f"```{{program}} chainrule {name}", "```", "")
    heading = ""
    for one in arguments:
        yield from _entry(one.metavar, [one.help])
    for one in command.params:
        panel = getattr(one, "rich_help_panel", None) or ""
        if one in arguments or (name != FIT and one.name in TABLE and panel):
            continue
        if name == FIT and panel != heading:
            heading = panel
            yield from (f"### {heading}", "")
        yield from _entry(
            _typed(one), [one.help, *_more(one, SETTINGS.get(one.name) if name == FIT else None)]
        )
    if (
        any(one.name in TABLE and getattr(one, "rich_help_panel", None) for one in command.params)
        and name != FIT
    ):
        yield from ("And all that `chainrule fit` has under [Columns](#columns) and [Table](#table).", "")


def _entry(typed: str, sentences: list[str]) -> Iterator[str]:
    """An option, or an argument, and what there is to say of it."""
    yield from (
        f"```{{option}} {typed}",
        *(DEFAULT.sub(r"Default: \1.", one) for one in sentences),
        "```",
        "",
    )


def _typed(one: Any) -> str:
    """An option as it is typed, and how it is switched off."""
    return ", ".join(f"{name} {one.metavar or ''}".strip() for name in (*one.opts, *one.secondary_opts))


def _more(one: Any, setting: Setting | None) -> Iterator[str]:
    """The default, and the names that it has elsewhere."""
    if setting is None:
        if one.default not in {None, False, ""}:
            yield f"Default: {one.default}."
        return
    if setting.varies:
        yield "Default: by the table."
    if setting.is_switched_off:
        yield f"In Python `{setting.name}=False`."
    if setting.also_called:
        yield f"Elsewhere called {', '.join(f'`{name}`' for name in setting.also_called)}."
