"""What doors give can be copied and pickled, and says the same ever after."""

from __future__ import annotations

import copy
import pickle
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

import chainrule
from chainrule import jobs
from chainrule.errors import ChainruleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NET = chainrule.Network.random((2, 3, 1), seed=1)
X, Y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], [[1.0], [1.0], [0.0], [0.0]]
FRAME = pa.table({"x": [1.0, 2.0, 3.0, 4.0] * 5, "kind": ["a", "a", "b", "b"] * 5})


def _pickled(thing: Any) -> Any:  # noqa: ANN401 (any thing)
    return pickle.loads(pickle.dumps(thing))  # noqa: S301 (our own)


WAYS: dict[str, Callable[[Any], Any]] = {"pickle": _pickled, "copy": copy.copy, "deepcopy": copy.deepcopy}


def _said(thing: Any) -> Any:  # noqa: ANN401 (any thing)
    """All that a thing says: public attributes, down to arrays with types and whether they are writable."""
    if isinstance(thing, np.ndarray):
        return thing.dtype, thing.shape, thing.flags.writeable, thing.tolist()
    if isinstance(thing, dict):
        return {name: _said(value) for name, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return type(thing), [_said(one) for one in thing]
    if isinstance(thing, pa.Array):
        return thing.to_pylist()
    if type(thing).__module__.startswith("chainrule.") and not isinstance(thing, (str, int, Enum)):
        public = [name for name in dir(type(thing)) if not name.startswith("_")]
        public += [name for name in getattr(thing, "__dict__", ()) if not name.startswith("_")]
        if isinstance(thing, ChainruleError):  # what was given may be anything, and travels as plain data
            public.remove("given")
        given = {name: getattr(thing, name) for name in sorted({*public})}
        return type(thing), str(thing), {name: _said(v) for name, v in given.items() if not callable(v)}
    return type(thing), thing if isinstance(thing, (str, int, float)) else str(thing)


def _diverged() -> ChainruleError:
    net = chainrule.Network([[[0.0, 1.0]]], activations="identity")
    with pytest.raises(chainrule.DivergenceError) as caught:
        chainrule.train(net, [[100.0], [90.0]], [[1.0], [2.0]], rate=10, epochs=200, engine="reference")
    return caught.value


def _error(call: Callable[[], object]) -> ChainruleError:
    with pytest.raises(ChainruleError) as caught:
        call()
    return caught.value


def _progress(engine: str) -> chainrule.Progress:
    """A copy of a progress in the midst of a training."""
    kept = []

    def keep(progress: chainrule.Progress) -> None:
        if progress.steps == 10:
            kept.append(copy.copy(progress))

    chainrule.train(NET, X, Y, rate=0.5, epochs=5, engine=engine, on_step=keep)
    return kept[0]


def _results(folder: Path) -> dict[str, Any]:
    """One of everything that doors give."""
    fitted = chainrule.fit(FRAME, target="kind", hidden=2, epochs=3)
    table, model, out = folder / "table.csv", folder / "model.st", folder / "out.st"
    rows = zip(FRAME["x"].to_pylist(), FRAME["kind"].to_pylist(), strict=True)
    table.write_text("x,kind\n" + "".join(f"{x},{kind}\n" for x, kind in rows), encoding="utf-8")
    chainrule.save(fitted.model, model)
    results = {
        engine: chainrule.train(NET, X, Y, rate=0.5, epochs=12, engine=engine, patience=3, rule="adam")
        for engine in ("compiled", "reference")
    }
    read = chainrule.read_table(FRAME)
    read.column("x").as_numbers()
    return results | {
        "lbfgs": chainrule.train(NET, X, Y, epochs=5, rule="lbfgs", engine="reference"),
        "network": NET,
        "forward pass": NET.forward(X),
        "state": results["compiled"].state,
        "history": results["compiled"].history,
        "progress, compiled": _progress("compiled"),
        "progress, reference": _progress("reference"),
        "diagnosis": chainrule.Diagnosis("unknown", "More epochs."),
        "fit": fitted,
        "model": fitted.model,
        "dataset": fitted.data,
        "encoding": fitted.data.encoding,
        "score": fitted.held_out_score,
        "predictions": fitted.model.predict(FRAME),
        "table": read,
        "column": read.column("x"),
        "check": chainrule.check_gradients(NET, X, Y),
        "trace": chainrule.trace(NET, X[0], Y[0], rate=0.1),
        "outcome of a fit": jobs.FitJob(table, target="kind", hidden=2, epochs=3, out=out).run(),
        "outcome of a prediction": jobs.PredictionJob(model, table).run(),
        "outcome of a score": jobs.ScoreJob(model, table).run(),
        "outcome of a check": jobs.CheckJob(model, table).run(),
        "outcome of a trace": jobs.TraceJob(model, table).run(),
        "divergence": _diverged(),
        "unknown name": _error(lambda: chainrule.Network.random((2, 1), "tahn")),
        "absent file": _error(lambda: chainrule.load("absent.st")),
        "no table": _error(lambda: chainrule.read_table(3)),
        "shape": _error(lambda: NET([[1.0]])),
        "setting": _error(lambda: chainrule.fit(FRAME, target="kind", rate=-1)),
    }


@pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")
def test_everything_that_doors_give_says_the_same_after_a_copy_or_a_pickle(tmp_path: Path) -> None:
    for name, thing in _results(tmp_path).items():
        for way, copied in WAYS.items():
            assert _said(copied(thing)) == _said(thing), f"{name}, {way}"


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_training_goes_on_from_the_state_of_a_pickled_result(engine: str) -> None:
    settings: dict[str, Any] = {"rate": 0.5, "engine": engine, "rule": "momentum"}
    half = _pickled(chainrule.train(NET, X, Y, epochs=3, **settings))
    whole = chainrule.train(NET, X, Y, epochs=6, **settings)
    longer = chainrule.train(NET, X, Y, epochs=6, resume=half.state, **settings)
    assert longer.history.loss == whole.history.loss


def test_a_copy_of_a_progress_stands_still_while_the_training_goes_on() -> None:
    copies: list[chainrule.Progress] = []
    result = chainrule.train(
        NET,
        X,
        Y,
        rate=0.5,
        epochs=4,
        engine="reference",
        on_epoch=lambda seen: copies.append(copy.copy(seen)),
    )
    assert [len(one.epochs) for one in copies] == [1, 2, 3, 4]
    assert [len(one.state.epochs) for one in copies] == [1, 2, 3, 4]
    assert copies[0].seconds == copies[0].seconds < copies[3].seconds
    short = chainrule.train(NET, X, Y, rate=0.5, epochs=1, engine="reference").network
    for w, same, last in zip(copies[0].network.weights, short.weights, result.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)
        assert (w != last).any()
    copies[0].stop()
    assert not copies[1].stopped
