"""A file is written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from chainrule import OutputError
from chainrule.disk import check_writable, write_file


def names(folder: Path) -> list[str]:
    """Names of everything in a folder."""
    return [path.name for path in folder.iterdir()]


def test_new_and_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_file(path, b"one", overwrite=False)
    assert path.read_bytes() == b"one"
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    with pytest.raises(OutputError, match="exists already"):
        write_file(path, b"three", overwrite=False)
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a"]


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def break_writing(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one step of writing fail; without links, a file gets its name by being renamed."""
    if broken == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(os, "link", full)
        monkeypatch.setattr(Path, "replace", full)


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_failure_leaves_an_old_file_as_it_was(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    break_writing(broken, monkeypatch)
    with pytest.raises(OutputError, match="cannot be written: No space left on device"):
        write_file(path, b"new")
    assert names(tmp_path) == ["a"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_failure_leaves_no_new_file(broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_writing(broken, monkeypatch)
    with pytest.raises(OutputError, match="cannot be written: No space left on device"):
        write_file(tmp_path / "a", b"new", overwrite=False)
    assert not names(tmp_path)


def test_without_links_a_file_that_appears_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"

    def no_links(*_: object) -> None:
        path.write_bytes(b"theirs")
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(OutputError, match="exists already"):
        write_file(path, b"ours", overwrite=False)
    assert path.read_bytes() == b"theirs"


def test_interrupt_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "a", b"new")
    assert not names(tmp_path)


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    write_file(tmp_path / "new", b"x", overwrite=False)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    plain.chmod(0o640)
    write_file(plain, b"x")
    assert stat.S_IMODE(plain.stat().st_mode) == 0o640


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_file(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["", "missing/a", "file/a", "x" * 300])
def test_places_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        check_writable(tmp_path / name, overwrite=False)
    with pytest.raises(OutputError):
        write_file(tmp_path / name, b"x", overwrite=False)
    assert names(tmp_path) == ["file"]


def test_check_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    check_writable(path, overwrite=False)
    assert not names(tmp_path)
    path.write_bytes(b"old")
    check_writable(path, overwrite=True)
    with pytest.raises(OutputError, match="overwrite=True"):
        check_writable(path, overwrite=False)
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_is_written_not_replaced() -> None:
    check_writable("/dev/full", overwrite=False)
    with pytest.raises(OutputError, match="No space left"):
        write_file("/dev/full", b"x")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
    write_file("/dev/null", b"x", overwrite=False)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
