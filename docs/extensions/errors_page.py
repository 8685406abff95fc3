"""The page of errors: the tree, and every message in it, by the part of the package that it is about."""

from __future__ import annotations

import inspect
import re

from messages import BEGIN, END, Message, messages

from chainrule import errors

__all__ = ["errors_page"]

# Heading of the errors of each room, and where it says more than a message can.
ROOMS = {
    "cli": ("On the command line", "[](options.md) has every option."),
    "jobs": (
        "In a command",
        "[](getting-started.md) shows the commands, [](promises.md) what a fault leaves behind.",
    ),
    "tables": ("In a table", "[](tables.md) says how a table is read, and which option decides what."),
    "settings": (
        "In a setting",
        "[](options.md#training) has each setting and its range; [](training.md) explains.",
    ),
    "training": ("In training", "[](training.md) is what a training can be asked for."),
    "models": (
        "In a fit",
        "[](tables.md), [](training.md) and [](scores.md) say what a fit takes and gives.",
    ),
    "network": (
        "In a network and its arrays",
        "[](reference.md#networks-and-training) has the shapes of all arrays.",
    ),
    "equations": (
        "In activations, losses and rules",
        "[](units-losses-rules.md) and [](layers.md) have them all.",
    ),
    "plots": ("In a plot", "[](plots.md) has what can be drawn of what."),
    "inspection": ("In a trace or a check", "[](getting-started.md) shows both."),
    "estimators": ("In an estimator", "[](coming-from-scikit-learn.md) has all parameters."),
    "files": ("In a model file", "[](model-file.md) says what is in it, and what of it is checked."),
    "compiled": ("In the kernels", "[](performance.md) and [](promises.md) are about them."),
    "": ("Everywhere", "The message names the parameter; [](reference.md) has its type."),
}
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~])")


def errors_page() -> str:
    """Return the made part of the page, in Markdown."""
    classes = [getattr(errors, name) for name in errors.__all__]
    lines = ["## The tree", "", *map(_class, sorted(classes, key=lambda one: len(one.__mro__))), ""]
    for room, (title, more) in ROOMS.items():
        of_room = [one for one in messages() if _room(one) == room]
        if of_room:
            lines += [f"## {title}", "", more, "", *map(_message, of_room), ""]
    return "\n".join(lines)


def _room(one: Message) -> str:
    """The room that a message stands under."""
    room = one.module.split("/")[0]
    return "tables" if room == "table_options.py" else room if room in ROOMS else ""


def _class(one: type[Exception]) -> str:
    """A class, what it is caught as, and when it is raised."""
    bases = " and ".join(f"`{base.__name__}`" for base in one.__bases__)
    summary = (inspect.getdoc(one) or "").partition("\n\n")[0].replace("\n", " ")
    return f"- {{py:exc}}`~chainrule.{one.__name__}`, a kind of {bases}. {summary}"


def _message(one: Message) -> str:
    """A message with its class; what it says of a case alone is in italics."""
    text = SPECIAL.sub(r"\\\1", one.text)
    text = re.sub(f"{BEGIN}([^{END}]*){END}", lambda gap: f"*{gap[1]}*" if gap[1] else "…", text)
    return f"- {text} ({{py:exc}}`~chainrule.{one.error}`)"
