"""What settings may be: how each kind of value is checked, and how its range is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.equations import ACTIVATIONS, ENGINES, name_of, parametric_layer
from chainrule.equations import LAYERS as KINDS
from chainrule.equations.rules.factors import BY_INPUTS
from chainrule.errors import InputError, UnknownNameError, argument
from chainrule.given import (
    check_seed,
    not_negative_number,
    own_number,
    positive_number,
    share_below_1,
    truth,
    whole_number_from_1,
    whole_number_from_2,
    whole_number_or_none,
)
from chainrule.words import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainrule.equations import Kind

    Check = Callable[[Any, str], Any]

__all__ = [
    "BALANCED", "CLASS_WEIGHT", "DTYPE", "DTYPES", "ENGINE", "ENSEMBLE", "ENSEMBLE_BY", "FACTORS", "FOLDS",
    "HIDDEN_ACTIVATION", "INPUT_LAYERS", "LAYERS", "METRIC", "SEED", "SWITCH", "WHOLE", "WHOLE_OR_NONE",
    "Values", "kept_as_given", "named", "not_negative", "positive", "share",
]  # fmt: skip

BALANCED = "balanced"
DTYPES = ("float64", "float32")
ENSEMBLES_BY = ("seeds", "folds")


class Values(NamedTuple):
    """What a setting may be: how that is checked, and how it is said."""

    check: Check
    takes: str
    words: str


def positive(example: str) -> Values:
    """Numbers above 0; the example is one."""
    return Values(lambda value, name: positive_number(value, name, example), "NUMBER", "a number above 0")


def not_negative(example: str) -> Values:
    """Numbers of at least 0; the example is one."""
    return Values(
        lambda value, name: not_negative_number(value, name, example), "NUMBER", "a number of at least 0"
    )


def share(example: str) -> Values:
    """Shares of at least 0 and below 1; the example is one."""
    return Values(
        lambda value, name: share_below_1(value, name, example), "SHARE", "a share of at least 0 and below 1"
    )


WHOLE = Values(whole_number_from_1, "N", "a whole number of at least 1")
WHOLE_OR_NONE = Values(whole_number_or_none, "N", "a whole number of at least 0")


def named(kind: Kind[Any], names: str = "") -> Values:
    """Name of a kind, or an object of it, kept as the object."""
    return Values(kind.made_of, "NAME", names or ", ".join(kind))


def _mixes(name: str) -> bool:
    """Whether an activation belongs to the outputs alone."""
    return bool(ACTIVATIONS.fact(ACTIVATIONS[name], "mixes_units"))


def _metric(value: Any, name: str) -> Any:  # noqa: ANN401 (a name or a function)
    from chainrule.scores import metric_named  # noqa: PLC0415 (NumPy takes its time to load)

    metric_named(value, name)
    return value


def kept_as_given(kind: Kind[Any], names: str = "") -> Values:
    """The same as `named`, of which the text, or the object, is kept as it was given."""

    def checked(value: Any, name: str) -> Any:  # noqa: ANN401 (text or object)
        kind.made_of(value, name)
        return value

    return Values(checked, "NAME", names or ", ".join(kind))


def _engine(value: object, name: str) -> object:
    """Name of an engine; where none is entered yet, the training looks."""
    if ENGINES or not isinstance(value, str):
        ENGINES.named(value if isinstance(value, str) else quoted(value), name)
    return value


def _dtype(value: object, name: str) -> str:
    """Type of every number in a network."""
    name_given = getattr(value, "name", getattr(value, "__name__", value))  # of NumPy's dtypes and types
    text = name_given if isinstance(name_given, str) else ""
    if text not in DTYPES:
        raise InputError(
            parameter=name,
            given=value,
            needs=f"must be {' or '.join(map(repr, DTYPES))}",
            advice=f"Try {argument(name, DTYPES[0])}.",
        )
    return text


def _hidden_activation(value: Any, name: str) -> Any:  # noqa: ANN401 (text or object)
    """Name of an activation, or of a layer that learns a part of one, or an object, as it was given."""
    alone, mark, _ = value.partition(":") if isinstance(value, str) else (value, "", "")
    if parametric_layer(alone) is None:
        ACTIVATIONS.made_of(value, name)
    elif mark:
        raise InputError(
            parameter=name,
            given=value,
            needs=f"has parameters that it learns, and takes none: {alone}",
            advice=f"Give {argument(name, alone)}.",
        )
    return value


def _layers(value: object, name: str) -> tuple[int, ...]:
    """Units of each hidden layer."""
    units = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(whole_number_from_1(n, name) for n in units)


def _class_weight(value: object, parameter: str) -> str | Mapping[Any, float]:
    """Weights of classes, which the table must know."""
    if isinstance(value, str) and value == BALANCED:
        return value
    if not isinstance(value, Mapping):
        raise InputError(
            parameter=parameter,
            given=value,
            needs="must be 'balanced' or a weight for each class",
            advice=f"Try {argument(parameter, BALANCED)}.",
        )
    kept = {name: own_number(weight) for name, weight in value.items()}
    for name, weight in value.items():
        if not 0 < kept[name] < float("inf"):
            raise InputError(
                f"{argument(parameter)} of {quoted(name)} is {quoted(weight)}",
                parameter=parameter,
                given=weight,
                needs="must be a finite number above 0",
                advice="Try 1.",
            )
    return kept


def _input_layers(value: object, name: str) -> tuple[str, ...]:
    """Names of layers whose units follow from their inputs."""
    given = value.split(",") if isinstance(value, str) else value
    given = given if isinstance(given, (list, tuple)) else (given,)
    kinds = [KINDS.made_of(one.strip() if isinstance(one, str) else one, name) for one in given]
    for kind in kinds:
        if KINDS.fact(kind, "chooses_units") or KINDS.fact(kind, "members") > 1:
            raise InputError(
                parameter=name,
                given=name_of(kind),
                needs="must be a layer that makes something of each input",
                advice=f"Try {argument(name, 'scale')}; dense layers are the hidden ones.",
            )
    return tuple(name_of(kind) for kind in kinds)


def _ensemble(value: object, name: str) -> int | None:
    """Number of networks; None for one, which is no ensemble."""
    number = whole_number_from_1(value, name)
    return None if number == 1 else number


def _ensemble_by(value: object, name: str) -> str:
    """What the networks of an ensemble differ in."""
    if not isinstance(value, str) or value not in ENSEMBLES_BY:
        raise InputError(
            parameter=name,
            given=value,
            needs=f"must be {' or '.join(map(repr, ENSEMBLES_BY))}",
            advice=f"Try {argument(name, ENSEMBLES_BY[-1])}.",
        )
    return value


def _factors(value: object, name: str) -> str:
    """Factors of the rate as a text: one for all weight matrices, or one for each."""
    parts: Sequence[object] = value if isinstance(value, (list, tuple)) else (value,)
    parts = value.split(",") if isinstance(value, str) else parts or ("",)
    kept = []
    for part in parts:
        text = part.strip() if isinstance(part, str) else part
        if not (isinstance(text, str) and text == BY_INPUTS):
            try:
                number = positive_number(float(text) if isinstance(text, str) else text, name, "0.5")
            except (InputError, ValueError):
                raise InputError(
                    f"{argument(name)} has {quoted(part)}",
                    parameter=name,
                    given=value,
                    needs=f"must be {FACTORS_IN_WORDS}",
                    advice=f"Try {argument(name, BY_INPUTS)}.",
                ) from None
            text = repr(number).removesuffix(".0")
        kept.append(text)
    return ",".join(map(str, kept))


FACTORS_IN_WORDS = "numbers above 0, or ntp, one for all weight matrices or one for each"
FACTORS = Values(_factors, "FACTORS", FACTORS_IN_WORDS)


def _one_of(*names: str) -> Check:
    """One of some names."""

    def checked(value: object, name: str) -> str:
        if not isinstance(value, str) or value not in names:
            if isinstance(value, str):
                raise UnknownNameError(name, value, names, name)
            needs = f"must be {' or '.join(map(repr, names))}"
            raise InputError(
                parameter=name, given=value, needs=needs, advice=f"Try {argument(name, names[-1])}."
            )
        return value

    return checked


EFFORTS, RECIPES = ("quick", "normal", "best"), ("modern-2",)
EFFORT = Values(_one_of(*EFFORTS), "NAME", ", ".join(EFFORTS))
RECIPE = Values(_one_of(*RECIPES), "NAME", ", ".join(RECIPES))
METRIC = Values(_metric, "NAME", "loss, accuracy, r2")
ENGINE = Values(_engine, "NAME", "compiled or reference")
DTYPE = Values(_dtype, "NAME", " or ".join(DTYPES))
LAYERS = Values(_layers, "UNITS", "whole numbers of at least 1")
INPUT_LAYERS = Values(_input_layers, "LAYERS", "names of layers")
CLASS_WEIGHT = Values(_class_weight, "WEIGHTS", "balanced, or a number above 0 for each class")
SEED = Values(lambda value, _name: check_seed(value), "N", "a whole number from 0")
FOLDS = Values(lambda value, name: whole_number_from_2(value, name, "5"), "N", "a whole number of at least 2")
SWITCH = Values(truth, "", "")
HIDDEN_ACTIVATION = Values(
    _hidden_activation,
    "NAME",
    ", ".join([*(g for g in ACTIVATIONS if not _mixes(g)), *filter(parametric_layer, KINDS)]),
)
ENSEMBLE = Values(_ensemble, "N", "a whole number of at least 1")
ENSEMBLE_BY = Values(_ensemble_by, "NAME", " or ".join(ENSEMBLES_BY))
