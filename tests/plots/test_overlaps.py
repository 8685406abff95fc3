"""However many columns and classes there are, and whatever their names: no word lies on another."""

from __future__ import annotations

import functools

import numpy as np
import pyarrow as pa
import pytest
from pictured import faults_of, figure_of, words_of

import chainrule
from chainrule.plots.labels import cut, drawable, fitted, inches_of, wrapped

NAMES = (
    "$x_1$", "<b>bold & 'quoted'</b>", "two\nlines", "a name of two hundred characters " * 6 + "end",
    "\u65e5\u672c\u8a9e\u306e\u540d\u524d", r"\frac{1}{2} %d {x} #1 ^_^", "_under", "naïve ñ é", "a" * 30,
    "x",
)  # fmt: skip
TARGET = r"target $\alpha$ of " + "many words " * 8
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning", "ignore::chainrule.TableWarning")


def named(n: int) -> list[str]:
    return [NAMES[k % len(NAMES)] + str(k) * (k >= len(NAMES)) for k in range(n)]


def table_of(columns: int, classes: int) -> pa.Table:
    rng = np.random.default_rng(0)
    places = np.arange(max(3 * classes, 40)) % (classes or 1)
    values = rng.normal(size=(len(places), columns))
    data = {name: values[:, k] + places for k, name in enumerate(named(columns))}
    target = [named(classes)[k] for k in places] if classes else list(rng.normal(size=len(places)) * 1e7)
    return pa.table(data | {TARGET: target})


@functools.cache
def fitted_to(columns: int, classes: int) -> chainrule.FitResult:
    return chainrule.fit(table_of(columns, classes), target=TARGET, hidden=12, epochs=2, seed=1)


@pytest.mark.parametrize(
    ("columns", "classes", "kind"),
    [
        (1, 2, "summary"),
        (2, 3, "weights"),
        (2, 3, "unit"),
        (10, 40, "confusion"),
        (10, 40, "network"),
        (1000, 2, "network"),
        (10, 0, "summary"),
    ],
)
def test_no_word_lies_on_another(columns: int, classes: int, kind: str) -> None:
    assert faults_of(figure_of(fitted_to(columns, classes), kind)) == []


@pytest.mark.slow
@pytest.mark.parametrize("columns", [1, 2, 10, 1000])
@pytest.mark.parametrize("classes", [0, 2, 3, 40])
def test_no_word_lies_on_another_in_any_picture(columns: int, classes: int) -> None:
    fit = fitted_to(columns, classes)
    of_answers = ("predicted", "residuals") if not classes else ("confusion", "calibration")
    for kind in ("summary", "network", "weights", "unit", "history", "surface", *of_answers):
        assert faults_of(figure_of(fit, kind)) == [], kind
    assert faults_of(figure_of(fit.model.predict(table_of(columns, classes)))) == []


def test_faults_would_be_found() -> None:
    figure = figure_of(chainrule.Network.random((2, 1)))
    assert faults_of(figure) == []
    figure.text(0.5, 0.5, "one over")
    figure.text(0.52, 0.5, "the other")
    figure.text(0.9, 0.3, "far beyond the edge of the figure")
    found = faults_of(figure)
    assert ("outside", "far beyond the edge of the figure") in found
    assert ("overlap", "one over", "the other") in found


def test_what_is_left_out_is_counted() -> None:
    net = chainrule.Network.random((1000, 12, 2))
    assert "… 991 more" in words_of(figure_of(net))
    assert "489 more inputs are not drawn" in " ".join(words_of(figure_of(net, "weights", layer=1))).replace(
        "\n", " "
    )


def test_more_classes_than_have_room_are_counted() -> None:
    table = pa.table({"x": np.arange(150.0), "kind": [f"kind {k % 50}" for k in range(150)]})
    fit = chainrule.fit(table, target="kind", hidden=3, epochs=1, seed=1)
    words = " ".join(words_of(figure_of(fit, "confusion")))
    assert "the 10 classes of the fewest rows are not drawn" in words.replace("\n", " ")


def test_names_are_no_mathematics_and_no_markup() -> None:
    ax = figure_of(fitted_to(2, 3), "network").axes[0]
    found = {text.get_text(): text for text in ax.texts}
    for name in ("$x_1$", "<b>bold & 'quoted'</b>", r"two\nlines"):
        assert not found[name].get_parse_math()


def test_names_are_cut_to_their_room_and_told_apart() -> None:
    names = ["the same beginning and the same end"] * 2 + ["short"]
    texts = fitted(names, 1.0, 9.0)
    assert len(set(texts)) == 3
    assert texts[2] == "short"
    assert all(inches_of(text, 9.0) <= 1.0 for text in texts)
    assert inches_of(cut("word " * 50, 2.0, 9.0), 9.0) <= 2.0
    assert cut("short", 2.0, 9.0) == "short"
    assert [inches_of(line, 9.0) <= 2.0 for line in wrapped("word " * 50, 2.0, 9.0)] == [True, True]


def test_what_no_font_can_write_is_a_box() -> None:
    assert drawable("a\nb") == r"a\nb"
    assert "\N{WHITE SQUARE}" in drawable("\U0001f980")  # a crab, of which the usual fonts know nothing


def test_a_number_before_a_name_is_its_place_among_all() -> None:
    names = [f"{'class ' * 4}{k}{' of words' * 4}" for k in range(60)]
    table = pa.table({"x": np.arange(180.0), "kind": [names[k % 60] for k in range(180)]})
    fit = chainrule.fit(table, target="kind", hidden=2, epochs=1, seed=1)
    ax = figure_of(fit, "weights").axes[-1]
    places, labels = ax.get_yticks(), [one.get_text() for one in ax.get_yticklabels()]
    assert 1 < len(labels) < 60  # not every one has room
    assert [int(one.partition(":")[0]) for one in labels] == [place + 1 for place in places]
