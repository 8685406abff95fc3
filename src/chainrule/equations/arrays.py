"""What the equations need to know of an array library: its namespace. The one import of array-api-compat."""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["Array", "array_namespace", "real_part"]

# An array of any library that follows the array API standard; the standard has no static type for it.
Array: TypeAlias = Any

_FOUND: dict[tuple[type, ...], Any] = {}  # finding one takes longer than adding up two small arrays


def array_namespace(*arrays: Array) -> Any:  # noqa: ANN401 (a module, which has no type of its own)
    """Functions of the library that some arrays are of."""
    types = tuple(map(type, arrays))
    if types not in _FOUND:
        import array_api_compat  # noqa: PLC0415 (the command line's help names the equations' classes only)

        _FOUND[types] = array_api_compat.array_namespace(*arrays)
    return _FOUND[types]


def real_part(z: Array) -> Array:
    """Real part of a complex array; a real array as it is."""
    xp = array_namespace(z)
    return xp.real(z) if xp.isdtype(z.dtype, "complex floating") else z
