"""Which rows are learnt from and which are judged by: the same for all tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import train_test_split

from benchmarks.tabular.made import TEST_ROWS

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from benchmarks.tabular.tables import StudyTable

    Rows = npt.NDArray[np.int64]

__all__ = ["MOST_ROWS", "SPLITS", "parted"]

SPLITS = 5
SHARE = 0.75
MOST_ROWS = 5000  # of training, and of test, so that the slowest tool ends in time


def parted(
    table: StudyTable, frame: pd.DataFrame, split: int, most_rows: int = MOST_ROWS
) -> tuple[Rows, Rows]:
    """Training and test rows of one split.

    Three quarters are for training, each class with its share; of large tables fewer are drawn. A made table
    has rows of its own for each split, and the same test rows for all.
    """
    n_rows = len(frame)
    if table.training_rows:
        first = split * table.training_rows
        return np.arange(first, first + table.training_rows), np.arange(n_rows - TEST_ROWS, n_rows)
    training = round(SHARE * n_rows)
    found: list[Rows] = train_test_split(
        np.arange(n_rows),
        train_size=min(training, most_rows),
        test_size=min(n_rows - training, most_rows),
        random_state=split,
        stratify=frame[table.target] if table.is_classes else None,
    )
    return found[0], found[1]
