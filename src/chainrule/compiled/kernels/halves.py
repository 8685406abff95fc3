"""How the rows of a large batch are divided into blocks, and in which order what they give is added.

A batch of more than 512 rows is divided in two halves, the first of which has one row more where their
number is odd, and each half again, until none has more than 512 rows: these are the blocks. A block's sums
are chains over its rows, in their order. The sum of a half is that of its first half plus that of its second.

So whoever knows the number of rows knows every block, and who adds up a half needs nothing of the other one:
threads share the halves out, and machines may.
"""

from __future__ import annotations

from chainrule.compiled.machine.compiling import part

__all__ = ["BLOCK_ROWS", "block_at", "levels_of", "node_of"]

BLOCK_ROWS = 512


def levels_of(rows: int) -> int:
    """How often so many rows are halved.

    Examples
    --------
    >>> [levels_of(rows) for rows in (512, 513, 1024, 1025, 10_000)]
    [0, 1, 1, 2, 5]
    """
    return 0 if rows <= BLOCK_ROWS else 1 + levels_of((rows + 1) // 2)


@part
def block_at(row, begin, stop):
    """Where the block that begins at a row ends, and how many halves are complete with it.

    The rows that are halved are those from `begin` up to `stop`. So many times what is added up last is to
    be added to what stands before it.

    Examples
    --------
    >>> rows, found = 0, []
    >>> while rows < 2000:
    ...     rows, complete = block_at.py_func(rows, 0, 2000)
    ...     found.append((rows, complete))
    >>> found
    [(500, 0), (1000, 1), (1500, 0), (2000, 2)]
    """
    complete = 0
    while stop - begin > BLOCK_ROWS:
        middle = begin + (stop - begin + 1) // 2
        if row < middle:
            stop, complete = middle, 0
        else:
            begin, complete = middle, complete + 1
    return stop, complete


@part
def node_of(place, levels, begin, stop):
    """Rows of one of the parts that are left after so many halvings, counted from 0 on; their begin and end.

    Where rows are halved less often because they are a block before, the first of the places that they would
    have been divided into has them, and the others have none.

    Examples
    --------
    >>> [node_of.py_func(place, 2, 0, 1025) for place in range(4)]
    [(0, 257), (257, 513), (513, 1025), (513, 513)]
    """
    for level in range(levels - 1, -1, -1):
        if stop - begin <= BLOCK_ROWS:
            return begin, (stop if place % (2 << level) == 0 else begin)
        middle = begin + (stop - begin + 1) // 2
        if (place >> level) % 2 == 1:
            begin = middle
        else:
            stop = middle
    return begin, stop
