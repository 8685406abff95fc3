"""Random numbers that a seed, a purpose and a counter settle, wherever they are drawn.

The stream is Philox, a counter-based generator: number i of a stream is a function of
(seed, purpose, counter, i) and of nothing that was drawn before. NumPy promises its *raw* Philox
numbers for good, but not what it makes of them, so floats and permutations are made here.

References
----------
Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC '11.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import numpy as np

from chainrule.given import check_seed

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Purpose", "permutation", "raw_numbers", "uniform"]

UNIT_OF_53_BITS = 2.0**-53
NUMBERS_A_BLOCK = 4  # Philox makes four 64-bit numbers of one value of its counter


class Purpose(enum.IntEnum):
    """What a stream is for: two purposes never share a number. The values are part of the arithmetic."""

    START = 1
    SPLIT = 2
    SHUFFLE = 3
    SAMPLE = 4
    DROPOUT = 5
    VALIDATION = 6
    FOLDS = 7
    BOOTSTRAP = 8


def raw_numbers(
    n: int, *, seed: int, purpose: Purpose, counter: int = 0, first: int = 0
) -> npt.NDArray[np.uint64]:
    """Draw `n` 64-bit numbers of the stream (seed, purpose, counter), from number `first` on.

    Examples
    --------
    >>> [int(number) for number in raw_numbers(2, seed=0, purpose=Purpose.START)]
    [15003734204198539638, 13859618513508960101]
    """
    block, skipped = divmod(first, NUMBERS_A_BLOCK)
    words = np.array([block, 0, 0, counter], dtype=np.uint64)
    key = np.array([check_seed(seed), int(purpose)], dtype=np.uint64)
    return np.random.Philox(counter=words, key=key).random_raw(skipped + n)[skipped:]


def uniform(
    n: int, *, seed: int, purpose: Purpose, counter: int = 0, first: int = 0
) -> npt.NDArray[np.float64]:
    """Draw `n` floats, each a multiple of 2**-53, uniform in [0, 1), from number `first` of the stream on.

    Examples
    --------
    >>> uniform(2, seed=0, purpose=Purpose.START).tolist()
    [0.8133540609793564, 0.7513314251083365]
    >>> uniform(1, seed=0, purpose=Purpose.START, first=1).tolist()
    [0.7513314251083365]
    """
    raw = raw_numbers(n, seed=seed, purpose=purpose, counter=counter, first=first)
    return (raw >> np.uint64(11)).astype(np.float64) * UNIT_OF_53_BITS


def permutation(n: int, *, seed: int, purpose: Purpose, counter: int = 0) -> npt.NDArray[np.intp]:
    """Draw an order of the numbers 0 to n - 1, every order as likely as any other.

    The order is that which sorts `n` raw numbers; equal ones (chance below n**2 / 2**65) keep theirs.

    Examples
    --------
    >>> permutation(5, seed=0, purpose=Purpose.SHUFFLE).tolist()
    [4, 0, 1, 2, 3]
    """
    raw = raw_numbers(n, seed=seed, purpose=purpose, counter=counter)
    return np.argsort(raw, kind="stable")
