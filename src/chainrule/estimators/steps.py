"""One epoch over the rows of a call of `partial_fit`, by an engine that is kept ready for the next call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.network import as_sample_weight
from chainrule.random_streams import Purpose, permutation
from chainrule.training import Epoch, Trainer

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.network import Network
    from chainrule.settings import Settings

    Array = npt.NDArray[Any]

__all__ = ["Kept", "epoch_of"]

OF_A_TRAINER = ("rate", "batch_size", "seed", "threads", "rule", "clip_norm", "l1", "l2")


class Kept(NamedTuple):
    """A trainer, what it was made with, and the network that it has led to.

    Attributes
    ----------
    trainer : Trainer
    made_with : tuple
    network : Network
    """

    trainer: Trainer
    made_with: tuple[Any, ...]
    network: Network


def epoch_of(  # noqa: PLR0917 (called in one place)
    estimator: Any, net: Network, X: Array, Y: Array, weight: Array | None, settings: Settings, engine: str
) -> tuple[Epoch, Network]:
    """Train for one epoch from where an estimator stands; what came of it, to the bit that of one long `fit`.

    Raises
    ------
    DivergenceError
        The estimator stands where it stood.
    """
    given = {name: getattr(settings, name) for name in OF_A_TRAINER}
    made_with = (*(given[name] for name in OF_A_TRAINER if name != "rate"), engine)
    kept: Kept | None = estimator._kept
    if kept is None or kept.made_with != made_with or kept.network is not net:
        trainer = Trainer(net, **given, engine=engine, resume=estimator._standing(net, settings.rule))
    else:
        trainer = kept.trainer
    n, number = len(X), estimator._n_epochs + 1
    weight = as_sample_weight(weight, n, X.dtype)
    if settings.shuffle:
        order = permutation(n, seed=settings.seed, purpose=Purpose.SHUFFLE, counter=number)
        X, Y, weight = X[order], Y[order], None if weight is None else weight[order]
    loss = trainer.step(X, Y, sample_weight=weight, rate=settings.rate)
    estimator._kept = Kept(trainer, made_with, trainer.network)
    return Epoch(number, loss, 0.0, settings.rate, None, None), trainer.network
