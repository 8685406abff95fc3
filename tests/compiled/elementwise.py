"""Functions on vectors of `chainrule.compiled.language.elementary`, over whole arrays."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from chainrule.compiled.language import elementary
from chainrule.compiled.language.vectors import lanes, load, store

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

__all__ = ["computed"]


@cache
def _over(name: str) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], None]:
    function = getattr(elementary, name)

    @njit(nogil=True)
    def over(x, y):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        for i in range(0, len(x), lanes(x)):
            store(y, i, function(load(x, i)))

    return over  # type: ignore[no-any-return]


def computed(name: str, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What the kernels' function of this name gives; the last vector is filled up with zeros."""
    padded = np.concatenate([x, np.zeros(-len(x) % 16, x.dtype)])
    results = np.empty_like(padded)
    _over(name)(padded, results)
    return results[: len(x)]
