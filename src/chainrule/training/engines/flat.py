"""All weights of a network as one row of numbers, as the rules that use curvature have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.network import Network

    Matrices = Sequence[npt.NDArray[Any]]

__all__ = ["check_float64", "flattened", "shaped"]


def flattened(matrices: Matrices, *, multiple_of: int = 1) -> npt.NDArray[Any]:
    """All numbers of some matrices, one after the other, then zeros up to such a multiple.

    Matrices may come in stacks, which become rows: shape (..., n_numbers).

    Examples
    --------
    >>> flattened([np.array([[1.0, 2.0]]), np.array([[3.0]])], multiple_of=4)
    array([1., 2., 3., 0.])
    """
    rows = [matrix.reshape(*matrix.shape[:-2], -1) for matrix in matrices]
    n_left = -sum(row.shape[-1] for row in rows) % multiple_of
    return np.concatenate([*rows, np.zeros((*rows[0].shape[:-1], n_left))], axis=-1)


def shaped(numbers: npt.NDArray[Any], like: Matrices) -> tuple[npt.NDArray[Any], ...]:
    """The matrices again, without the zeros.

    Examples
    --------
    >>> shaped(np.array([1.0, 2.0, 3.0]), [np.zeros((1, 2)), np.zeros((1, 1))])
    (array([[1., 2.]]), array([[3.]]))
    """
    stacks = numbers.shape[:-1]
    ends = np.cumsum([matrix.size for matrix in like]).tolist()
    return tuple(
        numbers[..., end - matrix.size : end].reshape(*stacks, *matrix.shape)
        for matrix, end in zip(like, ends, strict=True)
    )


def check_float64(net: Network, rule_name: str) -> None:
    """Raise InputError for a network with too few digits."""
    if net.dtype != np.float64:
        message = (
            f"The network is {net.dtype} but the update rule {rule_name} needs float64: it compares losses "
            "that differ in their last digits. Make it with dtype='float64'."
        )
        raise InputError(message)
