"""Random streams: the same numbers for good, fair, and never the same for two purposes."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import InputError
from chainrule.given import check_seed
from chainrule.random_streams import Purpose, normal, permutation, raw_numbers, uniform

seeds = st.integers(0, 2**64 - 1)
purposes = st.sampled_from(Purpose)
counters = st.integers(0, 2**64 - 1)

ROUND_CONSTANTS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
KEY_STEPS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)


def _philox_block(words: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, ...]:
    """Philox4x64-10 as its paper writes it, in Python's whole numbers."""
    a, b, c, d = words
    for step in range(10):
        keys = [(k + step * w) % 2**64 for k, w in zip(key, KEY_STEPS, strict=True)]
        high_a, low_a = divmod(ROUND_CONSTANTS[0] * a, 2**64)
        high_c, low_c = divmod(ROUND_CONSTANTS[1] * c, 2**64)
        a, b, c, d = high_c ^ b ^ keys[0], low_c, high_a ^ d ^ keys[1], low_a
    return a, b, c, d


@given(seeds, purposes, counters)
def test_raw_numbers_are_those_of_the_philox_paper(seed: int, purpose: Purpose, counter: int) -> None:
    # NumPy counts a block before it makes it: the first one has the number 1.
    blocks = [_philox_block((number, 0, 0, counter), (seed, int(purpose))) for number in (1, 2)]
    raw = raw_numbers(8, seed=seed, purpose=purpose, counter=counter)
    assert [int(number) for number in raw] == [*blocks[0], *blocks[1]]


GOLDEN: list[tuple[int, Purpose, int, list[int]]] = [
    (0, Purpose.START, 0, [15003734204198539638, 13859618513508960101, 12389738016430293093]),
    (0, Purpose.SPLIT, 0, [15023647771317767168, 8110679283269960230, 5528858672019317250]),
    (0, Purpose.SHUFFLE, 1, [14618926693377319916, 13144530865633089146, 10642177404906835784]),
    (7, Purpose.DROPOUT, 5, [13116467777535727299, 13567022738975607159, 12265891061875352321]),
    (9, Purpose.VALIDATION, 0, [1225802114068456882, 10400255652017750099, 8880462326759329827]),
    (42, Purpose.SAMPLE, 3, [5453989622891953308, 16627022954804032026, 3357313321546572193]),
    (
        2**64 - 1,
        Purpose.SHUFFLE,
        2**64 - 1,
        [17590456716250632027, 17896631181285855928, 12999730133274821576],
    ),
]


@pytest.mark.parametrize(("seed", "purpose", "counter", "numbers"), GOLDEN)
def test_streams_keep_their_numbers(seed: int, purpose: Purpose, counter: int, numbers: list[int]) -> None:
    assert raw_numbers(3, seed=seed, purpose=purpose, counter=counter).tolist() == numbers


def test_values_of_the_purposes_are_part_of_the_arithmetic() -> None:
    assert {purpose.name: int(purpose) for purpose in Purpose} == {
        "START": 1,
        "SPLIT": 2,
        "SHUFFLE": 3,
        "SAMPLE": 4,
        "DROPOUT": 5,
        "VALIDATION": 6,
        "FOLDS": 7,
        "BOOTSTRAP": 8,
        "START_FROM_DATA": 9,
    }


def test_orders_keep_their_bits() -> None:
    orders = [permutation(6, seed=0, purpose=Purpose.SHUFFLE, counter=epoch).tolist() for epoch in (1, 2)]
    assert orders == [[3, 5, 2, 4, 1, 0], [3, 0, 5, 4, 1, 2]]


@given(st.integers(0, 60), seeds, purposes, counters)
def test_more_numbers_begin_with_the_fewer(n: int, seed: int, purpose: Purpose, counter: int) -> None:
    fewer = raw_numbers(n, seed=seed, purpose=purpose, counter=counter)
    more = raw_numbers(n + 7, seed=seed, purpose=purpose, counter=counter)
    assert fewer.dtype == np.uint64
    assert len(fewer) == n
    np.testing.assert_array_equal(more[:n], fewer)


@given(seeds, purposes, counters)
def test_uniform_numbers_are_multiples_of_2_to_the_minus_53_below_1(
    seed: int, purpose: Purpose, counter: int
) -> None:
    numbers = uniform(50, seed=seed, purpose=purpose, counter=counter)
    raw = raw_numbers(50, seed=seed, purpose=purpose, counter=counter)
    assert numbers.dtype == np.float64
    assert (numbers >= 0).all()
    assert (numbers < 1).all()
    assert (numbers * 2**53 == np.floor(numbers * 2**53)).all()
    assert numbers.tolist() == [(int(r) >> 11) / 2**53 for r in raw]


@given(st.integers(0, 70), st.integers(0, 30), seeds, purposes, counters)
def test_numbers_from_a_place_on_are_those_of_the_whole_stream(
    first: int, n: int, seed: int, purpose: Purpose, counter: int
) -> None:
    part = uniform(n, seed=seed, purpose=purpose, counter=counter, first=first)
    whole = uniform(first + n, seed=seed, purpose=purpose, counter=counter)
    assert part.dtype == np.float64
    np.testing.assert_array_equal(part, whole[first:])


def test_numbers_far_along_a_stream_are_those_of_the_philox_paper() -> None:
    # Number 4·10**12 is the first of block 10**12 + 1: NumPy counts a block before it makes it.
    block = _philox_block((10**12 + 1, 0, 0, 7), (3, int(Purpose.DROPOUT)))
    numbers = uniform(4, seed=3, purpose=Purpose.DROPOUT, counter=7, first=4 * 10**12)
    assert numbers.tolist() == [(number >> 11) / 2**53 for number in block]


def test_the_largest_raw_number_stays_below_1() -> None:
    largest = np.uint64(2**64 - 1)
    assert float(largest >> np.uint64(11)) * 2.0**-53 == 1 - 2.0**-53


@given(st.integers(0, 200), seeds, purposes, counters)
def test_permutation_holds_every_number_once(n: int, seed: int, purpose: Purpose, counter: int) -> None:
    order = permutation(n, seed=seed, purpose=purpose, counter=counter)
    assert order.dtype == np.intp
    assert sorted(order.tolist()) == list(range(n))


def test_no_two_streams_share_a_number() -> None:
    streams = itertools.product((0, 1, 2, 2**64 - 1), Purpose, (0, 1, 2, 1000))
    numbers = np.concatenate(
        [raw_numbers(500, seed=seed, purpose=purpose, counter=counter) for seed, purpose, counter in streams]
    )
    # Some 64,000 different numbers of 64 bits: two equal by chance once in 2**64 / 64000**2 * 2 = 9e9 tries
    assert len(np.unique(numbers)) == len(numbers) == 4 * len(Purpose) * 4 * 500


# Chi-square of n! - 1 degrees of freedom; the bound is the mean plus 6 standard deviations, which a fair
# stream passes about 999,999 times in 1,000,000; the seeds are fixed, so that the outcome is too.
@pytest.mark.parametrize("n", [3, 4, 5])
@pytest.mark.parametrize("varied", ["seed", "counter"])
def test_every_order_is_as_likely_as_any_other(n: int, varied: str) -> None:
    orders_of_n = math.factorial(n)
    n_draws = 40 * orders_of_n
    fixed = {"seed": 0, "counter": 1, "purpose": Purpose.SHUFFLE}
    counts: Counter[tuple[int, ...]] = Counter()
    for number in range(n_draws):
        settings: dict[str, Any] = {**fixed, varied: number}
        counts[tuple(permutation(n, **settings).tolist())] += 1
    chi_square = sum((counts[order] - 40) ** 2 / 40 for order in itertools.permutations(range(n)))
    freedom = orders_of_n - 1
    assert chi_square < freedom + 6 * math.sqrt(2 * freedom)
    # and not too even either, as a stream that only counted through the orders would be
    assert chi_square > max(0.01, freedom - 6 * math.sqrt(2 * freedom))


@pytest.mark.parametrize("seed", [0, 1, 2**63, 2**64 - 1, np.uint64(2**64 - 1), np.int8(3), np.int64(7)])
def test_seeds_are_whole_numbers_of_64_bits(seed: int) -> None:
    checked = check_seed(seed)
    assert type(checked) is int
    assert checked == int(seed)


@pytest.mark.parametrize(
    "seed", [-1, 2**64, 10**30, 0.0, 1.5, math.nan, "0", None, True, np.True_, [0], np.int8(-1)]
)
def test_other_seeds_are_refused_with_value_range_and_advice(seed: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError) as caught:
        check_seed(seed)
    assert str(caught.value) == (
        f"seed is {seed!r} but must be a whole number from 0 to 18446744073709551615. Try seed 0."
    )
    with pytest.raises(InputError):
        permutation(3, seed=seed, purpose=Purpose.SHUFFLE)


@given(seeds, purposes, st.integers(0, 40), st.integers(0, 40))
def test_normal_numbers_are_settled_by_their_place(seed: int, purpose: Purpose, first: int, n: int) -> None:
    whole = normal(first + n, seed=seed, purpose=purpose)
    assert normal(n, seed=seed, purpose=purpose, first=first).tobytes() == whole[first:].tobytes()
    for i, (u, v) in enumerate(uniform(80, seed=seed, purpose=purpose).reshape(-1, 2).tolist()):
        radius = math.sqrt(-2 * math.log1p(-u))
        for at, wave in ((2 * i, math.cos), (2 * i + 1, math.sin)):
            if at < len(whole):
                assert whole[at] == pytest.approx(radius * wave(2 * math.pi * v), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_normal_numbers_are_normal(seed: int) -> None:
    n = 200_000
    numbers = normal(n, seed=seed, purpose=Purpose.START)
    # of the moments 1 to 4, each within five standard errors
    for power, (moment, variance) in {1: (0, 1), 2: (1, 2), 3: (0, 15), 4: (3, 96)}.items():
        assert abs((numbers**power).mean() - moment) < 5 * math.sqrt(variance / n)
    # Kolmogorov's distance, above 1.95 / √n once in a thousand
    exact = np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in np.sort(numbers)])
    assert np.abs(exact - (np.arange(n) + 0.5) / n).max() < 2.2 / math.sqrt(n)
    assert abs((numbers[:-1] * numbers[1:]).mean()) < 5 / math.sqrt(n)


def test_normal_numbers_for_good() -> None:
    digest = hashlib.sha256(normal(10_001, seed=5, purpose=Purpose.START).astype("<f8").tobytes()).hexdigest()
    assert digest == "152254bd2616e64f1714a4726f6d09b3151577b2a6e5e56ea369d35091c64575"
