"""What scikit-learn's parameters mean here: its words for a network and for a training, in this package's."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import (
    ACTIVATIONS,
    LAYERS,
    LBFGS,
    LOSSES,
    RULES,
    SCHEDULES,
    Adam,
    ClassicalMomentum,
    ClassicalNesterov,
    Descent,
    name_of,
    parametric_layer,
)
from chainrule.errors import InputError, UnknownNameError
from chainrule.given import not_negative_number, positive_number, share_below_1, truth, whole_number_from_1
from chainrule.words import quoted

if TYPE_CHECKING:
    from chainrule.equations import Activation, Loss

__all__ = [
    "SCHEDULES_THERE",
    "activations_of", "asked_settings", "check_numbers", "has_own_steps", "hidden_units", "outputs_of",
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
    for parts in filter(None, map(parametric_layer, several)):
        raise InputError(
            f"activation {name_of(parts)!r} is a layer with numbers of its own",
            parameter="activation",
            given=given,
            needs="must be an activation: coefs_ and intercepts_ have no place for them",
            advice=f"Try {name_of(LAYERS.fact(parts, 'activation'))!r}, or `chainrule.fit`, which takes it.",
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
    belonging = ACTIVATIONS.fact(g, "usual_loss")
    return g, LOSSES.named(loss_usual if loss_usual == "rss" or out_activation is None else belonging)


def rule_of(estimator: Any) -> Any:
    """Update rule that a solver stands for."""
    solver = estimator.solver
    if solver == "adam":
        return Adam(estimator.beta_1, estimator.beta_2, estimator.epsilon)
    if solver == "sgd":
        if not estimator.momentum:
            return Descent()
        velocity = ClassicalNesterov if estimator.nesterovs_momentum else ClassicalMomentum
        return velocity(estimator.momentum)
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
    of_solver = {"sgd": (("momentum", "0.9"),), "adam": (("beta_1", "0.9"), ("beta_2", "0.999"))}
    for name, usual in of_solver.get(estimator.solver if isinstance(estimator.solver, str) else "", ()):
        share_below_1(getattr(estimator, name), name, usual)
    for name in ("shuffle", "warm_start", "nesterovs_momentum", "early_stopping"):
        truth(getattr(estimator, name), name)
    truth(estimator.calibrate or False, "calibrate")
    for name in ("n_restarts", "ensemble"):
        whole_number_from_1(getattr(estimator, name), name)
    if not isinstance(estimator.verbose, Integral):
        truth(estimator.verbose, "verbose")
    if estimator.batch_size != "auto":
        whole_number_from_1(estimator.batch_size, "batch_size")


# What `fit` calls parameters that have the same meaning there.
AS_IN_FIT = {
    "batch_size": "batch_size", "learning_rate_init": "rate", "max_iter": "epochs", "shuffle": "shuffle",
    "loss": "loss", "out_activation": "output", "class_weight": "class_weight", "dropout": "dropout",
    "threads": "threads", "engine": "engine", "l1": "l1", "l2": "l2", "clip_norm": "clip_norm",
    "loss_goal": "loss_goal", "start": "start", "alpha": "alpha", "calibrate": "calibrate",
}  # fmt: skip
OF_SCIKIT_LEARNS_RULES = ("tol", "power_t", "max_fun")  # of when to stop, and how the rate changes
THEIR_WORDS = (("batch_size", "auto", None), ("loss", "squared_error", "rss"), ("loss", "log_loss", None))
OF_RULES = ("beta_1", "beta_2", "epsilon")


def asked_settings(estimator: Any) -> dict[str, Any]:
    """Settings of `fit` that an estimator asks for: of parameters that were given.

    Raises
    ------
    InputError
        A parameter has no meaning in these defaults.
    """
    asked = estimator._asked()
    found = {AS_IN_FIT[name]: value for name, value in asked.items() if name in AS_IN_FIT}
    for name, usual, own in (
        ("batch_size", "auto", None),
        ("loss", "squared_error", "rss"),
        ("loss", "log_loss", None),
    ):
        if isinstance(found.get(name), str) and found[name] == usual:
            found[name] = own
    if "hidden_layer_sizes" in asked:
        found["hidden"] = tuple(hidden_units(asked["hidden_layer_sizes"]))
    if "activation" in asked:
        given = asked["activation"]
        several = list(given) if isinstance(given, (list, tuple)) else [given]
        found["activation"] = several[0] if several else None
    if "solver" in asked or any(name in asked for name in OF_RULES):
        found["rule"] = rule_of(estimator)
    if "learning_rate" in asked:
        given = asked["learning_rate"]
        if given in SCHEDULES_THERE[1:]:
            raise InputError(
                parameter="learning_rate",
                given=given,
                needs=f"is scikit-learn's, and the defaults are {estimator.defaults}",
                advice="Take a schedule such as 'cosine' or 'plateau:5:0.2'.",
            )
        found["schedule"] = given
    for name in OF_SCIKIT_LEARNS_RULES:
        if name in asked and not has_own_steps(rule_of(estimator)):
            raise InputError(
                parameter=name,
                given=asked[name],
                needs=f"belongs to rules of scikit-learn's, and the defaults are {estimator.defaults}",
                advice="Leave it out: early_stopping and n_iter_no_change say when to stop.",
            )
    return found | _asked_stop(estimator, asked)


def _asked_stop(estimator: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """When to stop, as scikit-learn's parameters ask for it."""
    stops, found = asked.get("early_stopping"), dict[str, Any]()
    if stops is not None and not stops:
        return {"patience": 0, "validation": 0.0}
    if stops or "n_iter_no_change" in asked:
        found["patience"] = estimator.n_iter_no_change
    if (stops or "validation_fraction" in asked) and estimator.validation_data is None:
        found["validation"] = estimator.validation_fraction
    return found
