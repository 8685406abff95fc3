"""A model file in which anything was changed, and signed again: every command refuses it or uses it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from command_line import run_command
from model_documents import JSON, edited, header_of, places_in, with_document

if TYPE_CHECKING:
    from pathlib import Path

FULL_SUITE = bool(os.environ.get("FULL_SUITE"))
COMMANDS = (
    "show MODEL",
    "show MODEL --json --weights",
    "show MODEL --command",
    "predict MODEL iris.csv",
    "predict MODEL iris.csv --json",
    "predict MODEL iris.csv --strict",
    "score MODEL iris.csv",
    "score MODEL iris.csv --json",
    "trace MODEL iris.csv",
    "trace MODEL iris.csv --json",
    "check MODEL iris.csv --rows 2 --weights 5",
    "check MODEL iris.csv --rows 2 --weights 5 --json",
    "fit iris.csv --resume MODEL --epochs 3 --out out.st --force",
    "fit iris.csv --resume MODEL --epochs 3 --out out.st --force --json",
)
HOSTILE = st.sampled_from(
    ["\x1b[31mred\x1b[0m", "\x9b2J", "a\nb", "\u202ex", "huber:1e999", "NaN", "", " " * 99, "\x00"]
)


def broken(folder: Path, content: bytes) -> list[str]:
    """Commands that do with a model file what none may; the rest of that, `run_command` asserts."""
    folder.joinpath("changed.st").write_bytes(content)
    found = []
    for command in COMMANDS:
        typed = command.replace("MODEL", "changed.st").split()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            done = run_command(*typed)
        may_fail = "check" in command or "diverged" in done.err
        is_told = done.err.startswith("Error: ") or "\nError: " in done.err
        is_lawful = {0: bool(done.out), 1: may_fail, 2: is_told}
        found += [] if is_lawful.get(done.code) else [f"{command}: {done}"]
    return found


@pytest.mark.usefixtures("one_database")
@settings(max_examples=400 if FULL_SUITE else 8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_place_of_the_document(data: st.DataObject, prepared: Path) -> None:
    content = prepared.joinpath(data.draw(st.sampled_from(["old.st", "old.checkpoint.st"]))).read_bytes()
    document = json.loads(header_of(content)[0]["__metadata__"]["chainrule"])
    path = data.draw(st.sampled_from(places_in(document)))
    value = data.draw(JSON | HOSTILE)
    how = data.draw(st.sampled_from(["replace", "remove", "double"]))
    assert broken(prepared, with_document(content, lambda _: edited(document, path, value, how))) == []


@pytest.mark.usefixtures("one_database")
@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31mred",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("\x9b2J", "a\nb\nError: c", "\u202eevil")),
    ],
)
def test_text_that_a_terminal_would_obey(text: str, prepared: Path) -> None:
    content = prepared.joinpath("old.checkpoint.st").read_bytes()
    document = json.loads(header_of(content)[0]["__metadata__"]["chainrule"])
    for path in places_in(document):
        value: object = document
        for key in path:
            value = value[key]  # type: ignore[index]
        if isinstance(value, str) and (FULL_SUITE or path[0] == "training" or path[-1] == 0):
            changed = edited(document, path, text, "replace")
            signed = with_document(content, lambda _, changed=changed: changed)  # type: ignore[misc]
            assert broken(prepared, signed) == []
    report = everywhere(document["report"], text)
    assert report != document["report"]
    signed = with_document(content, lambda document: document.update(report=report))
    assert broken(prepared, signed) == []


def everywhere(value: Any, text: str) -> Any:  # noqa: ANN401 (JSON)
    """A value with this text in the place of each that may be any."""
    if isinstance(value, dict):
        return {key: one if key == "role" else everywhere(one, text) for key, one in value.items()}
    if isinstance(value, list):
        return [everywhere(one, text) for one in value]
    return text if isinstance(value, str) else value
