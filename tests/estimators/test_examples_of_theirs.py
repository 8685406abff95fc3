"""scikit-learn's examples of its perceptrons, from its source distribution, with one import changed."""

from __future__ import annotations

import contextlib
import doctest
import hashlib
import io
import json
import os
import re
import tarfile
import urllib.request
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import platformdirs
import pytest
import sklearn

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
SIMPLE = "application/vnd.pypi.simple.v1+json"

# All that need no data from the network.
EXAMPLES = [
    "neural_networks/plot_mlp_training_curves.py",
    "neural_networks/plot_mlp_alpha.py",
    "classification/plot_classifier_comparison.py",
    "inspection/plot_partial_dependence_visualization_api.py",
]
N_SEEDS = 5
ONE_ROW = 1 / 40  # of those that the examples score, in the tables of 100 rows


@pytest.fixture(scope="session")
def source() -> tarfile.TarFile:
    """Source distribution of the scikit-learn that is installed, kept in the user's cache."""
    kept = Path(platformdirs.user_cache_dir("chainrule-tests")) / f"scikit-learn-{sklearn.__version__}.tar.gz"
    if not kept.exists():
        try:
            fetched = fetch(f"-{sklearn.__version__}.tar.gz")
        except (OSError, ValueError) as error:
            pytest.skip(f"no source distribution of scikit-learn from {INDEX}: {error}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_bytes(fetched)
        part.replace(kept)
    return tarfile.open(kept)


def fetch(ending: str) -> bytes:
    """File of scikit-learn's page in the index, as its checksum there has it."""
    request = urllib.request.Request(f"{INDEX}/scikit-learn/", headers={"Accept": SIMPLE})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as page:  # noqa: S310 (the index is pip's)
        [file] = [one for one in json.load(page)["files"] if one["filename"].endswith(ending)]
    with urllib.request.urlopen(file["url"], timeout=60) as content:  # noqa: S310
        found: bytes = content.read()
    assert hashlib.sha256(found).hexdigest() == file["hashes"]["sha256"]
    return found


def read(source: tarfile.TarFile, path: str) -> str:
    [root] = {name.split("/")[0] for name in source.getnames()}
    file = source.extractfile(f"{root}/{path}")
    assert file is not None
    return file.read().decode()


def ours(text: str) -> str:
    changed = text.replace("from sklearn.neural_network import MLP", "from chainrule import MLP")
    assert changed != text
    return changed


def seeded(text: str, more: int) -> str:
    """The same with other seeds of the perceptrons; with those that it has for 0."""
    changed, n = re.subn(
        r"(MLP(?:Classifier|Regressor)\([^()]*(?:\([^()]*\))?[^()]*random_state=)(\d+)",
        lambda found: found[1] + str(int(found[2]) + more),
        text,
    )
    assert n
    return changed


def figures(text: str) -> Array:
    """What an example prints, writes into its plots, and draws: five points of each line."""
    from matplotlib import pyplot as plt  # noqa: PLC0415 (where it is installed)

    np.random.seed(0)  # noqa: NPY002 (the seed of what an example gives none)
    printed = io.StringIO()
    with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(printed):
        exec(compile(text, "<example>", "exec"), {"__name__": "__main__"})  # noqa: S102 (scikit-learn's)
    found = [float(number) for number in re.findall(r"(?:score|loss): ([\d.]+)", printed.getvalue())]
    for axes in [one for number in plt.get_fignums() for one in plt.figure(number).axes]:
        found += [float(one.get_text()) for one in axes.texts]
        for line in axes.get_lines():
            y = np.asarray(line.get_ydata())
            found += y[np.linspace(0, len(y) - 1, 5).astype(int)].tolist()
    plt.close("all")
    return np.array(found)


@pytest.mark.parametrize("example", EXAMPLES)
def test_figures_are_theirs_within_the_spread_of_seeds(source: tarfile.TarFile, example: str) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    text = read(source, f"examples/{example}")
    theirs = np.array([figures(seeded(text, more)) for more in range(N_SEEDS)])
    found = np.array([figures(seeded(ours(text), more)) for more in range(N_SEEDS)])
    spread = np.ptp(theirs, axis=0)
    assert np.any(spread > 0)
    is_close = abs(found.mean(axis=0) - theirs.mean(axis=0)) <= spread + ONE_ROW / N_SEEDS
    if example.endswith("training_curves.py"):
        is_close |= has_velocity_of_another_rate(len(is_close))
    assert is_close.all(), np.flatnonzero(~is_close)


def has_velocity_of_another_rate(n_figures: int) -> npt.NDArray[np.bool_]:
    """Figures of "invscaling" with momentum: steps already under way shrink with the rate here, not there."""
    runs = np.arange(28)  # 7 ways to train on each of 4 tables: a score and a loss, and later a line
    figures_of = np.concatenate([np.repeat(runs, 2), np.repeat(runs, 5)])
    assert len(figures_of) == n_figures
    return np.isin(figures_of % 7, [4, 5])


def test_the_session_of_their_guide_prints_the_same(source: tarfile.TarFile) -> None:
    text = ours(read(source, "doc/modules/neural_networks_supervised.rst"))
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    session = doctest.DocTestParser().get_doctest(text, {"__name__": "guide"}, "guide", None, 0)
    with np.printoptions(precision=3), warnings.catch_warnings(action="ignore"):
        said = io.StringIO()
        results = doctest.DocTestRunner(optionflags=flags).run(session, out=said.write)
    assert results.attempted > 10
    assert not results.failed, said.getvalue()
