"""An ensemble of a fit: each network is to the bit what it is alone, whatever else is trained beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule
from chainrule import Ensemble, InputError, Model, ModelFileError, Network, train
from chainrule.files import model_from_bytes, model_to_bytes
from chainrule.jobs import FitJob
from chainrule.models import fit_settings, prepare, start_network
from chainrule.models.ensembles import checkpoint_of_members, fit_networks, member_seeds
from chainrule.models.learning import parted
from chainrule.models.rows import part_in_folds
from chainrule.settings import FitSettings
from chainrule.training import StoppedBy
from model_documents import JSON, edited, header_of, resealed, with_document

if TYPE_CHECKING:
    from chainrule.training import Progress

IRIS = Path(__file__).parents[2] / "examples" / "iris.csv"
RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(90, 3))
NUMBERS = pa.table(
    {
        "a": X[:, 0],
        "b": X[:, 1],
        "c": X[:, 2],
        "group": [f"g{k % 9}" for k in range(90)],
        "y": np.sin(X[:, 0]) + X[:, 1] + 0.3 * X[:, 2],
    }
)


def bits(net: Any) -> list[bytes]:  # noqa: ANN401 (one network)
    """All weights."""
    return [w.tobytes() for w in net.weights]


def fit(**given: Any) -> Any:  # noqa: ANN401 (a result)
    """A short fit of the numbers."""
    return chainrule.fit(
        NUMBERS,
        target="y",
        **{"ignore": ["group"], "hidden": 4, "epochs": 12, "rate": 0.03, "seed": 5, **given},
    )


# Each network


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "more", [{}, {"validation": 0.2, "patience": 3}, {"rule": "lbfgs", "rate": None}, {"dtype": "float32"}]
)
def test_each_network_is_to_the_bit_what_train_makes_alone(threads: int, more: dict[str, Any]) -> None:
    result = fit(ensemble=4, threads=threads, **more)
    assert isinstance(result.model.network, Ensemble)
    assert [one.training.seed for one in result.model.members] == [5, 6, 7, 8]
    data = result.data
    first = fit_settings(data, **{"hidden": 4, "epochs": 12, "rate": 0.03, **more})
    learnt, watched = parted(data, first)  # of all networks the same rows
    for k, one in enumerate(result.members):
        seed = 5 + k
        own = FitSettings(**{**{n: getattr(first, n) for n in first.__dataclass_fields__}, "seed": seed})
        alone = train(
            start_network(data, own),
            data.X[learnt],
            data.Y[learnt],
            validation=(data.X[watched], data.Y[watched]) if len(watched) else None,
            **first.to_json() | {"seed": seed, "threads": 1},
        )
        assert bits(one.training.network) == bits(alone.network)
        assert one.history.loss == alone.history.loss
        assert one.training.best_epoch == alone.best_epoch
    outputs = [one.training.network(data.X) for one in result.members]
    mean = (outputs[0] + outputs[1] + outputs[2] + outputs[3]) / outputs[0].dtype.type(4)
    assert result.model.network(data.X).tobytes() == mean.tobytes()


def test_the_first_network_is_a_fit_without_ensemble_and_one_alone_is_that_fit() -> None:
    without = fit()
    first, one = fit(ensemble=3).model.members[0], fit(ensemble=1).model
    assert model_to_bytes(first) == model_to_bytes(without.model) == model_to_bytes(one)
    assert isinstance(one.network, Network)


def test_threads_and_callbacks_change_no_bit() -> None:
    heard: list[tuple[tuple[int, int] | None, int]] = []
    one_by_one = fit(ensemble=3, on_epoch=lambda p: heard.append((p.member, len(p.epochs))))
    assert heard == [((k, 3), n) for k in (1, 2, 3) for n in range(1, 13)]
    at_once = fit(ensemble=3, threads=2)
    assert model_to_bytes(one_by_one.model) == model_to_bytes(at_once.model)


def test_seeds_that_would_be_too_large_are_refused() -> None:
    last = 2**64 - 1
    assert member_seeds(FitSettings(rate=1, epochs=1, seed=last - 1, ensemble=2)) == (last - 1, last)
    with pytest.raises(InputError, match="seed"):
        fit(ensemble=2, seed=last)


# Folds


def test_each_network_watches_a_fold_of_its_own_and_no_row_is_wasted() -> None:
    result = fit(ensemble=3, ensemble_by="folds")
    data = result.data
    own = fit_settings(data, hidden=4, epochs=12, rate=0.03, ensemble=3, ensemble_by="folds")
    assert own.validation == 0
    assert own.patience == 10
    watched_at_all = []
    for k, one in enumerate(result.members, 1):
        parted_in_3 = part_in_folds(
            data.table.take(data.training_rows), data.encoding.rows, None, folds=3, seed=5
        )[k - 1]
        learnt, watched = (data.training_rows[at] for at in (parted_in_3.training, parted_in_3.held_out))
        watched_at_all += watched.tolist()
        alone = train(
            start_network(
                data, FitSettings(**{**vars(own), "seed": 4 + k, "ensemble": None, "ensemble_by": None})
            ),
            data.X[learnt],
            data.Y[learnt],
            validation=(data.X[watched], data.Y[watched]),
            **own.to_json() | {"seed": 4 + k},
        )
        assert bits(one.training.network) == bits(alone.network)
        assert one.history.validation_loss == alone.history.validation_loss
        assert one.model.training.seed_of_rows == 5
    assert sorted(watched_at_all) == data.training_rows.tolist()


def test_folds_heed_groups() -> None:
    result = fit(ignore=[], group="group", ensemble=3, ensemble_by="folds", held_out=0)
    sizes = {len(one.history.epochs) > 0 for one in result.members}
    assert sizes == {True}
    with pytest.raises(InputError, match="9"):
        fit(ignore=[], group="group", ensemble=10, ensemble_by="folds", held_out=0)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"ensemble_by": "folds"}, "there is one network alone"),
        (
            {"ensemble": 3, "ensemble_by": "folds", "validation": 0.2},
            "each network watches a fold of its own",
        ),
        ({"ensemble": 3, "ensemble_by": "folds", "validation": NUMBERS}, "validation is a table"),
        ({"ensemble": 3, "ensemble_by": "folds", "in_order": True}, "in_order was given"),
        ({"ensemble": 3, "ensemble_by": "rows"}, "must be 'seeds' or 'folds'"),
        ({"ensemble": 0}, "a whole number of at least 1"),
        ({"n_estimators": 3}, "ensemble"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        fit(**given)


# What is told


def test_what_went_badly_is_said_once_for_all_networks() -> None:
    with pytest.warns(chainrule.TrainingWarning, match=r"Network 1: .* This is so of 3 of 3 networks"):
        result = fit(ensemble=3, rate=1e-9, rule="descent", epochs=30)
    assert {one.cause for one in result.diagnosis} == {"rate_too_small"}


def test_a_network_that_diverges_is_named() -> None:
    with pytest.raises(chainrule.DivergenceError, match="network 1 of 3, which has the seed 5") as caught:
        fit(ensemble=3, rate=1e6, rule="descent", activation="identity", epochs=300)
    assert caught.value.seed == 5


def test_scores_of_the_networks_alone_stand_beside_that_of_the_whole() -> None:
    result = fit(ensemble=3)
    rows = result.data.held_out_rows
    for score, one in zip(result.scores_of_members, result.members, strict=True):
        error = one.training.network(result.data.X[rows]) - result.data.Y[rows]
        scale = result.data.encoding.targets[0].scale
        assert score[0].rmse == pytest.approx(scale * float(np.sqrt((error**2).mean())), rel=1e-12)
    alone = [score[0].rmse ** 2 for score in result.scores_of_members]
    assert result.held_out_score[0].rmse ** 2 <= np.mean(alone)  # the mean square of a mean is never larger


def test_cross_validation_trains_an_ensemble_for_each_fold() -> None:
    found = chainrule.cross_validate(
        NUMBERS, target="y", ignore=["group"], hidden=4, epochs=5, rate=0.03, ensemble=2, folds=3
    )
    alone = chainrule.cross_validate(
        NUMBERS, target="y", ignore=["group"], hidden=4, epochs=5, rate=0.03, folds=3
    )
    for one, other in zip(found.folds, alone.folds, strict=True):
        assert len(one.model.members) == 2
        assert bits(one.model.members[0].network) == bits(other.model.network)


# Files


def test_a_file_gives_it_back_to_the_bit(tmp_path: Path) -> None:
    model = fit(ensemble=3, ensemble_by="folds").model
    path = tmp_path / "e.st"
    chainrule.save(model, path)
    again = chainrule.load(path)
    assert isinstance(again, Model)
    assert model_to_bytes(again) == path.read_bytes()
    assert (
        again.network(model.network.members[0].weights[0][:, 1:]).tobytes()
        == model.network(model.network.members[0].weights[0][:, 1:]).tobytes()
    )
    assert again.training == model.training
    assert [one.training for one in again.members] == [one.training for one in model.members]
    assert again.predict(NUMBERS)["y"].tobytes() == model.predict(NUMBERS)["y"].tobytes()


def test_networks_alone_and_of_unlike_sizes_are_kept(tmp_path: Path) -> None:
    nets = [Network.random((2, k, 1), ["tanh", "identity"], seed=k) for k in (3, 5)]
    chainrule.save(Ensemble(nets), tmp_path / "e.st")
    again = chainrule.load(tmp_path / "e.st")
    assert isinstance(again, Ensemble)
    assert [bits(one) for one in again.members] == [bits(one) for one in nets]


def test_one_network_is_written_as_before() -> None:
    header, _ = header_of(model_to_bytes(fit().model))
    assert '"format":5' in header["__metadata__"]["chainrule"]
    assert "members" not in header["__metadata__"]["chainrule"]
    assert "ensemble" not in header["__metadata__"]["chainrule"]


ENSEMBLE = model_to_bytes(fit(ensemble=2).model)


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(
        [
            (name, *rest)
            for name in ("members", "activations", "loss", "state", "format", "training")
            for rest in ([], [0], [0, "activations"], [1, "loss"], [1, "state"], [0, "training"])
            if name == "members" or not rest
        ]
    ),
    value=JSON,
    how=st.sampled_from(["replace", "remove", "double"]),
)
def test_a_hostile_document_is_refused_or_the_same(path: tuple[Any, ...], value: object, how: str) -> None:
    content = with_document(ENSEMBLE, lambda document: edited(document, path, value, how))
    try:
        model = model_from_bytes(content)
    except ModelFileError:
        return
    assert model_from_bytes(model_to_bytes(model)).network is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(members=[]),
        lambda document: document.update(members=document["members"][:1]),
        lambda document: document.update(members=document["members"] * 2),
        lambda document: document.update(activations=["tanh"]),
        lambda document: document.update(loss="absolute"),
        lambda document: document["members"][1].update(activations=["relu", "tanh"]),
        lambda document: document["training"].update(ensemble=None),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: Any) -> None:  # noqa: ANN401 (a function)
    with pytest.raises(ModelFileError):
        model_from_bytes(with_document(ENSEMBLE, change))


@pytest.mark.parametrize("name", ["member3.W1", "member0.W1", "W1", "member01.W1", "member1W1"])
def test_tensors_of_no_member_are_refused(name: str) -> None:
    header, rest = header_of(ENSEMBLE)
    header[name] = header.pop("member2.W1")
    document = header["__metadata__"]["chainrule"]
    at = document.index('"sha256":"') + len('"sha256":"')
    header["__metadata__"]["chainrule"] = document[:at] + "0" * 64 + document[at + 64 :]
    with pytest.raises(ModelFileError):
        model_from_bytes(resealed(header, rest))


# Ctrl-C, and going on


def interrupted(member: int, epochs: int, **given: Any) -> Any:  # noqa: ANN401 (a result)
    """A fit that Ctrl-C ends in one of its networks."""

    def press(training: Progress) -> None:
        if training.member is not None and training.member[0] == member and len(training.epochs) == epochs:
            raise KeyboardInterrupt

    return fit(ensemble=3, on_epoch=press, **given)


def test_the_networks_that_were_complete_are_kept() -> None:
    result, whole = interrupted(3, 4), fit(ensemble=3)
    assert result.stopped_by is StoppedBy.INTERRUPT
    assert [bits(net) for net in result.model.network.members] == [
        bits(net) for net in whole.model.network.members[:2]
    ]
    assert result.model.training.stopped_by == "interrupt"
    assert [len(one.history.epochs) for one in result.unfinished] == [4]


def test_where_none_was_complete_it_is_kept_as_far_as_it_came() -> None:
    result = interrupted(1, 4)
    assert isinstance(result.model.network, Network)
    assert len(result.history.epochs) == 4


@pytest.mark.parametrize(
    "more", [{}, {"ensemble_by": "folds"}, {"rule": "adam", "validation": 0.2, "patience": 4}]
)
@pytest.mark.parametrize("at", [(1, 3), (2, 7), (3, 12)])
def test_it_goes_on_from_a_checkpoint_as_if_nothing_had_happened(
    at: tuple[int, int], more: dict[str, Any], tmp_path: Path
) -> None:
    given = {"hidden": 4, "epochs": 12, "rate": 0.03, "ensemble": 3, **more}
    begun = interrupted(*at, **more)
    data = prepare(NUMBERS, target="y", ignore=["group"], seed=5)
    states = [one.training.state for one in (*begun.members, *begun.unfinished)]
    chainrule.save(checkpoint_of_members(data, fit_settings(data, **given), states), tmp_path / "c.st")
    if at[0] > 1:
        assert len(chainrule.load_model(tmp_path / "c.st").states) == at[0]
    heard: list[tuple[Any, int]] = []
    resumed = chainrule.fit(
        NUMBERS,
        resume=tmp_path / "c.st",
        on_epoch=lambda training: heard.append((training.member, len(training.epochs))),
    )
    # What was done is not done again.
    done = {k: len(state.epochs) for k, state in enumerate(states, 1)}
    assert all(member is None or n > done.get(member[0], 0) for member, n in heard)
    assert model_to_bytes(resumed.model) == model_to_bytes(fit(ensemble=3, **more).model)


def test_states_that_are_of_another_kind_are_refused() -> None:
    one = fit().training.state
    with pytest.raises(InputError, match="is the state of one training"):
        fit(ensemble=3, resume=one)
    data = prepare(NUMBERS, target="y", ignore=["group"], seed=5)
    with pytest.raises(InputError, match="a checkpoint of several networks"):
        fit_networks(data, fit_settings(data, hidden=4, epochs=12, rate=0.03), resume=(one, one))


def test_the_command_keeps_a_checkpoint_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: Any = {"target": ["species"], "ensemble": 3, "epochs": 3000, "hidden": (4,), "threads": 1}

    class Cancelling:
        def __init__(self, job: FitJob) -> None:
            self.job = job

        def note(self, text: str) -> None:
            """Nothing."""

        def progress(self, training: Progress) -> None:
            if training.member == (2, 3):
                self.job.cancel()

    monkeypatch.setattr("chainrule.jobs.fit.SECONDS_BETWEEN_LOOKS", 1e-4)
    whole = FitJob(IRIS, out=tmp_path / "whole.st", **given).run()
    job = FitJob(IRIS, out=tmp_path / "part.st", **given)
    outcome = job.run(Cancelling(job))
    assert outcome.was_interrupted
    assert outcome.checkpoint == tmp_path / "part.checkpoint.st"
    assert len(outcome.result.members) == 1
    assert 0 < len(outcome.result.unfinished[0].history.epochs) < 3000
    again = FitJob(IRIS, out=tmp_path / "part.st", overwrite=True, resume=outcome.checkpoint).run()
    assert not again.was_interrupted
    assert not outcome.checkpoint.exists()
    assert (tmp_path / "part.st").read_bytes() == whole.path.read_bytes()


def test_a_checkpoint_is_written_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.jobs.fit.SECONDS_BETWEEN_LOOKS", 1e-4)
    monkeypatch.setattr("chainrule.jobs.checkpoint.SECONDS_BETWEEN", 0.0)
    seen: list[int] = []
    path = tmp_path / "m.checkpoint.st"

    class Watching:
        def note(self, text: str) -> None:
            """Nothing."""

        def progress(self, training: Progress) -> None:
            assert training.member is not None
            if path.exists():
                seen.append(len(chainrule.load_model(path).states))

    FitJob(IRIS, out=tmp_path / "m.st", target=["species"], ensemble=3, epochs=400, threads=1).run(Watching())
    assert max(seen) >= 2
    assert seen == sorted(seen)
    assert not path.exists()
