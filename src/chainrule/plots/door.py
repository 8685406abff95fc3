"""The one function of the room: a thing, and what of it is to be seen."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import InputError, MissingPackageError
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.network import Network

__all__ = ["ENDINGS", "needs_matplotlib", "picture_of", "plot"]

ENDINGS = ("svg", "png", "pdf")


def needs_matplotlib() -> None:
    """Raise MissingPackageError where matplotlib is not installed; it is not loaded."""
    if find_spec("matplotlib") is None:
        raise MissingPackageError(
            "Plots are drawn by matplotlib, which is not installed.",
            needs="must be installed",
            advice="Try pip install 'chainrule[plot]'.",
        )


def plot(
    thing: Any,
    kind: str | None = None,
    *,
    ax: Any = None,
    rows: str | None = None,
    table: Any = None,
    X: Any = None,
    Y: Any = None,
    member: int | None = None,
    layer: int | None = None,
    unit: str | int | None = None,
    inputs: Sequence[str | int] | None = None,
    pixels: tuple[int, int] | None = None,
    weights: Sequence[Any] | None = None,
    path: Sequence[Network] | None = None,
) -> Any:
    """Draw a thing.

    Parameters
    ----------
    thing : object
        What the package returns: a history, a result, a cross-validation, a network, an ensemble, a model, a
        trace, a gradient check, scores, predictions, a fitted estimator; or networks in the order of a
        training.
    kind : str, optional
        What is to be seen of it; where none is given, what is usual for it.

        ===============  ======================================================================
        ``summary``      losses, and how good the answers are: the usual one of a fit; of a
                         network alone its weights
        ``history``      losses by epoch, the best epoch marked; a metric that is watched
        ``network``      layers, units and weights; of a trace with every output and delta
        ``confusion``    which classes are taken for which
        ``predicted``    predicted numbers against actual ones
        ``residuals``    how far off they are
        ``calibration``  how often classes are right against how sure the answers are; how many
                         numbers lie within the intervals of a model that is calibrated
        ``weights``      each weight matrix as a picture
        ``unit``         what a unit says over two inputs
        ``surface``      the loss over two weights, and the way of a training over it
        ``errors``       a gradient check against its limits
        ``answers``      how predictions are spread
        ===============  ======================================================================
    ax : matplotlib Axes, or several, optional
        Where to draw: one for each panel. Without them there is a new figure.
    rows : {"held_out", "training"}, optional
        Which rows of a fit are scored; those that it has not seen where there are some.
    table : path, data frame or Table, optional
        Rows to score a model on, or for ``unit`` those whose typical values and ranges are taken.
    X, Y : arrays, optional
        Samples and targets: of an estimator those to score it on, as its `score` takes them; for ``surface``
        and ``unit`` as the network takes them.
    member : int, optional
        Which network of an ensemble, or which member of one that shares its weights, from 1.
    layer : int, optional
        For ``weights`` and ``unit``: which matrix, or the units that it leads to, from 1.
    unit : str or int, optional
        For ``unit``: a class or a target by its name, or a unit by its number from 1.
    inputs : sequence of str or int, optional
        For ``unit``: one or two columns, or inputs; those that move it most where none are given.
    pixels : (int, int), optional
        For ``weights``: width and height of the picture that the inputs are; each unit is drawn as one.
    weights : two sequences of int, optional
        For ``surface``: matrix, unit and source of each weight from 1, source 0 the bias; those that moved
        most, or are largest, where none are given.
    path : sequence of Network, optional
        For ``surface``: networks in the order of the training.

    Returns
    -------
    matplotlib Axes, or an array of them, shape (n_panels,), where there are several; what was given as `ax`
        Their ``figure`` has ``savefig``. A notebook shows it below the cell; elsewhere it is one of pyplot's
        only where the program has loaded pyplot and that opens windows.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    UnknownNameError, InputError
        There is no such kind of it, or something that was given does not belong to it.

    Notes
    -----
    Colours and sizes are those of matplotlib's style, if the user has chosen one. Names are never read as
    mathematics. Nothing depends on colour alone.

    Examples
    --------
    >>> import chainrule
    >>> result = chainrule.fit("examples/iris.csv", target="species", hidden=8, seed=1)
    >>> axes = chainrule.plot(result)
    >>> [ax.get_title(loc="left") for ax in axes]
    ['Loss by epoch', 'species: accuracy 0.974', 'species: calibration error 0.157']
    >>> chainrule.plot(result, "histry")
    Traceback (most recent call last):
    chainrule.errors.UnknownNameError: There is no plot of a FitResult 'histry'. Did you mean 'history'? ...
    """
    needs_matplotlib()
    from chainrule.plots.drawing import drawn, drawn_into  # noqa: PLC0415 (matplotlib takes its time to load)
    from chainrule.plots.kinds import panels_of  # noqa: PLC0415 (as above)
    from chainrule.plots.subjects import subject_of  # noqa: PLC0415 (as above)

    given = {
        "rows": rows, "table": table, "X": X, "Y": Y, "member": member, "layer": layer, "unit": unit,
        "inputs": inputs, "pixels": pixels, "weights": weights, "path": path,
    }  # fmt: skip
    axes = None if ax is None else _as_axes(ax)
    options = {name: one for name, one in given.items() if one is not None}
    panels = panels_of(subject_of(thing), kind, options)
    needed = sum(not one.is_extra for one in panels)
    if axes is not None and not needed <= len(axes) <= len(panels):
        raise InputError(
            f"{counted(len(axes), 'pair')} of axes {'was' if len(axes) == 1 else 'were'} given",
            parameter="ax",
            given=ax,
            needs=f"it is drawn into {needed}",
            advice="Give so many, or another kind, or none for a figure of its own.",
        )
    if axes is not None:
        drawn_into(panels, axes)
        return ax
    every = drawn(panels)
    return every[0] if len(every) == 1 else np.array(every)


def picture_of(thing: Any, kind: str, ending: str, words: str) -> bytes:
    """A plot as the content of a file of a kind, the same bytes each time; words for who does not see it."""
    needs_matplotlib()
    import matplotlib as mpl  # noqa: PLC0415 (it takes its time to load)

    from chainrule.plots.drawing import content_of  # noqa: PLC0415 (as above)

    with mpl.rc_context({"text.usetex": False}):  # no name is mathematics, and there may be no LaTeX
        return content_of(np.ravel(plot(thing, kind))[0].figure, ending, words)


def _as_axes(ax: Any) -> list[Any]:
    """Axes in a list, however they were given."""
    from matplotlib.axes import Axes  # noqa: PLC0415 (as above)

    several = (
        ax.ravel().tolist() if hasattr(ax, "ravel") else list(ax) if isinstance(ax, (list, tuple)) else [ax]
    )
    if not several or not all(isinstance(one, Axes) for one in several):
        raise InputError(
            parameter="ax",
            given=ax,
            needs="must be axes of matplotlib, or several of them",
            advice="Try fig, ax = matplotlib.pyplot.subplots().",
        )
    return several
