"""The help of a command: how it is used, examples to copy, what it does, and its options under headings."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import typer.core

from chainrule.cli.terminal.size import width_of
from chainrule.cli.terminal.streams import command_lines, say
from chainrule.lines import LONGEST_TEXT, NARROW, kept, span, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EXAMPLES", "WithHelp", "print_help"]

EXAMPLES = {
    "chainrule": (
        ("chainrule fit examples/iris.csv", "--target species"),
        ("chainrule predict iris.safetensors", "examples/iris.csv", "--out predictions.csv"),
        ("chainrule fit", "--help"),
    ),
    "fit": (
        ("chainrule fit examples/iris.csv", "--target species"),
        ("chainrule fit examples/flats.csv", "--target rent", "--hidden 64,32", "--epochs 200"),
        (
            "chainrule fit examples/penguins.csv",
            "--target body_mass_g",
            "--ignore island,year",
            "--out penguins.safetensors",
        ),
    ),
    "inspect": (
        ("chainrule inspect examples/flats.csv",),
        ("chainrule inspect examples/flats.csv", "--target rent", "--numbers built"),
    ),
    "predict": (
        ("chainrule predict flats.safetensors", "examples/new-flats.csv"),
        ("chainrule predict iris.safetensors", "examples/iris.csv", "--out predictions.csv"),
    ),
    "score": (("chainrule score iris.safetensors", "examples/iris.csv"),),
    "show": (
        ("chainrule show iris.safetensors",),
        ("chainrule show iris.safetensors", "--command"),
    ),
    "trace": (
        ("chainrule trace iris.safetensors", "examples/iris.csv", "--row 3"),
        ("chainrule trace iris.safetensors", "examples/iris.csv", "--units 3", "--digits 17"),
    ),
    "check": (("chainrule check iris.safetensors", "examples/iris.csv"),),
    "precompile": (("chainrule precompile",), ("chainrule precompile", "--cpu x86-64-v3")),
}
BESIDE = 26  # columns for an option and what it takes, behind which what it does begins
DEFAULT = re.compile(r"\[default: [^]]*\]")
BREAK = re.compile(r"\n\s*\n")


class WithHelp(typer.core.TyperCommand):
    """A command whose help is `print_help`'s."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 (typer's own)
        """Print the help."""
        print_help(self, ctx)


def _place(name: str) -> int:
    """Long names first, which Click gives in no order, then short ones, then the name of an argument."""
    return next(k for k, beginning in enumerate(("--", "-", "")) if name.startswith(beginning))


def print_help(command: Any, context: Any) -> None:  # noqa: ANN401 (Click's classes, typer's own copy or not)
    """Print the help of a command to standard output."""
    width = width_of(sys.stdout)
    text = min(width, LONGEST_TEXT)
    takes = [one.metavar for one in command.params if one.param_type_name == "argument"]
    takes += ["COMMAND"] if hasattr(command, "commands") else ["[OPTIONS]"]
    lines = wrapped(f"Usage: {context.command_path} {' '.join(takes)}", text, rest="  ")
    say(lines[0], bold=len("Usage:"))
    for line in lines[1:]:
        say(line)
    say()
    for example in EXAMPLES.get(context.info_name, EXAMPLES["chainrule"] if context.parent is None else ()):
        for line in command_lines(example, width):
            say(line)
    for paragraph in BREAK.split((command.help or "").strip()):
        say()
        for line in wrapped(" ".join(paragraph.split()), text):
            say(line)
    for title, entries in _panels(command, context).items():
        say()
        say(title, bold=len(title))
        for label, words in entries:
            for line in _entry(label, words, text):
                say(line)


def _panels(command: Any, context: Any) -> dict[str, list[tuple[str, str]]]:  # noqa: ANN401 (as above)
    """What stands below each heading: labels and what is said of each."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for one in command.get_params(context):
        if getattr(one, "hidden", False):
            continue
        if one.param_type_name == "argument":
            panels.setdefault("Files", []).append((one.metavar, one.help or ""))
        else:
            title = getattr(one, "rich_help_panel", None) or "Options"
            panels.setdefault(title, []).append((_label(one), _said_of(one)))
    others = panels.pop("Options", [])
    commands = [(name, _first_sentence(each)) for name, each in getattr(command, "commands", {}).items()]
    return {
        **({"Commands": commands} if commands else {}),
        **panels,
        **({"Options": others} if others else {}),
    }


def _label(option: Any) -> str:  # noqa: ANN401 (as above)
    """Names of an option, and what it takes."""
    names = sorted([*option.opts, *option.secondary_opts], key=_place)
    takes = "" if option.is_flag or not option.metavar else f" {option.metavar}"
    return f"{', '.join(names)}{takes}"


def _said_of(option: Any) -> str:  # noqa: ANN401 (as above)
    """What is said of an option, and its default, where that is said nowhere else."""
    words = option.help or ""
    is_shown = option.show_default and not option.is_flag and isinstance(option.default, str)
    return f"{words} [default: {option.default}]" if is_shown else words


def _first_sentence(command: Any) -> str:  # noqa: ANN401 (as above)
    return BREAK.split((command.help or "").strip())[0].split(". ")[0].rstrip(".").replace("\n", " ")


def _entry(label: str, words: str, width: int) -> Iterator[str]:
    """An option with what it does beside it, or below it where one of them is long or the line narrow."""
    label, words = kept(label), DEFAULT.sub(lambda found: kept(found[0]), words)
    if width >= NARROW and span(label) + 4 <= BESIDE:
        yield from wrapped(words, width, first=f"  {label:<{BESIDE - 2}}", rest=" " * BESIDE)
        return
    yield f"  {label}".replace("\0", " ")
    margin = " " * (BESIDE if width >= NARROW else 6)
    yield from wrapped(words, width, first=margin, rest=margin)
