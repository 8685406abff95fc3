"""Fit by the recipe: networks on folds, linear models beside them, and a mean of those that answer best."""

from __future__ import annotations

from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.models.beside import sample_weight
from chainrule.models.judging.calibration import calibration_of
from chainrule.models.judging.predicted import never_predicted
from chainrule.models.learning import training_record
from chainrule.models.model import Model
from chainrule.models.outputs import OutputLayer
from chainrule.models.recipe.blending import blend, squared_error
from chainrule.models.recipe.choice import Recipe, recipe_of
from chainrule.models.recipe.linear import linear_path
from chainrule.models.recipe.members import Member, folds_of, member_trainings, members_of_recipe
from chainrule.models.result import FitResult
from chainrule.network import Ensemble, Network
from chainrule.random_streams import Purpose, permutation
from chainrule.training import StoppedBy, shared_threads, train_together

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.settings import FitSettings

    Numbers = npt.NDArray[np.float64]

__all__ = ["fit_by_recipe"]

MOST_ROWS_OF_CHOICE = 20_000  # whose answers the choice looks at


def fit_by_recipe(
    data: Dataset, settings: FitSettings, *, callbacks: dict[str, Any] | None = None
) -> FitResult:
    """Train what the recipe of the settings says, and mix it.

    Raises
    ------
    DivergenceError
        A training left the finite numbers.
    KeyboardInterrupt
        Ctrl-C came before a network was there.
    """
    recipe, weights = recipe_of(settings), sample_weight(data, settings.class_weight)
    members, was_interrupted = _trained(data, settings, recipe, weights, callbacks or {})
    if was_interrupted:
        return _interrupted(data, settings, members)
    answers, Y, rows = _answers(data, members)
    layer = OutputLayer(settings.output, settings.loss)
    linear = _linear_answers(data, recipe, layer, weights, settings.seed)
    n_cycles, chosen = len(answers), _rows_of_choice(len(rows), settings.seed)
    candidates = [*answers, *(one[rows] for one in linear)]
    own = None if weights is None else weights[rows][chosen]
    counts = blend([one[chosen] for one in candidates], Y[chosen], own)
    total, networks, parts = sum(counts), [], []
    for cycle, count in enumerate(counts[:n_cycles]):
        for member in members if count else ():
            networks.append(member.snapshots[cycle])
            parts.append(count / total / len(members))
    of_linear = counts[n_cycles:]
    if any(of_linear):
        last = max(k for k, count in enumerate(of_linear) if count)
        path = linear_path(data, data.training_rows, layer, recipe.penalties[: last + 1], weights)
        for net, count in zip(path, of_linear, strict=False):
            if count:
                networks.append(_in_float32(net))
                parts.append(count / total)
    result = _result(data, settings, members, networks, parts)
    if not settings.calibrate:
        return result
    pairs = zip(candidates, counts, strict=True)
    mixed: Numbers = np.sum([one * (count / total) for one, count in pairs if count], axis=0)
    own = None if data.weights is None else data.weights[rows]
    calibration = calibration_of("folds", data.encoding, Y, mixed.astype(np.float32), weights=own)
    return replace(result, model=replace(result.model, calibration=calibration))


def _trained(
    data: Dataset,
    settings: FitSettings,
    recipe: Recipe,
    weights: Numbers | None,
    callbacks: dict[str, Any],
) -> tuple[list[Member], bool]:
    """All networks, cycle after cycle, until one leaves them worse; and whether Ctrl-C ended that."""
    members = members_of_recipe(data, settings, recipe)
    listens = callbacks.get("on_epoch") is not None or callbacks.get("on_step") is not None
    at_once = 1
    if not (listens and settings.threads is None):
        at_once, _ = shared_threads(settings.threads, len(members), settings.engine)
    one_at_a_time, errors = RLock(), []

    def told(call: Any) -> Any:  # noqa: ANN401 (a function, or a number of seconds)
        def locked(training: Any) -> object:  # noqa: ANN401 (a Progress)
            with one_at_a_time:
                return call(training)

        return locked if callable(call) else call

    calls = {name: told(call) for name, call in callbacks.items() if call is not None}
    for cycle, end in enumerate(recipe.ends):
        together = train_together(member_trainings(data, members, end, weights, calls), at_once)
        if together.was_interrupted:
            begun = [one for one in together.results if one is not None]
            return [*begun, *members[len(together.results) :]], True
        members = [one for one in together.results if one is not None]
        answers, Y, rows = _answers(data, members)
        errors.append(squared_error(answers[cycle], Y, None if weights is None else weights[rows]))
        if cycle and errors[-1] > recipe.tolerance * min(errors):
            break
    return members, False


def _answers(data: Dataset, members: Sequence[Member]) -> tuple[list[Numbers], Numbers, npt.NDArray[np.intp]]:
    """For each cycle what networks answer to rows that they have not learnt from; Y, and the rows.

    Folds in order leave rows out that are in none.
    """
    n_cycles = min(len(one.snapshots) for one in members)
    sums = np.zeros((n_cycles, len(data.X), data.Y.shape[1]))
    times = np.zeros(len(data.X))
    for member in members:
        times[member.held_out] += 1
        for cycle in range(n_cycles):
            sums[cycle, member.held_out] += member.snapshots[cycle](data.X[member.held_out], threads=1)
    rows = np.flatnonzero(times)
    means = [one[rows] / times[rows, np.newaxis] for one in sums]
    return means, data.Y[rows], rows


def _linear_answers(
    data: Dataset, recipe: Recipe, layer: OutputLayer, weights: Numbers | None, seed: int
) -> list[Numbers]:
    """For each penalty what linear networks answer to the rows of the folds of the first drawing."""
    answers = [np.zeros_like(data.Y) for _ in recipe.penalties]
    for training, held_out in folds_of(data, recipe.effort.folds, seed):
        nets = linear_path(data, training, layer, recipe.penalties, weights)
        for own, net in zip(answers, nets, strict=True):
            own[held_out] = net(data.X[held_out], threads=1)
    return answers


def _rows_of_choice(n_rows: int, seed: int) -> npt.NDArray[np.intp]:
    """All rows, or as many as the choice looks at."""
    if n_rows <= MOST_ROWS_OF_CHOICE:
        return np.arange(n_rows, dtype=np.intp)
    drawn = permutation(n_rows, seed=seed, purpose=Purpose.SAMPLE, counter=2)[:MOST_ROWS_OF_CHOICE]
    return np.sort(drawn)


def _in_float32(net: Network) -> Network:
    """The network in the precision of the others."""
    return net.with_weights([w.astype(np.float32) for w in net.weights])


def _interrupted(data: Dataset, settings: FitSettings, members: Sequence[Member]) -> FitResult:
    """The mean of the networks as they stand, of those that have come to something."""
    networks = [one.snapshots[-1] for one in members if one.snapshots]
    if not networks:
        networks = [one.result.network for one in members if one.result is not None]
    if not networks:
        raise KeyboardInterrupt("No network was trained.")
    return _result(data, settings, members, networks, None, StoppedBy.INTERRUPT)


def _result(  # noqa: PLR0917 (called in two places)
    data: Dataset,
    settings: FitSettings,
    members: Sequence[Member],
    networks: Sequence[Network],
    parts: Sequence[float] | None,
    stopped_by: StoppedBy = StoppedBy.EPOCHS,
) -> FitResult:
    """What came of it."""
    first = next(one.result for one in members if one.result is not None)
    network = networks[0] if len(networks) == 1 else Ensemble(networks, parts)
    record = training_record(data, settings, first.history, stopped_by, None)
    epochs = len(first.history.epochs)
    diagnosis = tuple(never_predicted(network, data, settings, epochs))
    training = replace(first, network=networks[0], stopped_by=stopped_by, diagnosis=diagnosis)
    model = Model(network, data.encoding, record, report=data.report)
    return FitResult(model, data, training)
