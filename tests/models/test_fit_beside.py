"""What `fit` takes beside a table does what `train` does with it, and a model file tells of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import chainrule
from chainrule import FitResult, InputError, Model, TrainingState
from chainrule.models.learning import start_network
from chainrule.models.settings import fit_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

pytestmark = [
    pytest.mark.usefixtures("one_database"),
    pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning"),
]

IRIS = Path(__file__).parents[2] / "examples" / "iris.csv"
FEW: dict[str, Any] = {"target": "species", "hidden": 4, "epochs": 6, "seed": 3}
FLOWERS = pd.read_csv(IRIS)
WEIGHT = np.arange(150) % 7 / 4  # some of them 0
OTHERS = FLOWERS.iloc[::3]


def weights_of(result: FitResult | chainrule.TrainingResult) -> list[bytes]:
    net = result.model.network if isinstance(result, FitResult) else result.network
    return [w.tobytes() for w in net.weights]


def trained(result: FitResult, **given: Any) -> chainrule.TrainingResult:  # noqa: ANN401 (settings)
    """What `train` makes of the arrays of a fit."""
    data, record = result.data, result.model.training
    assert record is not None
    start = start_network(data, record.settings)
    rows = data.training_rows
    if "sample_weight" in given:
        given["sample_weight"] = given["sample_weight"][rows]
    settings = {"rule": "adam", "rate": 0.003, "batch_size": 32, "l2": 0.003, "epochs": 6, "seed": 3}
    return chainrule.train(start, data.X[rows], data.Y[rows], **{**settings, **given})


# Weights of rows


def test_rows_count_as_an_array_says() -> None:
    result = chainrule.fit(FLOWERS, **FEW, sample_weight=pd.Series(WEIGHT))
    assert weights_of(result) == weights_of(trained(result, sample_weight=WEIGHT))
    assert weights_of(result) != weights_of(chainrule.fit(FLOWERS, **FEW))
    assert result.model.training is not None
    assert result.model.training.beside == ("sample_weight",)


def test_an_array_does_what_a_column_does() -> None:
    weight = WEIGHT + 0.25
    by_column = chainrule.fit(FLOWERS.assign(w=weight), **FEW, weights="w")
    assert weights_of(chainrule.fit(FLOWERS, **FEW, sample_weight=weight)) == weights_of(by_column)


def test_equal_weights_are_none() -> None:
    result = chainrule.fit(FLOWERS, **FEW, sample_weight=[0.5] * 150)
    assert weights_of(result) == weights_of(chainrule.fit(FLOWERS, **FEW))
    assert result.model.training is not None
    assert result.model.training.beside == ()


def test_rows_held_out_that_count_for_nothing_judge_nothing() -> None:
    for target in ("species", "sepal_width", ["sepal_width", "petal_width"]):
        given = {**FEW, "target": target}
        kept = chainrule.fit(FLOWERS, **given).data.training_rows
        result = chainrule.fit(FLOWERS, **given, sample_weight=np.isin(np.arange(150), kept) * 1.0)
        assert (result.held_out_score, result.linear_score, result.gain) == (None, None, None)
        assert "No rows were held out that could judge the network." in str(result)
        ordered = {**given, "in_order": True, "folds": 3}
        with pytest.raises(InputError, match="row that is held out has the weight 0") as caught:
            chainrule.cross_validate(FLOWERS, **ordered, sample_weight=(np.arange(150) < 9) * 1.0)
        assert caught.value.parameter == "sample_weight"


def test_a_target_of_which_no_row_that_counts_is_held_out_has_no_score() -> None:
    table = FLOWERS.rename(columns={"petal_width": "other"})
    given = {**FEW, "target": ["sepal_width", "other"]}
    held_out = chainrule.fit(table, **given).data.held_out_rows
    weight = (np.arange(150) % 3).astype(float)
    weight[held_out[0]] = 0
    table.loc[held_out[1:], "other"] = np.nan
    result = chainrule.fit(table, **given, sample_weight=weight)
    scores: Any = result.held_out_score
    assert [one.target for one in scores] == ["sepal_width"]


def test_rows_without_a_target_drop_their_weights() -> None:
    holes = FLOWERS.assign(species=FLOWERS["species"].where(np.arange(150) % 5 != 2))
    whole = chainrule.fit(holes, **FEW, sample_weight=WEIGHT)
    kept = holes["species"].notna().to_numpy()
    assert weights_of(whole) == weights_of(chainrule.fit(holes[kept], **FEW, sample_weight=WEIGHT[kept]))


@pytest.mark.filterwarnings("ignore::chainrule.errors.TableWarning")
def test_rows_that_are_none_may_have_a_weight_or_not(tmp_path: Path) -> None:
    lines = IRIS.read_text(encoding="utf-8").splitlines()
    tmp_path.joinpath("t.csv").write_text("\n".join([*lines[:60], lines[0], *lines[60:]]), encoding="utf-8")
    plain = chainrule.fit(FLOWERS, **FEW, sample_weight=WEIGHT)
    for weight in (WEIGHT, np.insert(WEIGHT, 59, 1e6)):
        result = chainrule.fit(tmp_path / "t.csv", **FEW, sample_weight=weight)
        assert result.data.report.n_read == 151
        assert weights_of(result) == weights_of(plain)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0] * 149, r"shape \(149,\) but must be \(150,\)"),
        ([1.0] * 149 + [-1.0], r"sample_weight\[149\] is -1\.0 but must be finite and at least 0"),
        ([0.0] * 150, "mean of sample_weight is 0"),
        (["x"] * 150, "cannot be read as numbers"),
    ],
)
def test_weights_that_do_not_fit(weight: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        chainrule.fit(FLOWERS, **FEW, sample_weight=weight)
    assert caught.value.parameter == "sample_weight"


def test_a_column_and_an_array_of_weights_are_one_too_many() -> None:
    with pytest.raises(InputError, match=r"sample_weight was given, and weights='petal_width'"):
        chainrule.fit(FLOWERS, **FEW, sample_weight=WEIGHT, weights="petal_width")


# Rows to watch


@pytest.mark.parametrize("kind", ["frame", "file"])
def test_rows_of_another_table_are_watched(kind: str, tmp_path: Path) -> None:
    table: Any = OTHERS
    if kind == "file":
        table = tmp_path / "others.csv"
        OTHERS.to_csv(table, index=False)
    result = chainrule.fit(IRIS if kind == "file" else FLOWERS, **FEW, validation=table, patience=50)
    X, Y = result.data.X[::3], result.data.Y[::3]  # they are of the same flowers
    whole = trained(result, validation=(X, Y), patience=50)
    assert weights_of(result) == weights_of(whole)
    assert result.history.validation_loss == whole.history.validation_loss
    assert None not in result.history.validation_loss
    assert result.model.training is not None
    assert (result.model.training.beside, result.model.training.validation) == (("validation",), 0.0)


def test_watched_rows_count_as_their_column_and_class_say() -> None:
    table = FLOWERS.assign(w=WEIGHT + 1)
    weights = {"setosa": 3.0, "virginica": 0.5}
    given = {**FEW, "class_weight": weights, "weights": "w", "patience": 50}
    result = chainrule.fit(table, **given, validation=table.iloc[::3])
    weight = (WEIGHT + 1) * FLOWERS["species"].map(weights).fillna(1.0).to_numpy()
    arrays = result.data.X[::3], result.data.Y[::3], weight[::3]
    whole = trained(result, sample_weight=weight, validation=arrays, patience=50)
    assert result.history.validation_loss == whole.history.validation_loss


def test_what_of_watched_rows_is_not_as_learnt_is_said() -> None:
    other = OTHERS.assign(petal_width=["?", *OTHERS["petal_width"].iloc[1:].astype(str)])
    with pytest.warns(chainrule.TableWarning, match="of the validation rows, .*petal_width"):
        chainrule.fit(FLOWERS, **FEW, validation=other)
    with pytest.raises(chainrule.TableError, match="petal_width"):
        chainrule.fit(FLOWERS, **FEW, validation=other, strict=True, classes="species")


def test_a_table_of_other_columns_cannot_be_watched() -> None:
    with pytest.raises(InputError, match="petal_width") as caught:
        chainrule.fit(FLOWERS, **FEW, validation=OTHERS.drop(columns="petal_width"))
    assert caught.value.parameter == "validation"


def test_a_column_and_a_table_cannot_both_say_what_is_watched() -> None:
    table = FLOWERS.assign(part=["train", "validation", "test"] * 50)
    with pytest.raises(InputError, match="cannot both say which rows are watched"):
        chainrule.fit(table, **FEW, split="part", validation=OTHERS)


# Weights that are held, and callbacks


def test_masks_hold_weights() -> None:
    masks = [np.ones((4, 5), bool), np.ones((3, 5), bool)]
    masks[0][1, 2:] = False
    result = chainrule.fit(FLOWERS, **FEW, masks=masks)
    assert weights_of(result) == weights_of(trained(result, masks=masks))
    assert result.model.training is not None
    before = start_network(result.data, result.model.training.settings).weights[0]
    assert ((result.model.network.weights[0] == before) == ~masks[0]).all()
    assert result.model.training.beside == ("masks",)


def test_callbacks_are_called_and_may_stop() -> None:
    heard: list[str] = []
    chainrule.fit(
        FLOWERS, **FEW, on_step=lambda _: heard.append("step"), on_epoch=lambda _: heard.append("epoch"),
        on_time=lambda _: heard.append("time"), every_seconds=1e-9,
    )  # fmt: skip
    assert (heard.count("step"), heard.count("epoch")) == (6 * 4, 6)  # 112 rows in batches of 32
    assert "time" in heard
    ended = chainrule.fit(FLOWERS, **FEW, on_step=lambda progress: progress.stop())
    assert (ended.stopped_by, len(ended.history.epochs)) == ("callback", 0)
    with pytest.raises(InputError, match="every_seconds"):
        chainrule.fit(FLOWERS, **FEW, every_seconds=0)


# Going on


def stopped_after_2(**given: Any) -> FitResult:  # noqa: ANN401 (settings)
    def stop(progress: chainrule.Progress) -> None:
        if len(progress.epochs) == 2:
            progress.stop()

    return chainrule.fit(FLOWERS, **{**FEW, **given}, on_epoch=stop)


@pytest.mark.parametrize("kind", ["state", "path of a state", "checkpoint", "path of a checkpoint"])
def test_a_fit_goes_on_as_if_nothing_had_happened(kind: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"sample_weight": WEIGHT, "validation": OTHERS}
    half = stopped_after_2(**given)
    state: Any = half.training.state
    if "checkpoint" in kind:
        state = Model(half.model.network, half.data.encoding, half.model.training, state, half.data.report)
    if "path" in kind:
        chainrule.save(state, tmp_path / "half.st")
        state = tmp_path / "half.st"
    whole = chainrule.fit(FLOWERS, **FEW, **given)
    again = chainrule.fit(FLOWERS, **(FEW if "state" in kind else {}), **given, resume=state)
    assert weights_of(again) == weights_of(whole)
    assert len(again.history.epochs) == 6
    assert again.model.training == whole.model.training
    longer = chainrule.fit(FLOWERS, **{**FEW, "epochs": 8}, **given, resume=state)
    assert len(longer.history.epochs) == 8


def test_what_a_checkpoint_settles_cannot_be_given_otherwise() -> None:
    half = stopped_after_2()
    state = half.training.state
    model = Model(half.model.network, half.data.encoding, half.model.training, state, half.data.report)
    for given, name in (
        ({"target": "petal_width"}, "target"), ({"ignore": "petal_width"}, "ignore"), ({"seed": 1}, "seed"),
        ({"defaults": "notes"}, "defaults"), ({"held_out": 0.5}, "held_out"), ({"rate": 0.5}, "rate"),
        ({"start": "uniform"}, "start"), ({"dtype": "float32"}, "dtype"), ({"validation": 0.5}, "validation"),
    ):  # fmt: skip
        with pytest.raises(InputError) as caught:
            chainrule.fit(FLOWERS, **given, resume=model)
        assert caught.value.parameter == name
    with pytest.raises(InputError, match="not those of the state"):
        chainrule.fit(FLOWERS, resume=model, sample_weight=WEIGHT)
    with pytest.raises(InputError, match="not those of the state"):
        chainrule.fit(FLOWERS.iloc[1:], **FEW, resume=state)


def test_there_must_be_something_to_go_on_from(tmp_path: Path) -> None:
    model = chainrule.fit(FLOWERS, **FEW).model
    chainrule.save(model, tmp_path / "m.st")
    for resume in (model, model.network, tmp_path / "m.st", 3):
        with pytest.raises(InputError, match="must be the state of a training, or a checkpoint") as caught:
            chainrule.fit(FLOWERS, **FEW, resume=resume)  # type: ignore[arg-type]
        assert caught.value.parameter == "resume"
    with pytest.raises(chainrule.ModelFileError) as caught_file:
        chainrule.fit(FLOWERS, **FEW, resume=tmp_path / "none.st")
    assert caught_file.value.parameter == "resume"


def test_a_target_is_needed_where_no_checkpoint_has_one() -> None:
    with pytest.raises(InputError, match="No target was given but training needs one"):
        chainrule.fit(FLOWERS)


# The engine and the type of the numbers


@pytest.mark.parametrize(
    ("dtype", "engine"), [("float32", "reference"), ("float32", "compiled"), ("float64", "reference")]
)
def test_engine_and_dtype_are_those_of_train(dtype: str, engine: str) -> None:
    result = chainrule.fit(FLOWERS, **FEW, dtype=dtype, engine=engine)
    assert str(result.model.network.dtype) == dtype
    assert weights_of(result) == weights_of(trained(result, engine=engine))
    assert result.model.training is not None
    assert (result.model.training.dtype, result.model.training.engine) == (dtype, engine)


def test_the_command_repeats_them_to_the_same_bits(
    tmp_path: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("iris.csv").write_bytes(IRIS.read_bytes())
    typed = ("--dtype", "float32", "--engine", "reference", "--epochs", 4)
    assert chainrule_command("fit", "iris.csv", "--target", "species", *typed, "--out", "one.st").code == 0
    said = chainrule_command("show", "one.st", "--command").out
    assert "--dtype float32" in said
    assert "--engine reference" in said
    assert chainrule_command(*shlex.split(said)[1:], "--out", "two.st").code == 0
    one, two = chainrule.load_model("one.st"), chainrule.load_model("two.st")
    assert [w.tobytes() for w in one.network.weights] == [w.tobytes() for w in two.network.weights]
    assert one.training == two.training
    shown = " ".join(chainrule_command("show", "one.st").out.split())
    assert "--dtype float32" in shown
    assert "--engine reference" in shown
    refused = chainrule_command("fit", "iris.csv", "--target", "species", "--engine", "fast", "--dtype", "f4")
    assert refused.code == 2
    assert "There is no engine 'fast'" in refused.err
    assert "--dtype is 'f4' but must be 'float64' or 'float32'" in refused.err


def test_a_rule_that_needs_float64_says_so_in_the_words_of_the_command(
    tmp_path: Path, chainrule_command: Callable[..., Any]
) -> None:
    typed = ("--dtype", "float32", "--rule", "lbfgs", "--out", tmp_path / "m.st")
    done = chainrule_command("fit", IRIS, "--target", "species", *typed)
    assert done.code == 2
    assert "needs float64" in done.err
    assert "Make it with --dtype float64." in done.err


# What a file and a command say of it


def test_what_no_option_says_is_not_left_unsaid(
    tmp_path: Path, chainrule_command: Callable[..., Any]
) -> None:
    path = tmp_path / "m.st"
    masks = [np.ones((4, 5), bool), np.ones((3, 5), bool)]
    chainrule.save(chainrule.fit(FLOWERS, **FEW, sample_weight=WEIGHT, masks=masks).model, path)
    record = chainrule.load_model(path).training
    assert record is not None
    assert record.beside == ("sample_weight", "masks")
    done = chainrule_command("show", path, "--command")
    assert done.code == 2
    assert "No option says sample_weight and masks" in done.err
    assert "Beside    sample_weight and masks" in chainrule_command("show", path).out


def test_a_training_that_a_callback_ended_is_not_repeated_in_silence(
    tmp_path: Path, chainrule_command: Callable[..., Any]
) -> None:
    chainrule.save(stopped_after_2().model, tmp_path / "m.st")
    done = chainrule_command("show", tmp_path / "m.st", "--command")
    assert done.out.startswith("chainrule fit")
    assert "Note: the training was ended by a callback after 2 epochs" in done.err
    chainrule.save(chainrule.fit(FLOWERS, **FEW).model, tmp_path / "whole.st")
    assert not chainrule_command("show", tmp_path / "whole.st", "--command").err


class Slope:
    """A schedule of one's own, which no registry knows."""

    heeds_losses = False

    def next_factor(self, past: Sized, epochs: int) -> float:
        return 1 - len(past) / epochs


class Steps:
    """An update rule of one's own."""

    def init(self, _weights: Any) -> tuple[Any, ...]:  # noqa: ANN401 (any array)
        return ()

    def update(self, weights: Any, gradient: Any, _state: Any, rate: float) -> Any:  # noqa: ANN401 (any array)
        return weights - rate * gradient, ()


class LogCosh:
    """A loss of one's own."""

    name = "log_cosh"

    def values(self, a: Any, y: Any) -> Any:  # noqa: ANN401 (any array)
        return np.log(np.cosh(y - a))

    def slopes(self, a: Any, y: Any) -> Any:  # noqa: ANN401 (any array)
        return np.tanh(y - a)


class Cubic:
    """An activation of one's own."""

    name = "cubic"

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        return z + z**3 / 10

    def backward(self, z: Any, _a: Any, upstream: Any) -> Any:  # noqa: ANN401 (any array)
        return (1 + 0.3 * z**2) * upstream


def test_objects_of_ones_own_are_fitted_with_and_predict(
    tmp_path: Path, chainrule_command: Callable[..., Any]
) -> None:
    own: dict[str, Any] = {
        "loss": LogCosh(), "activation": Cubic(), "output": Cubic(), "schedule": Slope(), "rule": Steps(),
        "rate": 0.1, "batch_size": 16, "l2": 0.0, "engine": "reference", "hidden": 4, "epochs": 20,
    }  # fmt: skip
    result = chainrule.fit(FLOWERS, target="petal_width", **own)
    data = result.data
    functions: Any = [Cubic(), Cubic()], LogCosh()
    start = chainrule.Network.random((data.X.shape[1], 4, 1), *functions)
    rows, settings = (
        data.training_rows,
        {name: own[name] for name in ("schedule", "rule", "rate", "batch_size")},
    )
    whole = chainrule.train(start, data.X[rows], data.Y[rows], **settings, epochs=20, engine="reference")
    assert weights_of(result) == weights_of(whole)
    assert result.held_out_score is not None
    assert result.held_out_score[0].r2 > 0.7  # type: ignore[index, operator, union-attr]
    assert result.model.predict(FLOWERS)["petal_width"][0] == pytest.approx(0.2, abs=0.15)
    with pytest.raises(InputError, match=r"cannot be saved.*Enter its class with `register`"):
        chainrule.save(result.model, tmp_path / "m.st")
    others = {name: own[name] for name in ("schedule", "rule", "rate", "engine", "hidden", "epochs")}
    chainrule.save(chainrule.fit(FLOWERS, target="petal_width", **others).model, tmp_path / "m.st")
    done = chainrule_command("show", tmp_path / "m.st", "--command")
    assert done.code == 2
    assert "fitted with what this program does not know. There is no update rule 'Steps'" in done.err


def test_an_object_without_a_kernel_is_told_which_engine_runs_it() -> None:
    with pytest.raises(InputError, match="engine='reference'"):
        chainrule.fit(FLOWERS, target="petal_width", rule=Steps(), rate=0.1)


def test_settings_of_a_fit_take_types_of_numpy() -> None:
    data = chainrule.models.prepare(FLOWERS, target="species")
    assert fit_settings(data, dtype=np.float32).dtype == "float32"
    assert isinstance(stopped_after_2().training.state, TrainingState)
