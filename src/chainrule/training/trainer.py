"""`Trainer`: an engine that is kept ready, for those who learn from rows as they come."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, Never

import numpy as np

from chainrule.arithmetic import ARITHMETIC
from chainrule.equations import RULES, name_of
from chainrule.errors import DivergenceError, InputError, TrainingWarning, argument
from chainrule.network import as_masks, as_pairs, as_table, as_weights, check_network, own_functions
from chainrule.settings import Settings, documented, plain, refuse_unknown_settings, settings_of
from chainrule.training.diagnosis import advice_after_divergence
from chainrule.training.engines import loss_over_rows
from chainrule.training.engines.choice import engine_named
from chainrule.training.history import History
from chainrule.training.preparation import check_own_functions, check_own_rule, smoothed
from chainrule.training.run import all_finite
from chainrule.training.state import TrainingState, arithmetic_after, check_resumable, other_bits
from chainrule.training.task import Rows, Task
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Rule
    from chainrule.network import Network
    from chainrule.training.engines import Engine, State
    from chainrule.training.history import Epoch

__all__ = ["Trainer"]

# What belongs to epochs, of which a stream has none.
OF_EPOCHS = (
    "epochs",
    "steps_per_epoch",
    "schedule",
    "decay_schedule",
    "shuffle",
    "patience",
    "metric",
    "stopping",
    "loss_goal",
)
CHECKED_RATE = next(one.check for one in settings_of(Settings) if one.name == "rate")


class _Reached(NamedTuple):
    """Where whole steps have led to: one record, one assignment, so that Ctrl-C cannot part it."""

    state: State
    n_rows: int


@documented(Settings, but=(*OF_EPOCHS, "batch_size"))
class Trainer:
    r"""A network in training on rows that come one by one, or a few at a time.

    An engine is kept ready: a step on one row of a small network takes some microseconds. The bits are those
    of `train` over the same rows in their order.

    Parameters
    ----------
    net : Network
        Where to start; it is not changed.
    batch_size : int, optional
        Rows an update; where none is given, all rows of a step.
    {settings}
    engine : {"compiled", "reference"}
    masks : sequence of arrays of the shapes of the weights, optional
        False for a weight that is held at its value.
    resume : TrainingState, optional
        Go on from there, with the weights and the state of the rule that it has.
    **unknown
        None: a name that there is not is an error, which says what may have been meant.

    Raises
    ------
    InputError, ShapeError
        A setting does not fit, the rule needs all rows at once, or the compiled engine has no kernel for an
        activation.
    UnknownNameError
        There is no such argument, engine or rule.

    Notes
    -----
    A copy or a pickle goes on to the same bits. One trainer is not for two threads at once.

    Examples
    --------
    >>> from chainrule import Network, Trainer
    >>> trainer = Trainer(Network([[[0.0, 1.0]]], "identity"), rate=0.25)
    >>> trainer.step([1.0], [3.0]), trainer.step([1.0], [3.0])
    (2.0, 0.5)
    >>> trainer.network.weights[0].tolist()
    [[0.75, 1.75]]
    """

    def __init__(
        self,
        net: Network,
        *,
        rate: float | None = None,
        rate_factors: float | str | Sequence[float | str] = "1",
        bias_rate: float = 1.0,
        label_smoothing: float = 0.0,
        batch_size: int | None = None,
        seed: int = 0,
        engine: str = "compiled",
        threads: int | None = None,
        rule: str | Rule = "descent",
        clip_norm: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: float = 0.0,
        masks: Sequence[npt.ArrayLike] | None = None,
        resume: TrainingState | None = None,
        **unknown: Never,
    ) -> None:
        given = locals()
        for name in OF_EPOCHS:
            if name in unknown:
                raise InputError(
                    parameter=name,
                    given=plain(unknown[name]),
                    needs="belongs to epochs, of which a stream has none",
                    advice=f"Leave it out; {argument('rate')} of a step is for that step.",
                )
        if unknown:
            names = [name for name in given if name not in {"self", "net", "unknown"}]
            refuse_unknown_settings(unknown, Settings, others=names)
        check_network(net)
        rule = RULES.made_of(rule, "rule")
        if RULES.fact(rule, "takes_all_rows"):
            raise InputError(
                parameter="rule",
                given=name_of(rule),
                needs="needs all rows at once, and a step has but a few",
                advice=f"Take {argument('rule', 'adam')}, or gather the rows and call train.",
            )
        epochs = 1 if not isinstance(resume, TrainingState) else max(1, len(resume.epochs))
        named = {one.name: given[one.name] for one in settings_of(Settings) if one.name in given}
        self._settings = Settings(**named | {"epochs": epochs, "rule": rule})
        self._net, self._masks, self._engine_name = net, as_masks(masks, net), engine
        check_own_rule(Task(net, self._no_rows(), self._masks), self._settings)
        self._has_unchecked = bool(own_functions(net))
        if resume is not None:
            standing = resume.elsewhere() if isinstance(resume, TrainingState) else resume
            check_resumable(standing, net, self._settings, "")
        self._begin(resume)

    def _begin(self, state: TrainingState | None, n_rows: int = 0) -> None:
        """Stand where a state was kept, or at the first weights."""
        self._engine = self._made_for(self._no_rows(), 1)
        self._loss_before: float = 0.0  # and of no epochs there is none
        self._epochs: tuple[Epoch, ...] = ()
        self._arithmetic = (ARITHMETIC,) if state is None else state.arithmetic
        if state is not None:
            self._loss_before, self._epochs = state.loss_before, state.epochs
            self._engine.resume(state.network.weights, state.rule)
        self._reached = _Reached(self._engine.state, n_rows)
        self._network: Network | None = None
        self._is_under_way = False
        self._order = np.arange(1)

    def step(
        self,
        X: npt.ArrayLike,
        Y: npt.ArrayLike,
        *,
        sample_weight: npt.ArrayLike | None = None,
        rate: float | None = None,
    ) -> float:
        """Learn from one row or a few: one update of the rule, or one for each batch of them.

        Parameters
        ----------
        X : array of shape (n_inputs,) or (n_rows, n_inputs)
        Y : array of shape (n_outputs,) or (n_rows, n_outputs)
            NaN, or masked, where a target is missing: it counts for nothing.
        sample_weight : float or array of shape (n_rows,), optional
            What the loss of each row, and with it the gradient, is multiplied with. Unlike those of `train`,
            the weights are taken as they are: of one row alone no ratio could count.
        rate : float, optional
            Learning rate of this step, where it is another one.

        Returns
        -------
        float
            Mean loss over the rows, each before the update that it led to, times its weight.

        Raises
        ------
        InputError, ShapeError
            Something given does not fit. The trainer stands where it stood.
        DivergenceError
            The loss or a weight stopped being finite; carries the network before this step, where the
            trainer stands again.

        Examples
        --------
        >>> from chainrule import Network, Trainer
        >>> trainer = Trainer(Network.random((2, 1)), rule="adam", rate=0.01)
        >>> loss = trainer.step([[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]], rate=0.02)
        """
        rate = self._settings.rate if rate is None else CHECKED_RATE(rate, "rate")
        rows = self._rows(X, Y, sample_weight)
        n, n_before = len(rows), self._reached.n_rows
        if len(self._order) < n:
            self._order = np.arange(n)
        self._make_ready(rows)
        self._network, self._is_under_way = None, True
        *_, (_, loss) = self._engine.epoch(self._order[:n], rate=rate, number=len(self._epochs) + 1)
        state = self._engine.state
        if not (math.isfinite(loss) and all_finite(state)):
            raise self._diverged(rows, rate)
        self._reached = _Reached(state, n_before + n)
        self._is_under_way = False
        return loss / n

    @property
    def network(self) -> Network:
        """The network as it stands.

        Examples
        --------
        >>> from chainrule import Network, Trainer
        >>> Trainer(Network.random((2, 1)), rate=0.1).network
        Network(2-1, logistic, rss, float64)
        """
        if self._network is None:
            self._network = self._net.with_weights(self._engine.weights_of(self._reached.state))
        return self._network

    @property
    def state(self) -> TrainingState:
        """Where it stands, as a training has it: another trainer or `train` goes on from it, `save` keeps it.

        Steps are not counted as epochs. Which units drop out is then drawn from the first row on again, as it
        is not after a pickle of the trainer.

        Examples
        --------
        >>> from chainrule import Network, Trainer, train
        >>> trainer = Trainer(Network.random((2, 1)), rule="adam", rate=0.01)
        >>> X, Y = [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]]
        >>> loss = trainer.step(X, Y)
        >>> result = train(trainer.network, X, Y, rule="adam", rate=0.01, epochs=5, resume=trainer.state)
        >>> again = Trainer(result.network, rule="adam", rate=0.01, resume=result.state)
        """
        return TrainingState(
            network=self.network,
            rule=tuple(tuple(one) for one in self._engine.rule_of(self._reached.state)),
            best=None,
            best_epoch=None,
            loss_before=self._loss_before,
            epochs=self._epochs,
            settings=self._settings.to_json(),
            data="",
            arithmetic=self._arithmetic,
        )

    def _no_rows(self) -> Rows:
        """A row of zeros, for an engine that must begin with one."""
        n_inputs, *_, n_outputs = self._net.sizes
        return Rows(np.zeros((1, n_inputs), self._net.dtype), np.zeros((1, n_outputs), self._net.dtype))

    def _rows(self, X: npt.ArrayLike, Y: npt.ArrayLike, sample_weight: npt.ArrayLike | None) -> Rows:
        """What was given for a step, checked."""
        net = self._net
        samples, targets = as_pairs(net, as_table(X), as_table(Y))
        if sample_weight is None:
            rows = Rows(samples, targets)
        else:
            given = [sample_weight] if isinstance(sample_weight, Real) else sample_weight
            rows = Rows(samples, targets, as_weights(given, len(samples), net.dtype))
        rows = smoothed(net, rows, self._settings)
        if self._has_unchecked:
            check_own_functions(Task(net, rows))
            self._has_unchecked = False
        return rows

    def _made_for(self, rows: Rows, batch_size: int) -> Engine:
        """A new engine, at the first weights."""
        task, settings = Task(self._net, rows, self._masks), replace(self._settings, batch_size=batch_size)
        return engine_named(self._engine_name, task, settings)

    def _make_ready(self, rows: Rows) -> None:
        """Give the engine the rows of a step; another engine where they need one, or a step did not end."""
        size, (state, place) = min(self._settings.batch_size or len(rows), len(rows)), self._reached
        if self._arithmetic[-1] != ARITHMETIC:
            self._cross(size)
        if not self._is_under_way and _takes(self._engine, rows, size, place):
            return
        before, engine = self._engine, self._made_for(rows, size)
        engine.resume(before.weights_of(state), before.rule_of(state))
        _takes(engine, rows, size, place)
        self._engine, self._reached = engine, _Reached(engine.state, place)
        self._is_under_way = False
        before.__exit__(None, None, None)

    def _cross(self, batch_size: int) -> None:
        """Say so where the first step of such a size goes on by other bits than its state was kept by."""
        settings = replace(self._settings, batch_size=batch_size)
        if words := other_bits(self._arithmetic, settings, self._engine_name):
            warnings.warn(words, TrainingWarning, stacklevel=4)
            self._arithmetic = arithmetic_after(self._arithmetic, settings, self._engine_name)

    def _diverged(self, rows: Rows, rate: float | None) -> DivergenceError:
        """Error for a step after which something is not finite, with the network before it."""
        task, settings = Task(self.network, rows, self._masks), replace(self._settings, rate=rate)
        loss = loss_over_rows(self._engine, self.network.weights, rows)
        with np.errstate(over="ignore", invalid="ignore"):  # of rows whose loss is none
            advice = advice_after_divergence(task, settings, loss)
        at_rate = "" if rate is None else f" at rate {rate:g}"
        return DivergenceError(
            f"The step{at_rate} diverged: a weight or the loss stopped being finite (the loss was {loss:g} "
            "before it). The trainer stands where it stood.",
            network=self.network,
            history=History(self._loss_before if self._epochs else loss, self._epochs, loss),
            epoch=len(self._epochs) + 1,
            rate=math.nan if rate is None else rate,
            needs="must keep the weights and the loss finite",
            advice=f"{advice}.",
        )

    def __getstate__(self) -> dict[str, Any]:
        """All but the engine, which is made anew."""
        own = ("_settings", "_masks", "_engine_name", "_has_unchecked")
        kept = {name: getattr(self, name) for name in own}
        return kept | {"_net": self.network, "state": self.state, "n_rows": self._reached.n_rows}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        state, n_rows = kept.pop("state"), kept.pop("n_rows")
        vars(self).update(kept)
        self._begin(state, n_rows)

    def __repr__(self) -> str:
        return f"Trainer({self.network!r}, {counted(self._reached.n_rows, 'row')})"


def _takes(engine: Engine, rows: Rows, batch_size: int, place: int) -> bool:
    """Whether an engine goes on with these rows, as one of the user's own may not know how to."""
    go_on_with = getattr(engine, "go_on_with", None)
    return go_on_with is not None and go_on_with(rows, batch_size, place)
