"""The settings of a fit as options: made from their definitions, read as typed, and written again."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.numbers import number, whole
from chainrule.cli.terminal.completion import columns_of_table, one_of
from chainrule.cli.terminal.help import WithHelp
from chainrule.errors import Faults, InputError, argument
from chainrule.settings import BALANCED, NETWORK, ROWS, TRAINING, FitSettings, Setting, settings_of
from chainrule.table_options import options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chainrule.models import TrainingRecord
    from chainrule.table_options import Option
    from chainrule.tables import Encoding

__all__ = ["given_of_table", "given_settings", "typed_encodings", "typed_settings", "with_options"]

MOST_DIGITS = 1000  # that are worth a number

# Options that take one of a few names, which their help shows.
FEW_NAMES = {"dtype", "effort", "ensemble_by", "engine"}
TAKES = {"bad_rows": "fail|empty"}

TABLE = {one.name: one for one in options_of()}

SETTINGS = {
    one.name: one
    for about in (NETWORK, TRAINING, ROWS)
    for one in settings_of(FitSettings)
    if one.about == about and one.name != "recipe"  # which follows from the defaults
}


def with_options(function: Callable[..., None], text: str | None) -> Any:  # noqa: ANN401 (typer's command)
    """Command of a function with options in the place of its ``**typed``.

    All that say something of a table stand behind its target; where it can resume, all settings before that.
    """

    def whole(**arguments: Any) -> None:  # noqa: ANN401 (what typer passes)
        function(**arguments)

    # An annotation is a text there, which stands for something in the module of the function.
    own = inspect.signature(function, eval_str=True).parameters.values()
    parameters = []
    for one in own:
        if one.name == "resume":
            parameters += [_parameter(setting) for setting in SETTINGS.values()]
        if one.kind is not inspect.Parameter.VAR_KEYWORD:
            parameters.append(one)
        if one.name == "target":
            parameters += [_of_table(option) for option in TABLE.values()]
    whole.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    whole.__annotations__ = {one.name: one.annotation for one in parameters}
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(help=text, cls=WithHelp)(whole)
    return typer.main.get_command(alone)


def _parameter(one: Setting) -> inspect.Parameter:
    """Option of a setting: text, so that what is no number gets a message like every other."""
    is_fixed = one.default is not None and not one.varies
    shown = f" [default: {one.default}]" if is_fixed else ""
    text = one.switch if one.is_switched_off else one.text + shown * bool(one.takes)
    option = typer.Option(
        one.option,
        metavar=_takes(one),
        help=text,
        rich_help_panel=one.about,
        show_default=False,
        autocompletion=one_of(_names(one)) if one.takes == "NAME" else None,
    )
    kind: Any = str | None if one.takes else bool
    return inspect.Parameter(
        one.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None if one.takes else False,
        annotation=Annotated[kind, option],
    )


def _names(one: Setting) -> list[str]:
    """Names that a setting takes, as its definition lists them."""
    return re.split(", | or ", one.values)


def _takes(one: Setting) -> str:
    """What an option takes: names, if these are few and have no parameters."""
    return "|".join(_names(one)) if one.name in FEW_NAMES else one.takes


def _offered(one: Option) -> Callable[[str], list[str]] | None:
    """What a shell offers for an option of the table."""
    if one.name in TAKES:
        return one_of(TAKES[one.name].split("|"))
    return columns_of_table if one.takes in {"COLUMN", "COLUMNS"} else None


def _of_table(one: Option) -> inspect.Parameter:
    """Option that says something of a table."""
    name = f"--{one.name.replace('_', '-')}"
    name = f"{name}/--no-{name[2:]}" if one.is_open else name
    option = typer.Option(
        name,
        metavar=TAKES.get(one.name, one.takes),
        help=one.meaning,
        rich_help_panel=one.about,
        show_default=False,
        autocompletion=_offered(one),
    )
    is_list = one.takes in {"COLUMNS", "NAMES", "ENCODING"}
    kind: Any = list[str] | None if is_list else str | None if one.takes else bool | None
    return inspect.Parameter(
        one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option]
    )


def given_of_table(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the table as they were typed, without what was not; names may be parted by commas."""
    given = {
        name: typed[name]
        for name, one in TABLE.items()
        if typed[name] is not None and (typed[name] or one.is_open)
    }
    if len(given.get("names", ())) == 1:
        given["names"] = given["names"][0]
    return given


def given_settings(typed: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """Settings from what was typed for their options; what was not typed, or is a fault, is left out."""
    given = {}
    for name, one in SETTINGS.items():
        text = typed[name]
        if text is not None and text is not False:
            with faults:
                given[name] = _READ[one.takes](name, text)
    return given


def _layers(name: str, text: str) -> tuple[int, ...]:
    """Units of the hidden layers from what was typed: 8, or 16,8, or none."""
    if text.strip().lower() == "none":
        return ()
    parts = [part.strip() for part in text.split(",")]  # int strips fewer blanks than that
    if not all(part.isdecimal() and len(part) < MOST_DIGITS and int(part) > 0 for part in parts):
        eight, two, none = (argument(name, units) for units in ("8", "16,8", "none"))
        raise InputError(
            parameter=name,
            given=text,
            needs="must be whole numbers above 0, one for each hidden layer",
            advice=f"Try {eight}, or {two}, or {none} for a network without hidden layers.",
        )
    return tuple(int(part) for part in parts)


def _class_weight(parameter: str, text: str) -> str | dict[str, float]:
    """Weights of classes from what was typed: balanced, or yes=5,no=1."""
    if "=" not in text:
        return text
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, equals, weight = part.rpartition("=")
        is_one = equals and name.strip() not in weights
        try:
            weights[name.strip()] = float(weight if is_one else "")  # "" is no number either
        except ValueError:
            raise InputError(
                f"{argument(parameter)} has {part!r}",
                parameter=parameter,
                given=text,
                needs="needs class=number, each class once",
                advice=f"Try {argument(parameter, 'yes=5,no=1')}.",
            ) from None
    return weights


_READ: dict[str, Callable[[str, str], Any]] = {
    "NUMBER": number,
    "SHARE": number,
    "N": whole,
    "NAME": lambda _option, text: text,
    "UNITS": _layers,
    "WEIGHTS": _class_weight,
    "LAYERS": lambda _option, text: () if text == "none" else text,
    "FACTORS": lambda _option, text: text,
    "": lambda option, _text: not SETTINGS[option].default,  # the option switches the setting
}


def typed_settings(record: TrainingRecord, *, usual_too: bool = False, split: str | None = None) -> list[str]:
    """Options that repeat a training: what depends on the table or differs from the usual, or all.

    Where a column says which rows are held out, that stands in the place of their share.
    """
    words = _typed_settings(record, usual_too=usual_too)
    if split is None:
        return words
    by_column = f"--split {shlex.quote(split)}"
    return [*(word for word in words if not word.startswith(f"{SETTINGS['held_out'].option} ")), by_column]


def _typed_settings(record: TrainingRecord, *, usual_too: bool) -> list[str]:
    from chainrule.models import default_settings  # noqa: PLC0415 (it would make --help slow)

    if record.recipe is not None:
        said = ("effort", "class_weight", "folds", "seed", "held_out")
        given = [(SETTINGS[name], getattr(record, name)) for name in said]
        return [
            f"--defaults {record.recipe}",
            *(_typed(one, value) for one, value in given if value is not None),
        ]
    rows, classes = record.n_training_rows, record.majority is not None
    usual = default_settings("modern", rows, classes=classes)
    words = []
    for name, one in SETTINGS.items():
        value = getattr(record, name)
        shown = (
            (value or getattr(usual, name))
            if one.varies
            else value != one.default or (one.takes and one.about == ROWS)
        )
        shown = shown or (usual_too and one.takes and (one.is_recorded or one.about == NETWORK))
        if name == "activation" and not record.hidden:
            continue
        if name == "start" and value == _usual_start(record) and not usual_too:
            continue
        if shown and value is not None:
            words.append(_typed(one, value))
        if name == "patience" and value is None and usual.patience is not None:
            words.append("--patience 0")
    return words


def typed_encodings(encoding: Encoding, *, usual_too: bool = False) -> Iterator[tuple[str, str]]:
    """Options, with their values, that encode numbers as the model has them; what is usual only if asked for.

    What most inputs have is said of all, and what others have by their names.
    """
    from chainrule.tables import NumberInput  # noqa: PLC0415 (it would make --help slow)

    for part in (*encoding.inputs, *encoding.learnt):
        if getattr(part, "is_plain", False):
            yield "--as-is", part.name
    numbers = [part for part in encoding.inputs if isinstance(part, NumberInput) and not part.is_plain]
    if not usual_too and all(part.has_standard and part.bins is None for part in numbers):
        return
    counts = Counter(str(part.encoding) for part in numbers)
    for most, _ in counts.most_common(1):
        yield "--numbers-as", most
        for part in numbers:
            if str(part.encoding) != most:
                yield "--numbers-as", f"{part.name}={part.encoding}"


def _usual_start(record: TrainingRecord) -> str:
    from chainrule.models.settings import usual_start  # noqa: PLC0415 (it would make --help slow)

    return usual_start(record.hidden, record.activation)


def _typed(one: Setting, value: Any) -> str:  # noqa: ANN401 (a setting's value)
    """Option with its value as it is typed: all digits of a number, without a point where it is whole."""
    if not one.takes:
        return one.option
    if one.takes in {"UNITS", "LAYERS"}:
        return f"{one.option} {','.join(map(str, value)) or 'none'}"
    if one.takes == "WEIGHTS" and value != BALANCED:
        weights = ",".join(f"{name}={_plain(weight)}" for name, weight in json.loads(value).items())
        return f"{one.option} {shlex.quote(weights)}"
    return f"{one.option} {shlex.quote(_plain(value))}"


def _plain(value: object) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
