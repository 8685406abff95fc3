"""Rate schedules: by hand, against PyTorch's schedulers, and as the training follows them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from chainrule import InputError, Network, UnknownNameError, train
from chainrule.equations import SCHEDULES, name_of
from chainrule.equations.past import Past, PastEpoch
from chainrule.training import (
    Constant,
    Cosine,
    CosLog,
    Exponential,
    FlatCosine,
    ReduceOnPlateau,
    Step,
    WarmUp,
)

X, Y = [[0.0], [1.0], [2.0]], [[0.0], [0.5], [1.0]]


def _factors(schedule: Any, watched: list[float], epochs: int | None = None) -> list[float]:  # noqa: ANN401
    """Factor of each epoch, of which these losses were watched."""
    past = Past()
    for loss in watched:
        factor = schedule.next_factor(past, epochs or len(watched))
        past.append(PastEpoch(loss, loss, factor))
    return [epoch.factor for epoch in past]


CONSTANT_LOSS = [1.0] * 6

BY_HAND: list[Any] = [
    (Constant(), CONSTANT_LOSS, [1, 1, 1, 1, 1, 1]),
    (Step(every=2, factor=0.5), CONSTANT_LOSS, [1, 1, 0.5, 0.5, 0.25, 0.25]),
    (Step(every=1, factor=2.0), CONSTANT_LOSS, [1, 2, 4, 8, 16, 32]),
    (Exponential(0.5), CONSTANT_LOSS, [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]),
    # half a wave in six: cos 0°, 30°, 60°, 90°, 120°, 150°
    (Cosine(), CONSTANT_LOSS, [1, (1 + math.sqrt(0.75)) / 2, 0.75, 0.5, 0.25, (1 - math.sqrt(0.75)) / 2]),
    (Cosine(final=0.5), [1.0] * 3, [1, 0.875, 0.625]),
    (FlatCosine(), CONSTANT_LOSS, [1, 1, 1, 1, 0.75, 0.25]),
    (FlatCosine(), [1.0] * 3, [1, 1, 0.75]),
    # one wait is let pass, the second lowers; the count begins anew
    (ReduceOnPlateau(patience=1, factor=0.5), [3, 2, 2, 2, 2, 2, 2], [1, 1, 1, 1, 0.5, 0.5, 0.25]),
    # a fall of less than a tenth is none
    (ReduceOnPlateau(1, 0.5, threshold=0.1), [1.0, 0.95, 0.91, 0.89, 0.85, 0.81], [1, 1, 1, 0.5, 0.5, 0.5]),
    # a score is watched as minus itself, and grows by a tenth here
    (ReduceOnPlateau(1, 0.5, threshold=0.05), [-1.0, -1.1, -1.2, -1.3, -1.4], [1, 1, 1, 1, 1]),
    (ReduceOnPlateau(1, 0.5, threshold=0.2), [-1.0, -1.1, -1.15, -1.18], [1, 1, 1, 0.5]),
    (WarmUp(epochs=4), CONSTANT_LOSS, [0.25, 0.5, 0.75, 1, 1, 1]),
    (WarmUp(epochs=1), [1.0] * 3, [1, 1, 1]),
    (WarmUp(epochs=3, then=Exponential(0.5)), CONSTANT_LOSS, [1 / 3, 2 / 3, 1, 0.5, 0.25, 0.125]),
    # what is left of the epochs after the first three is the wave: 1 at its beginning
    (WarmUp(epochs=3, then=Cosine()), [1.0] * 5, [1 / 3, 2 / 3, 1, 0.75, 0.25]),
    (WarmUp(epochs=2, then=Step(1, 0.1)), [1.0] * 4, [0.5, 1, 0.1, 0.01]),
    # losses of the warm-up count for nothing in what follows it
    (WarmUp(2, ReduceOnPlateau(1, 0.5)), [0.1, 3, 2, 2, 2], [0.5, 1, 1, 1, 1]),
    (WarmUp(2, ReduceOnPlateau(1, 0.5)), [0.1, 3, 3, 3, 3], [0.5, 1, 1, 1, 0.5]),
]


@pytest.mark.parametrize(("schedule", "watched", "expected"), BY_HAND, ids=lambda given: str(given)[:50])
def test_factors_are_those_worked_by_hand(schedule: Any, watched: Any, expected: Any) -> None:  # noqa: ANN401
    assert _factors(schedule, watched) == pytest.approx(expected, rel=1e-15, abs=1e-16)


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 100, 999])
def test_four_waves_are_those_of_the_mathematical_library(epochs: int) -> None:
    waves = [math.log2(1 + 15 * (epoch + 0.5) / epochs) for epoch in range(epochs)]
    expected = [(1 - math.cos(2 * math.pi * wave)) / 2 for wave in waves]
    # a wave's place is within a few 1e-16 of the true one, which its slope multiplies by at most π
    np.testing.assert_allclose(_factors(CosLog(), [1.0] * epochs), expected, rtol=0, atol=8e-15)


def test_four_waves_double_their_length_and_begin_and_end_low() -> None:
    factors = np.array(_factors(CosLog(), [1.0] * 1500))
    lows = [0, *(100 * (2**k - 1) for k in (1, 2, 3)), 1500]
    for first, stop in pairwise(lows):
        wave = factors[first:stop]
        assert max(wave[0], wave[-1]) < 0.001
        assert wave.max() > 0.9999
        assert len(np.flatnonzero(np.diff(np.sign(np.diff(wave))))) == 1  # it rises once and falls once


def test_waves_stay_at_their_end_after_the_last_epoch() -> None:
    for schedule in (FlatCosine(), CosLog()):
        assert _factors(schedule, [1.0] * 5, epochs=2)[2:] == [0.0, 0.0, 0.0]


def test_cosine_stays_at_its_end_after_the_last_epoch() -> None:
    assert _factors(Cosine(final=0.1), [1.0] * 5, epochs=2)[2:] == [0.1, 0.1, 0.1]


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 100, 999])
def test_cosine_is_that_of_the_mathematical_library(epochs: int) -> None:
    expected = [(1 + math.cos(math.pi * epoch / epochs)) / 2 for epoch in range(epochs)]
    # each of the two is within 2e-16 of the true value
    np.testing.assert_allclose(_factors(Cosine(), [1.0] * epochs), expected, rtol=0, atol=4e-16)


def _losses(n: int) -> list[float]:
    """Losses that fall, rest and rise, as a training's do."""
    random = np.random.default_rng(5)
    return [float(loss) for loss in np.abs(np.exp(-np.arange(n) / 9) + random.normal(0, 0.05, n)) + 0.3]


EPOCHS = 60
AGAINST_PYTORCH: list[Any] = [
    (Constant(), lambda s, o: s.ConstantLR(o, factor=1.0)),
    (Step(7, 0.3), lambda s, o: s.StepLR(o, step_size=7, gamma=0.3)),
    (Step(), lambda s, o: s.StepLR(o, step_size=30)),
    (Exponential(0.93), lambda s, o: s.ExponentialLR(o, gamma=0.93)),
    (Cosine(), lambda s, o: s.CosineAnnealingLR(o, T_max=EPOCHS)),
    (Cosine(0.02), lambda s, o: s.CosineAnnealingLR(o, T_max=EPOCHS, eta_min=0.02 * 0.25)),
    (ReduceOnPlateau(), lambda s, o: s.ReduceLROnPlateau(o, eps=0)),
    (ReduceOnPlateau(3, 0.6, 0.02), lambda s, o: s.ReduceLROnPlateau(o, "min", 0.6, 3, 0.02, eps=0)),
    (WarmUp(6), lambda s, o: s.LinearLR(o, start_factor=1 / 6, total_iters=5)),
    (
        WarmUp(6, Exponential(0.9)),
        lambda s, o: s.SequentialLR(
            o,
            [s.LinearLR(o, start_factor=1 / 6, total_iters=5), s.ExponentialLR(o, gamma=0.9)],
            milestones=[5],
        ),
    ),
    (
        WarmUp(6, Cosine()),
        lambda s, o: s.SequentialLR(
            o,
            [
                s.LinearLR(o, start_factor=1 / 6, total_iters=5),
                s.CosineAnnealingLR(o, T_max=EPOCHS - 5),
            ],
            milestones=[5],
        ),
    ),
]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("schedule", "made"), AGAINST_PYTORCH, ids=[str(one)[:50] for one, _ in AGAINST_PYTORCH]
)
def test_rates_are_those_of_pytorch_stepped_once_an_epoch(schedule: Any, made: Any) -> None:  # noqa: ANN401
    torch: Any = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.25)
    scheduler = made(torch.optim.lr_scheduler, optimizer)
    losses, expected = _losses(EPOCHS), []
    for loss in losses:
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        given = (loss,) if isinstance(schedule, ReduceOnPlateau) else ()
        scheduler.step(*given)
    rates = [0.25 * factor for factor in _factors(schedule, losses)]
    assert len(set(expected)) > (not isinstance(schedule, Constant))
    np.testing.assert_allclose(rates, expected, rtol=1e-12, atol=1e-15)


def _train(**settings: Any) -> Any:  # noqa: ANN401 (handed through)
    net = Network.random((1, 1), "identity", seed=1)
    return train(net, X, Y, **{"rate": 0.2, "epochs": 8, **settings})


ALL = [
    "constant", "step:2:0.5", "exponential:0.8", "cosine:0.1", "flat_cosine", "coslog", "plateau:1:0.5:0.3",
    "warm_up:3,cosine",
]  # fmt: skip


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("schedule", ALL)
def test_training_takes_the_rate_of_its_schedule_in_every_epoch(schedule: str, engine: str) -> None:
    result = _train(schedule=schedule, engine=engine)
    factors = _factors(SCHEDULES.named(schedule), list(result.history.loss))
    assert result.history.rate == tuple(0.2 * factor for factor in factors)
    # the same, one epoch after the other by hand
    net = Network.random((1, 1), "identity", seed=1)
    for factor in factors:
        net = train(net, X, Y, rate=0.2 * factor, epochs=1, shuffle=False, engine=engine).network
    unshuffled = _train(schedule=schedule, engine=engine, shuffle=False)
    if schedule != "plateau:1:0.5:0.3":  # whose rates follow the losses, and these the order
        np.testing.assert_array_equal(unshuffled.network.weights[0], net.weights[0])


def test_plateau_watches_the_validation_loss_where_there_is_one() -> None:
    # The training loss falls; that of targets on the other side grows from the first epoch on.
    given: dict[str, Any] = {"rate": 0.01, "epochs": 9, "batch_size": 3, "schedule": "plateau:2:0.5"}
    start = Network([[[0.0, 0.0]]], "identity")
    losses = train(start, X, Y, **given).history
    assert list(losses.loss) == sorted(losses.loss, reverse=True)
    assert set(losses.rate) == {0.01}
    watched = train(start, X, Y, validation=([[3.0]], [[-9.0]]), **given).history
    assert list(watched.validation_loss) == sorted(watched.validation_loss)  # type: ignore[type-var]
    assert watched.rate == (0.01,) * 4 + (0.005,) * 3 + (0.0025,) * 2


class _Alternating:
    """A schedule of the user's own."""

    name = "alternating"

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        return 1.0 if len(past) % 2 else 0.5


def test_a_schedule_of_the_users_own_is_followed() -> None:
    result = _train(schedule=_Alternating(), epochs=4)
    assert result.history.rate == (0.1, 0.2, 0.1, 0.2)
    assert len(result.state.epochs) == 4


NAMES = [
    ("constant", Constant()), ("step", Step()), ("step:5:0.5", Step(5, 0.5)),
    ("exponential:0.9", Exponential(0.9)), ("cosine", Cosine()), ("cosine:0.25", Cosine(0.25)),
    ("plateau:3:0.5:0.01", ReduceOnPlateau(3, 0.5, 0.01)), ("warm_up", WarmUp()),
    ("warm_up:7,step:3", WarmUp(7, Step(3))), ("warm_up:2,warm_up:3,cosine", WarmUp(2, WarmUp(3, Cosine()))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "schedule"), NAMES)
def test_names_stand_for_schedules_and_back(text: str, schedule: Any) -> None:  # noqa: ANN401
    assert SCHEDULES.named(text) == schedule
    assert SCHEDULES.named(name_of(schedule)) == schedule


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("cosinus", UnknownNameError, "There is no schedule 'cosinus'. Did you mean 'cosine'?"),
        ("step:0", InputError, "every is 0 but must be a whole number"),
        ("step:2.5", InputError, "every is 2.5 but must be a whole number"),
        ("step:2:-1", InputError, "factor is -1.0 but must be a finite number above 0. Try 0.1."),
        ("exponential:x", InputError, "has 'x' after a colon, where a number is needed"),
        ("exponential:1:2", InputError, "has 2 numbers but exponential takes at most factor"),
        ("cosine:1", InputError, "final is 1.0 but must be"),
        ("plateau:5:0.1:1", InputError, "threshold is 1.0 but must be"),
        ("warm_up:0", InputError, "epochs is 0 but must be a whole number"),
        ("cosine,step", UnknownNameError, "There is no schedule 'cosine,step'."),
    ],
)
def test_schedules_that_make_no_sense_are_refused(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        _train(schedule=text)
    assert message in str(caught.value)


@pytest.mark.parametrize("schedule", [3, None, Step])
def test_what_is_no_schedule_is_refused(schedule: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match=r"schedule is .* but must be a name or an object"):
        _train(schedule=schedule)
