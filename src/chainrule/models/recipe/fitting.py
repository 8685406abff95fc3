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
from chainrule.models.linear import linear_path
from chainrule.models.model import Model
from chainrule.models.outputs import OutputLayer
from chainrule.models.recipe.blending import Answers, blend
from chainrule.models.recipe.choice import Recipe, recipe_of
from chainrule.models.recipe.members import Member, folds_of, member_trainings, members_of_recipe
from chainrule.models.recipe.wording import name_of_linear, name_of_networks
from chainrule.models.result import FitResult
from chainrule.network import Ensemble, Network
from chainrule.random_streams import Purpose, permutation
from chainrule.training import StoppedBy, shared_threads, train_together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    alike = (1,) * recipe.effort.repeats  # of linear models one drawing does
    candidates = [*answers, *(Answers(tuple(one[rows] for _ in alike)) for one in linear)]
    own = None if weights is None else weights[rows][chosen]
    counts = blend([one.taken(chosen) for one in candidates], Y[chosen], own)
    total, networks, parts = sum(counts), [], []
    for cycle, count in enumerate(counts[:n_cycles]):
        for member in members if count else ():
            networks.append(member.snapshots[cycle])
            parts.append(count / total / len(members))
    of_linear = counts[n_cycles:]
    if any(of_linear):
        last = max(k for k, count in enumerate(of_linear) if count)
        path = _linear_path(data, data.training_rows, layer, recipe.penalties[: last + 1], weights)
        for net, count in zip(path, of_linear, strict=False):
            if count:
                networks.append(net)
                parts.append(count / total)
    result = _result(data, settings, members, networks, parts)
    mixed = _mixed(candidates, counts)
    of_rows = None if weights is None else weights[rows]
    choice = _choice(recipe, n_cycles, counts, [*candidates, mixed], Y, of_rows)
    assert result.model.training is not None  # noqa: S101 (as of every fit)
    record = replace(result.model.training, choice=choice)
    result = replace(result, model=replace(result.model, training=record))
    if not settings.calibrate:
        return result
    own = None if data.weights is None else data.weights[rows]
    calibration = calibration_of("folds", data.encoding, Y, mixed.mean.astype(np.float32), weights=own)
    return replace(result, model=replace(result.model, calibration=calibration))


def _mixed(candidates: Sequence[Answers], counts: Sequence[int]) -> Answers:
    """The mean of candidates, each as often as it counts."""
    mixed, so_far = candidates[0], 0
    for one, count in zip(candidates, counts, strict=True):
        if count:
            mixed = one if not so_far else mixed.mixed(one, (so_far, count))
            so_far += count
    return mixed


def _choice(  # noqa: PLR0917 (called in one place)
    recipe: Recipe,
    n_cycles: int,
    counts: Sequence[int],
    answers: Sequence[Answers],
    Y: Numbers,
    weights: Numbers | None,
) -> tuple[tuple[str, float, float], ...]:
    """What was mixed, as the record keeps it: the mean, and each candidate."""
    names = [*map(name_of_networks, recipe.ends[:n_cycles]), *map(name_of_linear, recipe.penalties), "mean"]
    shares = [*(count / sum(counts) for count in counts), 1.0]
    errors = [one.error(Y, weights) / len(Y) for one in answers]
    *rows, mean = zip(names, map(float, shares), map(float, errors), strict=True)
    return (mean, *rows)


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
        errors.append(answers[cycle].error(Y, None if weights is None else weights[rows]))
        if cycle and not errors[-1] <= recipe.effort.pays * min(errors[:-1]):
            break
    return members, False


def _answers(data: Dataset, members: Sequence[Member]) -> tuple[list[Answers], Numbers, npt.NDArray[np.intp]]:
    """For each cycle what networks answer to rows that they have not learnt from; Y, and the rows.

    Folds in order leave rows out that are in none.
    """
    n_cycles, n_drawings = (len(members[0].answers), 1 + max(one.drawing for one in members))
    found = np.zeros((n_cycles, n_drawings, len(data.X), data.Y.shape[1]))
    is_there = np.zeros((n_drawings, len(data.X)), dtype=bool)
    for member in members:
        is_there[member.drawing, member.held_out] = True
        for cycle in range(n_cycles):
            found[cycle, member.drawing, member.held_out] = member.answers[cycle]
    rows = np.flatnonzero(is_there.all(axis=0))
    answers = [Answers(tuple(one[rows] for one in of_cycle), len(members)) for of_cycle in found]
    return answers, data.Y[rows], rows


def _linear_path(
    data: Dataset,
    rows: npt.NDArray[np.intp],
    layer: OutputLayer,
    penalties: Sequence[float],
    weights: Numbers | None,
) -> Iterator[Network]:
    """A linear network of these rows for each penalty, in the precision of the others."""
    own = None if weights is None else weights[rows]
    for net in linear_path(data.X[rows], data.Y[rows], layer, penalties, own):
        yield net.with_weights([w.astype(np.float32) for w in net.weights])


def _linear_answers(
    data: Dataset, recipe: Recipe, layer: OutputLayer, weights: Numbers | None, seed: int
) -> list[Numbers]:
    """For each penalty what linear networks answer to the rows of the folds of the first drawing."""
    answers = [np.zeros_like(data.Y) for _ in recipe.penalties]
    for training, held_out in folds_of(data, recipe.effort.folds, seed):
        nets = _linear_path(data, training, layer, recipe.penalties, weights)
        for own, net in zip(answers, nets, strict=True):
            own[held_out] = net(data.X[held_out], threads=1)
    return answers


def _rows_of_choice(n_rows: int, seed: int) -> npt.NDArray[np.intp]:
    """All rows, or as many as the choice looks at."""
    if n_rows <= MOST_ROWS_OF_CHOICE:
        return np.arange(n_rows, dtype=np.intp)
    drawn = permutation(n_rows, seed=seed, purpose=Purpose.SAMPLE, counter=2)[:MOST_ROWS_OF_CHOICE]
    return np.sort(drawn)


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
