"""Linear models: those of scikit-learn, by products of which no addition rounds."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from fractions import Fraction
from operator import mul
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from chainrule.elementary import total_of
from chainrule.models.linear import linear_path, path
from chainrule.models.linear.features import Features
from chainrule.models.linear.products import Factor, product, rounded
from chainrule.network import Network

Numbers = npt.NDArray[Any]

NUMBERS = ("identity", "rss")
CLASSES = ("softmax", "cross_entropy")
LABELS = ("logistic", "binary_cross_entropy")


def table(seed: int, n: int, d: int, outputs: int = 1) -> tuple[Numbers, Numbers]:
    """Inputs of 12 bits and the net inputs of a linear model with noise, the same on every machine."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-2048, 2048, (n, d)) / 1024
    signal = sum(X[:, j : j + 1] * (rng.integers(-8, 9, (1, outputs)) / 8) for j in range(d))
    noise: Numbers = signal + rng.integers(-2048, 2048, (n, outputs)) / 2048
    return X, noise


def as_classes(Z: Numbers) -> Numbers:
    classes: Numbers = np.eye(Z.shape[1])[Z.argmax(axis=1)]
    return classes


def fitted(*given: Any) -> Numbers:  # noqa: ANN401 (as `linear_path` takes it)
    """Weights of the model with the last penalty."""
    found: Numbers = [*linear_path(*given)][-1].weights[0]
    return found


def exact(A: Numbers, B: Numbers) -> list[list[Fraction]]:
    """The product in rational numbers."""
    rows, columns = ([[Fraction(one) for one in row] for row in M.tolist()] for M in (A, B.T))
    return [[sum(map(mul, row, column), Fraction(0)) for column in columns] for row in rows]


# ------------------------------------------------------------------------------------ products and factors


@pytest.mark.parametrize(("bits", "n"), [((20, 24), 512), ((20, 20), 700), ((24, 24), 32)])
def test_no_addition_rounds(bits: tuple[int, int], n: int) -> None:
    # The worst there is: all but full numbers of one sign, so that the sum has as many bits as may be.
    rng = np.random.default_rng(0)
    A: Numbers = 1 - rng.integers(1, 64, (3, n)) * 2.0 ** -bits[0]
    B: Numbers = 1 - rng.integers(1, 64, (n, 2)) * 2.0 ** -bits[1]
    assert np.array_equal(rounded(A.T, bits[0]).T, A)
    assert np.array_equal(rounded(B, bits[1]), B)
    found = product(A, B, sum(bits))
    assert [[Fraction(one) for one in row] for row in found.tolist()] == exact(A, B)
    # So any order gives it: also one in which a plain sum has other last bits.
    turned = rng.permutation(n)
    assert np.array_equal(product(A[:, turned], B[turned], sum(bits)), found)


def test_blocks_are_added_in_their_order() -> None:
    rng = np.random.default_rng(1)
    A: Numbers = 1 - rng.integers(1, 64, (2, 1300)) * 2.0**-20
    B: Numbers = 1 - rng.integers(1, 64, (1300, 3)) * 2.0**-24
    total = np.zeros((2, 3))
    for first in (0, 512, 1024):
        block = exact(A[:, first : first + 512], B[first : first + 512])
        total = total + np.array([[float(one) for one in row] for row in block])
    assert np.array_equal(product(A, B, 44), total)


def test_numbers_are_rounded_below_the_largest_of_their_column() -> None:
    rng = np.random.default_rng(2)
    A = rng.normal(size=(100, 4)) * [1e-30, 1.0, 1e30, 0.0]
    units = 2.0 ** (np.ceil(np.log2(np.abs(A[:, :3]).max(axis=0))) - 20)
    off = np.abs(rounded(A, 20) - A)[:, :3]
    assert (off <= units / 2).all()
    assert (off.max(axis=0) > units / 4).all()
    assert np.array_equal(rounded(A, 20)[:, :3] % units, np.zeros((100, 3)))


def test_a_factor_solves() -> None:
    rng = np.random.default_rng(3)
    A = rng.normal(size=(30, 20))
    A = A.T @ A
    B = rng.normal(size=(20, 2))
    factor = Factor(A)
    np.testing.assert_allclose(factor.lower, np.linalg.cholesky(A), atol=1e-12)
    np.testing.assert_allclose(A @ factor.solved(B), B, atol=1e-10)
    np.testing.assert_allclose(factor.inverse(), np.linalg.inv(A), atol=1e-5 * np.abs(np.linalg.inv(A)).max())


def test_what_depends_on_what_was_before_is_0() -> None:
    A = np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 9.0]])
    factor = Factor(A)
    assert factor.pivots == [1.0, 0.0, 3.0]
    assert factor.solved(np.array([[5.0], [10.0], [18.0]])).tolist() == [[5.0], [0.0], [2.0]]


# --------------------------------------------------------------------------------------------- least squares


@pytest.mark.parametrize("penalty", [1.0, 0.01, 0.0001])
@pytest.mark.parametrize("shape", [(200, 5), (60, 90)])
@pytest.mark.parametrize("most", [None, 4])
def test_least_squares_are_those_of_scikit_learn(
    penalty: float, shape: tuple[int, int], most: int | None
) -> None:
    X, Y = table(4, *shape, outputs=2)
    weights: Numbers | None = (
        None if most is None else np.random.default_rng(5).integers(1, most, len(X)) / 1.0
    )
    found = fitted(X, Y, NUMBERS, [penalty], weights)
    share = None if weights is None else weights / weights.mean()
    line = Ridge(alpha=penalty * len(X), tol=1e-12).fit(X, Y, share)
    expected = np.column_stack([line.intercept_, line.coef_])
    # Roots of weights are rounded to 20 bits, and so is Cholesky's factor of a wide table.
    atol = 2e-5 if most or shape[1] > shape[0] else 1e-6
    np.testing.assert_allclose(found, expected, atol=atol)


def test_outputs_without_a_target_count_nothing() -> None:
    X, Y = table(6, 80, 3, outputs=3)
    Y[:30, 1] = np.nan
    Y[:, 2] = np.nan
    found = fitted(X, Y, NUMBERS, [0.1])
    # The mean is over all rows, so that of fewer the penalty weighs more.
    for output, rows in ((0, slice(None)), (1, slice(30, None))):
        line = Ridge(alpha=0.1 * 80).fit(X[rows], Y[rows, output])
        np.testing.assert_allclose(found[output], [line.intercept_, *line.coef_], atol=1e-5)
    assert found[2].tolist() == [0.0] * 4


def test_collinear_columns_with_a_weak_penalty() -> None:
    X, Y = table(7, 150, 3)
    X = np.column_stack([X, X[:, 0] + 2.0**-9 * X[:, 1], X[:, 0], np.full(150, 0.5)])
    found = fitted(X, Y, NUMBERS, [0.0001])
    line = Ridge(alpha=0.0001 * 150, solver="svd").fit(X, Y[:, 0])
    np.testing.assert_allclose(found[0], [line.intercept_, *line.coef_], atol=1e-4)


def test_a_constant_column_and_a_column_of_zeros_have_no_weight() -> None:
    X, Y = table(8, 50, 2)
    X = np.column_stack([X, np.zeros(50), np.full(50, 0.25)])
    for layer, targets in ((NUMBERS, Y), (LABELS, (Y > 0) * 1.0), (CLASSES, as_classes(np.hstack([Y, -Y])))):
        found = fitted(X, targets, layer, [0.1, 0.01])
        np.testing.assert_allclose(found[:, 3:], 0.0, atol=1e-4)


@pytest.mark.parametrize("scale", [2.0**-200, 2.0**-30, 2.0**30, 2.0**200])
def test_columns_of_any_size(scale: float) -> None:
    X, Y = table(9, 80, 2)
    plain = fitted(X, Y, NUMBERS, [0.01])
    found = fitted(X * [1.0, scale], Y, NUMBERS, [0.01])
    if scale > 1:  # hardly any penalty is left on that column
        assert abs(found[0, 2] * scale - plain[0, 2]) < 0.05
    else:  # and here hardly any weight
        line = Ridge(alpha=0.01 * 80).fit(X[:, :1], Y[:, 0])
        np.testing.assert_allclose(found[0], [line.intercept_, line.coef_[0], 0.0], atol=1e-5)


# ---------------------------------------------------------------------------------------- logistic regression


def loss_of(W: Numbers, X: Numbers, Y: Numbers, penalty: float) -> float:
    """Mean cross-entropy of softmax, and the penalty."""
    Z = X @ W[:, 1:].T + W[:, 0]
    Z = Z - Z.max(axis=1, keepdims=True)
    losses = np.log(np.exp(Z).sum(axis=1)) - (Z * Y).sum(axis=1)
    return float(losses.mean() + penalty / 2 * (W[:, 1:] ** 2).sum())


@pytest.mark.parametrize("outputs", [2, 3, 8])
@pytest.mark.parametrize("shape", [(300, 5), (60, 90)])
def test_classes_are_those_of_scikit_learn(outputs: int, shape: tuple[int, int]) -> None:
    X, Z = table(10, *shape, outputs=outputs)
    Y = as_classes(Z)
    penalties = [1.0, 0.1, 0.01, 0.001]
    for penalty, net in zip(penalties, linear_path(X, Y, CLASSES, penalties), strict=True):
        if outputs == 2:  # of which scikit-learn has one unit alone, whose weights are the difference
            line = LogisticRegression(C=2 / (penalty * len(X)), tol=1e-9, max_iter=5000)
            line.fit(X, Y.argmax(axis=1))
            half = np.concatenate([line.intercept_, line.coef_[0]]) / 2
            best = np.array([-half, half])
        else:
            line = LogisticRegression(C=1 / (penalty * len(X)), tol=1e-9, max_iter=5000)
            line.fit(X, Y.argmax(axis=1))
            best = np.column_stack([line.intercept_, line.coef_])
        least, found = (loss_of(W, X, Y, penalty) for W in (best, net.weights[0]))
        assert found - least < 1e-5
        np.testing.assert_allclose(net(X), Network([best], *CLASSES)(X), atol=0.01)


def test_labels_with_weights_of_rows_and_missing_ones() -> None:
    X, Z = table(11, 300, 4, outputs=2)
    Y = (Z > 0.5) * 1.0
    Y[:100, 1] = np.nan
    weights = np.random.default_rng(12).integers(1, 4, 300) / 1.0
    share = weights / weights.mean()
    found = Network([fitted(X, Y, LABELS, [0.1, 0.01], weights)], *LABELS)(X)
    for output, rows in ((0, slice(None)), (1, slice(100, None))):
        line = LogisticRegression(C=1 / (0.01 * 300), tol=1e-9, max_iter=5000)
        line.fit(X[rows], Y[rows, output], share[rows])
        np.testing.assert_allclose(found[:, output], line.predict_proba(X)[:, 1], atol=2e-3)


def test_the_bias_alone_is_the_share_of_each_class() -> None:
    X, Y = np.zeros((10, 1)), np.eye(3)[[0] * 5 + [1] * 3 + [2] * 2]
    net = next(iter(linear_path(X, Y, CLASSES, [0.1])))
    np.testing.assert_allclose(net([[0.0]]), [[0.5, 0.3, 0.2]], atol=1e-4)


def test_one_row_a_class_and_a_class_without_rows() -> None:
    X = np.eye(3) * 2
    Y = np.eye(4)[:3]
    for net, least in zip(linear_path(X, Y, CLASSES, [1.0, 0.0001]), (0.3, 0.95), strict=True):
        chances = net(X)
        assert np.isfinite(net.weights[0]).all()
        assert chances.argmax(axis=1).tolist() == [0, 1, 2]
        assert (chances[range(3), range(3)] > least).all()
        assert (chances[:, 3] < 0.05).all()


def test_shares_as_targets() -> None:
    X, Z = table(13, 100, 2, outputs=3)
    Y = 0.9 * as_classes(Z) + 0.1 / 3
    W = fitted(X, Y, CLASSES, [0.01])
    P = Network([W], *CLASSES)(X)
    slope = (P - Y).T @ np.column_stack([np.ones(100), X]) / 100
    slope[:, 1:] += 0.01 * W[:, 1:]
    np.testing.assert_allclose(slope, 0.0, atol=2e-3)


def test_sums_of_many_are_settled() -> None:
    values = np.random.default_rng(14).normal(size=1000)
    assert total_of(values) == pytest.approx(values.sum(), abs=1e-12)
    assert total_of(np.array([1.0, 1e100, 1.0, -1e100])) == 2.0


# ----------------------------------------------------------------------------------------------------- others


def test_more_inputs_than_rows_have_as_many_features_as_rows() -> None:
    X, _ = table(15, 20, 70)
    features = Features.of(X)
    assert features.A.shape == (20, 21)
    V = np.random.default_rng(16).normal(size=(21, 2))
    W = features.weights(V)
    np.testing.assert_allclose(X @ W[:, 1:].T + W[:, 0], features.A @ V, atol=1e-4)
    of_features = features.penalties(0.5)[:, np.newaxis] * V**2
    np.testing.assert_allclose(0.5 * (W[:, 1:] ** 2).sum(axis=1), of_features.sum(axis=0), rtol=1e-4)


def test_rows_that_are_the_same_in_a_wide_table() -> None:
    X, Y = table(17, 20, 40)
    X[10:], Y[10:] = X[:10], Y[:10] + 0.5
    found = fitted(X, Y, NUMBERS, [0.01])
    line = Ridge(alpha=0.01 * 20, solver="svd").fit(X, Y[:, 0])
    np.testing.assert_allclose(found[0], [line.intercept_, *line.coef_], atol=1e-5)


@pytest.mark.parametrize("layer", [NUMBERS, CLASSES, LABELS])
def test_beyond_so_many_features_kernels_train_to_the_same(
    layer: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, Z = table(18, 100, 4, outputs=3)
    Y: Numbers = {NUMBERS: Z, CLASSES: as_classes(Z), LABELS: (Z > 0) * 1.0}[layer]
    weights = np.arange(1.0, 101.0)
    near = [net(X) for net in linear_path(X, Y, layer, [0.1, 0.01], weights)]
    monkeypatch.setattr(path, "MOST_FEATURES", 3)
    trained = [net(X) for net in linear_path(X, Y, layer, [0.1, 0.01], weights)]
    assert not np.array_equal(near, trained)
    np.testing.assert_allclose(near, trained, atol=4e-3)


def test_the_bits_are_kept() -> None:
    """A change of a digest is a change of the arithmetic, and needs a decision of its own."""
    digests = {}
    for name, layer, shape, outputs in (
        ("numbers", NUMBERS, (700, 6), 2), ("wide", NUMBERS, (30, 60), 1), ("classes", CLASSES, (700, 6), 3),
        ("wide classes", CLASSES, (30, 60), 2), ("labels", LABELS, (900, 5), 2),
    ):  # fmt: skip
        X, Z = table(19, *shape, outputs=outputs)
        Y: Numbers = {NUMBERS: Z, CLASSES: as_classes(Z), LABELS: (Z > 0) * 1.0}[layer]
        weights: Numbers | None = np.arange(len(X)) % 3 + 1.0 if outputs == 2 else None
        nets = linear_path(X, Y, layer, [1.0, 0.01, 0.0001], weights)
        digest = hashlib.sha256(b"".join(net.weights[0].astype("<f8").tobytes() for net in nets))
        digests[name] = digest.hexdigest()[:16]
    assert digests == {
        "numbers": "7041c3e453387f2b",
        "wide": "84e0477f979d8be4",
        "classes": "f3dc43719771111f",
        "wide classes": "cac25787c2f345f3",
        "labels": "8b96b91bf21481a2",
    }


@pytest.mark.parametrize(
    "kind",
    [
        "Nehalem",
        pytest.param("Haswell", marks=pytest.mark.slow),
        pytest.param("SkylakeX", marks=pytest.mark.slow),
    ],
)
def test_another_blas_gives_the_same_bits(kind: str) -> None:
    """OpenBLAS takes the products, and so the order of sums, of another processor, where it has them."""
    environment = {**os.environ, "OPENBLAS_CORETYPE": kind, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0"]
    command += [f"{__file__}::{test_the_bits_are_kept.__name__}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
