"""How a network came about, as a model file keeps it."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from chainrule.errors import ModelFileError

__all__ = ["TrainingRecord"]


@dataclass(frozen=True)
class TrainingRecord:
    """How a network came about: enough to get it again to the last bit from the same table.

    Attributes
    ----------
    rate, epochs, batch_size, shuffle, seed, loss_goal
        As `train` took them; also `rule`, `schedule`, `clip_norm`, `l1`, `l2`, `dropout`, `patience`,
        `metric` and `stopping`.
    start : str
        Formula of the first weights.
    held_out : float
        Share of rows that was held out.
    n_training_rows : int
        Rows that were not, those that were watched included.
    epochs_run : int
        Epochs that were completed.
    stopped_by : str
        What ended the training, as in `TrainingResult`; or "divergence": then this is the last finite
        network.
    final_loss : float
        Mean loss over the training rows.
    majority : str or None
        Most frequent class of the training rows, where the target is one of classes.
    validation : float
        Share of the training rows that were watched and not learnt from.
    best_epoch : int or None
        Epoch that the network is from, where that is not the last.
    class_weight : str or None
        "balanced", or classes with their weights.

    Examples
    --------
    >>> settings = (0.5, 10, 1, True, 0, None, "glorot_uniform")
    >>> record = TrainingRecord(*settings, 0.25, 90, 10, "epochs", 0.1, None)
    >>> TrainingRecord.from_json(record.to_json()) == record
    True
    """

    rate: float | None
    epochs: int
    batch_size: int
    shuffle: bool
    seed: int
    loss_goal: float | None
    start: str
    held_out: float
    n_training_rows: int
    epochs_run: int
    stopped_by: str
    final_loss: float
    majority: str | None
    rule: str = "descent"
    schedule: str = "constant"
    clip_norm: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    patience: int | None = None
    metric: str = "loss"
    stopping: str | None = None
    validation: float = 0.0
    best_epoch: int | None = None
    class_weight: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Every setting under its name."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> TrainingRecord:
        """Record from what a file holds, every field checked for its name and type.

        Fields that files of format 1 did not have may be missing: what they tell did not exist then.

        Raises
        ------
        ModelFileError
            A field is missing, unknown, or of another type.
        """
        names = [field.name for field in fields(cls)]
        needed = {field.name for field in fields(cls) if field.default is MISSING}
        if not isinstance(data, dict) or not needed <= set(data) <= set(names):
            message = f"The training record must hold exactly the fields {', '.join(names)}."
            raise ModelFileError(message)
        for name in data:
            if not _fits(data[name], cls.__annotations__[name]):
                message = (
                    f"The field {name} of the training record must be {cls.__annotations__[name]}, "
                    f"not {str(data[name])[:40]!r}."
                )
                raise ModelFileError(message)
        return cls(**data)


def _fits(value: object, annotation: str) -> bool:
    """Whether a JSON value is of an annotated type."""
    types: dict[str, tuple[type, ...]] = {
        "float": (float, int),
        "int": (int,),
        "bool": (bool,),
        "str": (str,),
        "None": (type(None),),
    }
    allowed = tuple(kind for name in annotation.split(" | ") for kind in types[name])
    return isinstance(value, allowed) and (annotation == "bool" or not isinstance(value, bool))
