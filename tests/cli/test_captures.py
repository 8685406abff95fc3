"""What a terminal of 40, 80 and 200 columns shows of every command, kept in files, and laws of all of it.

MAKE_CAPTURES=1 pytest -n 0 tests/cli/test_captures.py writes the files anew; then look at them.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import struct
import termios
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chainrule.cli.options import SETTINGS, TABLE
from chainrule.cli.terminal import note, say
from chainrule.cli.terminal.help import EXAMPLES
from chainrule.lines import span
from forks import everything_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from forks import Forks

CAPTURES = Path(__file__).parent / "captures"
MAKE = bool(os.environ.get("MAKE_CAPTURES"))
WIDTHS = (40, 80, 200)
CODE = re.compile(r"\x1b\[[0-9;]*m")
BEGINS = "\f"  # what parts commands in the stream
FEW = "--hidden 8 --epochs 30 --force"
HELP = ["--help", *(f"{name} --help" for name in EXAMPLES if name != "chainrule")]


def with_model(table: str, target: str, more: str = "") -> list[str]:
    """Every command that takes a table or its model."""
    model = f"{table}.safetensors"
    return [
        f"inspect {table}.csv --target {target}",
        f"fit {table}.csv --target {target} {FEW} {more}".strip(),
        f"show {model}",
        f"show {model} --command",
        f"score {model} {table}.csv",
        f"predict {model} {table}.csv --out {table}.predicted.csv --force",
        f"trace {model} {table}.csv --units 3",
        f"check {model} {table}.csv --rows 20 --weights 50",
    ]


COMMANDS = {
    "iris": [*with_model("iris", "species", "--validation 0.2"), "show iris.safetensors --weights"],
    "flats": with_model("flats", "rent"),
    "names": with_model("names", "4"),
    "others": [
        "fit iris.csv --target species --hidden 4 --epochs 3 --ensemble 3 --force --out three.st",
        "show three.st",
        "score three.st iris.csv",
        "fit iris.csv --target species --hidden 4 --epochs 3 --folds 3 --force --out folds.st",
        "fit iris.csv --target spices",
        "fit wide.csv --target y --hidden 2 --epochs 2 --force",
    ],
    "help": HELP,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the tables: two of the examples, one of long and wide names, one of many columns."""
    folder = tmp_path_factory.mktemp("captures")
    for name in ("iris", "flats"):
        content = Path(__file__).parents[2].joinpath("examples", f"{name}.csv").read_bytes()
        folder.joinpath(f"{name}.csv").write_bytes(content)
    header = [
        "花びらの長さ・センチメートル・",
        "Une e\u0301tendue dont le nom est vraiment très long",
        "x",
        "品种",
    ]
    kinds = [
        f"{k:02} {'蔷薇科的一种植物' if k % 2 else 'Семейство розовых, вид'} {'abc'[k % 3] * 4}"
        for k in range(24)
    ]
    rows = [
        f"{k % 24 + n / 7:.2f},{(k * 5) % 24 - n / 3:.2f},{n % 3},{kinds[k % 24]!r}"
        for n in range(8)
        for k in range(24)
    ]
    quoted = [",".join(header), *(row.replace("'", '"') for row in rows)]
    folder.joinpath("names.csv").write_text("\n".join(quoted), encoding="utf-8")
    columns = [",".join([*(f"measure_{k}" for k in range(60)), "y"])]
    for n in range(40):
        cells = ["" if (n * 7 + k) % 11 == 0 and n > 20 else f"{(n * (k + 3)) % 17}.5" for k in range(60)]
        columns.append(",".join([*cells, "ab"[n % 2]]))
    folder.joinpath("wide.csv").write_text("\n".join(columns), encoding="utf-8")
    return folder


def shown(forks: Forks, commands: list[str], width: int, **environment: str) -> list[str]:
    """What a terminal of so many columns shows after each of the commands, codes of colours included."""
    script = (
        "from chainrule.cli import main\n"
        "os.environ.pop('COLUMNS', None)\n"
        f"for command in {[shlex.split(one) for one in commands]!a}:\n"
        f"    os.write(1, {BEGINS.encode()!r})\n"
        "    sys.argv = ['chainrule', *command]\n"
        "    try:\n        main()\n"
        "    except SystemExit:\n        pass\n"
        "sys.argv = ['chainrule', '--version']\n"
        f"os.write(1, {BEGINS.encode()!r})\n"
    )
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    forks.start(
        "--version", stdout=follower, stderr=follower, script=script, **{"TERM": "xterm", **environment}
    )
    os.close(follower)
    stream = everything_from(leader).decode().replace("\r\n", "\n")
    assert forks.wait() == 0, stream
    drawn = [part for line in stream.split("\n") for part in line.split("\r\x1b[K")[:-1]]
    assert all(span(part) < width for part in drawn), drawn  # of progress
    return [_settled(one) for one in stream.split(BEGINS)[1:-1]]


def _settled(text: str) -> str:
    """What stays of a stream: a line that was drawn anew is the last of its versions; times are 0."""
    lines = [line.split("\r\x1b[K")[-1] for line in text.split("\n")]
    lines = [line for line in lines if "compiling kernels" not in line]
    return re.sub(r" in \d+\.\d s", " in 0.0 s", "\n".join(lines))


def as_kept(commands: list[str], texts: list[str]) -> str:
    """Commands with what they show, as one file."""
    pairs = zip(commands, texts, strict=True)
    return "\n".join(f"$ chainrule {one}\n{_of_any_machine(one, text)}" for one, text in pairs)


def _of_any_machine(command: str, text: str) -> str:
    """What does not hang on how NumPy rounds: errors of a check, and which weight has the worst, do."""
    if not command.startswith("check "):
        return text
    return re.sub(r"\d\.\de-\d\d", "0.0e-00", text.partition("worst weight")[0])


def compare(name: str, text: str) -> None:
    """Compare with what is kept, or keep it."""
    path = CAPTURES / f"{name}.txt"
    if MAKE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name} is not as kept: see the docstring of this file"


@pytest.mark.usefixtures("compiled_kernels")
@pytest.mark.parametrize("width", WIDTHS)
def test_what_a_terminal_shows(
    width: int, place: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    every = [command for commands in COMMANDS.values() for command in commands]
    texts = dict(zip(every, shown(forks, every, width, NO_COLOR="1"), strict=True))
    for name, commands in COMMANDS.items():
        compare(f"{name}-{width}", as_kept(commands, [texts[one] for one in commands]))
    for command, text in texts.items():
        assert "\x1b" not in text
        assert_lawful(text, width, command)


TAKE_VALUES = [
    *(one.option for one in SETTINGS.values() if one.takes),
    *(f"--{one.name.replace('_', '-')}" for one in TABLE.values() if one.takes),
    *("--target", "--out", "--resume", "--row", "--rate", "--units", "--member", "--digits"),
]
# Of a command to copy, which is never broken in the midst of it.
ONE_WORD = re.compile(r" *(--[a-z-]+ )?('[^']*'|\S+)( \\)?")
ENDS_IN_OPTION = re.compile(rf"(?<!\S)({'|'.join(TAKE_VALUES)})( \\)?$")


def assert_lawful(text: str, width: int, command: str) -> None:
    """No line is wider than the terminal, and none ends within an option or begins with a unit."""
    for line in text.split("\n"):
        assert span(line) <= width or ONE_WORD.fullmatch(line), (command, line)
        assert "--help" in command or ENDS_IN_OPTION.search(line) is None, (command, line)
        assert re.match(r"\s*%( |$)", line) is None, (command, line)
    assert len(text.strip()) > 0, command


@pytest.mark.usefixtures("compiled_kernels")
def test_colours_tell_nothing_of_their_own(
    place: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    commands = [
        COMMANDS["iris"][1],
        COMMANDS["iris"][4],
        COMMANDS["iris"][7],
        COMMANDS["others"][4],
        "predict --help",
    ]
    coloured = shown(forks, commands, 80)
    plain = shown(forks, commands, 80, NO_COLOR="1")
    dumb = shown(forks, commands[1:], 80, TERM="dumb")
    assert [CODE.sub("", text) for text in coloured] == plain
    assert dumb == plain[1:]
    assert all(CODE.search(text) for text in coloured)
    compare("colours-80", as_kept(commands, coloured).replace("\x1b", "␛"))


@pytest.mark.parametrize("width", WIDTHS)
def test_columns_are_heeded_in_a_pipe(
    width: int, place: Path, monkeypatch: pytest.MonkeyPatch, chainrule_command: Callable[..., Any]
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", str(width))
    chainrule_command(*shlex.split(COMMANDS["iris"][1]))
    for command in (COMMANDS["iris"][2], COMMANDS["iris"][4]):
        done = chainrule_command(*shlex.split(command))
        assert done.code == 0
        assert_lawful(done.out, width, command)


@pytest.mark.parametrize(
    ("variables", "has_them"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
    ],
)
def test_variables_that_ask_for_colours_or_forbid_them(
    variables: dict[str, str],
    has_them: bool,  # noqa: FBT001 (a parameter)
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    say("Loss      0.5", bold=4)
    say("Warning   odd", bold=7)
    note("Error: no.")
    out, err = capsys.readouterr()
    assert (CODE.search(out) is not None) is has_them
    assert (CODE.search(err) is not None) is has_them
    assert (CODE.sub("", out), CODE.sub("", err)) == ("Loss      0.5\nWarning   odd\n", "Error: no.\n")
    assert ("\x1b[1;33mWarning" in out) is has_them
    assert ("\x1b[1;31mError" in err) is has_them
