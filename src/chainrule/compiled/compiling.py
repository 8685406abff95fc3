"""How parts of kernels are compiled: without Numba's reference counting, so that they cannot allocate.

Else every call that hands an array on would count a reference up and down, with two locked additions each:
online training of 64-32-10 spent a tenth of its time on them, batches of it a seventh.
"""

from __future__ import annotations

from functools import partial

from numba import njit

__all__ = ["inlined", "part"]

part = partial(njit, _nrt=False)
inlined = partial(njit, inline="always")
