"""Write the model files and checkpoints that every later version must read, and what they came to.

Run by hand, by commits that wrote these formats. Format 1, which had no checkpoints: 408da10 for networks and
8ae5f85 for fitted models, since neither could do both. Format 2: 068d979. It also says what the networks of
format 1 give, since 408da10 computed the younger activations with NumPy, to other last digits. States of
L-BFGS with its steps: a2a3ea5, as `lbfgs`::

    git worktree add --detach OLD 408da10
    PYTHONPATH=OLD/src:tests python tests/files/keep_models.py networks_of_format_1
    git -C OLD checkout 8ae5f85
    PYTHONPATH=OLD/src:tests python tests/files/keep_models.py models_of_format_1
    git -C OLD checkout 068d979
    PYTHONPATH=OLD/src:tests python tests/files/keep_models.py format_2

Format 3, whose encodings have parts of many kinds, by the commit that brought it: `format_3`. Format 4, which
says what was saved, likewise: `format_4`. Format 5, which knew dense layers alone, by cc214c5: `format_5`. Of
arithmetic 1, by d3933bc, which had it still: `arithmetic_1`.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
import warnings
from dataclasses import replace
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kept_cases import (
    FIGURES,
    FIT_TO_MANY,
    FITS,
    FITS_OF_FORMAT_1,
    KEPT,
    NETWORKS,
    SHOPS,
    TABLE,
    TRAININGS,
    TRAININGS_ON_MANY_ROWS,
    facts,
    facts_of_fit,
    hexed,
    keeps_its_bits,
    many_rows,
    network,
    numbers,
    predicted,
    sha256,
)

import chainrule
from messy_table import MESSY, OF_MESSY

if TYPE_CHECKING:
    from kept_cases import Fit


def write_table() -> None:
    """Rows with every kind of column: numbers, text, booleans, classes that are numbers, a constant."""
    rows = []
    for place, (length, noise) in enumerate(numbers(48, 2).tolist()):
        colour = ("red", "blue, dark", "größe")[place * 7 % 3]
        wet, grade = place * 5 % 11 < 5, place * 11 % 7 % 3 + 1
        price = 20 + 8 * length + 3 * (colour == "red") + grade + noise
        kind = "ash" if price < 18 else "birch" if price < 26 else "oak"
        weight = "" if place % 9 == 4 else 2.5 * length - wet + noise / 2
        level = min(max(round(2 * length + noise), -1), 1) + 1
        ripe = (price > 22) != (noise > 0.75)
        rows.append(
            [length, colour, str(wet).lower(), grade, 2.5, kind, str(ripe).upper(), price, weight, level]
        )
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["length", "colour", "wet", "grade", "same", "kind", "ripe", "price", "weight", "level"]
        )
        writer.writerows(rows)


def keep_networks(folder: Path) -> None:
    """Save networks alone."""
    for name, dtype in product(NETWORKS, ("float32", "float64")):
        chainrule.save(network(name, dtype), folder / f"network_{name}_{dtype}.st")


def outputs_of_networks(folder: Path) -> dict[str, Any]:
    """What each network that is saved alone gives."""
    paths = sorted(folder.glob("network_*.st"))
    nets = [chainrule.load_model(path).network for path in paths]
    found = [{"outputs": sha256([net(numbers(20, net.sizes[0]))])} for net in nets]
    return dict(zip([path.stem for path in paths], found, strict=True))


def keep_models_of_format_1(folder: Path) -> dict[str, Any]:
    """Save fitted models; what each predicts."""
    found = {}
    for name, fit in FITS_OF_FORMAT_1.items():
        model = chainrule.fit(TABLE, **fit.columns, **fit.settings).model
        chainrule.save(model, folder / f"model_{name}.st")
        found[f"model_{name}"] = {"predicted": predicted(model)}
    return found


def keep_fits(folder: Path) -> dict[str, Any]:
    """Save fitted models, and checkpoints from their midst; what each predicts and goes on to."""
    found = {}
    for name, fit in FITS.items():
        whole, checkpoint = fitted(fit, None), fitted(fit, fit.interrupted)
        chainrule.save(whole, folder / f"model_{name}.st")
        found[f"model_{name}"] = {"predicted": predicted(whole)}
        path, exact = folder / f"checkpoint_{name}.st", keeps_its_bits(fit.settings)
        chainrule.save(checkpoint, path)
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch, "model.st")
            went_on = facts_of_fit(path, out, exact=exact)
            assert sha256(chainrule.load_model(out).network.weights) == sha256(whole.network.weights)
        found[f"checkpoint_{name}"] = {"predicted": predicted(checkpoint), "went_on": went_on}
    return found


def fitted(fit: Fit, interrupted: int | None) -> chainrule.Model:
    """Model of a whole fit, or the checkpoint after some epochs; by the functions that commit had."""
    models, fitting = import_module("chainrule.models"), import_module("chainrule.models.fitting")
    settings = dict(fit.settings)
    seed = settings.pop("seed", 0)
    data = models.prepare(TABLE, **fit.columns, seed=seed)
    chosen = models.plan(data, seed=seed, **settings)

    def stop(progress: chainrule.Progress) -> None:
        if len(progress.epochs) == interrupted:
            progress.stop()

    result = fitting.fit_dataset(data, chosen, on_epoch=stop)
    if interrupted is None:
        return result.model  # type: ignore[no-any-return]
    return fitting.checkpoint(data, chosen, result.training.state)  # type: ignore[no-any-return]


def keep_states(folder: Path) -> dict[str, Any]:
    """Save states of trainings; what their networks give, and what they go on to."""
    found = {}
    for name, training in TRAININGS.items():
        state = training.until_kept().state
        chainrule.save(state, folder / f"state_{name}.st")
        found[f"state_{name}"] = {
            "outputs": sha256([state.network(training.samples()[0])]),
            "went_on": facts(training.from_kept(state), exact=keeps_its_bits(training.settings)),
        }
    return found


def keep_fits_of_shops(folder: Path) -> dict[str, Any]:
    """Save models of a table with every kind of column; what each predicts."""
    SHOPS.write_text(MESSY, encoding="utf-8")
    found = {}
    for number, columns in enumerate(OF_MESSY, 1):
        model = chainrule.fit(SHOPS, **columns, hidden=4, epochs=6).model
        chainrule.save(model, folder / f"model_shops_{number}.st")
        found[f"model_shops_{number}"] = {"predicted_shops": predicted(model, SHOPS)}
    return found


def keep_one_of_each(folder: Path) -> dict[str, Any]:
    """Save a network, a model, a checkpoint and a state; what each gives or predicts."""
    chainrule.save(network("gelu", "float32"), folder / "network_gelu_float32.st")
    fit, state = FITS["classes_of_booleans"], TRAININGS["adam"].until_kept().state
    narrow: dict[str, Any] = {"dtype": "float32", "engine": "reference"}
    weight = 2 + numbers(48, 1)[:, 0]
    whole = chainrule.fit(TABLE, **fit.columns, **fit.settings, **narrow, sample_weight=weight)
    fit = FITS["classes"]
    half = chainrule.fit(
        TABLE, **fit.columns, **fit.settings,
        on_epoch=lambda progress: progress.stop() if len(progress.epochs) == fit.interrupted else None,
    )  # fmt: skip
    notes, limits = FITS["classes_of_booleans"].columns, FITS["number"].columns
    models = {
        "model_in_one_unit": chainrule.fit(TABLE, **notes, defaults="notes", hidden=4, epochs=8).model,
        "model_within_limits": chainrule.fit(TABLE, **limits, output="tanh", hidden=4, epochs=8).model,
        "model_of_rows_that_count": whole.model,
        "checkpoint_classes": replace(half.model, state=half.training.state),
    }
    for name, model in models.items():
        chainrule.save(model, folder / f"{name}.st")
    chainrule.save(state, folder / "state_adam.st")
    outputs = sha256([state.network(TRAININGS["adam"].samples()[0])])
    found = {name: {"predicted": predicted(model)} for name, model in models.items()}
    return outputs_of_networks(folder) | found | {"state_adam": {"outputs": outputs}}


def keep_states_of_lbfgs(folder: Path) -> dict[str, Any]:
    """Save states of trainings by L-BFGS, with its steps; what they go on to."""
    found = {}
    for name in ("lbfgs", "lbfgs_with_parameters"):
        state = TRAININGS[name].until_kept().state
        chainrule.save(state, folder / f"state_{name}.st")
        found[f"state_{name}"] = {"went_on": facts(TRAININGS[name].from_kept(state), exact=True)}
    return found


def keep_what_goes_on_by_other_bits(folder: Path) -> dict[str, Any]:
    """Save states and a checkpoint of large batches; what their networks give, and what they went on to."""
    found: dict[str, Any] = {}
    for name, training in TRAININGS_ON_MANY_ROWS.items():
        state = training.until_kept().state
        chainrule.save(state, folder / f"state_{name}.st")
        net, history = state.network, training.from_kept(state).history
        found[f"state_{name}"] = {
            "outputs": sha256([net(numbers(20, net.sizes[0]))]),
            "losses": hexed((*history.loss, history.loss_after)),
        }
    with tempfile.TemporaryDirectory() as scratch:
        table = many_rows(Path(scratch))
        half = chainrule.fit(
            table, **FIT_TO_MANY, on_epoch=lambda one: one.stop() if len(one.epochs) == 3 else None
        )
        checkpoint = replace(half.model, state=half.training.state)
        chainrule.save(checkpoint, folder / "checkpoint_number.st")
        history = chainrule.fit(table, **FIT_TO_MANY).history
    return found | {"checkpoint_number": {"losses": hexed((*history.loss, history.loss_after))}}


def main() -> None:
    """Write some of the files."""
    kept = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    first, second = KEPT / "format_1", KEPT / "format_2"
    warnings.simplefilter("ignore")  # that so short a training learnt little
    match sys.argv[1]:
        case "networks_of_format_1":
            first.mkdir(parents=True)
            keep_networks(first)
        case "models_of_format_1":
            write_table()
            kept["format_1"] = keep_models_of_format_1(first)
        case "format_2":
            second.mkdir()
            keep_networks(second)
            kept["format_2"] = outputs_of_networks(second) | keep_fits(second) | keep_states(second)
            kept["format_1"] |= outputs_of_networks(first)
        case "format_3":
            (KEPT / "format_3").mkdir()
            kept["format_3"] = keep_fits_of_shops(KEPT / "format_3")
        case "format_4":
            (KEPT / "format_4").mkdir()
            kept["format_4"] = keep_one_of_each(KEPT / "format_4")
        case "format_5":
            (KEPT / "format_5").mkdir()
            kept["format_5"] = keep_one_of_each(KEPT / "format_5")
        case "arithmetic_1":
            (KEPT / "arithmetic_1").mkdir()
            kept["arithmetic_1"] = keep_what_goes_on_by_other_bits(KEPT / "arithmetic_1")
        case "lbfgs":
            (KEPT / "lbfgs").mkdir()
            kept["lbfgs"] = keep_states_of_lbfgs(KEPT / "lbfgs")
    FIGURES.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
