"""Settings for a table about which nothing was said."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Defaults", "default_settings"]

SMALL, LARGE = 500, 20_000  # training rows


@dataclass(frozen=True)
class Defaults:
    """Hidden units and training settings.

    Examples
    --------
    >>> default_settings(n_rows=112, classes=True).batch_size
    1
    """

    hidden: tuple[int, ...]
    rate: float
    epochs: int
    batch_size: int


def default_settings(n_rows: int, *, classes: bool) -> Defaults:
    """Settings for so many training rows and this kind of output.

    Classes in a small table are learnt sample by sample as in the notes; all else in batches. Epochs fall
    as rows grow, so that a fit of an ordinary table ends within minutes.

    Examples
    --------
    >>> default_settings(n_rows=330, classes=False)
    Defaults(hidden=(8,), rate=0.1, epochs=100, batch_size=32)
    """
    if classes:
        if n_rows < SMALL:
            return Defaults((8,), rate=0.5, epochs=100, batch_size=1)
        return Defaults((32,), rate=2.0, epochs=100 if n_rows < LARGE else 30, batch_size=16)
    if n_rows < SMALL:
        return Defaults((8,), rate=0.1, epochs=100, batch_size=32)
    return Defaults((16,), rate=0.1, epochs=300 if n_rows < LARGE else 30, batch_size=32)
