"""The version of the arithmetic that trains: which order its sums have.

The same table, settings and seed give the same bits by the same version. Where a sum gets another order, a
training that is long under way would go on to other last digits; so files say by which version theirs came
about, and going on across one is said.

1
    Every sum over the samples of a batch is one chain, or one in each lane.
2
    A batch of more than 512 rows is halved, and each half again, until none has more. The parts are summed
    each by itself, and the sums added half by half.

Predictions are the same bits in all of them: no sum of theirs goes over samples.
"""

from __future__ import annotations

__all__ = ["ARITHMETIC", "FIRST_ARITHMETIC", "ends_alike"]

ARITHMETIC, FIRST_ARITHMETIC = 2, 1
MOST_ROWS_OF_A_CHAIN = 512  # since 2


def ends_alike(version: int, rows_a_batch: int) -> bool:
    """Whether batches of so many rows are the same bits by a version as by that of today.

    Examples
    --------
    >>> ends_alike(1, 512), ends_alike(1, 513), ends_alike(ARITHMETIC, 513)
    (True, False, True)
    """
    is_older = version < ARITHMETIC  # of a later one nothing is known
    return version == ARITHMETIC or (is_older and rows_a_batch <= MOST_ROWS_OF_A_CHAIN)
