"""Settings for a table about which nothing was said."""

from __future__ import annotations

from dataclasses import replace

from chainrule.errors import UnknownNameError
from chainrule.settings import FitSettings
from chainrule.words import quoted

__all__ = ["DEFAULTS", "check_defaults", "default_settings"]

SMALL, ENOUGH_TO_WATCH, LARGE = 500, 2000, 20_000  # training rows
DEFAULTS = ("modern", "modern-2", "modern-1", "notes")


def default_settings(name: str, n_rows: int, *, classes: bool) -> FitSettings:
    """Settings of this name for so many training rows and this kind of target.

    The system of the lecture notes, "notes", is logistic units in every layer, RSS, and gradient descent with
    an update after each row, whatever the target. What does best on tables of all kinds, as far as they were
    tried, is "modern": see docs/decisions.

    Raises
    ------
    UnknownNameError
        There are no such defaults.

    Examples
    --------
    >>> default_settings("notes", n_rows=330, classes=False).hidden
    (8,)
    """
    return _notes(n_rows) if check_defaults(name) == "notes" else _modern(n_rows, classes=classes)


def check_defaults(name: object) -> str:
    """The name of a set of defaults; UnknownNameError for what is none.

    Examples
    --------
    >>> check_defaults("notes")
    'notes'
    """
    if isinstance(name, str) and name in DEFAULTS:
        return name
    raise UnknownNameError(
        "set of defaults", name if isinstance(name, str) else quoted(name), DEFAULTS, "defaults"
    )


def _notes(n_rows: int) -> FitSettings:
    """Logistic units, RSS, an update after each row. Epochs fall as rows grow, so that a fit ends in time."""
    small = FitSettings(hidden=(8,), rate=0.2, epochs=100, batch_size=1)
    return small if n_rows < SMALL else replace(small, hidden=(32,), epochs=100 if n_rows < LARGE else 30)


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
