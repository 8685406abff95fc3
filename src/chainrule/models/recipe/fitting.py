"""Fit by the recipe: networks on folds, linear models beside them, and a mean of those that answer best."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.elementary import logarithm, total_of
from chainrule.equations import RSS
from chainrule.errors import DivergenceError, Remark
from chainrule.models.beside import sample_weight
from chainrule.models.judging.calibration import calibration_of
from chainrule.models.judging.predicted import never_predicted
from chainrule.models.learning import training_record
from chainrule.models.linear import linear_path
from chainrule.models.model import Model
from chainrule.models.outputs import OutputLayer
from chainrule.models.recipe.blending import Answers, blend
from chainrule.models.recipe.choice import Recipe, recipe_of, settings_of_variant, variants_of
from chainrule.models.recipe.members import (
    Member,
    folds_of,
    member_trainings,
    members_of_recipe,
    those_that_answer,
)
from chainrule.models.recipe.wording import name_of_linear
from chainrule.models.result import FitResult
from chainrule.network import Ensemble, Network, as_sample_weight
from chainrule.random_streams import Purpose, permutation
from chainrule.training import Diagnosis, StoppedBy, shared_threads, train_together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.settings import FitSettings

    Numbers = npt.NDArray[np.float64]

__all__ = ["fit_by_recipe"]

MOST_ROWS_OF_CHOICE = 20_000  # whose answers the choice looks at


@dataclass
class _SoFar:
    """What there is so far.

    Attributes
    ----------
    members : list of Member
        Of all kinds.
    diagnosis : list of Diagnosis
        What went badly.
    was_interrupted : bool
        Whether Ctrl-C came.
    """

    members: list[Member] = field(default_factory=list)
    diagnosis: list[Diagnosis] = field(default_factory=list)
    was_interrupted: bool = False


class _Candidate(NamedTuple):
    """What can be mixed.

    Attributes
    ----------
    name : str
        What stands for it in the record.
    answers : Answers
    networks : tuple of Network
        Whose mean it is; none of a linear model, which is trained on all rows once it is chosen.
    """

    name: str
    answers: Answers
    networks: tuple[Network, ...] = ()


def fit_by_recipe(
    data: Dataset, settings: FitSettings, *, callbacks: dict[str, Any] | None = None
) -> FitResult:
    """Train what the recipe of the settings says, and mix it.

    Raises
    ------
    DivergenceError
        A training left the finite numbers in its first cycle.
    KeyboardInterrupt
        Ctrl-C came before a network was there.
    """
    recipe, weights = recipe_of(settings), sample_weight(data, settings.class_weight)
    so_far = _SoFar()
    candidates: list[_Candidate] = []
    try:
        for variant in variants_of(data, recipe.effort):
            own = settings_of_variant(data, settings, variant)
            members = _train_kind(data, own, recipe, weights, callbacks or {}, so_far)
            if so_far.was_interrupted:
                return _interrupted(data, settings, so_far)
            cycles = range(len(members[0].answers))
            (answers, Y, rows), answering = _answers(data, members, cycles), those_that_answer(members)
            candidates += [
                _Candidate(
                    f"{variant.name}:{end}", one, tuple(member.snapshots[cycle] for member in answering)
                )
                for cycle, (end, one) in enumerate(zip(recipe.ends, answers, strict=False))
            ]
        return _chosen(data, settings, recipe, weights, so_far, candidates, Y, rows)
    except KeyboardInterrupt:  # between trainings, or of a linear model
        return _interrupted(data, settings, so_far)


def _chosen(  # noqa: PLR0917 (called in one place)
    data: Dataset,
    settings: FitSettings,
    recipe: Recipe,
    weights: Numbers | None,
    so_far: _SoFar,
    candidates: list[_Candidate],
    Y: Numbers,
    rows: npt.NDArray[np.intp],
) -> FitResult:
    """The mean of the networks, and of linear models, that answers best."""
    layer = OutputLayer(settings.output, settings.loss)
    of_linear = _linear_answers(data, recipe, layer, weights, settings.seed)
    n_drawings = recipe.effort.repeats  # of linear models one drawing does
    penalties = []
    for penalty, answers_of in zip(recipe.effort.penalties, of_linear, strict=True):
        alike = Answers(tuple(answers_of[rows] for _ in range(n_drawings)))
        if np.isfinite(answers_of[rows]).all():  # else one has diverged
            penalties.append(penalty)
            candidates.append(_Candidate(name_of_linear(penalty), alike))
    chosen = _rows_of_choice(len(rows), settings.seed)
    of_rows = None if weights is None else weights[rows]
    counts = blend(
        [one.answers.taken(chosen) for one in candidates],
        Y[chosen],
        None if of_rows is None else of_rows[chosen],
    )
    networks, parts = _in_the_mean(data, penalties, layer, weights, candidates, counts)
    result = _result(data, settings, so_far, networks, parts)
    mixed = _mixed([one.answers for one in candidates], counts)
    assert result.model.training is not None  # noqa: S101 (as of every fit)
    record = replace(result.model.training, choice=_choice(candidates, counts, mixed, Y, of_rows))
    result = replace(result, model=replace(result.model, training=record))
    if not settings.calibrate:
        return result
    own_weights = None if data.weights is None else data.weights[rows]
    outputs = mixed.mean.astype(np.float32)
    drawings = [one.astype(np.float32) for one in mixed.by_drawing]
    calibration = calibration_of(
        "folds", data.encoding, Y, outputs, weights=own_weights, drawings=drawings, members=mixed.members
    )
    return replace(result, model=replace(result.model, calibration=calibration))


def _in_the_mean(  # noqa: PLR0917 (called in one place)
    data: Dataset,
    penalties: Sequence[float],
    layer: OutputLayer,
    weights: Numbers | None,
    candidates: Sequence[_Candidate],
    counts: Sequence[int],
) -> tuple[list[Network], list[float]]:
    """All networks that are in the mean, and what each counts."""
    networks, parts, total = [], [], sum(counts)
    of_linear = counts[len(counts) - len(penalties) :]
    for one, count in zip(candidates, counts, strict=True):
        for net in one.networks if count else ():
            networks.append(net)
            parts.append(count / total / len(one.networks))
    if any(of_linear):
        last = max(k for k, count in enumerate(of_linear) if count)
        path = _linear_path(data, data.training_rows, layer, penalties[: last + 1], weights)
        for net, count in zip(path, of_linear, strict=False):
            if count:
                networks.append(net)
                parts.append(count / total)
    return networks, parts


def _mixed(candidates: Sequence[Answers], counts: Sequence[int]) -> Answers:
    """The mean of candidates, each as often as it counts."""
    mixed, so_far = candidates[0], 0
    for one, count in zip(candidates, counts, strict=True):
        if count:
            mixed = one if not so_far else mixed.mixed(one, (so_far, count))
            so_far += count
    return mixed


def _choice(
    candidates: Sequence[_Candidate],
    counts: Sequence[int],
    mixed: Answers,
    Y: Numbers,
    weights: Numbers | None,
) -> tuple[tuple[str, float, float], ...]:
    """What was mixed, as the record keeps it: the mean, and each candidate."""
    pairs = zip(candidates, counts, strict=True)
    return (
        ("mean", 1.0, mixed.error(Y, weights) / len(Y)),
        *((one.name, count / sum(counts), one.answers.error(Y, weights) / len(Y)) for one, count in pairs),
    )


def _train_kind(  # noqa: PLR0917 (called in one place)
    data: Dataset,
    settings: FitSettings,
    recipe: Recipe,
    weights: Numbers | None,
    callbacks: dict[str, Any],
    so_far: _SoFar,
) -> list[Member]:
    """All networks of a kind, cycle after cycle, until one leaves them worse or Ctrl-C comes.

    They are put behind those that are trained already, as they stand after each cycle. A cycle in which one
    diverges is left out, for all of them, where another is there.
    """
    members, first = members_of_recipe(data, settings, recipe), len(so_far.members)
    listens = callbacks.get("on_epoch") is not None or callbacks.get("on_step") is not None
    at_once = 1
    if not (listens and settings.threads is None):
        at_once, _ = shared_threads(settings.threads, len(members), settings.engine)
    lock: RLock = RLock()
    errors: list[float] = []
    calls = {name: call for name, call in callbacks.items() if call is not None}
    for cycle in range(len(recipe.ends)):
        try:
            together = train_together(
                member_trainings(data, members, recipe.ends, weights, calls, lock), at_once
            )
        except DivergenceError as error:
            if not cycle:
                raise
            so_far.diagnosis.append(_left_out(cycle, len(recipe.ends), error))
            break
        if together.was_interrupted:
            n = len(together.results)
            begun = [own or before for own, before in zip(together.results, members[:n], strict=True)]
            so_far.members[first:] = members = [*begun, *members[n:]]
            so_far.was_interrupted = True
            break
        so_far.members[first:] = members = [one for one in together.results if one is not None]
        [answers], Y, rows = _answers(data, members, [cycle])
        errors.append(answers.error(Y, None if weights is None else weights[rows]))
        if cycle and not errors[-1] <= recipe.effort.pays * min(errors[:-1]):
            break
    return members


def _left_out(cycle: int, of: int, error: DivergenceError) -> Diagnosis:
    words = (
        f"Cycle {cycle + 1} of {of} is left out, and those after it: in it a network diverged in epoch "
        f"{error.epoch}. The networks are those of the cycles before it; a lower rate trains one network by "
        "settings of your own."
    )
    return Diagnosis("cycle_left_out", Remark(words))


def _answers(
    data: Dataset, members: Sequence[Member], cycles: Sequence[int]
) -> tuple[list[Answers], Numbers, npt.NDArray[np.intp]]:
    """For each of these cycles what networks answer to rows that they have not learnt from; Y, and the rows.

    Folds in order leave rows out that are in none.
    """
    n_drawings = 1 + max(one.drawing for one in members)
    found = np.zeros((len(cycles), n_drawings, len(data.X), data.Y.shape[1]))
    is_there = np.zeros((n_drawings, len(data.X)), dtype=bool)
    for member in members:
        is_there[member.drawing, member.held_out] = True
        for of_cycle, cycle in zip(found, cycles, strict=True):
            of_cycle[member.drawing, member.held_out] = member.answers[cycle]
    rows = np.flatnonzero(is_there.all(axis=0))
    n_members = len(those_that_answer(members))
    answers = [Answers(tuple(one[rows] for one in of_cycle), n_members) for of_cycle in found]
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
    answers = [np.full_like(data.Y, np.nan) for _ in recipe.effort.penalties]
    for training, held_out in folds_of(data, recipe.effort.folds, seed):
        nets = _linear_path(data, training, layer, recipe.effort.penalties, weights)
        with suppress(DivergenceError):  # then they stay NaN
            for own, net in zip(answers, nets, strict=True):
                own[held_out] = net(data.X[held_out], threads=1)
    return answers


def _rows_of_choice(n_rows: int, seed: int) -> npt.NDArray[np.intp]:
    """All rows, or as many as the choice looks at."""
    if n_rows <= MOST_ROWS_OF_CHOICE:
        return np.arange(n_rows, dtype=np.intp)
    drawn = permutation(n_rows, seed=seed, purpose=Purpose.SAMPLE, counter=2)[:MOST_ROWS_OF_CHOICE]
    return np.sort(drawn)


def _interrupted(data: Dataset, settings: FitSettings, so_far: _SoFar) -> FitResult:
    """The mean of the networks as they stand, of those that have come to something."""
    members = so_far.members
    networks = [one.snapshots[-1] for one in those_that_answer([one for one in members if one.snapshots])]
    if not networks:
        begun = [one for one in members if one.result is not None]
        networks = [one.result.network for one in those_that_answer(begun) if one.result is not None]
    if not networks:
        raise KeyboardInterrupt("No network was trained.")
    return _result(data, settings, so_far, networks, None, StoppedBy.INTERRUPT)


def _result(  # noqa: PLR0917 (called in two places)
    data: Dataset,
    settings: FitSettings,
    so_far: _SoFar,
    networks: Sequence[Network],
    parts: Sequence[float] | None,
    stopped_by: StoppedBy = StoppedBy.EPOCHS,
) -> FitResult:
    """What came of it: epochs are of a network that was trained longest, the last loss of the mean."""
    results = [one.result for one in so_far.members if one.result is not None]
    longest = max(results, key=lambda one: len(one.history.epochs))
    network = networks[0] if len(networks) == 1 else Ensemble(networks, parts)
    history = replace(longest.history, loss_after=_loss_of(network, data, settings))
    record = training_record(data, settings, history, stopped_by, None)
    diagnosis = (*so_far.diagnosis, *never_predicted(network, data, settings, len(history.epochs)))
    training = replace(
        longest, network=networks[0], history=history, stopped_by=stopped_by, diagnosis=diagnosis
    )
    model = Model(network, data.encoding, record, report=data.report)
    return FitResult(model, data, training)


def _loss_of(network: Network | Ensemble, data: Dataset, settings: FitSettings) -> float:
    """Mean loss over the training rows, the same bits everywhere; targets that are missing count nothing."""
    rows, weights = data.training_rows, sample_weight(data, settings.class_weight)
    y, outputs = data.Y[rows], network(data.X[rows])
    a = outputs.astype(np.float64)
    if settings.loss == "rss":
        losses = RSS().values(a, y)
    else:  # a chance that was rounded to 0 counts as the smallest float above 0
        least = np.finfo(outputs.dtype)
        losses = -y * logarithm(np.maximum(a, least.tiny))
        if settings.loss == "binary_cross_entropy":
            losses -= (1 - y) * logarithm(np.maximum(1 - a, least.epsneg / 2))
    losses = np.where(np.isnan(y), 0.0, losses)
    counts = None if weights is None else as_sample_weight(weights[rows], len(rows), np.float64)
    return total_of(losses if counts is None else losses * counts[:, np.newaxis]) / len(rows)
