"""The symmetry problem of Rumelhart, Hinton & Williams (1986): is a row of six bits its own mirror image?

Two hidden units are enough: their weights to mirrored inputs are equal and opposite, and in the ratio
1 : 2 : 4, so that only a symmetric pattern has a weighted sum of 0. Theirs took 1,425 sweeps.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from chainrule import Network, train
from chainrule.equations import Uniform
from chainrule.training import StoppedBy

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.training import Progress

X = np.array([*itertools.product([0.0, 1.0], repeat=6)])
Y = np.array([[float(row == row[::-1])] for row in X.tolist()])
SWEEPS = 6000
SUMMED_RSS = 0.5


def _solves(net: Network) -> bool:
    """Whether all 64 patterns are right, and the summed RSS is below 0.5."""
    outputs = net(X)
    right = (outputs > 0.5) == (Y > 0.5)
    return bool(right.all() and ((Y - outputs) ** 2).sum() / 2 < SUMMED_RSS)


def _learn(seed: int, engine: str = "compiled") -> tuple[Network, int] | None:
    """Network that solves the problem, and the sweeps it took; None where it did not come to that."""

    def stop_where_solved(progress: Progress) -> None:
        # a mean loss far above that of the goal needs no look at every pattern
        if progress.epoch.loss * len(X) < 2 * SUMMED_RSS and _solves(progress.network):
            progress.stop()

    start = Network.random((6, 2, 1), start=Uniform(0.3), seed=seed)
    # A rate of 0.1 on the sum over the patterns, as theirs; here the rate multiplies the mean.
    result = train(
        start, X, Y, rate=0.1 * len(X), rule="momentum:0.9", batch_size=len(X), epochs=SWEEPS,
        on_epoch=stop_where_solved, engine=engine,
    )  # fmt: skip
    return (result.network, len(result.history.epochs)) if result.stopped_by == StoppedBy.CALLBACK else None


def _largest_difference_of_mirror_images(net: Network) -> float:
    """Largest sum of two weights that should be opposite, as a share of the largest weight of the unit."""
    weights = net.weights[0][:, 1:]
    sums = np.abs(weights + weights[:, ::-1]).max(axis=1)
    return float((sums / np.abs(weights).max(axis=1)).max())


def _ratios(net: Network) -> npt.NDArray[np.float64]:
    """Sizes of each unit's three weights, the smallest first and as the unit."""
    sizes = np.sort(np.abs(net.weights[0][:, 1:4]), axis=1)
    return np.asarray(sizes / sizes[:, :1])


def test_there_are_eight_symmetric_patterns_of_sixty_four() -> None:
    assert (len(X), Y.sum()) == (64, 8)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_seed_learns_it_with_opposite_weights_in_the_ratio_of_1_2_4(engine: str) -> None:
    found = _learn(0, engine)
    assert found is not None
    net, sweeps = found
    if engine == "compiled":  # the same bits on every machine
        assert sweeps == 887
    assert _largest_difference_of_mirror_images(net) < 0.01
    np.testing.assert_allclose(_ratios(net), [[1, 2, 4]] * 2, rtol=0.15)


@pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")  # of seeds that are caught in a plain
def test_a_seed_that_fails_takes_every_pattern_for_asymmetric() -> None:
    start = Network.random((6, 2, 1), start=Uniform(0.3), seed=5)
    net = train(start, X, Y, rate=6.4, rule="momentum:0.9", batch_size=64, epochs=SWEEPS).network
    assert (net(X) < 0.5).all()
    assert ((Y - net(X)) ** 2).sum() / 2 == pytest.approx(4, abs=0.01)  # eight patterns, half a square each


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")
def test_at_least_half_of_fifty_seeds_learn_it() -> None:
    learnt = [found for seed in range(50) if (found := _learn(seed)) is not None]
    assert len(learnt) >= 25
    for net, _ in learnt:
        assert _largest_difference_of_mirror_images(net) < 0.01
    # Some seeds find 1 : 1.6 : 2.1, which tells the patterns apart as well; the median seed finds 1 : 2 : 4.
    ratios = np.median([_ratios(net).mean(axis=0) for net, _ in learnt], axis=0)
    np.testing.assert_allclose(ratios, [1, 2, 4], rtol=0.15)
