"""Names by which the field knows a thing lead to the name that it has here, and are no names themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from chainrule.equations import (
    ACTIVATIONS,
    CRITERIA,
    LOSSES,
    METRICS,
    RULES,
    SCHEDULES,
    STARTS,
    Kind,
    Tanh,
    name_of,
)
from chainrule.equations.kinds import MOST_IN_A_ROW
from chainrule.errors import InputError, UnknownNameError
from chainrule.scores import metric_named

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: tuple[Kind[Any], ...] = (ACTIVATIONS, LOSSES, RULES, SCHEDULES, STARTS, CRITERIA)
OTHERS = [(kind, other) for kind in KINDS for other in kind.also_called()]
KNOWN = {
    "sigmoid": "logistic", "linear": "identity", "Sigmoid": "logistic", "swish": "gelu", "SiLU": "gelu",
    "leakyrelu": "leaky_relu", "prelu": "leaky_relu", "mse": "rss", "MSE": "rss", "l2": "rss",
    "mae": "absolute", "l1": "absolute", "smooth_l1": "huber", "pinball": "quantile",
    "bce": "binary_cross_entropy", "binary_crossentropy": "binary_cross_entropy",
    "crossentropy": "cross_entropy", "CrossEntropy": "cross_entropy", "nll": "cross_entropy",
    "categorical_crossentropy": "cross_entropy", "sgd": "descent", "SGD": "descent",
    "gradient descent": "descent", "adamax": "adam", "nag": "nesterov", "heavy ball": "classical_momentum",
    "L-BFGS": "lbfgs",
    "lm": "levenberg_marquardt", "rprop": "irprop_minus", "xavier": "glorot_uniform",
    "kaiming_normal": "he_normal", "kaiming": "he_uniform", "ReduceLROnPlateau": "plateau",
    "early stopping": "patience",
}  # fmt: skip


def _kind_of(name: str) -> Kind[Any]:
    return next(kind for kind in KINDS if name in kind)


@pytest.mark.parametrize(("other", "ours"), KNOWN.items())
def test_a_name_of_the_field_leads_to_ours(other: str, ours: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        _kind_of(ours).named(other)
    assert f"Did you mean {ours!r}?" in str(caught.value)


@pytest.mark.parametrize(("kind", "other"), OTHERS, ids=lambda one: getattr(one, "what", one))
def test_every_other_name_is_a_suggestion_and_no_alias(kind: Kind[Any], other: str) -> None:
    ours, differs = kind.also_called()[other]
    with pytest.raises(UnknownNameError) as caught:
        kind.named(other)
    assert f"Did you mean {ours!r}? {differs}".rstrip() in str(caught.value)
    assert not differs or (differs.endswith(".") and differs.count(".") == 1)


def test_no_two_things_of_a_kind_have_one_other_name() -> None:
    for kind in KINDS:
        names = [
            one
            for name in kind
            for entry in [kind._entries[name]]
            for one in (*vars(entry).get("also_called", ()), *vars(entry).get("resembles", {}))
        ]
        assert len(names) == len(set(names))


def test_what_differs_is_said() -> None:
    with pytest.raises(
        UnknownNameError, match="'rss'\\? It is half the sum of squares, not their mean\\. There"
    ):
        LOSSES.named("mse")


def test_a_metric_of_another_name() -> None:
    with pytest.raises(UnknownNameError, match=r"no metric 'acc'\. Did you mean 'accuracy'"):
        metric_named("acc")
    with pytest.raises(UnknownNameError, match="Did you mean 'r2'"):
        metric_named("R squared")
    assert "acc" in METRICS.also_called()


def test_a_users_own_may_have_other_names_and_a_derived_one_has_not_those_of_its_parent() -> None:
    kind: Kind[Any] = Kind("gate", "forward")
    kind.register(Tanh)

    @kind.register
    @dataclass(frozen=True)
    class Bent(Tanh):
        name: ClassVar[str] = "bent"
        also_called: ClassVar[tuple[str, ...]] = ("crooked",)
        resembles: ClassVar[Mapping[str, str]] = {"broken": "It is whole."}

    @kind.register
    @dataclass(frozen=True)
    class Straight(Bent):
        name: ClassVar[str] = "straight"

    try:
        assert kind.also_called()["crooked"] == ("bent", "")
        assert kind.also_called()["tansig"] == ("tanh", "")
        with pytest.raises(UnknownNameError, match=r"Did you mean 'bent'\? It is whole\."):
            kind.named("Broken")
    finally:
        Kind.every.remove(kind)


def test_schedules_that_follow_one_another_without_end() -> None:
    chain = "warm_up:3," * (MOST_IN_A_ROW - 1) + "cosine"
    assert name_of(SCHEDULES.named(chain)) == chain
    for n in (MOST_IN_A_ROW, 100_000):
        with pytest.raises(
            InputError, match=f"has {n + 1} in a row but {MOST_IN_A_ROW} may follow one another"
        ):
            SCHEDULES.named("warm_up:3," * n + "cosine", "schedule")


@pytest.mark.parametrize("text", ["x" * 10**6, "adam:" + ":".join(["0.5"] * 10**5), "adam:" + "x" * 10**6])
def test_a_message_does_not_repeat_what_is_endless(text: str) -> None:
    with pytest.raises(InputError) as caught:
        RULES.named(text)
    assert len(str(caught.value)) < 2500
