"""All weights of a network as one row of numbers, as the rules that use curvature have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import InputError, argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.network import Network

    Matrices = Sequence[npt.NDArray[Any]]

__all__ = ["Flat", "check_float64"]


class Flat:
    """How the numbers of some matrices lie in a row: one after the other, then zeros up to some multiple.

    Where there are stacks of matrices, they are rows: shape (..., n_numbers).

    Examples
    --------
    >>> flat = Flat([np.zeros((1, 2)), np.zeros((1, 1))], multiple_of=4)
    >>> flat.numbers([np.array([[1.0, 2.0]]), np.array([[3.0]])])
    array([1., 2., 3., 0.])
    >>> flat.matrices(np.array([1.0, 2.0, 3.0, 0.0]))
    (array([[1., 2.]]), array([[3.]]))
    """

    def __init__(self, like: Matrices, *, multiple_of: int = 1) -> None:
        ends = np.cumsum([matrix.size for matrix in like]).tolist()
        self._places = [
            (slice(end - matrix.size, end), matrix.shape) for matrix, end in zip(like, ends, strict=True)
        ]
        self._length = -(-ends[-1] // multiple_of) * multiple_of

    def numbers(self, matrices: Matrices) -> npt.NDArray[Any]:
        """The row of some matrices."""
        stacks = matrices[0].shape[:-2]
        numbers = np.zeros((*stacks, self._length))
        for matrix, (place, _) in zip(matrices, self._places, strict=True):
            numbers[..., place] = matrix.reshape(*stacks, -1)
        return numbers

    def matrices(self, numbers: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """The matrices in a row."""
        stacks = numbers.shape[:-1]
        return tuple(numbers[..., place].reshape(*stacks, *shape) for place, shape in self._places)


def check_float64(net: Network, rule_name: str) -> None:
    """Raise InputError for a network with too few digits."""
    if net.dtype != np.float64:
        raise InputError(
            f"The network is {net.dtype}",
            parameter="net",
            given=net,
            needs=f"the update rule {rule_name} needs float64: it compares losses that differ in their last "
            "digits",
            advice=f"Make it with {argument('dtype', 'float64')}.",
        )
