"""`chainrule show`."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from chainrule.cli.members import members_rows, network_rows, weights_in
from chainrule.cli.plots import NO_PICTURE
from chainrule.cli.printing import (
    LONGEST_LINE,
    MOST_LINES,
    calibration_rows,
    give,
    note,
    print_json,
    print_report,
    print_rows,
    recipe_rows,
    say,
    settings_rows,
    training_rows,
)
from chainrule.cli.remarks import loss_rows
from chainrule.cli.repeating import fit_command, remarks_on_repeating
from chainrule.equations import Dense, Identity, name_of
from chainrule.files import load_model
from chainrule.inspection import name_of_number
from chainrule.network import members_of
from chainrule.stored import plain
from chainrule.tables import (
    BinaryInput,
    CategoryInput,
    ClassTarget,
    ConstantTarget,
    CycleInput,
    DateInput,
    DateTarget,
    MissingInput,
    NumberTarget,
    Spread,
    TextInput,
    column_formula,
    spread_in_words,
    with_numbers,
    worked_answers,
    worked_parts,
    worked_value,
    written_formula,
)
from chainrule.words import counted, named, printable, series, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from chainrule.cli.plots import Plotting
    from chainrule.models import Calibration, Model, TrainingRecord
    from chainrule.network import Network
    from chainrule.tables import Encoding, InputPart, TargetPart, WorkedCell

__all__ = ["run"]

FEW_WEIGHTS = 100
MOST_FORMULAS = 8  # of one column of the table


def run(model: Path, picture: Plotting = NO_PICTURE, *, weights: bool, command: bool, as_json: bool) -> None:
    """Print what the file holds, or the command that makes it again."""
    loaded = load_model(model)
    drawn = picture.draw(loaded, f"Network and weights of {printable(str(model))}")
    if command:
        give(f"{fit_command(loaded)}\n")
        for remark in remarks_on_repeating(loaded.training):
            note(f"Note: {remark}")
        return
    if as_json:
        print_json(_as_json(loaded, model) | drawn)
        return
    net = loaded.network
    n_weights = weights_in(net)
    _print_network(loaded, model)
    if loaded.training:
        _print_training(loaded.training, loaded.encoding)
    print_rows(calibration_rows(loaded.calibration))
    _print_states(loaded)
    if loaded.report:
        print_report(loaded.report)
    if loaded.encoding:
        _print_encoding(loaded.encoding, len(members_of(net)[0].sizes), loaded.calibration)
    if weights or n_weights <= FEW_WEIGHTS:
        _print_all_weights(loaded)
    else:
        print_rows([("Weights", f"{n_weights}: see --weights or --json")])
    picture.say(drawn)


def _print_network(loaded: Model, model: Path) -> None:
    """Print the chain of layers, of several networks that of the first."""
    net, first = loaded.network, members_of(loaded.network)[0]
    print_rows(
        [
            ("Model", printable(str(model))),
            *network_rows(net, with_activations=False),
            *members_rows(loaded),
        ]
    )
    if first.members > 1:
        print_rows(
            [("Sharing", f"{first.members} members share weights; a prediction is the mean of theirs")]
        )
    for m, (layer, w, g) in enumerate(zip(first.layers, first.weights, first.activations, strict=True), 1):
        # What stands behind scales and the like is seldom an activation.
        then = "" if type(g) is Identity and type(layer) is not Dense else f", {name_of(g)}"
        largest = f"largest weight{' of the first' * bool(loaded.members)} {abs(w).max():.4g}"
        say(f"  W^({m})   {layer.words(w.shape)}{then}; {largest}")


def _print_states(model: Model) -> None:
    """Print where trainings stand, in a checkpoint."""
    if model.state:
        after = f"after {len(model.state.epochs)} epochs{_by(model.state.arithmetic)}"
        print_rows([("State", f"a training {after}, for `chainrule fit --resume`")])
    elif model.states:
        after = ", ".join(str(len(state.epochs)) for state in model.states)
        print_rows([("State", f"trainings after {after} epochs, for `chainrule fit --resume`")])


def _print_training(record: TrainingRecord, encoding: Encoding | None) -> None:
    """Print how the network came about."""
    print_rows([*recipe_rows(record), *training_rows(record), *settings_rows(record, encoding)])
    if record.beside:
        print_rows([("Beside", f"{series(record.beside)}, which were given in Python and are not kept here")])
    print_rows(
        [
            ("Start", f"{record.start} weights, seed {record.seed}{_by(record.arithmetic)}"),
            *loss_rows(f"{record.final_loss:.6g}", encoding),
        ]
    )
    if record.majority is not None:
        print_rows([("Majority", f"{named(record.majority)} (most frequent class of the training rows)")])


def _by(versions: Sequence[int]) -> str:
    """Versions of the arithmetic that a training was by."""
    return f", by arithmetic {', then '.join(map(str, versions))}"


def _print_encoding(encoding: Encoding, layer: int, calibration: Calibration | None) -> None:
    """Print each input and target with what it was learnt as."""
    columns = [*encoding.inputs[:MOST_LINES], *encoding.targets[:MOST_LINES]]
    width = max(16, *(len(named(column.name)) for column in columns)) + 2
    _print_columns("Inputs", encoding.inputs, "x", width, {})
    title = "Target" if len(encoding.targets) == 1 else "Targets"
    _print_columns(title, encoding.targets, "y", width, _answers(encoding, layer, calibration))


def _print_columns(
    title: str,
    parts: Sequence[InputPart | TargetPart],
    letter: str,
    width: int,
    answers: Mapping[str, Sequence[str]],
) -> None:
    """Print what each part is, and its formulas below it, cut where there are many."""
    say(title)
    for part, cell in worked_parts(parts[:MOST_LINES], None, letter):
        say(f"  {named(part.name):<{width}}{_learnt_as(part, LONGEST_LINE - 2 - width)}")
        for line in (*(_formula_lines(cell) if cell else ()), *answers.get(part.name, ())):
            say(line)
    if len(parts) > MOST_LINES:
        say(f"  … {len(parts) - MOST_LINES} more: see --json")


def _formula_lines(cell: WorkedCell) -> Iterator[str]:
    """A line for each column, and one for all of a kind of which most are 0."""
    alike = [column_formula(one, cell.column, _six) for one in cell.columns if one.is_sparse]
    if len(alike) > MOST_FORMULAS:
        alike = [*alike[: MOST_FORMULAS - 1], "…", alike[-1]]
    for one in cell.columns:
        if not one.is_sparse:
            yield from _folded([column_formula(one, cell.column, _six)])
        elif alike:
            yield from _folded(alike)
            alike = []


def _answers(encoding: Encoding, layer: int, calibration: Calibration | None) -> dict[str, list[str]]:
    """How the outputs of a network become the answer to each target."""
    found = {}
    for answer in worked_answers(encoding.targets, None):
        output = {"a": f"a_{answer.place + 1}^({layer})"}
        formula = written_formula([answer.step], _six, output)
        found[answer.target] = _folded([f"{named(answer.target)} = {formula}"])
    for one in () if calibration is None else calibration.worked(encoding):
        symbol = f"a_{one.place + 1}" if encoding.kind == "labels" or encoding.n_outputs == 1 else "a_k"
        formula = with_numbers(one.step, _six, {"a": f"{symbol}^({layer})"}, of=())
        temperature = f"T = {_six(calibration.temperatures[one.target])}" if calibration else ""
        found[one.target] += _folded([f"{one.step.left} = {formula}", temperature])
    return found


def _folded(formulas: Sequence[str]) -> list[str]:
    """Formulas in lines below a column, of which each is kept whole where it can be."""
    text = ",  ".join(formula.replace(" ", "\0") for formula in formulas)
    lines = textwrap.wrap(
        text, LONGEST_LINE, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )
    return [line.replace("\0", " ") for line in lines]


def _six(value: float) -> str:
    return f"{value:.6g}"


def _learnt_as(part: InputPart | TargetPart, room: int) -> str:  # noqa: PLR0911 (one for each kind)
    """What a column was learnt as."""
    missing = ", missing" if getattr(part, "has_missing", False) else ""
    match part:
        case ClassTarget():
            kind = "one unit" if part.one_unit else "classes"
            return f"{kind}: {shortened(part.labels, room - len(kind) - 2)}"
        case ConstantTarget():
            return f"constant: {part.label if part.number is None else f'{part.number:g}'}"
        case CategoryInput():
            return f"classes: {shortened(part.categories, room - 25)}{', rest' * part.has_rest}{missing}"
        case BinaryInput():
            return f"0 or 1: {shortened(part.levels, room - 18)}{missing}"
        case TextInput() | MissingInput() | CycleInput():
            text = (
                f"text, {part.n_columns} columns" if isinstance(part, TextInput) else "whether it is missing"
            )
            return (
                f"its place in {part.CYCLES[part.part]}" if isinstance(part, CycleInput) else text + missing
            )
        case DateInput() | DateTarget():
            cycles = part.parts if isinstance(part, DateInput) else ()
            place = f", place in the {series(cycles)}" if cycles else ""
            words = spread_in_words(Spread(part.mean, part.scale), part.reading)
            mean, scale = (worked_value(words[name], _six) for name in ("mean", "scale"))
            if isinstance(part, DateTarget) and part.scaled != "spread":
                return f"time, less {mean}, divided by {scale}"
            return f"time, mean {mean}, deviation {scale}{place}{missing}"
    constant = "  (constant: encoded as 0)" if part.scale == 0 else ""
    bins = getattr(part, "bins", None)
    beside = ", squashed" if getattr(part, "squash", None) else ""
    beside += f", {counted(bins.n_columns, 'bin')}" if bins else ""
    kind = {"log": "logarithm", "count": "count"}.get(getattr(part, "learnt_as", ""), "number")
    if isinstance(part, NumberTarget) and part.scaled not in {"spread", "as_is"}:
        return f"{kind}, less {part.mean:.6g}, divided by {part.scale:.6g}"
    if part.is_plain:
        return f"{kind}, as it is{missing}"
    return f"{kind}, mean {part.mean:.6g}, deviation {part.scale:.6g}{beside}{missing}{constant}"


def _print_all_weights(model: Model) -> None:
    """Print the weights of the network, or of each."""
    if not model.members:
        _print_weights(model)
    for k, one in enumerate(model.members, 1):
        say(f"Network {k}")
        _print_weights(one)


def _print_weights(model: Model) -> None:
    """Print every weight under the name of the unit it comes from, in blocks that fit into a line."""
    net = model.network
    names = (
        [named(name, 24) for name in model.encoding.input_names]
        if model.encoding
        else [f"x_{j}" for j in range(1, net.sizes[0] + 1)]
    )
    for m, w in enumerate(net.weights, 1):
        if type(net.layers[m - 1]) is not Dense:
            _print_numbers(net, m)
            continue
        sources = ["bias", *(names if m == 1 else [f"a_{j}^({m})" for j in range(1, w.shape[1])])]
        say(f"W^({m})")
        width = max(12, *(len(name) + 2 for name in sources))
        most = (LONGEST_LINE - 8) // width
        for first in range(0, len(sources), most):
            say(" " * 8 + "".join(f"{name:>{width}}" for name in sources[first : first + most]))
            for k, row in enumerate(w[:, first : first + most], 1):
                say(f"  k = {k:<2}" + "".join(f"{value:>{width}.6g}" for value in row))


def _print_numbers(net: Network, m: int) -> None:
    """Print every number of a layer that is not dense under the name that it has in formulas."""
    w = net.weights[m - 1]
    say(f"W^({m})")
    for k, line in enumerate(w):
        shown = [f"{name_of_number(net, m, k, j)} = {value:.6g}" for j, value in enumerate(line)]
        width = max(map(len, shown)) + 3
        most = (LONGEST_LINE - 2) // width
        for first in range(0, len(shown), most):
            say("  " + "".join(f"{one:<{width}}" for one in shown[first : first + most]).rstrip())


def _network_as_json(net: Network) -> dict[str, Any]:
    """Everything of one network."""
    return {
        "sizes": list(net.sizes),
        "activations": [name_of(activation) for activation in net.activations],
        "layers": [name_of(layer) for layer in net.layers],
        "loss": name_of(net.loss),
        "dtype": str(net.dtype),
        "weights": [w.tolist() for w in net.weights],
    }


def _as_json(model: Model, path: Path) -> dict[str, Any]:
    """Everything that the file holds."""
    members = [
        {**_network_as_json(one.network), "training": one.training.to_json() if one.training else None}
        for one in model.members
    ]
    return {
        "model": str(path),
        **({"members": members} if members else _network_as_json(model.network)),
        "encoding": model.encoding.to_json() if model.encoding else None,
        "training": model.training.to_json() if model.training else None,
        "calibration": plain(model.calibration) if model.calibration else None,
        "report": plain(model.report) if model.report else None,
    }
