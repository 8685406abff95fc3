"""How results look: aligned plain text in lines of at most 100 columns, or JSON."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import select
import shlex
import sys
import textwrap
from typing import TYPE_CHECKING, Any, TextIO

from chainrule.cli.naming import in_options
from chainrule.errors import said
from chainrule.interrupts import interruptible
from chainrule.words import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainrule.models import Calibration, TrainingRecord
    from chainrule.tables import Encoding, Report
    from chainrule.training import Progress

__all__ = [
    "LONGEST_LINE",
    "MOST_LINES",
    "TEXT",
    "Notes",
    "aside",
    "calibration_rows",
    "escape_what_cannot_be_encoded",
    "give",
    "note",
    "print_json",
    "print_report",
    "print_rows",
    "recipe_rows",
    "say",
    "settings_rows",
    "training_rows",
    "write_all",
]  # fmt: skip

LONGEST_LINE = 100
LABEL = 10  # columns for the word that a line begins with
TEXT = LONGEST_LINE - LABEL
MOST_LINES = 20  # of a list with a line for each entry
AT_ONCE = getattr(select, "PIPE_BUF", 0)  # bytes that a pipe with room takes; Windows does not tell
NEITHER_ASCII_NOR_SAFE = re.compile(r"[^\x20-\x7e\n]")


def escape_what_cannot_be_encoded() -> None:
    """Show characters such as η and ² as escapes where the terminal's encoding has none of them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """Print lines for people that belong to the result."""
    write_all(sys.stdout, f"{_visible(text)}\n")


def give(text: str) -> None:
    """Print data, every character as it is; on a terminal none that it would obey."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    write_all(sys.stdout, _visible(text) if terminal else text)


def note(text: str) -> None:
    """Print what is not the result; what cannot be printed there is no reason to end."""
    aside(f"{_visible(text)}\n")


def aside(text: str) -> None:
    """Write what may be lost to standard error; a signal in it, which is remembered, is met later."""
    with contextlib.suppress(OSError, KeyboardInterrupt):
        write_all(sys.stderr, text)


def _visible(text: str) -> str:
    """Lines with escapes for whatever a terminal would obey or could not print."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def write_all(stream: TextIO | None, text: str) -> None:
    """Write all of a text, or raise the OSError that tells why not; nothing where the stream is closed.

    Python itself loses what is left of a short write where its streams have no buffers.
    """
    if stream is None:
        return
    try:
        number = stream.fileno()
    except (OSError, ValueError, AttributeError):  # a notebook's, say, that is no file
        stream.write(text)
        stream.flush()
        return
    stream.flush()
    rest = memoryview(text.encode(stream.encoding, stream.errors or "strict"))
    while rest:
        if AT_ONCE and not select.select([], [number], [], 0)[1]:  # nobody reads, maybe for ever
            with interruptible():
                select.select([], [number], [])
        with contextlib.suppress(BlockingIOError):  # a pipe that another program fills as well
            rest = rest[os.write(number, rest[: AT_ONCE or len(rest)]) :]


class Notes:
    """The face of a command: what a job notes goes to standard error."""

    def note(self, text: str) -> None:
        """Print a note."""
        note(f"Note: {said(text, in_options)}")

    def progress(self, training: Progress) -> None:
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
    for word, text in rows:
        say(f"{word:<{LABEL}}{text}".rstrip())


def print_report(report: Report, *, all_columns: bool = False) -> None:
    """Print what became of a table; of many columns and warnings the first ones, unless all are wanted."""
    from chainrule.tables import report_lines  # noqa: PLC0415 (it would make --help slow)

    most = None if all_columns else MOST_LINES
    elsewhere = ": see chainrule inspect, or --json"
    for line in report_lines(report, most=most, width=LONGEST_LINE, label=LABEL, elsewhere=elsewhere):
        say(line)


def calibration_rows(calibration: Calibration | None) -> list[tuple[str, str]]:
    """How sure, or how far off, the answers are; of many targets of the first ones."""
    if calibration is None:
        return []
    word = "Intervals" if hasattr(calibration.targets[0], "sizes") else "Certainty"
    told = calibration.lines()
    more = [f"… {len(told) - MOST_LINES} more: see --json"] if len(told) > MOST_LINES else []
    texts = (one.removeprefix(f"{word.lower()} ") for one in told[:MOST_LINES])
    lines = [line for one in texts for line in textwrap.wrap(one, TEXT)] + more
    return [("" if k else word, line) for k, line in enumerate(lines)]


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
    words = f"{rows}, {epochs}{time}, ended by {ending}"
    return [("" if k else "Training", line) for k, line in enumerate(textwrap.wrap(words, TEXT))]


def recipe_rows(record: TrainingRecord | None, instead: str = "") -> list[tuple[str, str]]:
    """What a recipe has chosen, and why; or that none did."""
    from chainrule.models import choice_in_words  # noqa: PLC0415 (it would make --help slow)

    words = "" if record is None else choice_in_words(record).removeprefix("Recipe ")
    words = words or said(instead, in_options)
    return [("" if k else "Recipe", line) for k, line in enumerate(textwrap.wrap(words, TEXT))]


def settings_rows(record: TrainingRecord, encoding: Encoding | None) -> list[tuple[str, str]]:
    """Options that repeat the training, and what the defaults have settled of its table."""
    from chainrule.cli.options import typed_encodings, typed_settings  # noqa: PLC0415 (it would make --help slow)

    is_said = encoding is not None and record.recipe is None  # a recipe settles what it does not ask
    encodings = [shlex.join(one) for one in typed_encodings(encoding)] if encoding and is_said else []
    lines = textwrap.wrap(
        " ".join(word.replace(" ", "\0") for word in [*typed_settings(record), *encodings]),
        TEXT,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [("" if m else "Settings", line.replace("\0", " ")) for m, line in enumerate(lines)]
