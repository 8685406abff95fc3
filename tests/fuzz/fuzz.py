"""Fuzz a parser, guided by coverage: ``python tests/fuzz/fuzz.py PARSER [flags of libFuzzer]``.

It needs Atheris (``pip install atheris``), which is no dependency: it is run by hand. Inputs with new
coverage are kept in the folder .fuzz, and so is an input for each different fault, as fault-…; a fault does
not end the run, but five seconds or a gigabyte for one input do. PARSER is delimited, json_lines, model_file,
checkpoint or options. For ten minutes::

    python tests/fuzz/fuzz.py delimited -max_total_time=600

and for the smallest set of inputs with the same coverage, as the corpus that test_corpus.py replays::

    python tests/fuzz/fuzz.py delimited --minimise

A single input, to see the traceback::

    python tests/fuzz/fuzz.py delimited --replay .fuzz/delimited/fault-0123456789ab
"""

from __future__ import annotations

import hashlib
import random
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
WHOLE_FIELDS = 0.7  # share of changes
FLAGS = (
    "-timeout=5",
    "-rss_limit_mb=1024",
    "-max_len=8192",
    "-print_final_stats=1",
    "-artifact_prefix=.fuzz/",
)
# Kernels are left alone: Numba compiles the functions as they are written.
INSTRUMENTED = [
    f"chainrule.{room}"
    for room in (
        "cli",
        "errors",
        "equations.kinds",
        "files",
        "given",
        "models",
        "settings",
        "stored",
        "table_options",
        "tables",
        "words",
    )
]


def _keep(error: Exception, data: bytes, parser: str) -> None:
    """Write the first input of each fault, told apart by where it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} {last.filename}:{last.lineno}"
    found = Path(".fuzz") / f"fault-{parser}-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
    if not found.exists():
        found.write_bytes(data)
        print(f"FAULT {place}: {error} in {found}", flush=True)  # noqa: T201


def main(parser: str, *flags: str) -> None:
    """Fuzz one parser, minimise its corpus, or replay one input."""
    # Here, because pytest, which has no Atheris, imports this file too.
    import atheris  # noqa: PLC0415

    sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "src")]
    with atheris.instrument_imports(include=INSTRUMENTED):
        from mutations import MUTATIONS  # noqa: PLC0415
        from parsers import PARSERS  # noqa: PLC0415
        from seeds import seeds  # noqa: PLC0415

        from chainrule.errors import ChainruleError  # noqa: PLC0415

    parse = PARSERS[parser]
    if flags[:1] == ("--replay",):
        parse(Path(flags[1]).read_bytes())
        return
    work = Path(".fuzz") / parser
    work.mkdir(parents=True, exist_ok=True)
    for place, seed in enumerate(seeds(parser)):
        (work / f"seed-{place:03}").write_bytes(seed)

    def one_input(data: bytes) -> None:
        try:
            parse(data)
        except ChainruleError:
            pass
        except Exception as error:  # noqa: BLE001 (it is what is looked for)
            _keep(error, data, parser)

    def changed(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311 (no secret)
        if parser in MUTATIONS and chance.random() < WHOLE_FIELDS:
            data = MUTATIONS[parser](data, chance)
            return data if len(data) <= most else data[:most]
        mutated: bytes = atheris.Mutate(data, most)
        return mutated

    corpus = CORPUS / parser
    corpus.mkdir(parents=True, exist_ok=True)
    if flags[:1] == ("--minimise",):
        for path in corpus.iterdir():
            path.rename(work / path.name)
        again = f"{sys.executable} {__file__} {parser}"  # a merge starts itself once more
        atheris.Setup([again, "-merge=1", *FLAGS, str(corpus), str(work)], one_input)
    else:
        folders = [str(work), str(corpus)]
        atheris.Setup([sys.argv[0], *FLAGS, *flags, *folders], one_input, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
