"""Fit a network to a table: everything that `chainrule fit` does but arguments and printing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError
from chainrule.models.dataset import HELD_OUT, Dataset, prepare
from chainrule.models.defaults import default_settings
from chainrule.models.model import Model, TrainingRecord
from chainrule.network import Network, whole_number_from_1
from chainrule.training import History, Settings, StoppedBy, train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainrule.errors import DivergenceError
    from chainrule.models.scores import Score
    from chainrule.training import Epoch

__all__ = ["FitResult", "Plan", "fit", "fit_dataset", "plan"]

MOST_WEIGHTS = 10**9  # eight gigabytes, before the first gradient


@dataclass(frozen=True)
class Plan:
    """Hidden layers, first weights and training settings, with the defaults filled in.

    Examples
    --------
    >>> Plan((8,), "glorot_uniform", Settings(rate=0.5, epochs=100)).hidden
    (8,)
    """

    hidden: tuple[int, ...]
    start: str
    settings: Settings


@dataclass(frozen=True)
class FitResult:
    """What a fit gives back.

    Attributes
    ----------
    model : Model
        It has seen the training rows only.
    data : Dataset
        The table as the network saw it.
    history : History
    stopped_by : StoppedBy

    Examples
    --------
    >>> import chainrule, pyarrow
    >>> table = pyarrow.table({"x": [1.0, 2.0, 3.0, 4.0] * 5, "y": [2.0, 4.0, 6.0, 8.0] * 5})
    >>> result = chainrule.fit(table, target="y", seed=1)
    >>> result.held_out_score[0].r2 > 0.8
    True
    """

    model: Model
    data: Dataset
    history: History
    stopped_by: StoppedBy

    @cached_property
    def training_score(self) -> Score:
        """Score of the rows that the model has seen; computed when it is first asked for."""
        rows = self.data.training_rows
        return self.model.score_arrays(self.data.X[rows], self.data.Y[rows])

    @cached_property
    def held_out_score(self) -> Score | None:
        """Score of the rows that it has not seen; None where no rows were held out."""
        rows = self.data.held_out_rows
        return self.model.score_arrays(self.data.X[rows], self.data.Y[rows]) if len(rows) else None


def plan(
    data: Dataset,
    *,
    hidden: int | Sequence[int] | None = None,
    rate: float | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    loss_goal: float | None = None,
    seed: int = 0,
) -> Plan:
    """Settings as given, or else the defaults for this table.

    Raises
    ------
    InputError
        A setting is out of its range.
    """
    defaults = default_settings(len(data.training_rows), classes=data.encoding.classes is not None)
    given = defaults.hidden if hidden is None else hidden
    units = given if isinstance(given, (list, tuple)) else (given,)
    layers = tuple(whole_number_from_1(n, "hidden") for n in units)
    settings = Settings(
        rate=defaults.rate if rate is None else rate,
        epochs=defaults.epochs if epochs is None else epochs,
        batch_size=defaults.batch_size if batch_size is None else batch_size,
        seed=seed,
        loss_goal=loss_goal,
    )
    _refuse_giants((data.X.shape[1], *layers, data.Y.shape[1]))
    return Plan(layers, "glorot_uniform", settings)


def _refuse_giants(sizes: Sequence[int]) -> None:
    """Refuse a network that no memory holds before anything is computed."""
    n_weights = sum((1 + n_in) * n_out for n_in, n_out in pairwise(sizes))
    if n_weights > MOST_WEIGHTS:
        message = (
            f"A network {'-'.join(map(str, sizes))} would have {n_weights} weights but may have at most "
            f"{MOST_WEIGHTS}. Take fewer hidden units."
        )
        raise InputError(message)


def fit(
    table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    *,
    target: str | Sequence[str],
    inputs: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    classes: Sequence[str] = (),
    held_out: float = HELD_OUT,
    hidden: int | Sequence[int] | None = None,
    rate: float | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    loss_goal: float | None = None,
    seed: int = 0,
    on_epoch: Callable[[Epoch], object] | None = None,
) -> FitResult:
    """Fit a network to a table, as ``chainrule fit`` does.

    Parameters
    ----------
    table : path, data frame or Table
    target : str or sequence of str
        Column to learn; several where all are numbers.
    inputs, ignore, classes : sequences of str
        Columns that are the only inputs, that are left out, that are classes although they hold numbers.
    held_out : float
        Share of the rows that the network does not learn from and is judged by.
    hidden : int or sequence of int, optional
        Units of the hidden layer, or of each of several; ``()`` for none.
    rate, epochs, batch_size, loss_goal, seed, on_epoch
        As for `train`. What is not given depends on the kind of target and the number of rows.

    Returns
    -------
    FitResult

    Raises
    ------
    TableError, UnknownNameError, InputError
        The table, a name or a setting does not fit.
    DivergenceError
        Training left the finite numbers.

    Examples
    --------
    >>> import chainrule
    >>> result = chainrule.fit("examples/iris.csv", target="species", epochs=20, seed=0)
    >>> result.model.network
    Network(4-8-3, logistic, rss, float64)
    >>> result.held_out_score.accuracy > 0.8
    True
    """
    data = prepare(
        table, target=target, inputs=inputs, ignore=ignore, classes=classes, held_out=held_out, seed=seed
    )
    chosen = plan(
        data, hidden=hidden, rate=rate, epochs=epochs, batch_size=batch_size, loss_goal=loss_goal, seed=seed
    )
    return fit_dataset(data, chosen, on_epoch)


def fit_dataset(data: Dataset, chosen: Plan, on_epoch: Callable[[Epoch], object] | None = None) -> FitResult:
    """Train on the training rows.

    Raises
    ------
    DivergenceError
        Training left the finite numbers; the error carries the last finite network.
    """
    start = start_network(data, chosen)
    _ = data.majority  # computed now and kept, so that nothing slow is left for after the training
    settings, rows = chosen.settings, data.training_rows
    result = train(
        start,
        data.X[rows],
        data.Y[rows],
        rate=settings.rate,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        shuffle=settings.shuffle,
        seed=settings.seed,
        loss_goal=settings.loss_goal,
        on_epoch=on_epoch,
    )
    record = training_record(data, chosen, result.history, result.stopped_by)
    model = Model(result.network, data.encoding, record)
    return FitResult(model=model, data=data, history=result.history, stopped_by=result.stopped_by)


def start_network(data: Dataset, chosen: Plan) -> Network:
    """Network to start from: logistic units, identity at the output where targets are numbers."""
    output = "identity" if data.encoding.classes is None else "logistic"
    sizes = (data.X.shape[1], *chosen.hidden, data.Y.shape[1])
    activations = ["logistic"] * len(chosen.hidden) + [output]
    return Network.random(sizes, activations, seed=chosen.settings.seed, start=chosen.start)


def diverged_model(data: Dataset, chosen: Plan, error: DivergenceError) -> Model:
    """Model with the last finite network of a training that diverged, marked as that."""
    return Model(error.network, data.encoding, training_record(data, chosen, error.history, "divergence"))


def training_record(data: Dataset, chosen: Plan, history: History, stopped_by: str) -> TrainingRecord:
    """Record for the model file."""
    settings = chosen.settings
    return TrainingRecord(
        rate=settings.rate,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        shuffle=settings.shuffle,
        seed=settings.seed,
        loss_goal=settings.loss_goal,
        start=chosen.start,
        held_out=data.held_out,
        n_training_rows=len(data.training_rows),
        epochs_run=len(history.epochs),
        stopped_by=str(stopped_by),
        final_loss=history.loss_after,
        majority=data.majority,
    )
