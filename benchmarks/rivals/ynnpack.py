"""JAX's products kept to AVX2.

XLA's flag keeps its own code to AVX2, but products go to YNNPACK, which looks at the processor alone and has
no setting. XLA can switch it off, but then JAX is slower by a sixth than on a machine with AVX2. So what
YNNPACK found is cut down in its memory.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from pathlib import Path

import jaxlib

from benchmarks.rivals import Unavailable

__all__ = ["keep_to_avx2"]

LIBRARY = Path(jaxlib.__file__).with_name("libjax_common.so")
FUNCTION = b"_ZN3ynn24get_supported_arch_flagsEv"
FLAGS = b"_ZZN3ynn24get_supported_arch_flagsEvE5flags"
UP_TO_AVX2 = 0x7F  # sse2, ssse3, sse4.1, avx, f16c, avx2, fma3 are its lowest bits
SYMBOL = struct.Struct("<IBBHQQ")  # of ELF, 64 bits: name, info, other, section, value, size


def keep_to_avx2() -> None:
    """Let YNNPACK look at the processor, and forget what is beyond AVX2. JAX must have been imported.

    Raises
    ------
    Unavailable
        It is not where it was expected.
    """
    try:
        function, flags = (_address(name) for name in (FUNCTION, FLAGS))
    except (OSError, ValueError) as error:
        message = f"JAX cannot be kept to AVX2: {error}"
        raise Unavailable(message) from error
    ask = ctypes.CFUNCTYPE(ctypes.c_uint64)(function)
    found = ask()
    kept = ctypes.c_uint64.from_address(flags)
    if kept.value != found:
        message = "JAX cannot be kept to AVX2: YNNPACK keeps what it found elsewhere"
        raise Unavailable(message)
    kept.value = found & UP_TO_AVX2
    if ask() != found & UP_TO_AVX2:
        message = "JAX cannot be kept to AVX2: YNNPACK does not heed what it is told"
        raise Unavailable(message)


def _address(name: bytes) -> int:
    """Where a symbol of JAX's library is in this process."""
    with LIBRARY.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as library:
        return _base() + _value(library, name)


def _base() -> int:
    """Where the library begins in memory."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        place, rights, offset, *_, path = line.split()
        if path.endswith(LIBRARY.name) and rights.endswith("p") and int(offset, 16) == 0:  # ours is shared
            return int(place.split("-")[0], 16)
    message = f"{LIBRARY.name} is not loaded"
    raise ValueError(message)


def _value(library: mmap.mmap, name: bytes) -> int:
    """Value of a symbol in an ELF file, from its table of all symbols."""
    (sections,) = struct.unpack_from("<Q", library, 0x28)
    size, count = struct.unpack_from("<HH", library, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", library, sections + k * size) for k in range(count)]
    for _, kind, _, _, begin, length, link, *_ in headers:
        if kind != 2:  # noqa: PLR2004 -- a table of symbols
            continue
        names = headers[link][4]
        place = library.find(b"\0" + name + b"\0", names, names + headers[link][5])
        if place < 0:
            break
        wanted = struct.pack("<I", place + 1 - names)
        at = begin
        while (at := library.find(wanted, at, begin + length)) >= 0:
            if (at - begin) % SYMBOL.size == 0:
                return int(SYMBOL.unpack_from(library, at)[4])
            at += 1
    message = f"{LIBRARY.name} does not name {name.decode()}"
    raise ValueError(message)
