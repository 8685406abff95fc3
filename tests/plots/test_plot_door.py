"""The function `plot`: where it draws, what it refuses and in which words, and what it leaves alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import chainrule
from chainrule import plot
from chainrule.plots import door, drawing, picture_of
from chainrule.plots.drawing import Plain, size_of
from chainrule.plots.surfaces import _places_of

NET = chainrule.Network.random((2, 3, 1), seed=1)


def test_axes_come_back_whose_figure_is_none_of_pyplots() -> None:
    before = plt.get_fignums()
    ax = plot(NET)
    assert isinstance(ax, Axes)
    assert ax.figure.axes == [ax]
    several = plot(NET, "weights")
    assert several.shape == (2,)
    assert several[1].figure.axes == several.tolist()
    assert plt.get_fignums() == before


def test_where_pyplot_opens_windows_it_opens_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mpl, "get_backend", lambda: "TkAgg")
    figure = plot(NET).figure
    assert plt.get_fignums() == [figure.number]
    plt.close(figure)


@pytest.mark.parametrize(
    ("backend", "is_shown"),
    [("module://matplotlib_inline.backend_inline", True), ("SVG", False)],
)
def test_a_notebook_shows_what_pyplot_has(
    monkeypatch: pytest.MonkeyPatch, backend: str, *, is_shown: bool
) -> None:
    monkeypatch.setattr(drawing, "in_notebook", lambda: True)
    monkeypatch.setattr(mpl, "get_backend", lambda: backend)
    before = plt.get_fignums()
    figure = plot(NET).figure
    new = [number for number in plt.get_fignums() if number not in before]
    assert new == ([figure.number] if is_shown else [])
    plt.close(figure)


def test_axes_may_be_those_of_a_part_of_a_figure(of_classes: chainrule.FitResult) -> None:
    with style.context("dark_background"):
        figure: Any = Figure(figsize=(12, 9))
        for part, thing, kind in zip(
            figure.subfigures(1, 3), (of_classes, NET, NET), ("summary", "weights", "network"), strict=True
        ):
            plot(thing, kind, ax=part.subplots({"summary": 3, "weights": 2, "network": 1}[kind], 1))
        assert {ax._left_title.get_color() for ax in figure.axes} == {"#ffffff"}
    part = figure.subfigures(1, 3)[0]
    assert size_of(part.subplots()) == pytest.approx(size_of(Figure(figsize=(4, 9)).subplots()))


def test_numbers_of_numpy_are_numbers() -> None:
    places = [[1, 2, 0], [2, 1, 1]]
    assert _places_of(NET, np.array(places), ()) == _places_of(NET, places, ()) == ((1, 2, 0), (2, 1, 1))
    pairs: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("unit", {"layer": 1, "unit": 2}, {"layer": np.int64(1), "unit": np.int64(2)}),
        ("unit", {"inputs": (2, 1)}, {"inputs": np.array([2, 1])}),
        ("weights", {"pixels": (2, 1)}, {"pixels": np.array([2, 1])}),
    ]
    for kind, of_python, of_numpy in pairs:
        one, other = (plot(NET, kind, **options) for options in (of_python, of_numpy))
        assert one.get_title(loc="left") == other.get_title(loc="left")
        assert (one.get_xlabel(), one.get_ylabel()) == (other.get_xlabel(), other.get_ylabel())


def test_what_is_given_comes_back_drawn_into() -> None:
    figure = Figure()
    one, other = figure.subplots(1, 2)
    assert plot(NET, ax=one) is one
    assert one.get_title(loc="left") == "Network 2-3-1"
    assert other.get_title(loc="left") == ""
    both = np.array([one, other])
    assert plot(NET, "weights", ax=both) is both
    assert other.get_title(loc="left") == "Weights W^(2)"
    assert len(figure.axes) == 2


def test_settings_of_matplotlib_stay_as_they_were() -> None:
    before = dict(mpl.rcParams)
    picture_of(NET, "network", "svg", "a network")
    assert dict(mpl.rcParams) == before


def test_the_style_of_the_user_counts() -> None:
    plain = plot(NET).figure
    with style.context("dark_background"):
        dark = plot(NET).figure
    heads = [figure.axes[0]._left_title.get_color() for figure in (plain, dark)]
    assert heads == ["#000000", "#ffffff"]
    assert [figure.get_facecolor()[0] for figure in (plain, dark)] == [1.0, 0.0]
    with style.context({"axes.facecolor": "black", "figure.facecolor": "black"}):  # and black ink, too
        assert plot(NET)._left_title.get_color() == "#ffffff"


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_picture_is_the_same_bytes_each_time(ending: str) -> None:
    first = picture_of(NET, "network", ending, "a <network> & its weights")
    assert first == picture_of(NET, "network", ending, "a <network> & its weights")
    assert b"a &lt;network&gt; &amp; its weights" in first or ending != "svg"
    assert first.startswith({"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[ending])


@pytest.mark.slow
def test_a_picture_is_the_same_bytes_in_every_process() -> None:
    # The layout takes what it knows in the order of a set, and so the last bit of its panels is not settled.
    script = (
        "import sys, chainrule; from chainrule.plots import picture_of\n"
        "net = chainrule.Network.random((4, 3, 2), seed=1)\n"
        "sys.stdout.buffer.write(picture_of(net, 'summary', 'svg', 'a network'))"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ | {"PYTHONHASHSEED": seed}
        )
        for seed in ("1", "4")
    ]
    one, other = (child.communicate()[0] for child in children)
    assert b"<clipPath" in one
    assert one == other


def test_frames_of_a_picture_are_numbered() -> None:
    content = picture_of(NET, "weights", "svg", "a network").decode()
    frames = re.findall('<clipPath id="(.+?)">', content)
    assert frames == [f"frame{k}" for k in range(1, len(frames) + 1)]
    assert set(re.findall(r"url\(#(.+?)\)", content)) == set(frames) != set()


def test_matplotlib_is_loaded_by_the_first_plot_alone() -> None:
    script = (
        "import chainrule, sys; plot = chainrule.plot; print('matplotlib' in sys.modules)\n"
        "plot(chainrule.Network.random((1, 1)))\n"
        "print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]


def test_without_matplotlib_one_line_tells_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "find_spec", lambda _: None)
    with pytest.raises(chainrule.MissingPackageError, match=r"pip install 'chainrule\[plot\]'") as caught:
        plot(NET)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("thing", "kind", "options", "words"),
    [
        (3, None, {}, "3 cannot be drawn. What can be drawn: a History,"),
        ([], None, {}, "cannot be drawn"),
        ([NET, 3], None, {}, "cannot be drawn"),
        (NET, "wieghts", {}, "Did you mean 'weights'? There are: summary, network, weights, unit, surface."),
        (NET, 3, {}, "kind is 3 but must be the name of a plot. There are: 'summary', 'network'"),
        (NET, "unit", {"table": "t.csv"}, "a network alone knows no tables"),
        (NET, "unit", {"inputs": 0.5}, "inputs is 0.5 but must be a name, or a number from 1 to 2"),
        (NET, "history", {}, "A Network has no plot 'history'. There are: 'summary', 'network'"),
        (NET, "network", {"layer": 1}, "layer was given but the plot 'network' takes 'member'"),
        (NET, "network", {"member": 2}, "member is 2 but must be from 1 to 1"),
        (NET, "weights", {"layer": 3}, "layer is 3 but must be from 1 to 2"),
        (NET, "weights", {"pixels": (3, 3)}, "must be the width and the height of a picture of 2 pixels"),
        (NET, "weights", {"pixels": 3}, "must be the width and the height of a picture of 2 pixels"),
        (NET, "unit", {"unit": 2}, "unit is 2 but must be a name, or a number from 1 to 1"),
        (NET, "unit", {"inputs": ("x_1", "x_1")}, "must be two inputs, or one"),
        (NET, "unit", {"inputs": ("x1", 1)}, "There are: 'x_1', 'x_2'"),
        (NET, "surface", {}, "X and Y are missing"),
        (NET, "surface", {"X": [[0, 1]], "Y": [[1]], "weights": [(1, 1, 1)]}, "must be two weights"),
        (NET, "surface", {"X": [[0, 1]], "Y": [[1]], "weights": [(1, 1, 1), (3, 1, 1)]}, "source 0 the bias"),
        (NET, "surface", {"X": [[0, 1]], "Y": [[1]], "weights": [(True, 1, 1), (1, 1, 2)]}, "is True but"),
        (NET, "surface", {"X": [[0, 1]], "Y": [[1]], "weights": [(1, 1, 1), (1, 4, 1)]}, "source 0 the bias"),
        (NET, "surface", {"X": [[0, 1]], "Y": [[1]], "weights": 3}, "source 0 the bias"),
        (NET, "unit", {"unit": True}, "unit is True but must be a name, or a number from 1 to 1"),
        (NET, "surface", {"X": [[0, 1]], "Y": [[1]], "path": [3]}, "must be networks like the one"),
        (NET, "network", {"ax": 3}, "must be axes of matplotlib"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_in_words(
    thing: Any, kind: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(chainrule.InputError) as caught:
        plot(thing, kind, **options)
    assert words in str(caught.value)


def test_too_few_axes_are_refused(of_classes: chainrule.FitResult) -> None:
    ax = Figure().subplots()
    with pytest.raises(chainrule.InputError, match="1 pair of axes was given but it is drawn into 3"):
        plot(of_classes, ax=ax)


def test_rows_that_there_are_not(of_classes: chainrule.FitResult) -> None:
    with pytest.raises(chainrule.UnknownNameError, match="There is no kind of rows 'x'"):
        plot(of_classes, "confusion", rows="x")
    with pytest.raises(chainrule.InputError, match="has no rows of its own"):
        plot(of_classes.model, "confusion")
    for thing, advice in ((NET, "Leave rows out."), (of_classes.model, "Give table, or of an estimator")):
        with pytest.raises(chainrule.InputError, match=f"has no rows of its own. {advice}"):
            plot(thing, "summary", rows="training")
    with pytest.raises(chainrule.InputError, match="X and Y belong together"):
        plot(of_classes.model, "confusion", X=[[1.0]])
    with pytest.raises(chainrule.InputError, match="rows are those of a fit, or of a table, or arrays"):
        plot(of_classes, "confusion", rows="training", table="t.csv")
    with pytest.raises(chainrule.InputError, match="a ClassScore answers to no other rows"):
        plot(of_classes.held_out_score, "confusion", table="t.csv")
    with pytest.raises(chainrule.InputError, match="is of the rows that it is of"):
        plot(of_classes.held_out_score, "confusion", rows="training")
    whole = chainrule.fit(of_classes.data.table, target="species", hidden=2, epochs=1, held_out=0)
    with pytest.raises(chainrule.InputError, match="without holding rows out"):
        plot(whole, "confusion", rows="held_out")


def test_a_calibration_needs_what_it_is_of(of_two_targets: chainrule.FitResult) -> None:
    with pytest.raises(chainrule.InputError, match="calibrate=True"):
        plot(of_two_targets, "calibration")
    with pytest.raises(chainrule.InputError, match="outputs are no probabilities"):
        plot(
            chainrule.fit(of_two_targets.data.table, target="species", hidden=2, epochs=1, defaults="notes"),
            "calibration",
        )


def test_ticks_have_the_digits_that_tell_them_apart() -> None:
    assert Plain().format_ticks([1e-5, 2e-5]) == ["1e\N{MINUS SIGN}5", "2e\N{MINUS SIGN}5"]
    assert Plain().format_ticks([1e305, 0.0]) == ["1e305", "0"]
    assert len(set(Plain().format_ticks([1e9 + k / 100 for k in range(5)]))) == 5
