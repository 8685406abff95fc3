"""What scikit-learn's parameters mean here: its words for a network and for a training, in this package's."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import (
    ACTIVATIONS,
    LBFGS,
    LOSSES,
    RULES,
    SCHEDULES,
    Adam,
    Descent,
    Momentum,
    Nesterov,
)
from chainrule.errors import InputError, UnknownNameError
from chainrule.given import not_negative_number, positive_number, share_below_1, whole_number_from_1
from chainrule.words import quoted

if TYPE_CHECKING:
    from chainrule.equations import Activation, Loss

__all__ = [
    "activations_of", "check_numbers", "has_own_steps", "hidden_units", "outputs_of",
    "rule_of", "schedule_of",
]  # fmt: skip

SCHEDULES_THERE = ("constant", "invscaling", "adaptive")  # scikit-learn's
TINY = float(np.finfo(np.float64).tiny)


def hidden_units(given: Any) -> list[int]:
    """Units of each hidden layer."""
    sizes = list(given) if hasattr(given, "__iter__") else [given]
    if not all(isinstance(n, Integral) and int(n) > 0 for n in sizes):
        raise InputError(
            f"hidden_layer_sizes must be > 0, got {quoted(given)}.",
            parameter="hidden_layer_sizes",
            given=given,
            needs="must be whole numbers of at least 1",
            advice="Try (100,).",
        )
    return [int(n) for n in sizes]


def activations_of(given: Any, n_hidden: int) -> list[Activation]:
    """Activation of each hidden layer."""
    several = list(given) if isinstance(given, (list, tuple)) else [given] * n_hidden
    if len(several) != n_hidden:
        raise InputError(
            f"activation has {len(several)} entries, but there are {n_hidden} hidden layers.",
            parameter="activation",
            given=given,
            needs=f"must be one, or {n_hidden}",
            advice="Give one for each hidden layer, or a single one for all.",
        )
    return [ACTIVATIONS.made_of(one, "activation") for one in several]


def outputs_of(loss: Any, out_activation: Any, usual: tuple[str, str]) -> tuple[Activation, Loss]:
    """Output activation and loss; where one is not given, what belongs to the other, or else the usual one.

    Examples
    --------
    >>> outputs_of("poisson", None, ("identity", "rss"))
    (Exp(), Poisson())
    """
    output_usual, loss_usual = usual
    loss = {"squared_error": "rss"}.get(loss, loss) if isinstance(loss, str) else loss
    if loss == "log_loss" or loss == loss_usual == "rss":  # which has no output of its own
        loss = None
    if loss is not None:
        loss = LOSSES.made_of(loss, "loss")
        belongs = LOSSES.fact(loss, "usual_output") or output_usual
        output_usual = "exp" if belongs == "softplus" else belongs
    output = output_usual if out_activation is None else out_activation
    g = ACTIVATIONS.made_of(output, "out_activation")
    if loss is not None:
        return g, loss
    of_classes = ACTIVATIONS.fact(g, "usual_loss")
    return g, LOSSES.named(loss_usual if "rss" in {loss_usual, of_classes} else of_classes)


def rule_of(estimator: Any) -> Any:
    """Update rule that a solver stands for."""
    solver = estimator.solver
    if solver == "adam":
        return Adam(estimator.beta_1, estimator.beta_2, estimator.epsilon)
    if solver == "sgd":
        if not estimator.momentum:
            return Descent()
        return (Nesterov if estimator.nesterovs_momentum else Momentum)(estimator.momentum)
    if solver == "lbfgs":
        return LBFGS(tolerance=max(not_negative_number(estimator.tol, "tol", "1e-4"), TINY))
    if isinstance(solver, str) and solver.split(":")[0] not in RULES:
        known = list(dict.fromkeys(["adam", "sgd", "lbfgs", *RULES]))
        raise UnknownNameError("solver", solver, known, "solver", RULES.also_called())
    return RULES.made_of(solver, "solver")


def has_own_steps(rule: object) -> bool:
    """Whether a rule is run by an engine of its own, over all rows, and so has nothing to go on with."""
    return RULES.fact(rule, "engine") is not None


def schedule_of(estimator: Any, rule: object, watch: Any) -> Any:
    """Schedule of the rate: one of this package's, or the watch for those of scikit-learn.

    Those two are for gradient descent there, and so pass "adam" and "lbfgs" by.
    """
    given = estimator.learning_rate
    if isinstance(given, str) and given.split(":")[0].split(",")[0] not in {*SCHEDULES_THERE, *SCHEDULES}:
        known = list(dict.fromkeys([*SCHEDULES_THERE, *SCHEDULES]))
        raise UnknownNameError("learning_rate", given, known, "learning_rate", SCHEDULES.also_called())
    if given not in SCHEDULES_THERE[1:]:
        return given
    is_heeded = estimator.solver not in {"adam", "lbfgs"} and RULES.fact(rule, "takes_rate")
    return watch if is_heeded else "constant"


def check_numbers(estimator: Any) -> None:
    """Refuse numbers that training itself is not given, or calls otherwise."""
    for name in ("alpha", "tol", "power_t"):
        not_negative_number(getattr(estimator, name), name, "0.0001")
    for name in ("learning_rate_init", "epsilon"):
        positive_number(getattr(estimator, name), name, "0.001")
    for name in ("max_iter", "max_fun"):
        whole_number_from_1(getattr(estimator, name), name)
    if estimator.n_iter_no_change != np.inf:
        whole_number_from_1(estimator.n_iter_no_change, "n_iter_no_change")
    share_below_1(estimator.validation_fraction, "validation_fraction", "0.1")
    if estimator.solver == "sgd":
        share_below_1(estimator.momentum, "momentum", "0.9")
    if estimator.batch_size != "auto":
        whole_number_from_1(estimator.batch_size, "batch_size")
