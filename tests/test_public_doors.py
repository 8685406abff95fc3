"""Whatever is given at a public door, the answer is one that its page describes, or an error of the tree.

Every public function, class and method is called as it should be, but with one argument after the other
replaced by things that people pass by mistake. A new public name needs a good call in `GOOD`.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pytest

import chainrule
from chainrule import jobs
from chainrule.equations import Kind, Past, PastEpoch
from chainrule.errors import ChainruleError
from chainrule.settings import FitSettings, settings_of
from chainrule.table_options import options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Call: TypeAlias = tuple[Callable[..., Any], dict[str, Any]]


class Nothing:
    """An object of a class that no door knows."""


WRONG: dict[str, Any] = {
    "None": None,
    "text": "x",
    "an integer": 3,
    "a negative integer": -3,
    "a huge integer": 10**5000,
    "a list": [1, "x"],
    "an object": Nothing(),
    "a masked array": np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    "bytes": b"x",
    "empty text": "",
    "an integer that no float can hold": 10**400,
    "an empty list": [],
    "lists of several lengths": [[1.0], [1.0, 2.0]],
    "a dictionary": {"x": 1},
    "a complex number": 1j,
    "True": True,
    "a function": lambda *_, **__: None,
    "NaN": np.nan,
    "infinity": np.inf,
}

NET = chainrule.Network.random((2, 3, 1), seed=1)
X, Y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], [[1.0], [1.0], [0.0], [0.0]]
FRAME = pa.table({"x": [1.0, 2.0, 3.0, 4.0] * 5, "kind": ["a", "a", "b", "b"] * 5})
REMARKABLE = pa.table({"": [1.0, 2.0, 3.0], "x": [1.0, 2.0, 4.0]})
PAST = Past([PastEpoch(0.5, 0.5), PastEpoch(0.4, 0.4)])


class Face:
    """A face that says nothing."""

    def note(self, text: str) -> None: ...

    def progress(self, training: chainrule.Progress) -> None: ...


def _stop(progress: chainrule.Progress) -> None:
    progress.stop()


@cache
def _trained() -> chainrule.TrainingResult:
    return chainrule.train(NET, X, Y, rate=0.1, epochs=1, engine="reference")


@cache
def _fitted() -> chainrule.FitResult:
    return chainrule.fit(FRAME, target="kind", hidden=2, epochs=1)


@cache
def _validated() -> chainrule.CrossValidation:
    return chainrule.cross_validate(FRAME, target="kind", folds=2, hidden=2, epochs=1)


@cache
def _number_score() -> chainrule.NumberScore:
    score = chainrule.fit(FRAME, target="x", hidden=2, epochs=1).training_score
    assert isinstance(score, tuple)
    assert isinstance(score[0], chainrule.NumberScore)
    return score[0]


@cache
def _class_score() -> chainrule.ClassScore:
    score = _fitted().training_score
    assert isinstance(score, chainrule.ClassScore)
    return score


@cache
def _gain() -> chainrule.Gain:
    gain = _fitted().gain
    assert gain is not None
    return gain


@cache
def _progress() -> chainrule.Progress:
    seen: list[chainrule.Progress] = []
    chainrule.train(NET, X, Y, rate=0.1, epochs=1, engine="reference", on_epoch=seen.append)
    return seen[0]


class Files:
    """A folder with a model and a table, and a place to write to."""

    def __init__(self, folder: Path) -> None:
        self.model, self.table, self.out = folder / "model.st", folder / "table.csv", folder / "out.st"
        chainrule.save(_fitted().model, self.model)
        chainrule.save(_trained().state, folder / "state.st")
        self.state = folder / "state.st"
        rows = zip(FRAME["x"].to_pylist(), FRAME["kind"].to_pylist(), strict=True)
        self.table.write_text("x,kind\n" + "".join(f"{x},{kind}\n" for x, kind in rows), encoding="utf-8")

    def given(self) -> dict[str, Any]:
        return {"model": self.model, "table": self.table}

    def outcome(self) -> jobs.FitOutcome:
        return jobs.FitJob(**self.fit()).run()

    def predicted(self) -> jobs.PredictionOutcome:
        return jobs.PredictionJob(**self.given()).run()

    def fit(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "target": "kind",
            "epochs": 1,
            "hidden": 2,
            "out": self.out,
            "overwrite": True,
        }


def _run(job: Callable[..., Any]) -> Callable[..., Any]:
    """Make a job and run it: what does not fit is found out by the end."""
    return lambda **given: job(**given).run()


def _precompile(**given: Any) -> jobs.PrecompileOutcome:  # noqa: ANN401
    """Compile nothing, since there is nothing: all kernels would take half a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chainrule.compiled.precompiling.everything", [])
        return jobs.PrecompileJob(**given).run()


def _every_setting() -> list[str]:
    return [
        "defaults",
        "foo",
        *(one.name for one in options_of()),
        *(one.name for one in settings_of(FitSettings) if one.name not in {"held_out", "seed", "validation"}),
    ]


# One good call of each door, made of a folder with files; a class's own name stands for making one.
GOOD: dict[str, Callable[[Files], Call]] = {
    "Network": lambda _: (chainrule.Network, {"weights": NET.weights}),
    "Ensemble": lambda _: (chainrule.Ensemble, {"members": [NET, NET]}),
    "Ensemble.__call__": lambda _: (chainrule.Ensemble([NET, NET]), {"X": X}),
    "Network.__call__": lambda _: (NET, {"X": X}),
    "Network.forward": lambda _: (NET.forward, {"X": X}),
    "Network.random": lambda _: (chainrule.Network.random, {"sizes": (2, 3, 1)}),
    "tabm_network": lambda _: (chainrule.tabm_network, {"sizes": (2, 3, 1)}),
    "tabm_masks": lambda _: (chainrule.tabm_masks, {"net": NET}),
    "Network.member": lambda _: (NET.member, {"member": 1}),
    "Network.with_weights": lambda _: (NET.with_weights, {"weights": NET.weights}),
    "train": lambda _: (
        chainrule.train,
        {"net": NET, "X": X, "Y": Y, "epochs": 1, "rate": 0.1, "engine": "reference", "on_epoch": _stop},
    ),
    "Trainer": lambda _: (chainrule.Trainer, {"net": NET, "rate": 0.1, "engine": "reference"}),
    "Trainer.step": lambda _: (
        chainrule.Trainer(NET, rate=0.1, engine="reference").step, {"X": X[0], "Y": Y[0], "rate": 0.2},
    ),
    "train_restarts": lambda _: (
        chainrule.train_restarts,
        {"start": lambda _: NET, "X": X, "Y": Y, "epochs": 1, "rate": 0.1, "engine": "reference"},
    ),
    "plot": lambda _: (chainrule.plot, {"thing": NET, "kind": "unit", "X": X, "layer": 2}),
    "Progress.stop": lambda _: (_progress().stop, {}),
    "TrainingState.elsewhere": lambda _: (_trained().state.elsewhere, {}),
    "check_gradients": lambda _: (chainrule.check_gradients, {"net": NET, "X": X, "Y": Y}),
    "GradientCheck.to_json": lambda _: (chainrule.check_gradients(NET, X, Y).to_json, {}),
    "trace": lambda _: (chainrule.trace, {"net": NET, "x": X[0], "y": Y[0], "rate": 0.1}),
    "Trace.text": lambda _: (chainrule.trace(NET, X[0], Y[0], rate=0.1).text, {}),
    "Trace.to_json": lambda _: (chainrule.trace(NET, X[0], Y[0], rate=0.1).to_json, {}),
    "fit": lambda _: (
        chainrule.fit, {"table": FRAME, "target": "kind", "epochs": 1, "hidden": 2, "on_epoch": _stop},
    ),
    "cross_validate": lambda _: (
        chainrule.cross_validate,
        {"table": FRAME, "target": "kind", "folds": 2, "epochs": 1, "hidden": 2, "on_epoch": _stop},
    ),
    "CrossValidation.lines": lambda _: (_validated().lines, {}),
    "CrossValidation.to_json": lambda _: (_validated().to_json, {}),
    "Model": lambda _: (chainrule.Model, {"network": NET}),
    "Model.predict": lambda _: (_fitted().model.predict, {"table": FRAME}),
    "Predictions.to_pandas": lambda _: (_fitted().model.predict(FRAME).to_pandas, {}),
    "Model.read": lambda _: (_fitted().model.read, {"table": FRAME}),
    "Model.predictions": lambda _: (_fitted().model.predictions, {"table": chainrule.read_table(FRAME)}),
    "Model.outputs": lambda _: (_fitted().model.outputs, {"X": _fitted().data.X}),
    "Model.score": lambda _: (_fitted().model.score, {"table": FRAME}),
    "Model.score_arrays": lambda _: (
        _fitted().model.score_arrays, {"X": _fitted().data.X, "Y": _fitted().data.Y},
    ),
    "ClassScore.to_json": lambda _: (_class_score().to_json, {}),
    "NumberScore.to_json": lambda _: (_number_score().to_json, {}),
    "Gain.to_json": lambda _: (_gain().to_json, {}),
    "read_table": lambda _: (chainrule.read_table, {"source": FRAME}),
    "Table.column": lambda _: (chainrule.read_table(FRAME).column, {"name": "x"}),
    "Table.take": lambda _: (chainrule.read_table(FRAME).take, {"rows": [0, 2]}),
    "PiecewiseLinear.learn": lambda _: (chainrule.PiecewiseLinear.learn, {"values": [1.0, 2.0]}),
    "PiecewiseLinear.apply": lambda _: (chainrule.PiecewiseLinear((0.0, 1.0)).apply, {"values": [1.0, 2.0]}),
    "PiecewiseLinear.apply_drawn_in": lambda _: (
        chainrule.PiecewiseLinear((0.0, 1.0)).apply_drawn_in, {"values": [1.0, 2.0]},
    ),
    "Encoding.encode_inputs": lambda _: (
        _fitted().data.encoding.encode_inputs, {"table": chainrule.read_table(FRAME)},
    ),
    "Encoding.encode_targets": lambda _: (
        _fitted().data.encoding.encode_targets, {"table": chainrule.read_table(FRAME)},
    ),
    "Encoding.decode_outputs": lambda _: (
        _fitted().data.encoding.decode_outputs, {"outputs": _fitted().data.Y},
    ),
    "Encoding.parted": lambda _: (
        lambda outputs: list(_fitted().data.encoding.parted(outputs)), {"outputs": _fitted().data.Y},
    ),
    "Encoding.has_target": lambda _: (
        _fitted().data.encoding.has_target, {"table": chainrule.read_table(FRAME)},
    ),
    "Encoding.answers": lambda _: (_fitted().data.encoding.answers, {"outputs": _fitted().data.Y}),
    "Encoding.unused_columns": lambda _: (
        _fitted().data.encoding.unused_columns, {"table": chainrule.read_table(FRAME)},
    ),
    "Encoding.to_json": lambda _: (_fitted().data.encoding.to_json, {}),
    "Encoding.from_json": lambda _: (
        chainrule.Encoding.from_json, {"data": _fitted().data.encoding.to_json()},
    ),
    "save": lambda files: (chainrule.save, {"model": NET, "path": files.out}),
    "load": lambda files: (chainrule.load, {"path": files.model}),
    "load_model": lambda files: (chainrule.load_model, {"path": files.model}),
    "load_state": lambda files: (chainrule.load_state, {"path": files.state}),
    "jobs.Job": lambda _: (jobs.Job, {}),
    "jobs.Job.cancel": lambda _: (jobs.Job().cancel, {}),
    "jobs.Job.load": lambda files: (jobs.Job.load, {"model": files.model}),
    "jobs.Job.look": lambda _: (jobs.Job().look, {}),
    "jobs.Job.read": lambda _: (jobs.Job.read, {"table": REMARKABLE, "face": Face()}),
    "jobs.FitJob": lambda files: (_run(jobs.FitJob), files.fit()),
    "jobs.FitJob.run": lambda files: (jobs.FitJob(**files.fit()).run, {}),
    "jobs.FitOutcome.summary": lambda files: (files.outcome().summary, {}),
    "jobs.InspectJob": lambda files: (_run(jobs.InspectJob), {"table": files.table}),
    "jobs.InspectJob.run": lambda files: (jobs.InspectJob(files.table).run, {}),
    "jobs.InspectOutcome.summary": lambda files: (jobs.InspectJob(files.table).run().summary, {}),
    "jobs.PrecompileJob": lambda _: (_precompile, {}),
    "jobs.PredictionJob": lambda files: (_run(jobs.PredictionJob), files.given()),
    "jobs.PredictionJob.run": lambda files: (jobs.PredictionJob(**files.given()).run, {}),
    "jobs.PredictionOutcome.summary": lambda files: (files.predicted().summary, {}),
    "jobs.PredictionOutcome.csv": lambda files: (files.predicted().csv, {}),
    "jobs.ScoreJob": lambda files: (_run(jobs.ScoreJob), files.given()),
    "jobs.ScoreJob.run": lambda files: (jobs.ScoreJob(**files.given()).run, {}),
    "jobs.ScoreOutcome.summary": lambda files: (jobs.ScoreJob(**files.given()).run().summary, {}),
    "jobs.CheckJob": lambda files: (_run(jobs.CheckJob), files.given()),
    "jobs.CheckJob.run": lambda files: (jobs.CheckJob(**files.given()).run, {}),
    "jobs.TraceJob": lambda files: (_run(jobs.TraceJob), files.given()),
    "jobs.TraceJob.run": lambda files: (jobs.TraceJob(**files.given()).run, {}),
    "jobs.TraceOutcome.text": lambda files: (jobs.TraceJob(**files.given()).run().text, {}),
    "jobs.TraceOutcome.summary": lambda files: (jobs.TraceJob(**files.given()).run().summary, {}),
    # Half a minute, were it not over before the first kernel.
    "jobs.PrecompileJob.run": lambda _: (_cancelled(jobs.PrecompileJob()), {}),
    "jobs.PrecompileOutcome.summary": lambda _: (jobs.PrecompileOutcome("", "", 0, 0, 0.0).summary, {}),
}  # fmt: skip


def _cancelled(job: jobs.PrecompileJob) -> Callable[..., Any]:
    """Function that runs a job that is cancelled, and takes its end for an answer."""
    job.cancel()

    @functools.wraps(job.run)
    def run(*given: object, **named: object) -> object:
        with contextlib.suppress(KeyboardInterrupt):
            return job.run(*given, **named)  # type: ignore[arg-type]
        return None

    return run


# Records that doors give and nobody else makes.
GIVEN = {
    "ClassScore", "CrossValidation", "Diagnosis", "Encoding", "FitResult", "ForwardPass", "Gain",
    "GradientCheck", "History", "NumberScore", "PiecewiseLinear", "Predictions", "Progress", "Restarts",
    "Table", "Trace", "TrainingResult", "TrainingState", "jobs.FitOutcome", "jobs.PredictionOutcome",
    "jobs.InspectOutcome", "jobs.PrecompileOutcome", "jobs.ScoreOutcome", "jobs.TraceOutcome",
}  # fmt: skip


def _doors() -> Iterator[tuple[str, Any]]:
    """Every public callable under its name.

    Errors are what comes out. Estimators say what is wrong with X and y in scikit-learn's words, which its
    own checks ask of them. What the objects of a kind do, an activation's `forward` say, is for the
    passes, which give them arrays that were checked.
    """
    rooms = chainrule._ROOM_OF
    named = [(name, getattr(chainrule, name)) for name in chainrule.__all__ if rooms[name] != "estimators"]
    named += [(f"jobs.{name}", getattr(jobs, name)) for name in jobs.__all__]
    of_kinds = {entry for kind in Kind.every for entry in kind._entries.values()}
    for name, value in named:
        if not isinstance(value, type):
            yield name, value
        elif not issubclass(value, BaseException) and not getattr(value, "_is_protocol", False):
            if name not in GIVEN:
                yield name, value
            if value not in of_kinds:
                yield from _methods(name, value)


def _methods(name: str, cls: type) -> Iterator[tuple[str, Any]]:
    """Public methods of a class, those that another public class has given it left out."""
    for method, value in vars(cls).items():
        is_method = isinstance(value, (FunctionType, classmethod, staticmethod))
        if is_method and (method == "__call__" or not method.startswith("_")):
            yield f"{name}.{method}", getattr(cls, method)


DOORS = dict(_doors())


# What an error calls another name: an argument that does not go with it, or the path that is written to.
OTHERS = {
    ("jobs.FitJob", "out"): "path",
    ("jobs.PredictionJob", "out"): "path",
    ("fit", "names"): "target",  # a column that has another name by now
}


def _good(name: str, files: Files) -> Call:
    """A good call; one of a kind needs no argument."""
    return GOOD[name](files) if name in GOOD else (DOORS[name], {})


def _arguments(called: Callable[..., Any]) -> list[str]:
    """Names of all arguments that a door takes; a job gives the settings to `fit`."""
    names: list[str] = []
    for one in inspect.signature(called).parameters.values():
        settings = _every_setting() if called is chainrule.fit else ["foo"]
        names += settings if one.kind is one.VAR_KEYWORD else [one.name]
    return [name for name in names if name != "self"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("doors"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of its own: 3 and "x" are names of files, too."""
    monkeypatch.chdir(tmp_path)


def test_every_good_call_is_of_a_door_that_there_is() -> None:
    assert GOOD.keys() <= DOORS.keys()
    assert {name for name in GIVEN if name.startswith("jobs.")} <= {f"jobs.{name}" for name in jobs.__all__}


@pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning", "ignore::chainrule.TableWarning")
@pytest.mark.parametrize("name", DOORS)
def test_a_door_answers_whatever_it_is_given_or_raises_an_error_that_names_it(
    name: str, files: Files
) -> None:
    called, good = _good(name, files)
    called(**good)
    found = []
    for argument in _arguments(DOORS[name]):
        for what, wrong in WRONG.items():
            called, good = _good(name, files)
            try:
                called(**good | {argument: wrong})
            except ChainruleError as error:
                every = getattr(error, "errors", (error,))
                named = {one.parameter for one in every} & {argument, OTHERS.get((name, argument))}
                if not named or not all(one.needs and one.advice for one in every):
                    found.append(f"{argument} as {what} is called {error.parameter!r}: {error!r}"[:300])
            except Exception as error:  # noqa: BLE001 (what must not be)
                found.append(f"{argument} as {what}: {error!r}"[:300])
    assert not found, "\n".join(found)
