"""What writing and reading a model file share: where its parts stand."""

from __future__ import annotations

__all__ = ["ENTRY", "FORMAT", "FORMAT_OF_ONE", "LENGTH_BYTES", "NO_DIGEST", "may_begin", "with_digest"]

# 1 had no field "state", 2 no field "report" and no parts of the encoding but the oldest, 3 no field "holds",
# 4 no fields "arithmetic" of a training and of a state, 5 no fields "members", "layers" and "calibration".
# One network alone is still written as 5 where that can hold all of it.
FORMAT, FORMAT_OF_ONE = 6, 5
ENTRY = "chainrule"
NO_DIGEST = "0" * 64
LENGTH_BYTES = 8  # the file begins with the length of its header
MOST_HEADER_BYTES = 100_000_000  # the limit of the safetensors format


def with_digest(content: bytes, old: str, new: str) -> bytes:
    """Content with the 64 digits replaced."""
    return content.replace(f'\\"sha256\\":\\"{old}\\"'.encode(), f'\\"sha256\\":\\"{new}\\"'.encode(), 1)


def may_begin(begin: bytes, size: int) -> bool:
    """Whether a file of this size can be safetensors, by its length of the header and one byte more."""
    length = int.from_bytes(begin[:LENGTH_BYTES], "little")
    possible = len(begin) > LENGTH_BYTES and length <= min(size - LENGTH_BYTES, MOST_HEADER_BYTES)
    return possible and begin[LENGTH_BYTES:] == b"{"
