"""Runs of one tool: a line for each table and split, kept at once, and not run again where it is there."""

from __future__ import annotations

import json
import sys
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.rivals import Unavailable
from benchmarks.tabular.splits import MOST_ROWS, SPLITS, parted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy.typing as npt
    import pandas as pd

    from benchmarks.tabular.rivals import Predict, Rival
    from benchmarks.tabular.tables import StudyTable

__all__ = ["error_of", "kept", "run"]

Fact = dict[str, Any]


def run(
    rival: Rival,
    tables: Iterable[StudyTable],
    file: Path,
    *,
    folder: Path | None = None,
    splits: int = SPLITS,
    most_rows: int = MOST_ROWS,
    elsewhere: bool = False,
) -> None:
    """Run a tool on what the file lacks: the first split of all tables, smallest first, then the next.

    Of a machine elsewhere, which is not that of the others, no seconds are kept.
    """
    version, there = rival.version, {(fact["table"], fact["split"]) for fact in kept(file)}
    frames: list[tuple[int, StudyTable, pd.DataFrame]] = []
    for table in tables:
        try:
            frame = table.read(folder)
        except Unavailable as error:
            sys.stderr.write(f"Left out: {error}.\n")
            continue
        frames.append((parted(table, frame, 0, most_rows)[0].size, table, frame))
    frames.sort(key=lambda one: one[0] * one[2].shape[1])
    warm, failed = set[str](), set[str]()
    for split in range(splits):  # all tables early, if not each split of them
        for _, table, frame in frames:
            if (table.name, split) in there or table.name in failed:
                continue
            rows = parted(table, frame, split, most_rows)
            try:
                if rival.package == "chainrule" and table.name not in warm:  # kernels are compiled and kept
                    _once(rival, table, frame, split, rows)
                    warm.add(table.name)
                fact = _once(rival, table, frame, split, rows)
            except Exception:  # noqa: BLE001 (whatever a tool raises; the others go on)
                sys.stderr.write(f"{rival.name} failed on {table.name}:\n{traceback.format_exc()}")
                failed.add(table.name)
                continue
            told = f"{fact['error']:.4f} in {fact['fit_seconds']:.2f} s"
            if elsewhere:
                fact = {name: value for name, value in fact.items() if not name.endswith("seconds")}
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(fact | {"version": version}) + "\n")
            sys.stderr.write(f"{rival.name}, {table.name}, split {split}: {told}\n")


def kept(file: Path) -> list[Fact]:
    """What a file has."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _once(rival: Rival, table: StudyTable, frame: pd.DataFrame, split: int, rows: tuple[Any, Any]) -> Fact:
    train, test = (frame.iloc[which].reset_index(drop=True) for which in rows)
    inputs = [name for name in frame if name != table.target]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = _timed(lambda: rival.fit(train[inputs], train[table.target], table.is_classes, split))
        predict: Predict = fit[0]
        answer = _timed(lambda: predict(test[inputs]))
    error = error_of(answer[0], test[table.target], table.is_classes)
    if not np.isfinite(error):
        message = "its answers are no numbers"
        raise ValueError(message)
    return {
        "table": table.name, "split": split, "error": error,
        "fit_seconds": fit[1], "fit_processor_seconds": fit[2],
        "predict_seconds": answer[1], "predict_processor_seconds": answer[2],
        "training_rows": len(train), "test_rows": len(test),
    } | (predict.told(test) if hasattr(predict, "told") else {})  # fmt: skip


def _timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it gives, the seconds on the clock, and those of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    found = work()
    return found, round(time.perf_counter() - clock, 4), round(time.process_time() - processor, 4)


def error_of(predicted: npt.NDArray[Any], y: pd.Series[Any], is_classes: bool) -> float:  # noqa: FBT001 (as rivals)
    """Share of wrong classes, or the root of the mean squared error in standard deviations of the target.

    Examples
    --------
    >>> import pandas as pd
    >>> error_of(np.array(["a", "b"]), pd.Series(["a", "a"]), True)
    0.5
    >>> error_of(np.array([2.0, 2.0]), pd.Series([1.0, 3.0]), False)
    1.0
    """
    if is_classes:
        return float(np.mean(predicted.astype(str) != y.to_numpy().astype(str)))
    truth = y.to_numpy(np.float64)
    return float(np.sqrt(np.mean((predicted.astype(np.float64) - truth) ** 2)) / truth.std())
