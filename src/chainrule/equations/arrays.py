"""What the equations need to know of an array library: its namespace. The one import of array-api-compat."""

from __future__ import annotations

from typing import Any, TypeAlias

from array_api_compat import array_namespace

__all__ = ["Array", "array_namespace", "real_part"]

# An array of any library that follows the array API standard; the standard has no static type for it.
Array: TypeAlias = Any


def real_part(z: Array) -> Array:
    """Real part of a complex array; a real array as it is."""
    xp = array_namespace(z)
    return xp.real(z) if xp.isdtype(z.dtype, "complex floating") else z
