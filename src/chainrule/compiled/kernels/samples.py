"""Samples on their way into and out of a kernel's memory."""

from __future__ import annotations

from chainrule.compiled.language.vectors import first_lanes, lanes, load, store
from chainrule.compiled.machine.compiling import part

__all__ = ["copy_numbers"]


@part(forceinline=True)
def copy_numbers(target, to, source, begin, n):
    """Copy n numbers; what follows them in the target stays."""
    j = 0
    while j + lanes(target) <= n:
        store(target, to + j, load(source, begin + j))
        j += lanes(target)
    if j < n and begin + j + lanes(target) <= len(source) and to + j + lanes(target) <= len(target):
        rest = first_lanes(n - j, load(source, begin + j), load(target, to + j))
        store(target, to + j, rest)
    else:
        while j < n:
            target[to + j] = source[begin + j]
            j += 1
