"""`chainrule show`."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from chainrule.cli.members import members_rows, network_rows, weights_in
from chainrule.cli.plots import NO_PICTURE
from chainrule.cli.printing import (
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
from chainrule.cli.terminal import asked_width, can_show, command_lines, width_of
from chainrule.cli.terminal.drawing import drawn_networks
from chainrule.equations import Dense, name_of
from chainrule.files import load_model
from chainrule.inspection import name_of_number
from chainrule.lines import LONGEST_TEXT, NARROW, apart, cut, in_terms, kept, padded, span, wrapped
from chainrule.network import members_of
from chainrule.stored import plain
from chainrule.tables import (
    column_formula,
    learnt_as,
    with_numbers,
    worked_answers,
    worked_parts,
    written_formula,
)
from chainrule.words import named, printable, series

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
FIGURE = re.compile(r"(?:mean|deviation|less|divided by) [^,]+")


def run(model: Path, picture: Plotting = NO_PICTURE, *, weights: bool, command: bool, as_json: bool) -> None:
    """Print what the file holds, or the command that makes it again."""
    loaded = load_model(model)

    def tell(drawn: dict[str, str]) -> None:
        if command:
            _print_command(loaded)
        elif as_json:
            print_json(_as_json(loaded, model) | drawn)
        else:
            _print_model(loaded, model, weights=weights)
            picture.say(drawn)

    picture.beside(tell, loaded, f"Network and weights of {printable(str(model))}")


def _print_command(loaded: Model) -> None:
    """Print the command that makes it again."""
    width, words = asked_width(sys.stdout), fit_command(loaded)
    lines = [" ".join(words)] if width is None else command_lines(words, width, margin="")
    give("".join(f"{line}\n" for line in lines))
    for remark in remarks_on_repeating(loaded.training):
        note(f"Note: {remark}")


def _print_model(loaded: Model, model: Path, *, weights: bool) -> None:
    """Print what the file holds, and all weights where they are asked for or few."""
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
    for line in drawn_networks(loaded, width_of(sys.stdout), plain=not can_show("│")):
        say(line)


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
    width = max(16, *(span(named(column.name)) for column in columns)) + 2
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
    say(title, bold=len(title))
    room = width_of(sys.stdout)
    for part, cell in worked_parts(parts[:MOST_LINES], None, letter):
        _print_part(named(part.name), part, width, room)
        for line in (*(_formula_lines(cell) if cell else ()), *answers.get(part.name, ())):
            say(line)
    if len(parts) > MOST_LINES:
        say(f"  … {len(parts) - MOST_LINES} more: see --json")


def _print_part(name: str, part: InputPart | TargetPart, width: int, room: int) -> None:
    """Print the name of a column and what it was learnt as, which stands below it in a narrow line."""
    if room >= NARROW and width < room // 2:
        first, rest = f"  {padded(name, width)}", " " * (2 + width)
        words = learnt_as(part, min(room, LONGEST_TEXT) - 2 - width)
    else:
        say(f"  {cut(name, room - 2)}")
        first = rest = "    "
        words = learnt_as(part, 2 * (room - 8))  # two lines
    for line in wrapped(_in_figures(words), room, first=first, rest=rest):
        say(line)


def _in_figures(words: str) -> str:
    """Words in which a figure is not parted from what it is."""
    return FIGURE.sub(lambda found: kept(found[0]), words)


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
    text = ",  ".join(kept(in_terms(formula)) for formula in formulas)
    return wrapped(text, min(width_of(sys.stdout), LONGEST_TEXT), first="    ", rest="    ")


def _six(value: float) -> str:
    return f"{value:.6g}"


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
        room = width_of(sys.stdout) - len("  k = 1 ")
        sources = apart(sources, room - 2)
        width = max(12, *(span(name) + 2 for name in sources))
        most = max(room // width, 1)
        for first in range(0, len(sources), most):
            say(" " * 8 + "".join(padded(name, width, right=True) for name in sources[first : first + most]))
            for k, row in enumerate(w[:, first : first + most], 1):
                say(f"  k = {k:<2}" + "".join(f"{value:>{width}.6g}" for value in row))


def _print_numbers(net: Network, m: int) -> None:
    """Print every number of a layer that is not dense under the name that it has in formulas."""
    w = net.weights[m - 1]
    say(f"W^({m})")
    for k, line in enumerate(w):
        shown = [f"{name_of_number(net, m, k, j)} = {value:.6g}" for j, value in enumerate(line)]
        width = max(map(len, shown)) + 3
        most = max((width_of(sys.stdout) - 2) // width, 1)
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
