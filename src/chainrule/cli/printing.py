"""How results look: aligned plain text in lines that fit, or JSON."""

from __future__ import annotations

import json
import math
import re
import shlex
import sys
from typing import TYPE_CHECKING, Any

from chainrule.cli.naming import in_options
from chainrule.cli.terminal import asked_width, command_lines, give, note, say, width_of, write_all
from chainrule.errors import said
from chainrule.lines import LABEL, LONGEST_TEXT, kept, labelled, span, wrapped
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chainrule.models import Calibration, TrainingRecord
    from chainrule.tables import Encoding, Report
    from chainrule.training import Progress

__all__ = [
    "MOST_LINES",
    "Notes",
    "calibration_rows",
    "give",
    "note",
    "print_commands",
    "print_json",
    "print_lines",
    "print_report",
    "print_rows",
    "recipe_rows",
    "say",
    "settings_rows",
    "training_rows",
    "write_all",
]  # fmt: skip

MOST_LINES = 20  # of a list with a line for each entry
NEITHER_ASCII_NOR_SAFE = re.compile(r"[^\x20-\x7e\n]")


class Notes:
    """The face of a command: what a job notes goes to standard error."""

    def note(self, text: str) -> None:
        """Print a note."""
        note(f"Note: {said(text, in_options)}")

    def progress(self, training: Progress) -> None:
        """Print nothing."""

    def step(self, text: str) -> None:
        """Print nothing."""


def print_json(data: object) -> None:
    """Print one JSON document; floats keep all their bits, and the three that JSON lacks are words."""
    text = json.dumps(_in_json(data), indent=2, ensure_ascii=False, allow_nan=False)
    give(f"{NEITHER_ASCII_NOR_SAFE.sub(_escaped, text)}\n")


def _in_json(data: Any) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """Data with words for NaN and the infinities, as the mapping of protocol buffers to JSON has them."""
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    if isinstance(data, dict):
        return {key: _in_json(value) for key, value in data.items()}
    return [_in_json(value) for value in data] if isinstance(data, (list, tuple)) else data


def _escaped(found: re.Match[str]) -> str:
    """A character as JSON can say it in ASCII, where it cannot be printed as it is."""
    return found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1]


def print_rows(rows: Iterable[tuple[str, str]]) -> None:
    """Print words with what they name, one below the other."""
    rows = list(rows)
    _print_labelled(labelled(rows, min(width_of(sys.stdout), LONGEST_TEXT)), [word for word, _ in rows])


def print_report(report: Report, *, all_columns: bool = False) -> None:
    """Print what became of a table; of many columns and warnings the first ones, unless all are wanted."""
    from chainrule.tables import report_lines  # noqa: PLC0415 (it would make --help slow)

    most = None if all_columns else MOST_LINES
    elsewhere = ": see chainrule inspect, or --json"
    lines = report_lines(report, most=most, width=width_of(sys.stdout), elsewhere=elsewhere)
    _print_labelled(lines, ("Read", "Left out", "Rows", "Columns", "Warning"))


def _print_labelled(lines: Iterable[str], words: Sequence[str]) -> None:
    """Print lines, of which some begin with a word in bold type."""
    known = {word for word in words if word}
    for line in lines:
        word = line[:LABEL].rstrip()
        say(line, bold=len(word) if word in known else 0)


def print_lines(title: str, lines: Iterable[str]) -> None:
    """Print lines below a title."""
    for line in wrapped(title, min(width_of(sys.stdout), LONGEST_TEXT)):
        say(line, bold=len(line))
    for line in lines:
        say(f"  {line}".rstrip())


def print_commands(word: str, commands: Sequence[Sequence[str]]) -> None:
    """Print commands to copy, each of which `command_lines` takes: in a pipe each in one line.

    Where one of them has no room beside the word they all stand below it.
    """
    width = asked_width(sys.stdout)
    whole = [" ".join(command) for command in commands]
    if width is None or max(map(span, whole)) <= width - LABEL:
        for place, line in enumerate(whole):
            say(f"{'' if place else word:<{LABEL}}{line}", bold=0 if place else len(word))
        return
    say(word, bold=len(word))
    for command in commands:
        for line in command_lines(command, width):
            say(line)


def calibration_rows(calibration: Calibration | None) -> list[tuple[str, str]]:
    """How sure, or how far off, the answers are; of many targets of the first ones."""
    if calibration is None:
        return []
    word = "Intervals" if hasattr(calibration.targets[0], "sizes") else "Certainty"
    told = calibration.lines()
    more = [f"… {len(told) - MOST_LINES} more: see --json"] if len(told) > MOST_LINES else []
    texts = (one.removeprefix(f"{word.lower()} ") for one in told[:MOST_LINES])
    return [("" if k else word, text) for k, text in enumerate([*texts, *more])]


def training_rows(
    record: TrainingRecord, seconds: float | None = None, n_watched: int = 0
) -> list[tuple[str, str]]:
    """Rows, those that were only watched, epochs, time where it is known, and what ended the training."""
    endings = {
        "epochs": "the last epoch",
        "loss_goal": "the loss goal",
        "interrupt": "an interruption",
        "patience": "patience",
        "converged": "convergence",
        "generalization_loss": "a validation loss that grew",
        "progress_quotient": "a validation loss that grew",
        "callback": "a callback",
        "divergence": "divergence, this is the last finite network",
    }
    ending = endings.get(record.stopped_by, record.stopped_by)
    if record.best_epoch is not None and record.best_epoch != record.epochs_run:
        ending += f", the best was epoch {record.best_epoch}"
    if record.recipe is not None:
        seconds = None  # of one network, where several are trained at once
        if record.stopped_by == "epochs" and record.epochs_run < record.epochs:
            ending = "a cycle that gained too little"
    time = "" if seconds is None else f" in {seconds:.1f} s"
    rows = (
        f"{counted(record.n_training_rows, 'row')}{f', {n_watched} of them only watched' * bool(n_watched)}"
    )
    epochs = counted(record.epochs_run, "epoch")
    if record.recipe is not None:
        epochs = f"up to {epochs} of each network"
    return [("Training", f"{rows}, {epochs}{time}, ended by {ending}")]


def recipe_rows(record: TrainingRecord | None, instead: str = "") -> list[tuple[str, str]]:
    """What a recipe has chosen, and why; or that none did."""
    from chainrule.models import choice_in_words  # noqa: PLC0415 (it would make --help slow)

    words = "" if record is None else choice_in_words(record).removeprefix("Recipe ")
    words = words or said(instead, in_options)
    return [("Recipe", words)] if words else []


def settings_rows(record: TrainingRecord, encoding: Encoding | None) -> list[tuple[str, str]]:
    """Options that repeat the training, and what the defaults have settled of its table."""
    from chainrule.cli.options import typed_encodings, typed_settings  # noqa: PLC0415 (it would make --help slow)

    is_said = encoding is not None and record.recipe is None  # a recipe settles what it does not ask
    encodings = [shlex.join(one) for one in typed_encodings(encoding)] if encoding and is_said else []
    split = None if encoding is None else encoding.rows.split
    settings = typed_settings(record, split=split)
    return [("Settings", " ".join(kept(word) for word in [*settings, *encodings]))]
