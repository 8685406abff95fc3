"""Settings for a table about which nothing was said."""

from __future__ import annotations

from dataclasses import replace

from chainrule.errors import UnknownNameError
from chainrule.settings import FitSettings
from chainrule.words import quoted

__all__ = ["DEFAULTS", "default_settings"]

SMALL, ENOUGH_TO_WATCH, LARGE = 500, 2000, 20_000  # training rows
DEFAULTS = ("modern", "notes")


def default_settings(name: str, n_rows: int, *, classes: bool) -> FitSettings:
    """Settings of this name for so many training rows and this kind of target.

    The system of the lecture notes, "notes", is logistic units, RSS and gradient descent; classes in a small
    table are learnt sample by sample, all else in batches. What does best on tables of all kinds, as far as
    they were tried, is "modern": see docs/decisions.

    Raises
    ------
    UnknownNameError
        There are no such defaults.

    Examples
    --------
    >>> default_settings("notes", n_rows=330, classes=False).hidden
    (8,)
    """
    if not isinstance(name, str) or name not in DEFAULTS:
        given = name if isinstance(name, str) else quoted(name)
        raise UnknownNameError("set of defaults", given, DEFAULTS, "defaults")
    return _notes(n_rows, classes=classes) if name == "notes" else _modern(n_rows, classes=classes)


def _notes(n_rows: int, *, classes: bool) -> FitSettings:
    """Logistic units, RSS and descent. Epochs fall as rows grow, so that a fit ends within minutes."""
    output = "logistic" if classes else "identity"
    small = FitSettings(hidden=(8,), output=output, rate=0.5, epochs=100, batch_size=1)
    if classes:
        if n_rows < SMALL:
            return small
        return replace(small, hidden=(32,), rate=2.0, epochs=100 if n_rows < LARGE else 30, batch_size=16)
    numbers = replace(small, rate=0.1, batch_size=32)
    if n_rows < SMALL:
        return numbers
    return replace(numbers, hidden=(16,), epochs=300 if n_rows < LARGE else 30)


def _modern(n_rows: int, *, classes: bool) -> FitSettings:
    """Rectified units, softmax and cross-entropy for classes, Adam.

    A table with few rows can spare none to watch: a penalty keeps the network small, and the epochs are few.
    A larger one has an early stop.
    """
    small = FitSettings(
        hidden=(64,),
        activation="relu",
        output="softmax" if classes else "identity",
        loss="cross_entropy" if classes else "rss",
        rule="adam",
        rate=0.003,
        epochs=60,
        batch_size=32,
        l2=0.003 if classes else 0.01,
    )
    if n_rows < ENOUGH_TO_WATCH:
        return small
    return replace(
        small, l2=0.0001, rate=0.001, epochs=200 if n_rows < LARGE else 50, patience=10, validation=0.1
    )
