"""Weights of a network as scikit-learn has them, which whoever has the estimator may set."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Array = npt.NDArray[Any]

__all__ = ["OF_ONE_NETWORK", "OfOneNetwork", "Shown"]

OF_ONE_NETWORK = ("coefs_", "intercepts_", "n_layers_")


class OfOneNetwork:
    """Attribute of an estimator of one network: it is what it is set to, and missing where it is not."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, estimator: Any, owner: type) -> Any:
        if estimator is None:
            return self
        what = f"{owner.__name__!r} object has no attribute {self._name!r}"
        if not estimator._by_recipe:
            raise AttributeError(what)
        raise AttributeError(
            f"{what}: it belongs to one network, and predictions are those of several, which are in network_"
        )


class Shown(NamedTuple):
    """Copies of weights, all in one array, so that a glance tells whether they are as they were.

    Attributes
    ----------
    numbers, as_they_were : arrays of shape (n_weights,)
    coefs, intercepts : tuples of arrays
        Parts of `numbers`: for each layer weights of shape (n_in, n_out), and bias weights.

    Examples
    --------
    >>> shown = Shown.of([np.array([[0.5, 1.0, 2.0]])])
    >>> shown.coefs[0].tolist(), shown.intercepts[0].tolist()
    ([[1.0], [2.0]], [0.5])
    >>> shown.coefs[0][0] = 3.0
    >>> shown.are_still(shown.coefs, shown.intercepts)
    False
    """

    numbers: Array
    as_they_were: Array
    coefs: tuple[Array, ...]
    intercepts: tuple[Array, ...]

    @classmethod
    def of(cls, weights: Sequence[Array]) -> Shown:
        """Copies of the weights of a network."""
        numbers = np.concatenate([part for w in weights for part in (w[:, 1:].T.ravel(), w[:, 0])])
        coefs, intercepts, at = [], [], 0
        for n_out, n_columns in (w.shape for w in weights):
            size = n_out * (n_columns - 1)
            coefs.append(numbers[at : at + size].reshape(n_columns - 1, n_out))
            intercepts.append(numbers[at + size : at + size + n_out])
            at += size + n_out
        return cls(numbers, numbers.copy(), tuple(coefs), tuple(intercepts))

    def are_still(self, coefs: Sequence[Array], intercepts: Sequence[Array]) -> bool:
        """Whether an estimator has these very arrays, and their numbers are as they were."""
        if len(coefs) != len(self.coefs) or len(intercepts) != len(self.intercepts):
            return False
        same = all(map(is_, coefs, self.coefs)) and all(map(is_, intercepts, self.intercepts))
        return same and bool((self.numbers == self.as_they_were).all())
