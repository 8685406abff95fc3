"""What notebooks show of fits, folds and estimators: their own numbers, without a training to find them."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from read_back import facts_of, read, shown, tables_of, text_of

import chainrule
from chainrule import Network, train
from chainrule.training import Diagnosis, History


def network(*sizes: int, seed: int = 0) -> Network:
    return Network.random(sizes, "tanh", seed=seed)


@pytest.fixture(scope="module")
def fitted() -> chainrule.FitResult:
    return chainrule.fit(
        "examples/penguins.csv", target="species", hidden=3, epochs=12, validation=0.2, seed=1
    )


def test_a_fit_shows_its_score_and_trains_nothing_to_do_so(fitted: chainrule.FitResult) -> None:
    text = text_of(shown(fitted))
    score: Any = fitted.held_out_score
    assert f"Score of {len(fitted.data.held_out_rows)} held-out rows" in text
    assert f"{score.accuracy:.3f}" in text
    assert "linear_model" not in vars(fitted)
    assert "linear model would do as well" in text
    compared = replace(fitted)
    assert compared.gain is not None
    text = text_of(shown(compared))
    assert str(compared.gain) in text
    assert "linear model would do as well" not in text
    assert "linear model" in tables_of(shown(compared))["Figures"][0]
    shown(fitted.model)
    shown(compared.gain)


def test_a_fit_shows_what_is_missing_or_went_badly(fitted: chainrule.FitResult) -> None:
    unfinished = replace(fitted, unfinished=(fitted, fitted))
    assert "2 networks under way are left out" in text_of(shown(unfinished))
    bad = replace(
        fitted.training,
        diagnosis=(Diagnosis("unknown", "It is bad."), Diagnosis("x", "So so.", is_warning=False)),
    )
    text = text_of(shown(replace(fitted, training=bad)))
    assert "Warning: It is bad." in text
    assert "Warning: So so." not in text
    assert "So so." in text


def test_folds_show_each_fold() -> None:
    validated = chainrule.cross_validate("examples/iris.csv", target="species", hidden=3, epochs=5, folds=3)
    table = tables_of(shown(validated))["Folds"]
    figure = validated.figures[0]
    assert [row[3] for row in table[1:4]] == [figure.written(value) for value in figure.of_folds]
    assert table[4][3] == figure.written(figure.mean)
    assert "linear_score" not in vars(validated)


def test_a_training_that_was_interrupted_is_shown() -> None:
    def stop(_progress: object) -> None:
        raise KeyboardInterrupt

    result = train(network(1, 1), [[0.0]], [[1.0]], rate=0.1, epochs=5, on_epoch=stop)
    assert "1 epoch, stopped by interrupt" in text_of(shown(result))
    shown(replace(result, history=History(math.nan, (), math.inf)))


def test_restarts_show_each_seed_and_the_best() -> None:
    X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    many = chainrule.train_restarts(
        lambda seed: network(2, 2, 1, seed=seed), X, Y, restarts=4, rate=0.1, epochs=20
    )
    root = shown(many)
    assert repr(many).removeprefix("Restarts(").removesuffix(")") in text_of(root)
    head, *rows = tables_of(root)["Seeds"]
    assert head == ["seed", "epochs", "stopped by", "loss"]
    losses = [one.history.loss_after for one in many.results]
    assert rows == [[str(k), "20", "epochs", f"{loss:.6g}"] for k, loss in enumerate(losses)]
    marked = [text_of(one) for one in root.iter("td") if one.get("class") == "chainrule-right"]
    assert marked == [f"{min(losses):.6g}"]
    best = losses.index(min(losses))
    assert f"The best, of seed {best}" in text_of(root)
    assert facts_of(root)["Loss after"] == f"{min(losses):.6g}"
    lost = replace(many.results[0], history=History(1.0, (), math.nan))
    of_many = replace(many, seeds=tuple(range(40)), results=(lost, *many.results * 9, *many.results[:3]))
    rows = tables_of(shown(of_many))["Seeds"]
    assert rows[1] == ["0", "0", "epochs", "none"]
    assert len(rows) < 20
    assert rows[-1][0] == "39"


def test_estimators_show_their_network_below_what_scikit_learn_shows() -> None:
    pytest.importorskip("sklearn")
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    new = chainrule.MLPClassifier(4, max_iter=20)
    assert "chainrule tex2jax_ignore" not in new._repr_html_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for est in (
            new.fit(X, y),
            chainrule.MLPClassifier(4, max_iter=20, early_stopping=True).fit(X, y),
            chainrule.MLPRegressor(hidden=4, max_iter=20).fit(X, X[:, 0]),
            chainrule.MLPClassifier(4, max_iter=20, ensemble=2).fit(X, y),
            chainrule.MLPClassifier(4).partial_fit(X, y, classes=[0, 1]),
        ):
            page = est._repr_mimebundle_()["text/html"]
            theirs, own = page.split('<div class="chainrule ', 1)
            assert "sk-top-container" in theirs
            root = read(f'<div class="chainrule {own}')
            assert facts_of(root)["Loss"]
            if not hasattr(est, "estimators_"):
                assert repr(est.network_) in text_of(root)
                assert facts_of(root)["Loss of the last"] == f"{est.loss_curve_[-1]:.6g}"


def test_what_stands_beside_a_display_as_text_is_short(fitted: chainrule.FitResult) -> None:
    things = (fitted.history, fitted.model, fitted.data.encoding, fitted.data.report)
    assert list(map(repr, things)) == [
        f"History(12 epochs, loss {fitted.history.loss_before:.6g} to {fitted.history.loss_after:.6g})",
        "Model(Network(9-3-3, relu, softmax, cross_entropy, float64))",
        "Encoding(9 inputs, 3 outputs)",
        "Report(penguins.csv, 333 rows, 8 columns)",
    ]
