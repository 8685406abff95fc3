"""How results look: aligned plain text in lines of at most 100 columns, or JSON."""

from __future__ import annotations

import io
import json
import shlex
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from chainrule.words import counted, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chainrule.models import ClassScore, NumberScore, Score, TrainingRecord
    from chainrule.network import Network

__all__ = [
    "LONGEST_LINE",
    "MOST_LINES",
    "TEXT",
    "escape_what_cannot_be_encoded",
    "note",
    "print_json",
    "print_rows",
    "say",
    "score_lines",
    "score_to_json",
    "settings_rows",
    "training_words",
]

LONGEST_LINE = 100
LONGEST_SCORED = 32  # two of them stand in one line
LABEL = 10  # columns for the word that a line begins with
TEXT = LONGEST_LINE - LABEL
MOST_LINES = 20  # of a list with a line for each entry
WORST = 10  # classes that are shown where there are more


def escape_what_cannot_be_encoded() -> None:
    """Show characters such as η and ² as escapes where the terminal's encoding has none of them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str = "", end: str = "\n") -> None:
    """Print what belongs to the result; nothing where standard output is closed."""
    if sys.stdout is not None:
        print(text, end=end, flush=True)  # noqa: T201 (the one place that prints)


def note(text: str) -> None:
    """Print what is not the result; nothing where standard error is closed."""
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)  # noqa: T201 (the one place that prints)


def print_json(data: object) -> None:
    """Print one JSON document; floats keep all their bits."""
    say(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def print_rows(rows: Iterable[tuple[str, str]]) -> None:
    """Print words with what they name, one below the other."""
    for word, text in rows:
        say(f"{word:<{LABEL}}{text}".rstrip())


def training_words(record: TrainingRecord, seconds: float | None = None) -> str:
    """Rows, epochs, time where it is known, and what ended the training."""
    endings = {
        "epochs": "the last epoch",
        "loss_goal": "the loss goal",
        "interrupt": "Ctrl-C",
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


def settings_rows(record: TrainingRecord, net: Network) -> list[tuple[str, str]]:
    """The settings as options of `chainrule fit`, defaults filled in, in as many lines as they need."""
    from chainrule.equations import name_of  # noqa: PLC0415 (they would make --help slow)
    from chainrule.models import default_settings  # noqa: PLC0415

    rows, classes = record.n_training_rows, record.majority is not None
    usual = default_settings("modern", rows, classes=classes)
    # No option takes patience away where it is usual; the notes' defaults have none.
    like_notes = record.patience is None and usual.patience is not None
    if like_notes:
        usual = default_settings("notes", rows, classes=classes)
    names = [name_of(activation) for activation in net.activations]
    options: list[tuple[str, object]] = [
        ("hidden", ",".join(map(str, net.sizes[1:-1])) or "none"),
        ("activation", names[0] if len(names) > 1 else None),
        ("output", names[-1]),
        ("loss", name_of(net.loss)),
        ("defaults", "notes" if like_notes else None),
        ("rule", record.rule),
        ("rate", record.rate),
        ("schedule", None if record.schedule == "constant" else record.schedule),
        ("epochs", record.epochs),
        ("batch-size", record.batch_size),
        ("l2", record.l2 if record.l2 or usual.l2 else None),
        ("dropout", record.dropout or None),
        ("patience", record.patience),
        ("validation", record.validation if record.validation or usual.validation else None),
        ("class-weight", _class_weight_words(record.class_weight)),
        ("seed", record.seed),
        ("held-out", record.held_out),
        ("loss-goal", record.loss_goal),
    ]
    words = [f"--{name} {_plain(value)}" for name, value in options if value is not None]
    lines = textwrap.wrap(
        " ".join(word.replace(" ", "\0") for word in words),
        TEXT,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [("" if m else "Settings", line.replace("\0", " ")) for m, line in enumerate(lines)]


def _class_weight_words(text: str | None) -> str | None:
    """Weights of classes as they are typed."""
    if text is None or text == "balanced":
        return text
    return shlex.quote(",".join(f"{name}={_plain(weight)}" for name, weight in json.loads(text).items()))


def _plain(value: object) -> str:
    """All digits of a number, without a point where it is whole; a text as it is."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def score_to_json(score: Score | None) -> Any:  # noqa: ANN401 (JSON)
    """Score as plain data: an object for classes, a list with one object for each number."""
    if score is None:
        return None
    return [one.to_json() for one in score] if isinstance(score, tuple) else score.to_json()


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
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"  # noqa: PLR2004 (then digits tell nothing)
