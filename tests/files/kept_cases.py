"""Trainings of which files of earlier versions are kept: what each was given, and what it came to.

Inputs are whole numbers over 64 from a formula with no meaning, so that they have the same bits everywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule
from command_line import run_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

__all__ = [
    "FIGURES",
    "FITS",
    "FITS_OF_FORMAT_1",
    "FIT_TO_MANY",
    "KEPT",
    "NETWORKS",
    "TABLE",
    "TRAININGS",
    "TRAININGS_ON_MANY_ROWS",
    "Fit",
    "Training",
    "facts",
    "facts_of_fit",
    "hexed",
    "many_rows",
    "network",
    "numbers",
    "predicted",
    "sha256",
]

KEPT = Path(__file__).with_name("kept")
TABLE = KEPT / "table.csv"
SHOPS = KEPT / "shops.csv"  # of which format 3 keeps more than one part of each kind
FIGURES = KEPT / "figures.json"
# L-BFGS goes on by new bits where its code changes.  Levenberg-Marquardt steps and the reference engine are
# computed by NumPy with the machine's BLAS and LAPACK, whose sums have another order from one processor to
# the next.  The compiled engine alone gives the same bits on every machine.
OF_THE_MACHINE = ("lbfgs", "levenberg_marquardt")


def keeps_its_bits(settings: dict[str, Any]) -> bool:
    """Whether the compiled engine alone computes a training."""
    rule = str(settings.get("rule")).split(":", maxsplit=1)[0]
    return rule not in OF_THE_MACHINE and settings.get("engine") != "reference"


def numbers(n_rows: int, n_columns: int, salt: int = 0) -> npt.NDArray[np.float64]:
    """Numbers from -1 to 1."""
    i, j = np.indices((n_rows, n_columns))
    return np.asarray(((i * 37 + j * 101 + i * j * 13 + salt * 59) % 127 - 63) / 64)


# Networks that are saved alone.

NETWORKS = {
    "identity": ((3, 5, 4, 2), ("identity", "identity", "identity"), "rss"),
    "logistic": ((3, 5, 2), ("logistic", "logistic"), "binary_cross_entropy"),
    "tanh": ((3, 5, 4, 2), ("tanh", "tanh", "softmax"), "cross_entropy"),
    "relu": ((3, 5, 2), ("relu", "softplus"), "poisson"),
    "leaky_relu": ((3, 5, 2), ("leaky_relu:0.2", "identity"), "absolute"),
    "softplus": ((3, 5, 2), ("softplus", "identity"), "huber:1.5"),
    "softsign": ((3, 5, 2), ("softsign", "tanh"), "quantile:0.9"),
    "gelu": ((3, 20, 1), ("gelu", "logistic"), "rss"),
}  # every activation and every loss


def network(name: str, dtype: str) -> chainrule.Network:
    """Network of one of `NETWORKS`."""
    sizes, activations, loss = NETWORKS[name]
    return chainrule.Network(start(sizes, dtype), list(activations), loss)


def start(sizes: Sequence[int], dtype: str) -> list[npt.NDArray[Any]]:
    """First weights."""
    return [numbers(n_out, 1 + n_in, n_out).astype(dtype) for n_in, n_out in pairwise(sizes)]


# Fits to the table, saved as models and, on their way, as checkpoints.

INPUTS = ("length", "colour", "wet", "grade", "same")


@dataclass(frozen=True)
class Fit:
    """One fit, and the epoch after which it is interrupted."""

    target: str | tuple[str, ...]
    interrupted: int
    settings: dict[str, Any]
    inputs: tuple[str, ...] = INPUTS
    classes: tuple[str, ...] = ("grade",)

    @property
    def columns(self) -> dict[str, Any]:
        """Columns by what they are for."""
        return {"target": self.target, "inputs": self.inputs, "classes": self.classes}


FITS = {
    "classes": Fit(
        "kind",
        5,
        {"hidden": 5, "epochs": 12, "schedule": "warm_up:2,cosine", "dropout": 0.25, "l1": 0.001},
    ),
    "classes_as_in_the_notes": Fit("kind", 3, {"defaults": "notes", "hidden": 4, "epochs": 8}),
    "classes_without_hidden_units": Fit(
        "kind", 3, {"hidden": (), "epochs": 7, "rule": "descent", "loss_goal": 0.5}
    ),
    "classes_of_booleans": Fit(
        "ripe",
        4,
        {
            "hidden": 4, "activation": "leaky_relu:0.1", "output": "logistic", "epochs": 30,
            "rule": "rmsprop", "rate": 0.02, "schedule": "exponential:0.95", "class_weight": "balanced",
            "validation": 0.25, "patience": 3,
        },
    ),
    "classes_of_numbers": Fit(
        "level",
        5,
        {
            "hidden": (4, 3), "activation": "softsign", "epochs": 14, "rule": "adamw:0.1", "rate": 0.05,
            "schedule": "plateau:1:0.5", "class_weight": {"0": 2.0, "2": 0.5}, "validation": 0.25,
            "metric": "accuracy", "patience": 6, "batch_size": 7,
        },
        classes=("grade", "level"),
    ),
    "number": Fit(
        "price",
        4,
        {
            "hidden": 5, "activation": "tanh", "loss": "huber:0.5", "epochs": 9, "rule": "momentum:0.8",
            "schedule": "step:3:0.5", "clip_norm": 0.25, "seed": 5,
        },
    ),
    "numbers_with_gaps": Fit(
        ("price", "weight"),
        3,
        {
            "hidden": 6, "activation": "gelu", "epochs": 40, "rule": "nesterov", "rate": 0.3, "batch_size": 9,
            "schedule": "cosine", "validation": 0.25, "stopping": "generalization_loss:2",
        },
    ),
    "number_by_irprop": Fit(
        "price",
        4,
        {
            "hidden": 4, "activation": "softplus", "loss": "quantile:0.75", "epochs": 60,
            "rule": "irprop_minus", "validation": 0.25, "stopping": "progress_quotient:0.05:3",
        },
        inputs=("length", "wet"),
        classes=(),
    ),
    "number_by_lbfgs": Fit(
        "price",
        4,
        {"hidden": 3, "activation": "logistic", "epochs": 9, "rule": "lbfgs:5", "l2": 0.0},
        inputs=("length", "grade"),
    ),
    "number_by_levenberg_marquardt": Fit(
        "price",
        2,
        {"hidden": 2, "activation": "tanh", "epochs": 5, "rule": "levenberg_marquardt", "l2": 0.01},
        inputs=("length", "grade"),
        classes=(),
    ),
}  # fmt: skip

# What that version could be given, which knew no other settings in files.
FITS_OF_FORMAT_1 = {
    "classes": Fit("kind", 0, {"hidden": 5, "epochs": 4}),
    "classes_without_hidden_units": Fit("kind", 0, {"hidden": (), "epochs": 4, "loss_goal": 0.25}),
    "classes_of_booleans": Fit("ripe", 0, {"hidden": (4, 3), "epochs": 4, "batch_size": 7}),
    "classes_of_numbers": Fit("level", 0, {"hidden": 3, "epochs": 4}, classes=("grade", "level")),
    "number": Fit("price", 0, {"hidden": 5, "epochs": 4, "rate": 0.05, "seed": 5}),
    "numbers": Fit(("price", "length"), 0, {"hidden": 6, "epochs": 4}, inputs=INPUTS[1:]),
}


# Trainings of arrays, of which the state is saved.


@dataclass(frozen=True)
class Training:
    """One training: its state was kept after some epochs, and it went on, some settings changed or none."""

    net: str
    kept_after: int
    n_rows: int
    arrays: str
    settings: dict[str, Any]
    changed: dict[str, Any]

    def until_kept(self) -> chainrule.TrainingResult:
        """The training from its beginning until its state is kept."""
        sizes, activations, loss, dtype = NETS[self.net]
        net = chainrule.Network(start(sizes, dtype), list(activations), loss)

        def stop(progress: chainrule.Progress) -> None:
            if len(progress.epochs) == self.kept_after:
                progress.stop()

        return chainrule.train(net, *self.samples(), **self.given(), on_epoch=stop)

    def from_kept(self, state: chainrule.TrainingState) -> chainrule.TrainingResult:
        """The rest of the training; of the network that is given its kind alone counts."""
        return chainrule.train(state.network, *self.samples(), **self.given() | self.changed, resume=state)

    def samples(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """X and Y."""
        sizes, _, loss, _ = NETS[self.net]
        Y = targets(loss, self.n_rows, sizes[-1], 1)
        if "gaps" in self.arrays:
            Y[numbers(self.n_rows, sizes[-1], 3) > 0.5] = np.nan
        return numbers(self.n_rows, sizes[0]), Y

    def given(self) -> dict[str, Any]:
        """What `train` is given besides."""
        sizes, _, loss, dtype = NETS[self.net]
        given = dict(self.settings)
        if "masks" in self.arrays:
            given["masks"] = [numbers(len(w), w.shape[1], 4) < 0.5 for w in start(sizes, dtype)]
        if "sample_weight" in self.arrays:
            given["sample_weight"] = numbers(self.n_rows, 1, 5)[:, 0] + 1
        if "validation" in self.arrays:
            given["validation"] = (numbers(12, sizes[0], 6), targets(loss, 12, sizes[-1], 7))
        return given


def targets(loss: str, n_rows: int, n_outputs: int, salt: int) -> npt.NDArray[np.float64]:
    """Targets that a loss is defined for."""
    Y = numbers(n_rows, n_outputs, salt)
    if loss == "cross_entropy":
        return np.asarray(Y.argmax(axis=1)[:, np.newaxis] == np.arange(n_outputs), dtype=np.float64)
    if loss in {"binary_cross_entropy", "poisson"}:
        return np.round(np.abs(Y) * (3 if loss == "poisson" else 1))
    return Y


def training(
    net: str,
    kept_after: int,
    epochs: int,
    *,
    n_rows: int = 30,
    arrays: str = "",
    changed: dict[str, Any] | None = None,
    **settings: Any,  # noqa: ANN401 (of train)
) -> Training:
    """Training of one of `NETS`, with arrays of these names: gaps, masks, sample_weight, validation."""
    return Training(net, kept_after, n_rows, arrays, {"epochs": epochs, **settings}, changed or {})


NETS = {
    "small": ((4, 3, 3), ("tanh", "logistic"), "rss", "float64"),
    "float32": ((4, 3, 3), ("gelu", "logistic"), "binary_cross_entropy", "float32"),
    "classes": ((4, 6, 3), ("relu", "softmax"), "cross_entropy", "float64"),
    "deep": ((4, 5, 4, 2), ("softsign", "leaky_relu:0.1", "identity"), "huber:0.5", "float64"),
    "counts": ((3, 4, 2), ("softplus", "softplus"), "poisson", "float64"),
    "lines": ((3, 4, 1), ("identity", "identity"), "quantile:0.75", "float64"),
    "distances": ((3, 4, 2), ("tanh", "identity"), "absolute", "float32"),
    "wide": ((9, 20, 18, 2), ("tanh", "relu", "identity"), "rss", "float64"),  # kernels of their own
    "wide_float32": ((9, 20, 18, 2), ("tanh", "relu", "identity"), "rss", "float32"),
    "squares": ((2, 3, 1), ("tanh", "identity"), "rss", "float64"),
}

TRAININGS = {
    # Each rule, and each schedule; samples one by one, in batches, and all at once.
    "descent": training("small", 4, 9, rate=0.25),
    "descent_in_order": training("classes", 4, 9, rate=0.25, shuffle=False, seed=3),
    "momentum": training("small", 5, 11, rate=0.05, rule="momentum", batch_size=7, l1=0.001, l2=0.01,
                         schedule="step:2:0.5"),
    "momentum_one_by_one": training("float32", 3, 7, rate=0.02, rule="momentum:0.5", arrays="sample_weight"),
    "nesterov": training("deep", 4, 9, rate=0.05, rule="nesterov", batch_size=7, clip_norm=0.25,
                         schedule="exponential:0.9", arrays="masks gaps"),
    "rmsprop": training("classes", 4, 9, rate=0.01, rule="rmsprop", batch_size=5, dropout=0.25,
                        schedule="cosine"),
    "adam": training("float32", 4, 9, rate=0.02, rule="adam", batch_size=7, schedule="warm_up:3,cosine",
                     arrays="masks"),
    "adam_one_by_one": training("deep", 4, 9, rate=0.02, rule="adam:0.8:0.99:1e-06", schedule="warm_up:6",
                                arrays="gaps", dropout=0.2),
    "adamw": training("counts", 4, 9, rate=0.02, rule="adamw:0.1", batch_size=7, l2=0.01, clip_norm=1.0,
                      arrays="sample_weight"),
    "irprop_minus": training("distances", 5, 12, rate=0.01, rule="irprop_minus", arrays="masks"),
    "irprop_minus_with_penalties": training("lines", 5, 12, rate=0.01, rule="irprop_minus:0.4:1.3", l1=0.01),
    "lbfgs": training("small", 4, 12, rule="lbfgs"),
    "lbfgs_with_parameters": training("classes", 3, 8, rule="lbfgs:3", arrays="masks sample_weight"),
    "levenberg_marquardt": training("squares", 3, 6, rule="levenberg_marquardt:0.1", l2=0.01,
                                    arrays="masks sample_weight"),
    # Kernels for wide layers, several threads, batches of 512.
    "wide": training("wide", 2, 4, rate=0.01, rule="adam", batch_size=7, threads=2),
    "wide_one_by_one": training("wide_float32", 2, 4, rate=0.01),
    "batches_of_512": training("wide_float32", 2, 4, n_rows=600, rate=0.05, rule="momentum", batch_size=512),
    "narrow_batches_of_512": training("small", 2, 4, n_rows=600, rate=0.05, rule="adam", batch_size=512),
    # What is watched: before and after the interruption there were better epochs, and worse ones.
    "plateau": training("counts", 6, 12, rate=0.1, rule="momentum", batch_size=7,
                        schedule="plateau:1:0.5:0.01", arrays="validation"),
    "plateau_after_warm_up": training("small", 5, 14, rate=3.0, batch_size=7,
                                      schedule="warm_up:3,plateau:1:0.5:0.01"),
    "patience": training("classes", 3, 60, rate=0.02, rule="adam", batch_size=7, patience=4,
                         arrays="validation sample_weight"),
    "patience_for_accuracy": training("classes", 3, 40, rate=0.05, rule="adam", batch_size=7, patience=6,
                                      metric="accuracy", arrays="validation"),
    "patience_for_r2": training("deep", 3, 40, rate=0.2, rule="momentum", batch_size=7, patience=3,
                                metric="r2"),
    "patience_of_training_rows": training("small", 3, 30, rate=2.0, patience=2, validation=0.25),
    "generalization_loss": training("deep", 4, 60, rate=0.1, rule="nesterov", batch_size=7,
                                    stopping="generalization_loss:2", arrays="validation gaps"),
    "progress_quotient": training("small", 4, 60, rate=0.5, rule="rmsprop", batch_size=7,
                                  stopping="progress_quotient:0.05:3", arrays="validation"),
    # What may change, and a training that had ended.
    "more_epochs": training("small", 9, 9, rate=0.25, schedule="cosine:0.1", changed={"epochs": 14}),
    "other_criteria": training("small", 4, 40, rate=0.5, patience=9, arrays="validation",
                               changed={"patience": 30, "loss_goal": 0.51, "threads": 1}),
    "had_ended": training("classes", 99, 60, rate=0.1, rule="adam", batch_size=7, patience=4,
                          arrays="validation"),
    # The equations themselves.
    "reference_descent": training("classes", 4, 9, rate=0.25, dropout=0.25, arrays="masks",
                                  engine="reference"),
    "reference_adam": training("deep", 4, 9, rate=0.02, rule="adam", batch_size=7, clip_norm=0.25,
                               schedule="warm_up:3", patience=5, arrays="gaps validation",
                               engine="reference"),
    "reference_irprop_minus": training("lines", 5, 12, rate=0.01, rule="irprop_minus", engine="reference"),
}  # fmt: skip

# Batches of more than 512 rows, which arithmetic 2 adds up in another order than 1 did.
TRAININGS_ON_MANY_ROWS = {
    "all_rows": training("small", 3, 6, n_rows=1000, rate=0.5, rule="momentum", batch_size=1000),
    "all_rows_in_float32": training(
        "wide_float32", 3, 6, n_rows=600, rate=0.01, rule="adam", batch_size=1000
    ),
    "batches_of_513": training("classes", 3, 6, n_rows=1000, rate=0.5, batch_size=513),
    "lbfgs_on_many_rows": training("small", 3, 6, n_rows=1000, rule="lbfgs"),
}
FIT_TO_MANY: dict[str, Any] = {
    "target": "y", "hidden": 3, "epochs": 6, "rule": "momentum", "rate": 0.05, "batch_size": 1000,
    "validation": 0.0,
}  # fmt: skip


def many_rows(folder: Path) -> Path:
    """Table of 1000 rows with a number to learn, no two alike."""
    path, cells = folder / "many.csv", numbers(1000, 2) + np.arange(1000)[:, np.newaxis] / 1024
    lines = (f"{a},{b},{a * b + a}" for a, b in cells.tolist())
    path.write_text("\n".join(["a,b,y", *lines]) + "\n", encoding="utf-8")
    return path


# What trainings and models came to, as plain data.


def sha256(arrays: Iterable[npt.ArrayLike]) -> str:
    """Digest of numbers, the same for every byte order."""
    digest = hashlib.sha256()
    for array in map(np.asarray, arrays):
        digest.update(array.astype(array.dtype.newbyteorder("<"), order="C").tobytes())
    return digest.hexdigest()


def hexed(values: Iterable[float | None]) -> list[str | None]:
    """Every bit of some numbers, readable."""
    return [None if value is None else float(value).hex() for value in values]


def predicted(model: chainrule.Model, table: Path = TABLE) -> dict[str, Any]:
    """What a model says of the rows of a table."""
    found = model.predict(table)
    written = {name: list(answer.texts()) for name, answer in found.answers.items()}
    return {name: cells if isinstance(cells[0], str) else sha256([cells]) for name, cells in written.items()}


def weights_of(net: chainrule.Network, *, exact: bool) -> Any:  # noqa: ANN401 (text, or numbers)
    """Digest of the weights, or each of them where they are not the same on every machine."""
    return sha256(net.weights) if exact else [hexed(matrix.ravel().tolist()) for matrix in net.weights]


def facts(result: chainrule.TrainingResult, *, exact: bool) -> dict[str, Any]:
    """What a training came to: the network that it gives, and the last one."""
    history = result.history
    return {
        "losses": hexed((history.loss_before, *history.loss, history.loss_after)),
        "validation_losses": hexed(history.validation_loss),
        "rates": hexed(history.rate),
        "scores": list(history.score),
        "stopped_by": str(result.stopped_by),
        "best_epoch": result.best_epoch,
        "weights": weights_of(result.network, exact=exact),
        "last_weights": weights_of(result.state.network, exact=exact),
    }


def facts_of_fit(checkpoint: Path, out: Path, *, exact: bool) -> dict[str, Any]:
    """What the command line makes of a checkpoint."""
    done = run_command("fit", TABLE, "--resume", checkpoint, "--out", out)
    assert done.code == 0, done.err
    model = chainrule.load_model(out)
    record = model.training
    assert record is not None
    return {
        "losses": hexed([record.final_loss]),
        "epochs_run": record.epochs_run,
        "stopped_by": record.stopped_by,
        "best_epoch": record.best_epoch,
        "weights": weights_of(model.network, exact=exact),
    }
