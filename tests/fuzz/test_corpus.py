"""What fuzzing found to reach new code, replayed: each parser answers, or raises an error of the tree."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from parsers import PARSERS, packed, unpacked
from seeds import seeds

from chainrule.errors import ChainruleError
from chainrule.files import model_from_bytes, model_to_bytes

CORPUS = Path(__file__).parent / "corpus"
LONGEST_SECONDS = 5.0
MOST_BYTES = 300_000


@pytest.mark.usefixtures("one_database")
@pytest.mark.parametrize("parser", PARSERS)
def test_every_input_is_answered_or_refused(parser: str) -> None:
    inputs = sorted((CORPUS / parser).iterdir())
    assert inputs
    for path in inputs:
        began = time.process_time()
        try:
            with suppress(ChainruleError):
                PARSERS[parser](path.read_bytes())
        except Exception as error:
            error.add_note(f"of {path}")
            raise
        assert time.process_time() - began < LONGEST_SECONDS, path


def test_the_corpus_is_small() -> None:
    assert sum(path.stat().st_size for path in CORPUS.rglob("*")) < MOST_BYTES


@pytest.mark.parametrize("parser", ["model_file", "checkpoint"])
def test_a_first_input_becomes_the_file_that_it_was_made_of(parser: str) -> None:
    """What is refused in a model file is refused for what was changed, not for its digest."""
    for seed in seeds(parser):
        content = model_to_bytes(model_from_bytes(packed(seed)))
        assert unpacked(content) == seed
