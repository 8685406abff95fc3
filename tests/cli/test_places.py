"""Names, links and devices that a result or a checkpoint meets, and what is said of them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule
from chainrule.disk import check_writable, named_after, write_file, written_somewhere
from chainrule.jobs import FitJob
from chainrule.scores import NumberRows, score_numbers
from model_documents import with_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from forks import Forks

FIT = ("fit", "iris.csv", "--target", "species", "--epochs", "3", "--hidden", "3", "--defaults", "notes")
EVERY_EPOCH = """
import chainrule.jobs.fit, chainrule.jobs.checkpoint
chainrule.jobs.fit.SECONDS_BETWEEN_LOOKS = 1e-9
chainrule.jobs.checkpoint.SECONDS_BETWEEN = 0.0
"""
ENDED = f"""{EVERY_EPOCH}
import chainrule.jobs.checkpoint as kept
call = kept.Checkpoint.__call__
def ended(self, training):
    call(self, training)
    if training.epochs:
        os.kill(os.getpid(), signal.SIGTERM)
kept.Checkpoint.__call__ = ended
"""
HOSTILE = "a\x1b[31m\nError: forged"


# Names that are too long


@pytest.mark.parametrize("name", ["é" * 122 + ".st", "m" * 252 + ".st", "m" * 242 + ".safetensors"])
def test_a_long_name_costs_no_checkpoint(name: str, here: Path, forks: Forks) -> None:
    done = forks.run(*FIT, "--out", name, script=ENDED)
    assert done.code == 143
    go_on = done.err.splitlines()[-1].removeprefix("Go on with: chainrule ")
    assert len(done.err.splitlines()) == 2
    assert here.joinpath(name).exists()
    assert forks.run(*shlex.split(go_on)).code == 0
    assert not list(here.glob("*checkpoint*"))


def test_a_long_name_costs_no_network(tmp_path: Path) -> None:
    path = tmp_path / ("m" * 252 + ".st")
    path.touch()
    kept = written_somewhere(b"content", path)
    assert kept == tmp_path / ("m" * 250 + "-2.st")
    assert kept.read_bytes() == b"content"


def test_a_name_that_is_cut_stays_a_name() -> None:
    for length in range(240, 256):
        path = Path("x" * (length % 2) + "é" * (length // 2))
        cut = named_after(path, ".checkpoint").name
        assert len(os.fsencode(cut)) <= 255
        assert re.fullmatch(r"x?é+\.checkpoint", cut)
    assert named_after(Path("a.b.st"), "-2") == Path("a.b-2.st")


# Checkpoints


def test_too_little_memory_for_a_checkpoint_costs_nothing(here: Path, forks: Forks) -> None:
    scarce = f"""{EVERY_EPOCH}
import chainrule.jobs.checkpoint as kept
def content_of(model):
    raise MemoryError
kept.content_of = content_of
"""
    done = forks.run(*FIT, "--out", "new.st", script=scarce)
    note = (
        "Note: There is too little memory for a checkpoint. The training goes on without a checkpoint there."
    )
    assert (done.code, done.err) == (0, f"{note}\n")
    assert here.joinpath("new.st").exists()
    ended = f"""{scarce}
import chainrule.training.run as run
take = run.Run._take_in
def interrupted(self, *of):
    take(self, *of)
    raise KeyboardInterrupt
run.Run._take_in = interrupted
"""
    done = forks.run(*FIT, "--out", "two.st", script=ended)
    assert done.code == 130
    assert "There is too little memory for a checkpoint. The checkpoint is lost." in done.err
    assert here.joinpath("two.st").exists()


def test_a_checkpoint_of_a_minute_before_outlives_a_failing_last_one(here: Path, forks: Forks) -> None:
    scarce = f"""{ENDED}
keep = kept.Checkpoint.keep
def failing(self, result):
    def content_of(model):
        raise MemoryError
    kept.content_of = content_of
    return keep(self, result)
kept.Checkpoint.keep = failing
"""
    done = forks.run(*FIT, "--out", "new.st", script=scarce)
    assert done.code == 143
    lost = "There is too little memory for a checkpoint. The checkpoint is lost."
    assert f"{lost} An older one is new.checkpoint.st." in done.err
    assert "--resume new.checkpoint.st" in done.err
    assert len(chainrule.load_state(here / "new.checkpoint.st").epochs) == 1


@pytest.mark.parametrize("place", ["new.checkpoint-2.st", "elsewhere/mine.checkpoint.st"])
def test_what_a_fit_went_on_from_is_removed_wherever_it_stands(place: str, here: Path, forks: Forks) -> None:
    here.joinpath("elsewhere").mkdir()
    assert forks.run(*FIT, "--out", "new.st", script=ENDED).code == 143
    here.joinpath("new.checkpoint.st").rename(place)
    here.joinpath("new.checkpoint.st").write_bytes(b"another's")
    done = forks.run("fit", "iris.csv", "--resume", place, "--out", "other.st")
    assert (done.code, done.err) == (0, f"Note: {place} is removed: its training has ended.\n")
    assert not here.joinpath(place).exists()
    assert here.joinpath("new.checkpoint.st").read_bytes() == b"another's"
    assert not here.joinpath("other.checkpoint.st").exists()


def test_a_checkpoint_that_its_user_renamed_is_never_removed(here: Path, forks: Forks) -> None:
    assert forks.run(*FIT, "--out", "new.st", script=ENDED).code == 143
    kept = here.joinpath("new.checkpoint.st").rename("kept.st").read_bytes()
    done = forks.run("fit", "iris.csv", "--resume", "kept.st", "--out", "other.st", script=EVERY_EPOCH)
    assert (done.code, done.err) == (0, "Note: kept.st stays: its name is one that you gave it.\n")
    assert here.joinpath("kept.st").read_bytes() == kept
    assert not here.joinpath("other.checkpoint.st").exists()


def test_a_diverged_fit_names_its_checkpoint(here: Path, forks: Forks) -> None:
    late = f"""{EVERY_EPOCH}
import chainrule.jobs.fit as fit
from chainrule.errors import DivergenceError
train = fit.fit_networks
def diverges(*arguments, **others):
    result = train(*arguments, **others)
    net, history = result.model.network, result.history
    raise DivergenceError("It diverged.", network=net, history=history, epoch=4, rate=1.0)
fit.fit_networks = diverges
"""
    done = forks.run(*FIT, "--out", "new.st", script=late)
    assert done.code == 1
    assert done.err.endswith("is kept in new.diverged.st. Its checkpoint is new.checkpoint.st.\n")
    assert len(chainrule.load_state(here / "new.checkpoint.st").epochs) >= 1


def test_the_checkpoint_of_a_newer_version_is_said_to_be_that(here: Path, forks: Forks) -> None:
    assert forks.run(*FIT, "--out", "new.st", script=ENDED).code == 143
    place = here / "new.checkpoint.st"
    place.write_bytes(with_document(place.read_bytes(), lambda document: {**document, "format": 99}))
    done = forks.run(*FIT, "--out", "new.st", "--force")
    assert done.code == 0
    assert "new.checkpoint.st has format 99 but this version of chainrule reads formats up to" in done.err


def test_a_model_never_replaces_the_checkpoint_that_it_goes_on_from(here: Path, forks: Forks) -> None:
    assert forks.run(*FIT, "--out", "new.st", script=ENDED).code == 143
    kept = here.joinpath("new.checkpoint.st").read_bytes()
    done = forks.run(
        "fit", "iris.csv", "--resume", "new.checkpoint.st", "--out", "./new.checkpoint.st", "--force"
    )
    assert done.code == 2
    assert done.err == (
        "Error: new.checkpoint.st is the checkpoint itself, which would be lost. Give another name with "
        "--out.\n"
    )
    assert here.joinpath("new.checkpoint.st").read_bytes() == kept


def test_another_table_than_the_checkpoint_s(here: Path, forks: Forks) -> None:
    assert forks.run(*FIT, "--out", "new.st", script=ENDED).code == 143
    table = here / "iris.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("5.1", "5.2"), encoding="utf-8")
    done = forks.run("fit", "iris.csv", "--resume", "new.checkpoint.st", "--out", "other.st")
    assert (done.code, done.err) == (
        2,
        (
            "Error: iris.csv is not the table whose training new.checkpoint.st holds. Give the table as it "
            "was, or leave --resume out to start anew.\n"
        ),
    )


# Links and devices


def test_links_that_lead_nowhere_are_refused_before_the_training(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.joinpath("one.st").symlink_to("two.st")
    here.joinpath("two.st").symlink_to("one.st")
    for overwrite in (False, True):
        with pytest.raises(chainrule.OutputError, match="Too many levels of symbolic links"):
            check_writable("one.st", overwrite=overwrite)
        with pytest.raises(chainrule.OutputError, match="Too many levels of symbolic links"):
            write_file("one.st", b"x", overwrite=overwrite)
    monkeypatch.setattr("chainrule.jobs.fit.fit_networks", None)
    with pytest.raises(chainrule.OutputError, match="Too many levels"):
        FitJob("iris.csv", target="species", out="one.st", overwrite=True).run()
    assert here.joinpath("one.st").is_symlink()


@pytest.mark.parametrize("out", ["/dev/stdout", "/dev/fd/1", "link"])
def test_a_link_to_a_pipe_is_written_to(out: str, here: Path) -> None:
    here.joinpath("link").symlink_to("/dev/stdout")
    script = (
        "import sys\n"
        f"sys.argv = ['chainrule', 'predict', 'iris.safetensors', 'iris.csv', '--out', {out!r}]\n"
        "from chainrule.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, f"Wrote 150 predictions to {out}.\n")
    assert len(done.stdout.splitlines()) == 151


def test_a_reader_of_a_pipe_that_had_enough_is_no_fault() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    write_file(f"/dev/fd/{writing}", b"x" * 1_000_000)
    os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_what_a_device_does_not_take_is_kept_beside_none(here: Path, forks: Forks) -> None:
    done = forks.run(*FIT, "--out", "/dev/full")
    assert done.code == 2
    assert done.err.startswith(
        "Error: /dev/full cannot be written: No space left on device. It may have got a part."
    )
    assert f"The trained network is kept in {here / 'full'}." in done.err
    assert here.joinpath("full").exists()


# What is said


def test_no_path_forges_a_line(here: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch) -> None:
    model, place = here / f"{HOSTILE}.st", here / HOSTILE
    here.joinpath("iris.safetensors").rename(model)
    place.mkdir()
    for typed in (
        ["show", model.name],
        ["score", model.name, "iris.csv"],
        ["predict", model.name, "iris.csv", "--out", f"{HOSTILE}.csv"],
        [*FIT, "--out", f"{HOSTILE}.new.st"],
        [*FIT, "--out", f"{HOSTILE}.interrupted.st"],
    ):
        script = ENDED if "interrupted" in typed[-1] else ""
        done = forks.run(*typed, script=script)  # a lawful outcome is printable
        assert done.code == (143 if script else 0)
        assert "Error: forged" not in [*done.out.splitlines(), *done.err.splitlines()]
    full = forks.run(*FIT, "--out", f"{HOSTILE}.3.st", stdout=os.open("/dev/full", os.O_WRONLY))
    assert full.code == 2
    lost = f"""
import chainrule.cli.app as commands
def gone():
    raise FileNotFoundError(2, "gone", {HOSTILE!r})
commands.app = gone
"""
    done = forks.run("show", "x", script=lost)
    assert (
        done.err == "Error: a\\x1b[31m\\nError: forged cannot be used: gone. Check it and its permissions.\n"
    )
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(model / HOSTILE))
    assert "the kernels cannot be kept" in forks.run("predict", model.name, "iris.csv").err


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        (
            "check iris.safetensors iris.csv --rows x --weights y",
            ["(1) --rows is 'x'", "(2) --weights is 'y'"],
        ),
        ("trace iris.safetensors iris.csv --row x --rate y --digits z", ["3 faults", "(3) --digits is 'z'"]),
        (
            "predict no.st no.csv --out none/p.csv",
            ["(1) none/p.csv cannot be written", "no.st", "(3) There is no file 'no.csv'"],
        ),
        ("score no.st no.csv", ["(1) There is no file no.st", "(2) There is no file 'no.csv'"]),
        ("trace no.st no.csv", ["(1) There is no file no.st", "(2) There is no file 'no.csv'"]),
        ("check no.st no.csv", ["(1) There is no file no.st", "(2) There is no file 'no.csv'"]),
        (
            "fit iris.csv --resume no.st --epochs 0",
            ["--epochs is 0", "no file no.st", "safetensors exists already"],
        ),
    ],
)
def test_faults_are_said_at_once(
    typed: str, parts: list[str], here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    done = chainrule_command(*typed.split())
    assert (done.code, done.out) == (2, "")
    assert all(part in done.err for part in parts), done.err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            ["fit", "iris.csv", "--target"],
            "Error: Option '--target' requires an argument. See chainrule fit --help.\n",
        ),
        (["fit", "iris.csv", "--resume", ""], "--resume is '' but must be the path of a file."),
        (["show", ""], "it is empty but must be the name of a file. See chainrule show --help.\n"),
        (
            ["score", "iris.safetensors", ""],
            "it is empty but must be the name of a file. See chainrule score --help.",
        ),
        (
            ["trace", "iris.safetensors", "iris.csv", "--row", "9" * 5000],
            "must be a whole number of at most 300 digits.",
        ),
        (["trace", "iris.safetensors", "iris.csv", "--json", "--digits", "0"], "--digits is 0 but must be"),
        (["trace", "iris.safetensors", "iris.csv", "--json", "--units", "0"], "--units is 0 but must be"),
    ],
)
def test_what_was_typed_is_what_is_spoken_of(
    typed: list[str], said: str, here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    done = chainrule_command(*typed)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_the_command_alone_prints_its_help(forks: Forks) -> None:
    done = forks.run()
    assert (done.code, done.err) == (0, "")
    assert "Train a multilayer perceptron" in done.out


def test_numbers_that_json_lacks_are_words(here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    done = chainrule_command("trace", "iris.safetensors", "iris.csv", "--rate", "1e308", "--json")
    words = re.findall(r'"(NaN|-?Infinity)"', done.out)
    assert done.code == 0
    assert words
    found = json.loads(done.out)
    assert [answer.pop("value_after") for answer in found["answer"]] == [None]  # there is none
    assert "null" not in json.dumps(found)
    assert found["rate"] == 1e308


@pytest.mark.parametrize(
    ("predicted", "rmse", "r2"),
    [
        ([np.inf, 1.0], np.inf, -np.inf),
        ([-np.inf, np.inf], np.inf, -np.inf),
        ([np.nan, np.inf], np.nan, np.nan),
        ([-1.7e308, 1.7e308], np.inf, -3.0),
        ([1.7e308, -1.7e308], 0.0, 1.0),
    ],
)
def test_the_score_of_what_left_the_finite_numbers(predicted: list[float], rmse: float, r2: float) -> None:
    actual = np.array([1.7e308, -1.7e308])
    score = score_numbers("y", NumberRows(actual, np.array(predicted)))
    np.testing.assert_array_equal([score.rmse, score.r2], [rmse, r2])
    assert score.mean_rmse == pytest.approx(1.7e308)
    constant = score_numbers("y", NumberRows(np.array([1.0, 1.0]), np.array(predicted)))
    assert constant.r2 is None


def test_arguments_of_any_kind() -> None:
    with pytest.raises(chainrule.ShapeError, match="sizes is "):
        chainrule.Network.random(np.array(3.0))  # type: ignore[arg-type]
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    # From Python 3.12 on its text can be written, and is cut.
    with pytest.raises(chainrule.InputError, match=r"inputs is (an object of the type list|\[{9,}…) but"):
        chainrule.fit("examples/iris.csv", target="species", inputs=deep)
