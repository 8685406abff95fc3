"""What writing and reading a model file share: where its parts stand."""

from __future__ import annotations

__all__ = ["ENTRY", "FORMAT", "LENGTH_BYTES", "NO_DIGEST", "WITHOUT_NEWS", "may_begin", "with_digest"]

# 1 had no field "state", 2 no field "report" and no parts of the encoding but the oldest, 3 no field "holds",
# 4 no fields "arithmetic" of a training and of a state, 5 no field "calibration" and no setting of 6 on.
FORMAT = 6
WITHOUT_NEWS = 5  # what a file has that holds nothing that came with later formats
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
