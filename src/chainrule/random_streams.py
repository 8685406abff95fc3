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

from chainrule.elementary import logarithm, sine_and_cosine_of_turns
from chainrule.given import check_seed

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Purpose", "normal", "permutation", "raw_numbers", "uniform"]

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
    START_FROM_DATA = 9


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


def normal(
    n: int, *, seed: int, purpose: Purpose, counter: int = 0, first: int = 0
) -> npt.NDArray[np.float64]:
    r"""Draw `n` floats, normal with mean 0 and variance 1, from number `first` of the stream on.

    Numbers 2i and 2i + 1 are made of the uniform numbers u and v of these places, as Box and Muller have it:

    .. math:: \sqrt{-2 \ln(1 - u)}\, \cos 2 \pi v, \qquad \sqrt{-2 \ln(1 - u)}\, \sin 2 \pi v

    Notes
    -----
    The same bits on every machine, since the functions are this package's own. None is beyond 8.6, as 1 - u
    is at least 2**-53.

    References
    ----------
    Box & Muller (1958), A note on the generation of random normal deviates, Annals of Mathematical
    Statistics 29.

    Examples
    --------
    >>> normal(3, seed=0, purpose=Purpose.START).tolist()
    [0.015327545985114934, -1.8321704965501604, -1.4840468912473292]
    >>> normal(1, seed=0, purpose=Purpose.START, first=1).tolist()
    [-1.8321704965501604]
    """
    skipped = first % 2
    numbers = uniform(
        (skipped + n + 1) // 2 * 2, seed=seed, purpose=purpose, counter=counter, first=first - skipped
    )
    radius = np.sqrt(-2 * logarithm(1 - numbers[::2]))
    waves = sine_and_cosine_of_turns(numbers[1::2])
    pairs = np.stack([radius * waves.cosine, radius * waves.sine], axis=1)
    return pairs.reshape(-1)[skipped : skipped + n]


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
