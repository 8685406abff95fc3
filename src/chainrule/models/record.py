"""How a network came about, as a model file keeps it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any

from chainrule.arithmetic import FIRST_ARITHMETIC
from chainrule.equations import LAYERS, name_of, parametric_layer
from chainrule.errors import ModelFileError
from chainrule.settings import BALANCED, FitSettings, plain, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.network import Network

__all__ = ["TrainingRecord"]


@dataclass(frozen=True, kw_only=True)
class TrainingRecord(FitSettings):
    """How a network came about: enough to get it again to the last bit from the same table.

    Every setting of `fit` as it was, objects by the text that stands for them, and what the run adds.

    Attributes
    ----------
    n_training_rows : int
        Rows that were not held out, those that were watched included.
    epochs_run : int
        Epochs that were completed.
    stopped_by : str
        What ended the training, as in `TrainingResult`; or "divergence": then this is the last finite
        network.
    final_loss : float
        Mean loss over the training rows.
    majority : str or None
        Most frequent class of the training rows, where the target is one of classes.
    best_epoch : int or None
        Epoch that the network is from, where that is not the last.
    beside : tuple of str
        Arguments of `fit` that were given beside the table and its settings, and of which a file keeps the
        names alone: sample_weight, validation (rows in a table of their own), masks.
    arithmetic : tuple of int
        Versions of the arithmetic that trained it, as in `History`.
    choice : tuple of (str, float, float)
        What a recipe has mixed, the mean first: what stands for each candidate, its share, and its squared
        error a row alone, of rows that it has not learnt from.
    seed_of_rows : int or None
        Of a network that is one of an ensemble, the seed that settled which rows are held out or watched,
        where these are not those that `seed` would settle.

    Notes
    -----
    That of a whole ensemble has its settings, and what the run of the first network adds.

    Examples
    --------
    >>> from chainrule import Network
    >>> facts = {"n_training_rows": 90, "epochs_run": 10, "stopped_by": "epochs", "final_loss": 0.1}
    >>> settings = FitSettings(hidden=3, rate=0.5, epochs=10, batch_size=1)
    >>> record = TrainingRecord.of(settings, majority=None, best_epoch=None, **facts)
    >>> TrainingRecord.from_json(record.to_json(), Network.random((2, 3, 1))) == record
    True
    """

    n_training_rows: int
    epochs_run: int
    stopped_by: str
    final_loss: float
    majority: str | None
    best_epoch: int | None = None
    beside: tuple[str, ...] = ()
    arithmetic: tuple[int, ...] = (FIRST_ARITHMETIC,)  # of one that does not say so
    seed_of_rows: int | None = None
    choice: tuple[tuple[str, float, float], ...] = ()

    def __post_init__(self) -> None:
        """Nothing is checked: the settings were when the training began, by what it knew."""

    @classmethod
    def of(cls, settings: FitSettings, **facts: Any) -> TrainingRecord:  # noqa: ANN401 (the fields above)
        """Record of a training with these settings."""
        kept = {one.name: plain(getattr(settings, one.name)) for one in settings_of(FitSettings)}
        weights = settings.class_weight
        if isinstance(weights, Mapping):
            kept["class_weight"] = json.dumps(dict(weights))
        if not settings.hidden:
            kept["activation"] = NO_ACTIVATION
        return cls(**{**kept, "threads": None, **facts})

    @property
    def settings(self) -> FitSettings:
        """The settings, to train by them again; InputError where one has a name that nothing here has."""
        kept = {one.name: getattr(self, one.name) for one in settings_of(FitSettings)}
        return FitSettings(**{**kept, "class_weight": self.weights_of_classes})

    @property
    def weights_of_classes(self) -> str | Mapping[str, float] | None:
        """`class_weight` as a fit takes it, which a file keeps as text."""
        weights = self.class_weight
        return _weights_of(weights) if isinstance(weights, str) and weights != BALANCED else weights

    def to_json(self) -> dict[str, Any]:
        """Every setting and fact that a file keeps, under its name; its network tells the others."""
        kept = {name: getattr(self, name) for name in _kept()}
        kept = {name: one for name, one in kept.items() if name not in YOUNGEST or one != YOUNGEST[name]}
        return {name: list(one) if isinstance(one, tuple) else one for name, one in kept.items()}

    @classmethod
    def from_json(cls, data: object, net: Network) -> TrainingRecord:
        """Record from what a file holds and its network, every field checked for its name and type.

        Fields that files of format 1 did not have may be missing: what they tell did not exist then.

        Raises
        ------
        ModelFileError
            A field is missing, unknown, or of another type.
        """
        types = _kept()
        needed = {name for name, (_, is_old) in types.items() if is_old}
        if not isinstance(data, dict) or not needed <= set(data) <= set(types):
            raise _damaged(f"must hold exactly the fields {', '.join(types)}")
        for name, value in data.items():
            allowed = types[name][0]
            if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
                names = (kind.__name__.removesuffix("Type") for kind in allowed)
                words = " | ".join(names).replace("float | int", "float")
                raise _damaged(f"must be {words}, not {str(value)[:40]!r}", f"field {name} of the ")
        weights = data.get("class_weight")
        if weights is not None and weights != BALANCED:
            _weights_of(weights)
        beside = data.get("beside", [])
        if not all(isinstance(one, str) for one in beside):
            raise _damaged("must hold names", "field beside of the ")
        versions = data.get("arithmetic", [FIRST_ARITHMETIC])
        if not versions or not all(type(one) is int and one > 0 for one in versions):
            raise _damaged("must hold versions from 1", "field arithmetic of the ")
        followed = zip(net.layers, net.activations, strict=True)
        activations = [name_of(parametric_layer(layer) or g) for layer, g in followed]
        dense = [m for m, layer in enumerate(net.layers) if LAYERS.fact(layer, "chooses_units")]
        told: dict[str, Any] = {
            "hidden": tuple(net.sizes[m + 1] for m in dense[:-1]),
            "activation": _of_hidden(activations[dense[0] : dense[1]]) if len(dense) > 1 else NO_ACTIVATION,
            "output": activations[-1],
            "loss": name_of(net.loss),
            "dtype": str(net.dtype),
        }
        choice = data.get("choice", [])
        if not all(_is_candidate(one) for one in choice):
            raise _damaged("must hold candidates, shares and errors", "field choice of the ")
        layers = data.get("input_layers", [])
        if not all(isinstance(one, str) for one in layers):
            raise _damaged("must hold names", "field input_layers of the ")
        lists = {"beside": tuple(beside), "arithmetic": tuple(versions), "input_layers": tuple(layers)}
        lists["choice"] = tuple(map(tuple, choice))
        return cls(**{**told, **data, **lists})


def _of_hidden(activations: Sequence[str]) -> str:
    """The activation of a hidden layer, which may stand behind layers of members."""
    return next((name for name in activations if name != NO_ACTIVATION), NO_ACTIVATION)


def _is_candidate(one: object) -> bool:
    """Whether something is the name of a candidate, its share and its error."""
    if not isinstance(one, list) or [type(part) for part in one[1:]] != [float, float]:
        return False
    kind, _, number = str(one[0]).partition(":")
    if kind == "mean":
        return not number
    try:
        is_network = kind.removesuffix(" periodic").isdecimal()
        return (kind == "linear" or is_network) and math.isfinite(float(number))
    except ValueError:
        return False


def _weights_of(text: str) -> dict[str, float]:
    """Weights of classes from the text that a file keeps."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and all(isinstance(one, (int, float)) for one in found.values()):
        return found
    raise _damaged(
        f"must be {BALANCED!r} or a number for each class, not {text[:40]!r}", "field class_weight of the "
    )


FORMAT_BEFORE = 5  # of files that can hold one network of dense layers, trained by what there was then
NO_ACTIVATION = "identity"  # what a record says of hidden layers that there are none of
FACTS: dict[str, tuple[tuple[type, ...], bool]] = {
    "n_training_rows": ((int,), True),
    "epochs_run": ((int,), True),
    "stopped_by": ((str,), True),
    "final_loss": ((float, int), True),
    "majority": ((str, NoneType), True),
    "best_epoch": ((int, NoneType), False),
    "beside": ((list,), False),
    "arithmetic": ((list,), False),
    "seed_of_rows": ((int, NoneType), False),
    "choice": ((list,), False),
}
# What a file does not have where it is this, so that it can be of a format before.
YOUNGEST: dict[str, Any] = {
    "seed_of_rows": None,
    "choice": (),
    **{one.name: plain(one.default) for one in settings_of(FitSettings) if one.since > FORMAT_BEFORE},
}
TYPES: dict[str, tuple[type, ...]] = {
    "NUMBER": (float, int),
    "SHARE": (float, int),
    "N": (int,),
    "NAME": (str,),
    "WEIGHTS": (str,),
    "LAYERS": (list,),
    "FACTORS": (str,),
    "": (bool,),
}


def _damaged(needs: str, field: str = "") -> ModelFileError:
    return ModelFileError(
        f"The {field}training record {needs}.", parameter="path", needs=needs, advice="Fit the model again."
    )


def _kept() -> dict[str, tuple[tuple[type, ...], bool]]:
    """Fields that a file keeps, with their types and whether files of format 1 had them."""
    settings = {
        one.name: (TYPES[one.takes] + ((NoneType,) if one.default is None else ()), one.since == 1)
        for one in settings_of(FitSettings)
        if one.is_recorded
    }
    return {**settings, **FACTS}
