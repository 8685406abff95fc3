"""Restarts: the same training from several seeds, of which the best one is kept in view."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from threading import RLock
from typing import TYPE_CHECKING, Any

from chainrule.errors import ChainruleError, InputError, TrainingWarning
from chainrule.given import check_seed, whole_number_from_1
from chainrule.network import Network
from chainrule.scores import metric_named
from chainrule.settings import Settings, documented, refuse_unknown_settings
from chainrule.training.displays.progress import shown_in_notebook
from chainrule.training.displays.result import restarts_display
from chainrule.training.preparation import run_training
from chainrule.training.progress import Callbacks, of_one_of_several
from chainrule.training.together import shared_threads, train_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from chainrule.training.result import TrainingResult

__all__ = ["Restarts", "train_restarts"]

OTHERS = ("start", "X", "Y", "restarts", "sample_weight", "masks", "validation", "engine")


@dataclass(frozen=True, repr=False)
class Restarts:
    """What the same training from several seeds gives back.

    Attributes
    ----------
    seeds : tuple of int
    results : tuple of TrainingResult
        One for each seed. Where Ctrl-C ended them, those that were under way are as far as they came, and
        those that were not begun are missing.
    judged_by : {"loss", "validation_loss", "score"}
        What the best one is best by: the loss over the training rows; that over the validation rows, where
        there are some; or the metric that was watched.

    Examples
    --------
    >>> from chainrule import Network, train_restarts
    >>> X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> many = train_restarts(lambda seed: Network.random((2, 2, 1), start="uniform", seed=seed), X, Y,
    ...                       restarts=4, rate=0.7, epochs=5000)
    >>> many
    Restarts(4 seeds, the best is 0 with loss 0.00023)
    >>> [figure < 0.001 for figure in many.figures]
    [True, True, False, True]
    >>> many.best.network(X).round().ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """

    seeds: tuple[int, ...]
    results: tuple[TrainingResult, ...]
    judged_by: str

    def __repr__(self) -> str:
        return f"Restarts({self._in_short})"

    def _repr_html_(self) -> str:
        return restarts_display(self, self._in_short)

    @cached_property
    def figures(self) -> tuple[float, ...]:
        """What each network is judged by; NaN where it was not seen with validation rows."""
        return tuple(_figure(one, self.judged_by) for one in self.results)

    @property
    def best(self) -> TrainingResult:
        """The result whose network is best: of equal ones the first."""
        return self.results[self._at]

    @property
    def best_seed(self) -> int:
        """The seed that it is of."""
        return self.seeds[self._at]

    @property
    def _in_short(self) -> str:
        figure = f"{self.judged_by.replace('_', ' ')} {self.figures[self._at]:.3g}"
        return f"{len(self.seeds)} seeds, the best is {self.best_seed} with {figure}"

    @cached_property
    def _at(self) -> int:
        """Where the best one is; NaN comes after all numbers."""
        sign = -1 if self.judged_by == "score" else 1
        ranks = [(math.isnan(figure), sign * figure) for figure in self.figures]
        return min(range(len(ranks)), key=ranks.__getitem__)


def _figure(result: TrainingResult, judged_by: str) -> float:
    """What the network of a result is judged by."""
    if judged_by == "loss":
        return result.history.loss_after
    epochs = result.history.epochs
    number = len(epochs) if result.best_epoch is None else result.best_epoch
    return float(getattr(epochs[number - 1], judged_by)) if number else math.nan


@documented(Settings, but=("seed", "threads"))
def train_restarts(
    start: Callable[[int], Network],
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    *,
    epochs: int,
    restarts: int = 10,
    seed: int = 0,
    threads: int | None = None,
    sample_weight: npt.ArrayLike | None = None,
    masks: Sequence[npt.ArrayLike] | None = None,
    validation: float | Sequence[npt.ArrayLike] | None = None,
    engine: str = "compiled",
    **given: Any,  # noqa: ANN401 (as documented)
) -> Restarts:
    """Train from several seeds, at once where there are threads, and see which network is best.

    Each result is to the bit that of ``train(start(seed), X, Y, seed=seed, ...)`` that watches the same rows.

    Parameters
    ----------
    start : callable
        Gives the network to start from for each seed.
    X, Y, sample_weight, masks, engine
        As for `train`.
    restarts : int
        How many trainings.
    seed : int
        The first seed; the next ones are `seed` + 1, `seed` + 2 and so on. A seed settles the order of the
        rows and which units drop out, and is what `start` is given.
    threads : int, optional
        For all trainings; as many as there are processors where not given, and 1 for the reference engine.
    validation : float or (X, Y) or (X, Y, sample_weight), optional
        As for `train`; a share is drawn by the first seed, so that all watch the same rows.
    {settings}

    Returns
    -------
    Restarts
        What went badly in the best training is a `TrainingWarning`; of the others their `diagnosis` says it.

    Raises
    ------
    InputError, UnknownNameError, ShapeError, DivergenceError
        As for `train`: of the first seed that has one.
    KeyboardInterrupt
        Ctrl-C came before one of them had begun.

    Examples
    --------
    >>> from chainrule import Network, train_restarts
    >>> def start(seed):
    ...     return Network.random((1, 3, 1), "tanh", seed=seed)
    >>> X, Y = [[-1.0], [-0.5], [0.0], [0.5], [1.0]], [[1.0], [0.5], [0.0], [0.5], [1.0]]
    >>> many = train_restarts(start, X, Y, restarts=3, rule="levenberg_marquardt", epochs=20, validation=0.3)
    >>> many.seeds, many.judged_by, many.best.network is many.results[many.best_seed].network
    ((0, 1, 2), 'validation_loss', True)
    """
    refuse_unknown_settings(given, Settings, OTHERS)
    shared = Settings(**given, epochs=epochs)
    first, restarts = check_seed(seed), whole_number_from_1(restarts, "restarts")
    seeds = range(first, first + restarts)
    at_once, threads_each = shared_threads(threads, restarts, engine)

    def trainings(shown: Callbacks) -> Iterator[Callable[[], TrainingResult]]:
        one_at_a_time = RLock()
        for of_one in seeds:
            settings = replace(shared, seed=of_one, threads=threads_each)
            with _named(of_one):
                net = _started(start, of_one)
            member = of_one - first + 1, restarts
            on_time = of_one_of_several(shown.on_time, one_at_a_time, member=member)
            yield partial(trained, of_one, net, settings, replace(shown, on_time=on_time))

    def trained(of_one: int, net: Network, settings: Settings, callbacks: Callbacks) -> TrainingResult:
        with _named(of_one):
            return run_training(
                net, X, Y, settings, sample_weight=sample_weight, masks=masks, validation=validation,
                engine=engine, callbacks=callbacks, warn=False, seed_of_rows=first,
            )  # fmt: skip

    with shown_in_notebook(Callbacks()) as shown:
        together = train_together(trainings(shown), at_once)
    there = [(s, result) for s, result in zip(seeds, together.results, strict=False) if result is not None]
    if not there:
        raise KeyboardInterrupt
    results = tuple(result for _, result in there)
    judged_by = "loss" if validation is None else "validation_loss"
    if metric_named(shared.metric) is not None:
        judged_by = "score"
    found = Restarts(tuple(s for s, _ in there), results, judged_by)
    for words in (words for words in found.best.diagnosis if words.is_warning):
        warnings.warn(words.message, TrainingWarning, stacklevel=2)
    return found


@contextmanager
def _named(seed: int) -> Iterator[None]:
    """Let an error say which seed it is of."""
    try:
        yield
    except ChainruleError as error:
        error.advise(f"This is of the seed {seed}.")
        raise


def _started(start: object, seed: int) -> Network:
    """Network to start from, or InputError for what gives none."""
    is_function = callable(start) and not isinstance(start, Network)  # which can be called, too
    net = start(seed) if is_function else None  # type: ignore[operator]
    if not isinstance(net, Network):
        given = net if is_function else start
        raise InputError(
            parameter="start",
            given=given,
            needs="must be a function that gives a Network for a seed",
            advice="Try lambda seed: Network.random((2, 3, 1), seed=seed).",
        )
    return net
