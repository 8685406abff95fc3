"""`train`: what it is given, checked and put together, and run."""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Never

import numpy as np

from chainrule.equations import RULES, name_of, smoothed_targets
from chainrule.errors import InputError, argument
from chainrule.given import share_below_1
from chainrule.inspection import check_gradients
from chainrule.interrupts import interruptible
from chainrule.network import as_masks, as_pairs, as_sample_weight, own_functions
from chainrule.random_streams import Purpose, permutation
from chainrule.settings import Settings, documented, refuse_unknown_settings, settings_of
from chainrule.training.displays.progress import shown_in_notebook
from chainrule.training.engines.choice import engine_named
from chainrule.training.progress import Callbacks, Progress
from chainrule.training.run import Run
from chainrule.training.task import Rows, Task
from chainrule.words import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.equations import Rule
    from chainrule.equations.rules.curvature import LBFGS, LevenbergMarquardt
    from chainrule.equations.schedules import Schedule
    from chainrule.equations.stopping import Criterion
    from chainrule.network import Network
    from chainrule.scores.arrays import Metric
    from chainrule.training.progress import Observer
    from chainrule.training.result import TrainingResult
    from chainrule.training.state import TrainingState

__all__ = ["check_own_functions", "check_own_rule", "run_training", "smoothed", "train"]

ROWS_OF_OWN_CHECK, WEIGHTS_OF_OWN_CHECK = 8, 100


@documented(Settings)
def train(
    net: Network,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    *,
    epochs: int,
    rate: float | None = None,
    rate_factors: float | str | Sequence[float | str] = "1",
    bias_rate: float = 1.0,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
    shuffle: bool = True,
    seed: int = 0,
    engine: str = "compiled",
    threads: int | None = None,
    rule: str | Rule | LBFGS | LevenbergMarquardt = "descent",
    schedule: str | Schedule = "constant",
    decay_schedule: str | Schedule = "constant",
    label_smoothing: float = 0.0,
    clip_norm: float | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    dropout: float = 0.0,
    masks: Sequence[npt.ArrayLike] | None = None,
    sample_weight: npt.ArrayLike | None = None,
    validation: float | Sequence[npt.ArrayLike] | None = None,
    metric: str | Metric = "loss",
    patience: int | None = None,
    stopping: str | Criterion | None = None,
    loss_goal: float | None = None,
    on_step: Callable[[Progress], object] | None = None,
    on_epoch: Callable[[Progress], object] | None = None,
    on_time: Callable[[Progress], object] | None = None,
    every_seconds: float = 1.0,
    resume: TrainingState | None = None,
    **unknown: Never,
) -> TrainingResult:
    r"""Train a network by back-propagation, as the derivation says.

    Parameters
    ----------
    net : Network
        Where to start; it is not changed.
    X : array of shape (n_samples, n_inputs)
    Y : array of shape (n_samples, n_outputs)
        NaN, or masked, where a target is missing: it counts for nothing. A sample of a single output must
        have one.
    {settings}
    engine : {"compiled", "reference"}
        What runs the epochs: fast kernels that compute the same bits on every machine, compiled once and
        kept on the disk; or the equations themselves, for any activation and loss.
    masks : sequence of arrays of the shapes of the weights, optional
        False for a weight that is held at its value.
    sample_weight : array of shape (n_samples,), optional
        What each sample counts, relative to the others.
    validation : float or (X, Y) or (X, Y, sample_weight), optional
        Rows to watch and not to train on: given as such, or the share of the rows to take, drawn by `seed`.
    on_step, on_epoch, on_time : callable, optional
        Called with a `Progress` after every update (the kernels then run one update at a time), after every
        epoch, and about every `every_seconds`: it has all there is to read, and a method `stop`. What they do
        to X or Y changes nothing: the training then has copies.
    every_seconds : float
    resume : TrainingState, optional
        Go on from there, with the same arguments as before; `epochs` counts all of them.
    **unknown
        None: a name that there is not is an error, which says what may have been meant.

    Returns
    -------
    TrainingResult
        The network after the last completed epoch, also when Ctrl-C ended the training: it then is, to
        the last bit, the network of as many epochs as the history has. With a stopping criterion, the best
        one.

    Raises
    ------
    DivergenceError
        The loss or a weight stopped being finite; carries the network before that epoch.
    InputError, ShapeError
        A setting or an array does not fit, or the compiled engine has no kernel for an activation.
    UnknownNameError
        There is no such argument, engine, rule, schedule, metric or criterion.

    Notes
    -----
    One update of the rule "descent" is the passes (2) to (5), (7), (9) and the update (8) of
    docs/derivation.md; the other rules, and what else is new here, are in docs/units-losses-rules.md.

    Examples
    --------
    Exclusive or, with the notes' logistic units and updates:

    >>> from chainrule import Network, train
    >>> X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> start = Network.random((2, 3, 1), start="uniform", seed=1)
    >>> result = train(start, X, Y, rate=0.7, epochs=5000, loss_goal=0.0025)
    >>> result.stopped_by.value
    'loss_goal'
    >>> result.network(X).round().tolist()
    [[0.0], [1.0], [1.0], [0.0]]
    """
    given = locals()
    if unknown:
        names = [name for name in given if name not in {"net", "X", "Y", "unknown"}]
        refuse_unknown_settings(unknown, Settings, others=names)
    settings = Settings(**{one.name: given[one.name] for one in settings_of(Settings)})
    callbacks = Callbacks(on_step, on_epoch, on_time, every_seconds)
    with shown_in_notebook(callbacks) as told:
        return run_training(
            net, X, Y, settings, sample_weight=sample_weight, masks=masks, validation=validation,
            engine=engine, callbacks=told, resume=resume, copy=callbacks.are_there or callable(metric),
        )  # fmt: skip


def run_training(
    net: Network,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    settings: Settings,
    *,
    sample_weight: npt.ArrayLike | None = None,
    masks: Sequence[npt.ArrayLike] | None = None,
    validation: float | Sequence[npt.ArrayLike] | None = None,
    engine: str = "compiled",
    callbacks: Callbacks | None = None,
    resume: TrainingState | None = None,
    copy: bool = False,
    observer: Observer | None = None,
    warn: bool = True,
    seed_of_rows: int | None = None,
) -> TrainingResult:
    """Train as `train` does, with its settings in one record.

    On a copy of the rows where a function of the user's own, which may change them, is called on the way:
    what was given when the training began is what counts. An observer is one of this package's. What went
    badly is in the diagnosis, and where it may `warn` it is a `TrainingWarning`, too. A share of the rows to
    watch may be drawn by another seed than the settings'.
    """
    samples, targets = as_pairs(net, X, Y, copy=copy and not isinstance(validation, Real))  # a share is one
    rows = Rows(samples, targets, as_sample_weight(sample_weight, len(samples), net.dtype))
    seed = settings.seed if seed_of_rows is None else seed_of_rows
    rows, watched = _parted(net, rows, validation, seed, copy=copy)
    if settings.stopping is not None and watched is None:
        raise InputError(
            f"{argument('stopping')} needs validation rows.",
            parameter="stopping",
            given=settings.to_json()["stopping"],
            needs="needs validation rows",
            advice=f"Give {argument('validation', 0.2)}, or {argument('patience')}, which watches any loss.",
        )
    settings = settings.for_rows(len(rows))
    rows = smoothed(net, rows, settings)
    task = Task(net, rows, as_masks(masks, net))
    check_own_functions(task)
    check_own_rule(task, settings)
    with engine_named(engine, task, settings) as running:
        with interruptible():  # nothing is lost yet
            run = Run(
                task, watched, settings, running, callbacks or Callbacks(), resume, observer,
                engine_name=engine, warn=warn,
            )  # fmt: skip
        return run.result()


def _parted(
    net: Network, rows: Rows, validation: float | Sequence[npt.ArrayLike] | None, seed: int, *, copy: bool
) -> tuple[Rows, Rows | None]:
    """Rows to train on, and rows to watch."""
    if validation is None:
        return rows, None
    if isinstance(validation, Real):
        n = math.ceil(share_below_1(validation, "validation", "0.2") * len(rows))
        if n >= len(rows) or n == 0:
            raise InputError(
                f"{argument('validation')} is {validation!r}, which of {len(rows)} rows leaves "
                f"{len(rows) - n} to train on and {n} to watch.",
                parameter="validation",
                given=validation,
                needs="must leave at least one of each",
                advice="Both need at least one: try 0.2, or give more rows.",
            )
        order = permutation(len(rows), seed=seed, purpose=Purpose.VALIDATION)
        return _taken(rows, np.sort(order[n:])), _taken(rows, np.sort(order[:n]))
    given = list(validation) if isinstance(validation, (tuple, list)) else []
    if not 2 <= len(given) <= 3:  # noqa: PLR2004 (X, Y, weights)
        needs = "must be a share such as 0.2, or (X, Y), or (X, Y, sample_weight)"
        raise InputError(
            f"validation {needs}.",
            parameter="validation",
            given=validation,
            needs=needs,
            advice="Give one of them.",
        )
    X, Y = as_pairs(net, given[0], given[1], ("validation X", "validation Y"), copy=copy)
    weight = given[2] if len(given) > 2 else None  # noqa: PLR2004 (X, Y, weights)
    return rows, Rows(X, Y, as_sample_weight(weight, len(X), net.dtype, "the validation sample_weight"))


def smoothed(net: Network, rows: Rows, settings: Settings) -> Rows:
    """Rows to learn from, whose targets are those of label smoothing."""
    if not settings.label_smoothing:
        return rows
    return replace(rows, Y=smoothed_targets(rows.Y, settings.label_smoothing, net.loss))


def check_own_rule(task: Task, settings: Settings) -> None:
    """Try an update rule of the user's own once, or InputError where it gives no weights and state."""
    rule, weights = settings.rule, task.net.weights[-1]
    if not RULES.is_own(rule) or RULES.fact(rule, "engine") is not None:
        return
    given = rule.update(weights, np.zeros_like(weights), rule.init(weights), settings.rate or 0.0)
    is_pair = isinstance(given, tuple) and len(given) == 2  # noqa: PLR2004 (weights and state)
    if not is_pair or getattr(given[0], "shape", None) != weights.shape or not isinstance(given[1], tuple):
        raise InputError(
            f"update() of {name_of(rule)} gave {quoted(given)}",
            parameter="rule",
            given=rule,
            needs=f"must give weights of the shape that it is given, {weights.shape}, and a state, a tuple",
            advice="Return both.",
        )


def _taken(rows: Rows, places: npt.NDArray[np.intp]) -> Rows:
    """Some of the rows; their weights have the mean 1 again."""
    weight = None if rows.sample_weight is None else rows.sample_weight[places]
    return Rows(rows.X[places], rows.Y[places], as_sample_weight(weight, len(places), rows.X.dtype))


def check_own_functions(task: Task) -> None:
    """Check the gradient of a network with a function of the user's own on the first rows, or InputError."""
    own = own_functions(task.net)
    if not own:
        return
    X, Y = (array[:ROWS_OF_OWN_CHECK].astype(np.float64) for array in (task.X, task.Y))
    check = check_gradients(task.net, X, Y, sample=WEIGHTS_OF_OWN_CHECK)
    if not check.passed:
        names = ", ".join(sorted({type(thing).__name__ for thing in own}))
        found = check.differences
        raise InputError(
            f"The gradient of the network is wrong, with the functions of your own {names}: for "
            f"{found.worst} back-propagation gives {found.gradient:.6g} but differences "
            f"{found.estimate:.6g}.",
            parameter="net",
            given=task.net,
            needs="must have functions with the right derivatives",
            advice="Correct the derivative: `print(check_gradients(net, X, Y))` shows more.",
        )
