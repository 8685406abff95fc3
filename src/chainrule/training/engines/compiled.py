"""The compiled engine: kernels that are checked against the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from chainrule.compiled.codes import activation_codes, loss_code
from chainrule.compiled.evaluation import RowLosses
from chainrule.compiled.kernels.epochs import train_epochs
from chainrule.compiled.trainer import Trainer
from chainrule.compiled.twins.curvature import direction_of
from chainrule.equations import RULES, rate_factors
from chainrule.training.dropout import kept_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.settings import Settings
    from chainrule.training.task import Rows, Task

__all__ = ["CompiledEngine"]


# What it takes to compile the kernel of many epochs, about a second of a processor, is not for a short trial.
EPOCHS_WORTH_A_KERNEL = 500
EPOCHS_IN_ALL = 2000  # of several trainings in one process


class CompiledEngine(Trainer):
    """A trainer of packed weights that knows tasks and settings."""

    converged = False  # a rule of this engine never says so
    direction_of = staticmethod(direction_of)
    epochs_without: ClassVar[int] = 0  # in all trainings so far, while the kernel was not there

    def __init__(self, task: Task, settings: Settings) -> None:
        net = task.net
        self._net = net
        codes = activation_codes(net.activations), loss_code(net.loss, net.activations[-1])
        self._row_losses = RowLosses(net.sizes, *codes, settings.threads, net.layers)

        def kept(epoch: int, first: int, n_samples: int) -> npt.NDArray[Any]:
            return kept_numbers(settings, net, epoch, first, n_samples)

        super().__init__(
            net.weights,
            net.activations,
            net.loss,
            task.X,
            task.Y,
            sample_weight=task.sample_weight,
            batch_size=settings.batch_size or 1,
            rule=settings.rule if RULES.fact(settings.rule, "engine") is None else None,
            l1=settings.l1,
            l2=settings.l2,
            clip_norm=settings.clip_norm,
            masks=task.masks,
            factors=rate_factors(settings.rate_factors, settings.bias_rate, net.weights, net.layers),
            dropout=kept if settings.dropout and len(net.weights) > 1 else None,
            threads=settings.threads,
            kinds=net.layers,
        )

    def go_on_with(self, rows: Rows, batch_size: int, place: int) -> bool:
        """Train on these rows from now on; False where that needs another engine."""
        return self.take(rows.X, rows.Y, rows.sample_weight, batch_size, place)

    def in_blocks(self, n_epochs: int) -> Self | None:
        """Itself, where so many epochs pay for the kernel, or all so far, or it is there already."""
        if n_epochs >= EPOCHS_WORTH_A_KERNEL or train_epochs.is_at_hand(self._net.dtype):
            return self
        CompiledEngine.epochs_without += n_epochs
        return self if CompiledEngine.epochs_without >= EPOCHS_IN_ALL else None

    def losses(
        self,
        weights: Sequence[npt.NDArray[Any]],
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None,
    ) -> npt.NDArray[Any]:
        """Loss of each sample times its weight, by the compiled forward pass."""
        return self._row_losses(weights, X, Y, sample_weight)
