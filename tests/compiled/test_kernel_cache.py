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
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from kernel_children import HERE, environment, run_child
from llvmlite.binding import get_host_cpu_features

import chainrule
from chainrule import Network
from chainrule.compiled.machine.cache import folder
from chainrule.compiled.machine.folders import COMPLETE, is_trusted
from chainrule.compiled.machine.processor import processor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    user: int | None = None,
    **variables: str,
) -> Answer:
    met = ["--meeting", str(meeting), "--children", str(children)] if meeting else []
    become = ["--user", str(user)] if user else []
    done = run_child([PROGRAM, *dtypes, *met, *become], environment(place, **variables))
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


BESIDE = """
import numpy as np
from numba import njit
from chainrule.compiled.twins.curvature import run_two_loops

def theirs():
    @njit
    def function(a, b, pair):
        return min(a, b) + a // b + pair[1], np.ones(3).sum() * a
    return function

def ours(dtype):
    direction = np.ones(32, dtype)
    run_two_loops.of(direction.dtype)(np.ones(96, dtype), np.ones(96, dtype), np.empty(3, dtype), direction)

said = []
for dtype in ("float32", "float64"):
    said.append(theirs()(7, 2, (1, 4)))
    ours(dtype)
    said.append(theirs()(7, 2, (1, 4)))
print(said == [(9, 21.0)] * 4)
"""


def test_functions_that_others_compile_are_not_touched(tmp_path: Path) -> None:
    assert run_child(["-c", BESIDE], environment(tmp_path)).stdout == "True\n"


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
    answer = _ask(place, dtypes=("float32",), meeting=None, children=0, user=None, **variables)
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


# Folders of root's, as in an image, for a user who may write nothing.


SOMEBODY = 54321


@pytest.fixture
def image(kept: Kept) -> Iterator[Path]:
    """A place that only root can write, outside of those folders that only root can enter."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can make a folder of root's and become somebody else")
    read = (Path(sys.prefix), Path(sys.base_prefix), Path(chainrule.__file__).parent, HERE)
    folders = [place for path in read for place in (path, *path.resolve().parents)]
    if not all(place.stat().st_mode & 0o1 for place in folders):
        pytest.skip("somebody else could not read the program here")
    place = Path(tempfile.mkdtemp(dir="/tmp", prefix="kernels-of-root-"))
    shutil.copytree(kept.answer.folder, place / kept.answer.folder.name)
    for path in (place, *place.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield place
    shutil.rmtree(place)


def _ask_as_somebody(place: Path, dtypes: tuple[str, ...] = DTYPES) -> Answer:
    return _ask(place, dtypes=dtypes, user=SOMEBODY)


def test_kernels_of_root_are_loaded_by_somebody_who_can_write_nothing(kept: Kept, image: Path) -> None:
    before = _contents(image)
    answer = _ask_as_somebody(image)
    assert (answer.compilations, answer.stderr, answer.digests) == (0, "", kept.answer.digests)
    assert _contents(image) == before


def test_kernel_that_root_has_not_is_compiled_for_the_process(kept: Kept, image: Path) -> None:
    (image / kept.answer.folder.name).chmod(0o755)
    for path in image.rglob("run_two_loops-*"):
        path.unlink()
    (image / kept.answer.folder.name).chmod(0o555)
    answer = _ask_as_somebody(image, dtypes=("float32",))
    assert kept.agrees_with(answer)
    assert answer.compilations > 0
    assert answer.stderr == (
        f"{COMPILING}chainrule: the kernels cannot be kept in {image} (Permission denied). "
        "Set CHAINRULE_CACHE_DIR to a folder of your own that can be written.\n"
    )
    assert _contents(image) == {}


def test_folder_of_another_user_is_not_used(kept: Kept, image: Path) -> None:
    os.chown(image / kept.answer.folder.name, SOMEBODY + 1, -1)
    answer = _ask_as_somebody(image, dtypes=("float32",))
    assert kept.agrees_with(answer)
    assert answer.compilations > 0
    assert "(others may write there)" in answer.stderr


@pytest.mark.parametrize(
    "case",  # modes of the folder and of that above it, whose that is, and whether both are trusted
    [
        (0o555, 0o755, 0, True),
        (0o700, 0o755, 0, True),
        (0o575, 0o755, 0, False),
        (0o557, 0o755, 0, False),
        (0o555, 0o777, 0, False),  # others could put another folder of root's in its place
        (0o555, 0o775, 0, False),
        (0o555, 0o1777, 0, True),  # sticky: each may move what is their own alone
        (0o555, 0o755, SOMEBODY + 1, False),
        (0o555, 0o755, SOMEBODY, True),
    ],
)
def test_which_folders_of_root_are_trusted(
    case: tuple[int, int, int, bool], kept: Kept, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode, above, owner_above, trusted = case
    inner = image / kept.answer.folder.name
    inner.chmod(mode)
    image.chmod(above)
    os.chown(image, owner_above, -1)
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    assert is_trusted(inner) is trusted


# Baselines.


def _lowest_baseline() -> str:
    if LACKING_OF_V2:
        pytest.skip(f"this processor lacks {LACKING_OF_V2} of x86-64-v2")
    return "x86-64-v2"


LACKING_OF_V2 = [
    name for name in ("cx16", "popcnt", "sse4.2", "ssse3") if not get_host_cpu_features().get(name, False)
]


def test_kernels_of_a_baseline_are_found_where_there_are_no_better_ones(kept: Kept, tmp_path: Path) -> None:
    place, level = tmp_path / "kernels", _lowest_baseline()
    made = _ask(place, CHAINRULE_CPU=level)
    assert made.compilations > 0
    assert made.folder != kept.answer.folder
    assert made.digests == kept.answer.digests  # the same bits
    assert (
        _folder_of_a_child(place).name == kept.answer.folder.name
    )  # a baseline's folder must have all kernels
    (made.folder / COMPLETE).touch()
    found = _ask(place)
    assert (found.compilations, found.stderr, found.folder) == (0, "", made.folder)
    assert found.digests == made.digests
    shutil.copytree(kept.answer.folder, place / kept.answer.folder.name)
    own = _ask(place)
    assert (own.compilations, own.folder) == (0, place / kept.answer.folder.name)


def test_baseline_of_a_folder_that_others_may_write_is_not_taken(kept: Kept, tmp_path: Path) -> None:
    place = tmp_path / "kernels"
    exposed = _ask(place, dtypes=("float32",), CHAINRULE_CPU=_lowest_baseline()).folder
    (exposed / COMPLETE).touch()
    exposed.chmod(0o777)
    assert _folder_of_a_child(place).name == kept.answer.folder.name


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
    path = source / "chainrule" / "compiled" / "machine" / "folders.py"
    spec = importlib.util.spec_from_file_location("folders_of_a_copy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Path = module.folder_for(processor())
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
