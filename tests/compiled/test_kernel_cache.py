"""The folder of kernels: one compilation a machine, whatever happens to the files.

Every process here is a new one that uses one kernel, compiled for each dtype.
"""

from __future__ import annotations

import compileall
import hashlib
import importlib.util
import json
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from kernel_children import HERE, environment, run_child

import chainrule
from chainrule import Network
from chainrule.compiled.machine.cache import folder

if TYPE_CHECKING:
    from collections.abc import Callable

COMPILING = "chainrule: compiling kernels, once; this takes some seconds\n"
DTYPES = ("float32", "float64")
PROGRAM = str(HERE / "one_kernel.py")


@dataclass(frozen=True)
class Answer:
    """What a process said."""

    digests: dict[str, str]
    compilations: int
    folder: Path
    package: Path
    stderr: str


def _ask(
    place: Path,
    *,
    dtypes: tuple[str, ...] = DTYPES,
    meeting: Path | None = None,
    children: int = 0,
    **variables: str,
) -> Answer:
    met = ["--meeting", str(meeting), "--children", str(children)] if meeting else []
    done = run_child([PROGRAM, *dtypes, *met], environment(place, **variables))
    found = json.loads(done.stdout)
    return Answer(
        found["digests"], found["compilations"], Path(found["folder"]), Path(found["package"]), done.stderr
    )


@dataclass(frozen=True)
class Kept:
    """A place where kernels have been compiled once."""

    place: Path
    answer: Answer
    contents: dict[str, bytes]

    def agrees_with(self, answer: Answer) -> bool:
        """Whether an answer has the same bits of every dtype that it was asked for."""
        return bool(answer.digests) and answer.digests.items() <= self.answer.digests.items()

    def copy(self, to: Path) -> tuple[Path, list[Path]]:
        """Place like this one, and the files of kernels in it."""
        shutil.copytree(self.place, to)
        return to, sorted((to / self.answer.folder.name).iterdir())


def _contents(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def _is_whole(content: bytes) -> bool:
    return hashlib.sha256(content[32:]).digest() == content[:32]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    place = tmp_path_factory.mktemp("cache") / "not yet there"
    answer = _ask(place)
    return Kept(place, answer, _contents(place))


def test_first_process_compiles_and_says_so_once(kept: Kept) -> None:
    assert kept.answer.stderr == COMPILING
    assert kept.answer.compilations > 0
    assert kept.answer.folder.parent == kept.place
    assert len(kept.contents) == 2  # and so no file is left under another name
    assert all(name.startswith(f"{kept.answer.folder.name}{os.sep}run_two_loops-") for name in kept.contents)
    assert all(_is_whole(content) for content in kept.contents.values())


def test_second_process_compiles_nothing_and_says_nothing(kept: Kept) -> None:
    again = _ask(kept.place)
    assert again.stderr == ""
    assert again.compilations == 0
    assert again.digests == kept.answer.digests
    assert _contents(kept.place) == kept.contents


OUTPUTS = """
import numpy as np
from chainrule import Network
net = Network.random((2, *[3] * len({hidden}), 1), [*{hidden}, "identity"], seed=1)
X = np.array([[0.0, 1.0], [1.0, 0.5]])
print(np.abs(net(X) - net.forward(X).a[-1]).max())  # by kernels and by NumPy
"""


def test_kernels_of_different_processes_go_together(tmp_path: Path) -> None:
    # Each of the first two compiles another activation as its n-th function, and the third loads both. What
    # else they need is there.
    Network.random((2, 1), "identity")(np.zeros((2, 2)))
    missing = shutil.ignore_patterns("*_softsign-*", "*_relu-*")
    shutil.copytree(folder(), tmp_path / folder().name, ignore=missing)
    for hidden in (["softsign"], ["relu"], ["softsign", "relu"]):
        done = run_child(["-c", OUTPUTS.format(hidden=hidden)], environment(tmp_path))
        assert float(done.stdout) < 1e-12, hidden


def test_processes_that_start_at_once(kept: Kept, tmp_path: Path) -> None:
    place, meeting = tmp_path / "kernels", tmp_path / "meeting"
    meeting.mkdir()

    def ask(_: int) -> Answer:
        return _ask(place, dtypes=("float32",), meeting=meeting, children=2)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, range(2)))
    assert all(kept.agrees_with(answer) for answer in answers)
    assert all(answer.compilations > 0 for answer in answers)  # they did start at once
    left = _contents(place)
    assert len(left) == 1
    assert left.keys() < kept.contents.keys()
    assert all(_is_whole(content) for content in left.values())


def _assert_works_without_a_folder(place: Path, kept: Kept, reason: str, **variables: str) -> None:
    answer = _ask(place, dtypes=("float32",), meeting=None, children=0, **variables)
    assert kept.agrees_with(answer)
    assert answer.compilations > 0
    assert answer.stderr == (
        f"{COMPILING}chainrule: the kernels cannot be kept in {place} ({reason}). "
        "Set CHAINRULE_CACHE_DIR to a folder of your own that can be written.\n"
    )


def test_place_that_cannot_be_a_folder(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    place = tmp_path / "file" / "below"
    _assert_works_without_a_folder(place, kept, "Not a directory")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_folder_that_may_not_be_written(kept: Kept, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        _assert_works_without_a_folder(tmp_path, kept, "Permission denied")
    finally:
        tmp_path.chmod(0o755)


def _open_to_the_group(path: Path) -> None:
    path.chmod(0o720)


def _open_to_all(path: Path) -> None:
    path.chmod(0o702)


def _given_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(path, 12345, -1)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders have no owners and modes on this platform")
@pytest.mark.parametrize(
    "expose",
    [
        _open_to_all,
        pytest.param(_open_to_the_group, marks=pytest.mark.slow),
        pytest.param(_given_away, marks=pytest.mark.slow),
    ],
)
def test_folder_in_which_others_may_write_is_not_used(
    kept: Kept, tmp_path: Path, expose: Callable[[Path], None]
) -> None:
    place, files = kept.copy(tmp_path / "copy")
    expose(files[0].parent)
    _assert_works_without_a_folder(place, kept, "others may write there")
    assert _contents(place) == kept.contents


def test_folders_of_old_versions_are_deleted_when_a_kernel_is_added(kept: Kept, tmp_path: Path) -> None:
    place, files = kept.copy(tmp_path / "copy")
    files[0].unlink()
    now = time.time()
    for name, days in (("kernels-old", 91), ("kernels-young", 89), ("somebody-else's", 1000)):
        (place / name).mkdir()
        (place / name / "file").write_text("", encoding="utf-8")
        os.utime(place / name, times=(now - days * 86400,) * 2)
    os.utime(files[0].parent, times=(now - 1000 * 86400,) * 2)
    answer = _ask(place)
    # One was missing and is compiled alone.
    assert 0 < answer.compilations < kept.answer.compilations
    assert files[1].read_bytes() in kept.contents.values()
    assert {path.name for path in place.iterdir()} == {
        kept.answer.folder.name,
        "kernels-young",
        "somebody-else's",
    }
    assert sorted(_contents(files[0].parent)) == sorted(path.name for path in files)


def _signed(content: bytes) -> bytes:
    return hashlib.sha256(content).digest() + content


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in the digest": lambda whole: whole[:20],
    "a byte short": lambda whole: whole[:-1],
    "empty": lambda _whole: b"",
    "cut in half": lambda whole: whole[: len(whole) // 2],
    "a byte more": lambda whole: whole + b"\0",
    "a bit of the digest flipped": lambda whole: bytes([whole[0] ^ 1]) + whole[1:],
    "a bit in the middle flipped": lambda whole: (
        whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 16]) + whole[len(whole) // 2 + 1 :]
    ),
    "garbage": lambda whole: b"kernel?" * (len(whole) // 7),
    "garbage with a digest": lambda _whole: _signed(b"no pickle"),
    "another pickle with a digest": lambda _whole: _signed(b"N."),
}


PAIRS = list(zip(list(DAMAGES)[::2], list(DAMAGES)[1::2], strict=True))


@pytest.mark.parametrize(
    ("first", "second"),
    # The digest alone tells the flipped bit.
    [PAIRS[3], *(pytest.param(*p, marks=pytest.mark.slow) for p in PAIRS if p != PAIRS[3])],
)
def test_damaged_files_are_compiled_again_and_replaced(
    kept: Kept, tmp_path: Path, first: str, second: str
) -> None:
    place, files = kept.copy(tmp_path / "copy")
    for path, damage in zip(files, (first, second), strict=True):
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    answer = _ask(place)
    assert answer.stderr == COMPILING
    assert answer.digests == kept.answer.digests
    mended = _contents(place)
    assert sorted(mended) == sorted(kept.contents)
    assert all(_is_whole(content) for content in mended.values())
    again = _ask(place)
    assert (again.compilations, again.stderr, again.digests) == (0, "", kept.answer.digests)


def _copy_of_the_package(to: Path) -> Path:
    shutil.copytree(
        Path(chainrule.__file__).parent, to / "chainrule", ignore=shutil.ignore_patterns("__pycache__")
    )
    return to


def test_package_in_another_place_finds_the_same_kernels(kept: Kept, tmp_path: Path) -> None:
    source = _copy_of_the_package(tmp_path)
    answer = _ask(kept.place, PYTHONPATH=str(source))
    assert answer.package.is_relative_to(source)
    assert answer.folder == kept.answer.folder
    assert (answer.compilations, answer.stderr, answer.digests) == (0, "", kept.answer.digests)


def _folder_of(source: Path) -> Path:
    """Folder that the copy of a package would use, found in this process."""
    path = source / "chainrule" / "compiled" / "machine" / "cache.py"
    spec = importlib.util.spec_from_file_location("cache_of_a_copy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Path = module.folder()
    return found


@pytest.mark.parametrize(
    "file",
    ["layout.py", "machine/team.py", "language/tiles.py", "../equations/activations/rectifiers.py"],
)
def test_edit_in_any_file_of_the_kernels_gets_another_folder(tmp_path: Path, file: str) -> None:
    source = _copy_of_the_package(tmp_path)
    assert _folder_of(source) == folder()
    edited = source / "chainrule" / "compiled" / file
    edited.write_text(edited.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    found = _folder_of(source)
    assert found.parent == folder().parent
    assert found != folder()


@pytest.mark.slow
def test_package_without_sources_keeps_nothing(kept: Kept, tmp_path: Path) -> None:
    # An upgrade could not be told from what was there before.
    source = _copy_of_the_package(tmp_path / "source")
    compiled = source / "chainrule" / "compiled"
    assert compileall.compile_dir(compiled, quiet=1, legacy=True)
    for path in compiled.rglob("*.py"):
        path.unlink()
    place = tmp_path / "kernels"
    reason = "the sources of the kernels are not installed, so that an upgrade would go unnoticed"
    _assert_works_without_a_folder(place, kept, reason, PYTHONPATH=str(source))
    assert not place.exists()


def _folder_of_a_child(place: Path, **variables: str) -> Path:
    program = "from chainrule.compiled.machine.cache import folder; print(folder())"
    return Path(run_child(["-c", program], environment(place, **variables)).stdout.strip())


def test_other_processor_gets_another_folder(kept: Kept) -> None:
    others = [
        _folder_of_a_child(kept.place, **variables)
        for variables in ({"NUMBA_CPU_NAME": "generic"}, {"NUMBA_CPU_FEATURES": "-avx512f"})
    ]
    assert len({kept.answer.folder, *others}) == 3
    assert {other.parent for other in others} == {kept.place}


@pytest.mark.skipif(sys.platform != "linux", reason="the user's folder for caches has another name there")
def test_kernels_are_kept_in_the_users_folder_for_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", "")
    assert folder.__wrapped__().parent == tmp_path / "caches" / "chainrule"
