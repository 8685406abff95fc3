"""How results look: aligned plain text in lines of at most 100 columns, or JSON."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import select
import sys
import textwrap
from typing import TYPE_CHECKING, Any, TextIO

from chainrule.cli.naming import in_options
from chainrule.errors import said
from chainrule.interrupts import interruptible
from chainrule.words import counted, named, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chainrule.models import TrainingRecord
    from chainrule.scores import ClassScore, NumberScore, Score
    from chainrule.tables import Report
    from chainrule.training import Progress

__all__ = [
    "LONGEST_LINE", "MOST_LINES", "TEXT", "Notes", "aside", "escape_what_cannot_be_encoded", "give", "note",
    "print_json", "print_report", "print_rows", "say", "score_lines", "settings_rows", "training_words",
    "write_all",
]  # fmt: skip

LONGEST_LINE = 100
LONGEST_SCORED = 32  # two of them stand in one line
LABEL = 10  # columns for the word that a line begins with
TEXT = LONGEST_LINE - LABEL
MOST_LINES = 20  # of a list with a line for each entry
WORST = 10  # classes that are shown where there are more
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


def training_words(record: TrainingRecord, seconds: float | None = None) -> str:
    """Rows, epochs, time where it is known, and what ended the training."""
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
    time = "" if seconds is None else f" in {seconds:.1f} s"
    return f"{record.n_training_rows} rows, {counted(record.epochs_run, 'epoch')}{time}, ended by {ending}"


def settings_rows(record: TrainingRecord) -> list[tuple[str, str]]:
    """Options that repeat the training."""
    from chainrule.cli.options import typed_settings  # noqa: PLC0415 (it would make --help slow)

    lines = textwrap.wrap(
        " ".join(word.replace(" ", "\0") for word in typed_settings(record)),
        TEXT,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [("" if m else "Settings", line.replace("\0", " ")) for m, line in enumerate(lines)]


def score_lines(score: Score) -> list[str]:
    """Score beside that of always guessing the majority, or the mean."""
    return _number_lines(score) if isinstance(score, tuple) else _class_lines(score)


def _class_lines(score: ClassScore) -> list[str]:
    """Accuracy, and recall for each class, or the lowest ones."""
    always, baseline = "", ""
    if score.majority:
        always = f"always {named(score.majority, LONGEST_SCORED)}"
        baseline = f"{score.majority_accuracy:.3f}"
    recalls = [(f"recall of {named(name, LONGEST_SCORED)}", recall) for name, recall in score.recall.items()]
    more = []
    if len(recalls) > MOST_LINES:
        more = [f"… the lowest {WORST} recalls of {len(recalls)} classes; for all, see --json"]
        recalls = sorted(recalls, key=lambda one: (one[1] is None, one[1]))[:WORST]
    rows = [("", "network", always), ("accuracy", f"{score.accuracy:.3f}", baseline)]
    rows += [(name, "no rows" if recall is None else f"{recall:.3f}", "") for name, recall in recalls]
    return _aligned(rows) + more


def _number_lines(scores: Sequence[NumberScore]) -> list[str]:
    """RMSE and R² for each target."""
    rows = [("", "network", "always the mean")]
    for score in scores[:MOST_LINES]:
        target = f" of {named(score.target)}" if len(scores) > 1 else ""
        rows.append((f"RMSE{target}", f"{score.rmse:.6g}", f"{score.mean_rmse:.6g}"))
        rows.append((f"R²{target}", _r2(score.r2), _r2(score.mean_r2)))
    hidden = len(scores) - MOST_LINES
    return _aligned(rows) + ([f"… {hidden} more targets: see --json"] if hidden > 0 else [])


def _aligned(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Names to the left, figures to the right, in columns as wide as they must be."""
    first, second, third = (max(map(len, column)) for column in zip(*rows, strict=True))
    first, second = max(first, 22), max(second, 8)
    return [f"{a:<{first}}  {b:>{second}}  {c:>{third}}".rstrip() for a, b, c in rows]


def _r2(value: float | None) -> str:
    """R², which rows that do not vary have none of."""
    if value is None:
        return "none"
    return f"{value:z.3f}" if abs(value) < 1000 else f"{value:.4g}"  # noqa: PLR2004 (then digits tell nothing)
