"""A folder with the example tables and a model, and two ways to run the command line: here and in forks."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer import testing
from typer.main import get_command

import forks as forks_module
from chainrule.cli.app import app
from forks import Forks
from outcomes import Outcome, lawful

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainrule.tables import Table

EXAMPLES = Path(__file__).parents[1] / "examples"
COMMANDS = get_command(app)
vars(testing)["_get_command"] = lambda _app: COMMANDS  # to make them anew takes longer than many a command


def run_command(*arguments: object) -> Outcome:
    """Run the command line in this process."""
    result = testing.CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="chainrule")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return lawful(arguments, Outcome(result.exit_code, result.stdout, result.stderr))


@pytest.fixture(scope="session")
def made_models(tmp_path_factory: pytest.TempPathFactory, compiled_kernels: None) -> Path:  # noqa: ARG001
    """Models of both examples, made once."""
    folder = tmp_path_factory.mktemp("models")
    for table, target in (("iris", "species"), ("penguins", "body_mass_g")):
        done = run_command(
            "fit", EXAMPLES / f"{table}.csv", "--target", target, "--epochs", 20,
            "--out", folder / f"{table}.safetensors",
        )  # fmt: skip
        assert done.code == 0, done.err
    return folder


@pytest.fixture
def here(tmp_path: Path, made_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with iris.csv, penguins.csv and a model of each."""
    for path in [*EXAMPLES.glob("*.csv"), *made_models.iterdir()]:
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tables_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands be given the table that was read before from the same bytes under the same name.

    For tests that prove what is done with a table, however it is read: that takes most of a short command.
    """
    monkeypatch.setattr("chainrule.jobs.job.as_table", read_once)


def read_once(path: str | Path, **how: Any) -> Table:  # noqa: ANN401 (as `read_table` takes them)
    """Read a table that was not read in this way before."""
    from chainrule.tables import as_table  # noqa: PLC0415 (not needed to hand out tests)

    if not Path(path).is_file():
        return as_table(path, **how)  # which says what is wrong
    known = str(path), Path(path).read_bytes(), repr(how)
    if known not in TABLES:
        TABLES[known] = as_table(path, **how)
    return TABLES[known]


TABLES: dict[tuple[str, bytes, str], Table] = {}


@pytest.fixture(scope="module")
def one_database() -> Iterator[None]:
    """Let one DuckDB cut all tables, each in a connection of its own: a start takes most of a reading."""
    import duckdb  # noqa: PLC0415 (not needed to hand out tests)

    from chainrule.tables.delimited.duck import SETTINGS  # noqa: PLC0415

    with (
        duckdb.connect(":memory:", config=SETTINGS) as database,
        pytest.MonkeyPatch.context() as patch,
    ):

        def connect(place: str, config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
            assert (place, config) == (":memory:", SETTINGS)
            return database.cursor()

        patch.setattr(duckdb, "connect", connect)
        yield


@pytest.fixture
def chainrule_command(compiled_kernels: None) -> Callable[..., Any]:  # noqa: ARG001
    return run_command


@pytest.fixture(scope="session")
def forks(compiled_kernels: None) -> Iterator[Forks]:  # noqa: ARG001
    ours, theirs = socket.socketpair()
    server = [sys.executable, forks_module.__file__, str(theirs.fileno())]
    with subprocess.Popen(server, pass_fds=[theirs.fileno()]):
        theirs.close()
        with ours:  # the other end hears no more, and ends
            yield Forks(ours)
