"""The compiled engine: kernels that are checked against the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.compiled.codes import activation_codes, check_loss
from chainrule.compiled.trainer import Trainer

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.network import Network
    from chainrule.training.settings import Settings

__all__ = ["CompiledEngine"]


class CompiledEngine(Trainer):
    """A trainer of packed weights that knows networks and settings."""

    def __init__(self, net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any], settings: Settings) -> None:
        check_loss(net.loss)
        self._threads_given = settings.threads
        super().__init__(
            net.weights,
            activation_codes(net.activations),
            X,
            Y,
            batch_size=settings.batch_size,
            rate=settings.rate,
            threads=settings.threads,
        )

    def outputs(self, net: Network, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Outputs of a network, by the compiled forward pass."""
        return net(X, threads=self._threads_given)
