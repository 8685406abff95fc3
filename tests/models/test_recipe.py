"""The recipe as a whole: bits, folds, what it keeps, what it takes beside it and what it refuses."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

import chainrule
from chainrule import Ensemble, InputError, Network, UnknownNameError
from chainrule.files import content_of
from chainrule.models import choice_in_words, cost_in_words, fit_settings
from chainrule.models.beside import parted, sample_weight
from chainrule.models.judging.calibration import calibration_of
from chainrule.models.learning import diverged_model
from chainrule.models.linear import linear_path
from chainrule.models.recipe import fitting
from chainrule.models.recipe.choice import EFFORT, Effort, Variant, recipe_of, settings_of_variant
from chainrule.models.recipe.fitting import _answers, _loss_of, _SoFar, _train_kind
from chainrule.models.recipe.members import folds_of, members_of_recipe
from chainrule.network import members_of
from chainrule.settings import FitSettings, settings_of
from chainrule.training import History, StoppedBy, run_training

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chainrule import FitResult, Progress
    from chainrule.models import Dataset
    from chainrule.models.recipe.members import Member

pytestmark = pytest.mark.usefixtures("one_database", "brief")

N = 48
DRAWN = np.random.default_rng(5)
A, B = DRAWN.normal(size=N), DRAWN.normal(size=N)
NOISE = np.random.default_rng(1).normal(size=N)
NUMBERS = pa.table({"a": A, "b": B, "y": A * B + 0.1 * DRAWN.normal(size=N)})
CLASSES = pa.table({"a": A, "kind": ["u", "v", "w"] * (N // 3), "y": np.where(A * B > 0, "yes", "no")})
BRIEF = Effort(cycles=2, folds=3, repeats=2, few=(Variant(5),), many=(Variant(5),), pays=0.99)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cycles of six networks with five units in a layer: 249 steps of each."""
    monkeypatch.setitem(EFFORT, "normal", BRIEF)


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", chainrule.TrainingWarning)
        warnings.simplefilter("ignore", chainrule.TableWarning)
        yield


def fit(table: pa.Table = NUMBERS, **given: Any) -> FitResult:  # noqa: ANN401 (as `fit` takes them)
    return chainrule.fit(table, **{"target": "y", "seed": 3, **given})


def prepared(table: pa.Table = NUMBERS, **given: Any) -> tuple[Dataset, FitSettings]:  # noqa: ANN401 (likewise)
    """Data and settings of a fit, as far as the recipe takes them over."""
    data = fit(table, **given).data
    return data, fit_settings(data, **{name: given[name] for name in ("class_weight",) if name in given})


def trained(data: Dataset, settings: FitSettings) -> list[Member]:
    weights = sample_weight(data, settings.class_weight)
    return _train_kind(data, settings, recipe_of(settings), weights, {}, _SoFar())


def choice_of(result: FitResult) -> tuple[tuple[str, float, float], ...]:
    assert result.model.training is not None
    return result.model.training.choice


def bits(net: Network) -> list[bytes]:
    return [w.tobytes() for w in net.weights]


@pytest.mark.parametrize("table", [NUMBERS, CLASSES], ids=["numbers", "classes"])
def test_bits_are_those_of_the_seed_for_any_number_of_threads(table: pa.Table) -> None:
    contents = [content_of(fit(table, threads=threads).model) for threads in (1, 2, 3, None)]
    assert contents == [contents[0]] * 4
    assert content_of(fit(table, seed=4).model) != contents[0]


@pytest.mark.parametrize("table", [NUMBERS, CLASSES], ids=["numbers", "classes"])
def test_a_file_answers_as_its_model_does_and_is_written_again_byte_by_byte(
    table: pa.Table, tmp_path: Path
) -> None:
    model = fit(table).model
    chainrule.save(model, tmp_path / "model.st")
    again = chainrule.load_model(tmp_path / "model.st")
    assert content_of(again) == content_of(model)
    assert again.outputs(fit(table).data.X).tobytes() == model.outputs(fit(table).data.X).tobytes()
    assert again.training == model.training
    assert again.calibration == model.calibration


def test_each_network_is_what_its_settings_give_alone() -> None:
    data, settings = prepared()
    end = recipe_of(settings).ends[1]

    def stop(progress: Progress) -> None:
        if len(progress.epochs) == end:
            progress.stop()

    for member in trained(data, settings)[:3]:
        one = member.settings
        alone = chainrule.train(
            member.start,
            data.X[member.training],
            data.Y[member.training],
            **{
                name: getattr(one, name)
                for name in ("rate", "rule", "schedule", "batch_size", "epochs", "seed")
            },
            rate_factors=one.rate_factors,
            bias_rate=one.bias_rate,
            steps_per_epoch=one.steps_per_epoch,
            on_epoch=stop,
        )
        assert bits(alone.network) == bits(member.snapshots[1])


def test_the_model_holds_networks_and_linear_ones_by_the_shares_that_its_record_has() -> None:
    result = fit(pa.table({"a": A, "b": B, "y": A + 0.6 * A * B + NOISE}))
    net, record = result.model.network, result.model.training
    assert isinstance(net, Ensemble)
    assert record is not None
    (name, share, _), *candidates = record.choice
    assert (name, share) == ("mean", 1.0)
    expected = []
    for name, share, _ in candidates:
        n = 1 if name.startswith("linear") else 6
        expected += [share / n] * n if share else []
    assert net.weights == pytest.approx(expected, rel=1e-12)
    assert len({name.partition(":")[0] for name, share, _ in candidates if share}) == 2
    linear = [one for one in net.members if one.sizes == (len(result.data.X[0]), 1)]
    assert len(linear) == sum(name.startswith("linear") and share > 0 for name, share, _ in candidates)


@pytest.mark.parametrize(
    "weights", [None, np.arange(N) % 3 + 0.5, np.full(N, 2.0)], ids=["none", "weighted", "alike"]
)
@pytest.mark.parametrize("table", [NUMBERS, CLASSES], ids=["numbers", "classes"])
def test_the_loss_is_that_of_what_is_kept(table: pa.Table, weights: np.ndarray[Any, Any] | None) -> None:
    result = fit(table, sample_weight=weights)
    data, rows = result.data, result.data.training_rows
    a, y = result.model.network(data.X[rows]).astype(float), data.Y[rows]
    losses = -np.log(a[y == 1]) if table is CLASSES else ((y - a) ** 2).sum(axis=1) / 2
    of_rows = None if weights is None else weights[rows]
    assert result.history.loss_after == pytest.approx(np.average(losses, weights=of_rows), rel=1e-6)
    assert result.model.training is not None
    assert result.model.training.final_loss == result.history.loss_after


def test_epochs_are_those_of_a_network_that_was_trained_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EFFORT, "normal", replace(BRIEF, few=(Variant(5), Variant(1)), cycles=3, pays=0.87))
    result = fit()
    ends = [int(name.partition(":")[2]) for name, *_ in choice_of(result) if name.startswith("5:")]
    longest = max(int(name.partition(":")[2]) for name, *_ in choice_of(result) if name.startswith("1:"))
    assert max(ends) < longest == len(result.history.epochs)


def test_a_row_is_answered_by_networks_that_have_not_seen_it() -> None:
    data, settings = prepared()
    members = trained(data, settings)
    answers, Y, rows = _answers(data, members, range(len(members[0].answers)))
    assert rows.tolist() == sorted(data.training_rows.tolist())
    assert np.array_equal(Y, data.Y[rows])
    for drawing in (0, 1):
        own = [one for one in members if one.drawing == drawing]
        held_out = np.concatenate([one.held_out for one in own])
        assert sorted(held_out.tolist()) == sorted(data.training_rows.tolist())
        for one in own:
            assert not set(one.held_out.tolist()) & set(one.training.tolist())
            for cycle in (0, 1):
                places = np.searchsorted(rows, one.held_out)
                alone = one.snapshots[cycle](data.X[one.held_out])
                assert np.array_equal(answers[cycle].by_drawing[drawing][places], alone)


def test_what_cannot_be_learnt_is_not_learnt_by_heart() -> None:
    """Targets that are drawn: who sees a row can answer it, and who does not errs by its variance or more."""
    drawn = np.random.default_rng(1)
    noise = pa.table({f"x{j}": drawn.normal(size=60) for j in range(30)} | {"y": drawn.normal(size=60)})
    record = fit(noise, held_out=0).model.training
    assert record is not None
    assert min(error for name, _, error in record.choice if name != "mean") > 0.8


def test_every_seed_has_seeds_after_it() -> None:
    data, settings = prepared(seed=2**64 - 1)
    seeds = [one.settings.seed for one in members_of_recipe(data, settings, recipe_of(settings))]
    assert seeds == [2**64 - 1, 0, 1, 2, 3, 4]


def test_groups_are_never_parted() -> None:
    table = NUMBERS.append_column("g", pa.array([str(k // 4) for k in range(N)]))
    data, settings = prepared(table, group="g", held_out=0)
    groups = np.arange(N) // 4
    for one in members_of_recipe(data, settings, recipe_of(settings)):
        assert not set(groups[one.training].tolist()) & set(groups[one.held_out].tolist())


def test_rows_in_order_are_answered_by_what_comes_before_them() -> None:
    data, settings = prepared(in_order=True)
    members = members_of_recipe(data, settings, recipe_of(settings))
    assert len(members) == 3 * 2 + 3
    for one in members[:6]:
        assert one.training.max() < one.held_out.min()
    for one in members[6:]:  # which answer, and choose nothing
        assert one.training.tolist() == data.training_rows.tolist()
        assert not len(one.held_out)


def test_rows_in_order_are_answered_by_networks_of_all_rows() -> None:
    result = fit(in_order=True)
    data, settings = result.data, fit_settings(result.data)
    of_all = trained(data, settings)[6:]
    cycles = len(of_all[0].snapshots)
    known = {tuple(bits(one.snapshots[cycle])) for one in of_all for cycle in range(cycles)}
    networks = [net for net in members_of(result.model.network) if len(net.layers) > 1]
    assert networks
    assert {tuple(bits(net)) for net in networks} <= known


def test_rows_without_weight_are_in_no_fold() -> None:
    weight = np.where(np.arange(N) % 3 == 0, 1.0, 0.0)
    data, settings = prepared(sample_weight=weight, held_out=0)
    for one in members_of_recipe(data, settings, recipe_of(settings)):
        assert (np.concatenate([one.training, one.held_out]) % 3 == 0).all()
    few = np.where(np.arange(N) < 2, 1.0, 0.0)  # most folds of all rows would have weights of 0 alone
    assert np.isfinite(fit(sample_weight=few, held_out=0).model.network(np.zeros((1, 2)))).all()


def test_a_linear_model_that_diverges_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = linear_path

    def diverging(*given: Any) -> Iterator[Network]:  # noqa: ANN401 (as `linear_path` takes them)
        path = real(*given)
        yield next(path)
        yield next(path)
        raise chainrule.DivergenceError("It", network=None, history=None, epoch=9, rate=0.1)

    monkeypatch.setattr(fitting, "linear_path", diverging)
    linear = [name for name, *_ in choice_of(fit()) if name.startswith("linear")]
    assert linear == ["linear:1", "linear:0.1"]


def test_rows_of_a_split_column_that_are_to_be_watched_are_in_the_folds() -> None:
    split = pa.array(["train"] * 30 + ["validation"] * 10 + ["test"] * 8)
    data, settings = prepared(NUMBERS.append_column("s", split), split="s")
    assert data.training_rows.tolist() == list(range(40))
    members = members_of_recipe(data, settings, recipe_of(settings))
    assert {len(one.training) + len(one.held_out) for one in members} == {40}
    assert not len(parted(data, settings)[1])


@pytest.mark.parametrize("n", range(2, 11))
@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_a_table_of_few_rows_is_fitted_by_as_many_folds_as_it_has_rows(n: int, kind: str) -> None:
    y = pa.array(A[:n]) if kind == "numbers" else pa.array(["u", "v"] * (n // 2) + ["u"] * (n % 2))
    result = fit(pa.table({"a": B[:n], "y": y}), held_out=0)
    assert len(folds_of(result.data, 3, 0)) == min(3, n)
    assert np.isfinite(result.model.outputs(result.data.X)).all()


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"a": A, "y": A}),
        pa.table({"a": A, "c": [1.0] * N, "y": A}),
        pa.table({"k": ["u", "v", "w"] * (N // 3), "l": ["p", "q"] * (N // 2), "y": A}),
        pa.table({"k": ["u", "v", "w"] * (N // 3), "y": ["p", "q"] * (N // 2)}),
        pa.table({"a": A, "y": ["p"] * (N // 2) + ["q"] * (N // 2 - 1) + ["once"]}),
        pa.table({"a": A, "y": ["p"] * (N - 1) + ["once"]}),
        pa.table({"a": A * 1e300, "y": A * 1e300}),
        pa.table({"a": [1e200, *A[1:]], "y": A}),
    ],
    ids=[
        "one column", "a constant", "categories", "categories and classes", "a class with one row",
        "two classes, one with one row", "large numbers", "an outlier",
    ],
)  # fmt: skip
def test_tables_of_all_kinds_are_fitted(table: pa.Table) -> None:
    result = fit(table, held_out=0)
    assert np.isfinite(result.model.outputs(result.data.X)).all()
    assert len(result.model.predict(table).names) == 1 + len(result.data.encoding.classes or ())


def test_a_wide_table_is_fitted_without_bins() -> None:
    wide = pa.table({f"x{j}": DRAWN.normal(size=20) for j in range(1000)} | {"y": DRAWN.normal(size=20)})
    record = fit(wide).model.training
    assert record is not None
    assert record.input_layers == ("scale",)


def test_several_targets_some_missing_are_fitted_together() -> None:
    some = pa.array([None if k % 3 == 0 else float(A[k]) for k in range(N)])
    both = pa.table({"a": A, "b": B, "y": some, "z": A * B})
    result = fit(both, target=["y", "z"], held_out=0)
    assert isinstance(result.training_score, tuple)
    assert len(result.training_score) == 2
    labels = pa.table({"a": A, "y": np.where(A > 0, "u", "v"), "z": np.where(A > 0.5, "p", "q")})
    score = fit(labels, target=["y", "z"], held_out=0).training_score
    assert isinstance(score, tuple)
    assert len(score) == 2


def test_a_row_of_weight_two_moves_the_choice_and_a_class_its_weight() -> None:
    weights = np.linspace(0.5, 2.0, N)
    plain, weighted = fit(), fit(sample_weight=weights)
    assert content_of(plain.model) != content_of(weighted.model)
    constant = fit(sample_weight=np.full(N, 3.0))
    assert constant.model.outputs(plain.data.X).tobytes() == plain.model.outputs(plain.data.X).tobytes()
    by_class = fit(CLASSES, class_weight={"yes": 5.0})
    assert content_of(by_class.model) != content_of(fit(CLASSES).model)
    assert by_class.model.training is not None
    assert by_class.model.training.weights_of_classes == {"yes": 5.0}


def test_folds_that_judge_are_each_fitted_by_the_recipe() -> None:
    result = fit(CLASSES, folds=2)
    assert result.cross_validation is not None
    assert len(result.cross_validation.folds) == 2
    for one in result.cross_validation.folds:
        assert one.model.training is not None
        assert one.model.training.recipe == "modern-2"
    validated = chainrule.cross_validate(CLASSES, target="y", folds=2, seed=3)
    assert validated.score == result.cross_validation.score


def test_training_ends_with_a_cycle_that_does_not_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    def cycles(pays: float) -> int:
        monkeypatch.setitem(EFFORT, "normal", replace(BRIEF, cycles=4, pays=pays))
        record = fit().model.training
        assert record is not None
        return sum(name.startswith("5:") for name, *_ in record.choice)

    assert cycles(-np.inf) == 2  # at least two, whatever they are
    assert cycles(np.inf) == 4


def test_a_cycle_in_which_a_network_diverges_is_left_out_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, calls = fit(), []
    first_cycle = {name for name, *_ in choice_of(whole) if name.startswith("5:")}

    def diverging(*given: Any, **named: Any) -> object:  # noqa: ANN401 (as `run_training` takes them)
        calls.append(named["resume"])
        if named["resume"] is not None and len([one for one in calls if one]) == 2:
            raise chainrule.DivergenceError("It", network=None, history=None, epoch=9, rate=0.1)
        return run_training(*given, **named)

    monkeypatch.setattr("chainrule.models.recipe.members.run_training", diverging)
    with pytest.warns(chainrule.TrainingWarning, match="Cycle 2 of 2 is left out.* diverged in epoch 9"):
        result = fit()
    left = {name for name, *_ in choice_of(result) if name.startswith("5:")}
    assert left == {min(first_cycle, key=lambda name: int(name[2:]))}
    before = [error for name, _, error in choice_of(whole) if name in left]
    assert [error for name, _, error in choice_of(result) if name in left] == before
    assert [one.cause for one in result.diagnosis] == ["cycle_left_out"]
    calls.clear()
    with pytest.warns(chainrule.TrainingWarning) as said:
        folds = chainrule.cross_validate(NUMBERS, target="y", seed=3, folds=2, threads=1)
    assert [str(one.message)[:24] for one in said] == ["Of 2 folds 1 went badly."]
    assert [len(one.diagnosis) for one in folds.folds] == [1, 0]
    monkeypatch.setattr("chainrule.models.recipe.members.run_training", lambda *_, **__: diverging(resume=1))
    calls[:] = [1]
    with pytest.raises(chainrule.DivergenceError):
        fit()


def test_ctrl_c_keeps_networks_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(progress: Progress) -> None:
        if len(progress.epochs) > recipe_of(settings).ends[0]:
            raise KeyboardInterrupt

    _, settings = prepared()
    result = fit(on_epoch=interrupt)
    assert result.stopped_by is StoppedBy.INTERRUPT
    assert len(members_of(result.model.network)) == 6
    assert result.model.training is not None
    assert result.model.training.choice == ()
    monkeypatch.setattr(fitting, "linear_path", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    in_linear = fit()
    assert in_linear.stopped_by is StoppedBy.INTERRUPT
    assert len(members_of(in_linear.model.network)) == 6
    monkeypatch.setattr(fitting, "_answers", interrupted)
    between = fit()
    assert between.stopped_by is StoppedBy.INTERRUPT
    assert len(members_of(between.model.network)) == 6


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_before_a_network_is_there_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.models.recipe.members.run_training", interrupted)
    with pytest.raises(KeyboardInterrupt, match="No network was trained"):
        fit()


def test_what_is_said_of_a_network_or_its_training_asks_for_one_network() -> None:
    data, _ = prepared()
    masks = [np.ones((64, 1 + data.X.shape[1])), np.ones((1, 65))]
    for given in (
        {"defaults": "modern-1"}, {"epochs": 3}, {"hidden": 4}, {"validation": 0.2}, {"masks": masks},
        {"validation": NUMBERS}, {"ensemble": 2, "epochs": 2}, {"defaults": "notes", "epochs": 2},
    ):  # fmt: skip
        record = fit(**given).model.training
        assert record is not None
        assert record.recipe is None, given
    for given in ({}, {"defaults": "modern"}, {"defaults": "modern-2"}, {"threads": 1}, {"effort": "normal"}):
        record = fit(**given).model.training
        assert record is not None
        assert record.recipe == "modern-2", given


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"hidden": 3}, "given with hidden but"),
        ({"epochs": 3, "rate": 0.1}, "given with rate and epochs but"),
        ({"defaults": "notes"}, "given with defaults='notes' but"),
        ({"masks": [np.ones((1, 3))]}, "given with masks but"),
    ],
)
def test_an_effort_beside_what_a_recipe_settles_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        fit(effort="quick", **given)
    assert caught.value.parameter == "effort"


def test_an_effort_that_there_is_not_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'normal'"):
        fit(effort="norml")
    with pytest.raises(InputError, match="must be 'quick' or 'normal' or 'best'"):
        fit(effort=3)
    with pytest.raises(InputError, match="follows from the defaults"):
        fit(recipe="modern-2")


def test_a_recipe_cannot_go_on_and_says_what_could() -> None:
    result = fit()
    with pytest.raises(InputError, match="Give what the state was trained by, as in defaults='modern-1'"):
        fit(resume=result.training.state)
    with pytest.raises(InputError, match="resume"):
        fit(resume=result.model)


def test_rows_that_cannot_be_parted_are_refused_with_what_to_do() -> None:
    table = pa.table({"a": A, "y": B, "g": ["one"] * N})
    with pytest.raises(InputError, match=r"of one group.*defaults='modern-1' for one network"):
        fit(table, group="g", held_out=0)


def test_every_effort_is_a_setting() -> None:
    check = next(one for one in settings_of(FitSettings) if one.name == "effort")
    assert check.values == ", ".join(EFFORT)


def test_networks_of_several_widths_are_candidates_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EFFORT, "normal", replace(BRIEF, few=(Variant(4), Variant(7))))
    result = fit(CLASSES)
    record = result.model.training
    assert record is not None
    shares = {name: share for name, share, _ in record.choice}
    assert [name[0] for name in shares if name[0].isdigit()] == ["4", "4", "7", "7"]
    for width in (4, 7):
        asked = any(share for name, share in shares.items() if name.startswith(f"{width}:"))
        assert asked == any(one.sizes[-2] == width for one in members_of(result.model.network))


@pytest.mark.parametrize("options", [{"one_unit": True}, {"target": ["y", "even"]}])
def test_the_loss_is_finite_of_whatever_is_learnt(options: dict[str, Any]) -> None:
    table = CLASSES.append_column("even", pa.array(["yes", "no"] * (N // 2)))
    loss = fit(table, **options).history.loss_after
    assert 0 < loss < 2


def test_numbers_that_are_in_bins_get_no_bins_in_the_network() -> None:
    data, settings = prepared()
    assert settings.input_layers == ("piecewise", "scale")
    data = fit(numbers_as="piecewise:4").data
    assert data.X.shape[1] == 8
    assert fit_settings(data).input_layers == ("scale",)
    data = fit(numbers_as="squashed+piecewise:4").data
    [first, *_] = members_of_recipe(data, fit_settings(data), recipe_of(settings))
    assert first.start.sizes[:3] == (10, 10, 10 + 2 * 16)  # put in order, then bins


def test_networks_with_waves_are_candidates_beside_those_with_bins(monkeypatch: pytest.MonkeyPatch) -> None:
    both = (Variant(4), Variant(4, "periodic"))
    monkeypatch.setitem(EFFORT, "normal", replace(BRIEF, few=both))
    result = fit()
    settings = fit_settings(result.data)
    factors = [settings_of_variant(result.data, settings, one).rate_factors for one in both]
    assert factors == ["1,6,ntp,ntp,ntp", "0.1,6,ntp,ntp,ntp"]
    names = [name for name, *_ in choice_of(result) if name[0].isdigit()]
    assert [name.partition(":")[0] for name in names] == ["4", "4", "4 periodic", "4 periodic"]
    kinds = {one.layers[0].name for one in members_of(result.model.network)} - {"dense"}
    shares = {name.partition(":")[0]: share for name, share, _ in choice_of(result) if share}
    assert kinds == {
        "periodic" if name.endswith("periodic") else "piecewise" for name in shares if "lin" not in name
    }
    only_classes = CLASSES.drop_columns(["a"])
    assert not [name for name, *_ in choice_of(fit(only_classes)) if "periodic" in name]


def test_every_effort_makes_a_model_that_a_file_holds(tmp_path: Path) -> None:
    for effort in ("quick", "best"):
        result = fit(effort=effort)
        chainrule.save(result.model, tmp_path / "m.st", overwrite=True)
        again = chainrule.load_model(tmp_path / "m.st")
        assert again.training is not None
        assert again.training == result.model.training
        words = cost_in_words(result.data, fit_settings(result.data, effort=effort))
        assert ("16 networks each of 2-32-32-1, 2-64-64-1 and 2-32-32-1 behind cosines" in words) == (
            effort == "best"
        )
        assert choice_in_words(again.training).startswith(f"Recipe modern-2, effort {effort}: ")


def test_classes_that_are_balanced_already_may_be_asked_to_be() -> None:
    table = pa.table({"a": A, "y": ["u", "v"] * (N // 2)})
    balanced, plain = (fit(table, class_weight=given) for given in ("balanced", None))
    assert balanced.history.loss_after == plain.history.loss_after


def test_missing_targets_count_nothing_in_the_loss() -> None:
    gaps = [None if k % 5 == 0 else value for k, value in enumerate(B)]
    result = fit(pa.table({"a": A, "b": B, "y": A * B, "z": gaps}), target=["y", "z"])
    data, rows = result.data, result.data.training_rows
    a, y = result.model.network(data.X[rows]).astype(float), data.Y[rows]
    assert np.isnan(y).any()
    assert result.history.loss_after == pytest.approx(np.nansum((y - a) ** 2) / 2 / len(rows), rel=1e-6)


def test_a_certain_wrong_answer_of_one_unit_costs_what_is_lost_by_rounding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = fit(CLASSES, one_unit=True).data
    rows = data.training_rows
    net = Network.random((data.X.shape[1], 1), "logistic", "binary_cross_entropy")
    monkeypatch.setattr(Network, "__call__", lambda *_: (1 - data.Y[rows]).astype(np.float32))
    tiny, near = 2.0**-126, 2.0**-25
    share = data.Y[rows].mean()
    expected = -share * np.log(tiny) - (1 - share) * np.log(near)
    assert _loss_of(net, data, fit_settings(data)) == pytest.approx(expected, rel=1e-12)


def test_a_certain_wrong_answer_costs_what_the_smallest_chance_does(monkeypatch: pytest.MonkeyPatch) -> None:
    result = fit(CLASSES)
    data, rows = result.data, result.data.training_rows

    def wrong(_: object, X: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        assert len(X) == len(rows)
        return (1 - data.Y[rows]).astype(np.float32)

    monkeypatch.setattr(Network, "__call__", wrong)
    found = _loss_of(members_of(result.model.network)[0], data, fit_settings(data))
    assert found == pytest.approx(126 * np.log(2), rel=1e-12)


def test_a_network_that_diverges_is_kept_with_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    def diverging(net: Network, *given: Any, **named: Any) -> object:  # noqa: ANN401 (as `run_training` takes them)
        if given[2].seed == 4:
            history = History(1.0, (), 1.0)
            raise chainrule.DivergenceError("It", network=net, history=history, epoch=9, rate=0.1)
        return run_training(net, *given, **named)

    data, settings = prepared()
    monkeypatch.setattr("chainrule.models.recipe.members.run_training", diverging)
    with pytest.raises(chainrule.DivergenceError) as caught:
        fit(threads=1)
    record = diverged_model(data, settings, caught.value).training
    assert record is not None
    assert (record.seed, record.recipe, record.stopped_by) == (4, None, "divergence")
    assert record.hidden == (5, 5)


@pytest.mark.parametrize("options", [{}, {"one_unit": True}, {"target": ["y", "even"]}])
def test_the_temperature_is_that_of_a_mean_of_all_networks(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Carried on by the inverse of the number, with what one network and the mean of two need."""
    heard: dict[str, Any] = {}
    real = calibration_of

    def hearing(*given: Any, **named: Any) -> Any:  # noqa: ANN401 (as it takes and gives them)
        heard.update(named, given=given)
        return real(*given, **named)

    monkeypatch.setattr(fitting, "calibration_of", hearing)
    noisy = np.where(NOISE > 1, "yes", np.where(A * B > 0, "yes", "no"))
    table = pa.table({"a": A, "b": B, "y": noisy, "even": ["yes", "no"] * (N // 2)})
    found: Any = fit(table, **options).model.calibration
    rows, encoding, Y, outputs = heard["given"]
    assert np.allclose(sum(heard["drawings"]) / 2, outputs, atol=1e-6)
    of_mean: Any = real(rows, encoding, Y, outputs)
    alone: list[Any] = [real(rows, encoding, Y, one) for one in heard["drawings"]]
    members = heard["members"]
    assert members == 6
    for k, one in enumerate(found.targets):
        before = of_mean.targets[k].temperature
        singles = [each.targets[k].temperature for each in alone]
        if before == 1:
            assert one.temperature == 1
        elif 1 not in singles:  # else calibration_of has not kept what they need
            further = (1 / 2 - 1 / members) / (1 - 1 / 2)
            expected = before * (before / np.sqrt(np.prod(singles))) ** further
            assert one.temperature == pytest.approx(min(max(expected, 1 / 64), 64), rel=1e-9)
            heard["compared"] = True
    assert heard.get("compared") or options


def test_groups_in_order_are_parted_by_groups_and_no_network_learns_from_all() -> None:
    table = NUMBERS.append_column("g", pa.array([str(k % 6) for k in range(N)]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = fit(table, group="g", in_order=True).data
    settings = fit_settings(data)
    members = members_of_recipe(data, settings, recipe_of(settings))
    assert all(len(one.held_out) for one in members)
    assert "each of which learns from 2 of 3 parts" in cost_in_words(data, settings)


def test_what_it_costs_is_a_plain_number(monkeypatch: pytest.MonkeyPatch) -> None:
    data, settings = prepared()
    monkeypatch.setattr("chainrule.models.recipe.wording.BILLION", 1e6)
    assert "e+" not in cost_in_words(data, replace(settings, epochs=settings.epochs * 15))


@pytest.mark.parametrize("sizes", [(30, 6, 12), (16, 16, 16)])
def test_as_many_updates_are_said_as_the_network_with_most_rows_may_make(sizes: tuple[int, ...]) -> None:
    groups = [name for name, size in zip("abc", sizes, strict=True) for _ in range(size)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = fit(NUMBERS.append_column("g", pa.array(groups)), group="g", held_out=0).data
    settings = fit_settings(data)
    members = members_of_recipe(data, settings, recipe_of(settings))
    most = max(len(one.training) for one in members)
    updates = settings.epochs * -(-most // (settings.batch_size or 1))
    assert most == N - min(sizes)
    assert f"in up to {updates} updates" in cost_in_words(data, settings)


def test_what_a_recipe_without_calibration_lacks_is_said_by_its_argument() -> None:
    model = fit(calibrate=False).model
    with pytest.raises(InputError, match=r"Fit it without calibrate=False\.$"):
        model.predict(NUMBERS, interval=0.9)
