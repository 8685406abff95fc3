"""Which kinds of pictures there are, what each needs, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError, UnknownNameError, argument
from chainrule.inspection import GradientCheck
from chainrule.models import Predictions, with_value
from chainrule.plots.bars import answers_panels, errors_panels
from chainrule.plots.classes import calibration_panels, confusion_panels
from chainrule.plots.histories import history_panels
from chainrule.plots.networks import network_panels
from chainrule.plots.numbers import coverage_panels, predicted_panels, residuals_panels
from chainrule.plots.subjects import Scored, Subject, table_of
from chainrule.plots.surfaces import surface_panels
from chainrule.plots.units import unit_panels
from chainrule.plots.weights import weights_panels
from chainrule.scores import each_of
from chainrule.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chainrule.plots.drawing import Panel
    from chainrule.tables import Table

__all__ = ["KINDS", "panels_of"]

OF_ROWS = ("rows", "table", "X", "Y")


@dataclass(frozen=True)
class Kind:
    """A kind of picture.

    Attributes
    ----------
    panels : callable
        Gives panels of a subject and of what was asked for.
    takes : tuple of str
        What may be asked for.
    fits : callable
        Whether a subject has what it needs.
    """

    panels: Callable[..., list[Panel]]
    takes: tuple[str, ...]
    fits: Callable[[Subject], bool]


def panels_of(subject: Subject, kind: object, options: Mapping[str, Any]) -> list[Panel]:
    """Panels of a kind, or of the one that is usual for the subject.

    Raises
    ------
    UnknownNameError, InputError
        There is no such kind of it, or what was asked for does not belong to it.
    """
    name = _usual(subject, options) if kind is None else kind
    there = [one for one, its in KINDS.items() if its.fits(subject)]
    if not isinstance(name, str):
        advice = f"There are: {listed(there)}."
        raise InputError(parameter="kind", given=name, needs="must be the name of a plot", advice=advice)
    if name not in KINDS:
        raise UnknownNameError(f"plot of a {subject.name}", name, there, "kind")
    if name not in there:
        raise InputError(
            f"A {subject.name} has no plot {name!r}.",
            parameter="kind",
            given=name,
            needs="must be a plot of what it has",
            advice=f"There are: {listed(there)}.",
        )
    chosen = KINDS[name]
    for option in options:
        if option not in chosen.takes:
            takes = listed(chosen.takes) if chosen.takes else "nothing beside"
            raise InputError(
                f"{argument(option)} was given",
                parameter=option,
                given=options[option],
                needs=f"the plot {name!r} takes {takes}",
                advice="Leave it out.",
            )
    return chosen.panels(subject, **options)


def _usual(subject: Subject, options: Mapping[str, Any]) -> str:
    """The usual kind, or the first that takes what is asked for: of a model that is given rows a score."""
    fits = [name for name, kind in KINDS.items() if kind.fits(subject) and set(options) <= set(kind.takes)]
    if subject.usual in fits or not fits:
        return subject.usual
    return next((name for name in fits if name != "summary"), fits[0])


def _rows_given(subject: Subject, options: Mapping[str, Any]) -> tuple[Table, str] | None:
    """The rows that are given whose targets are known, and which they are in words; None where none are."""
    _check_rows(subject, options)
    if "table" not in options and "X" not in options:
        return None
    model = subject.model
    assert model is not None  # noqa: S101 (as was looked at)
    source, encoding = options.get("table"), model.table_encoding
    if "X" in options:
        names = list(dict.fromkeys(part.name for part in encoding.inputs))
        source = table_of(names, options["X"], encoding.target_names, options["Y"])
    table = model.read(source)
    used, _ = with_value(table, encoding.has_target(table))
    title = "" if "X" in options else f" of {table.title}"
    return used, f"{counted(used.n_rows, 'row')}{title}"


def _scored(subject: Subject, options: Mapping[str, Any]) -> Scored:
    """Scores of the rows that are asked for."""
    given = _rows_given(subject, options)
    if given is None:
        if subject.scored is None:
            raise _without_rows(subject, options)
        return subject.scored(options.get("rows"))
    table, words = given
    assert subject.model is not None  # noqa: S101 (it has read them)
    return Scored(each_of(subject.model.score(table)), words)


def _without_rows(subject: Subject, options: Mapping[str, Any]) -> InputError:
    """What is refused where rows are needed, or asked for, and there are none."""
    advice = f"Give {argument('table')}, or of an estimator {argument('X')} and {argument('Y')}."
    return InputError(
        f"A {subject.name} has no rows of its own.",
        parameter="rows" if "rows" in options else "table",
        given=options.get("rows"),
        needs="rows whose targets are known are needed",
        advice=f"Leave {argument('rows')} out." if subject.encoding is None else advice,
    )


def _check_rows(subject: Subject, options: Mapping[str, Any]) -> None:
    """Raise InputError where rows are asked for in two ways, or of what cannot answer to them."""
    rows, given = options.get("rows"), [name for name in ("table", "X", "Y") if name in options]
    if rows is not None and not isinstance(rows, str):
        needs = "must be 'held_out' or 'training'"
        raise InputError(parameter="rows", given=rows, needs=needs, advice="Leave it out.")
    if rows not in {None, "held_out", "training"}:
        raise UnknownNameError("kind of rows", str(rows), ["held_out", "training"], "rows")
    if not given:
        return
    if subject.encoding is None:
        needs = f"a {subject.name} answers to no other rows than those it is of"
    elif rows is not None or len(given) > 1 + ("table" not in given):
        needs = "rows are those of a fit, or of a table, or arrays"
    elif given in (["X"], ["Y"]):
        needs = f"{argument('X')} and {argument('Y')} belong together"
    else:
        return
    advice = "Give one of these." if subject.encoding is not None else "Leave it out."
    raise InputError(
        f"{argument(given[0])} was given",
        parameter=given[0],
        given=options[given[0]],
        needs=needs,
        advice=advice,
    )


def _of_scores(panels: Callable[[Scored], list[Panel]]) -> Callable[..., list[Panel]]:
    return lambda subject, **options: panels(_scored(subject, options))


def _of_numbers(panels: Callable[[Subject, Scored], list[Panel]]) -> Callable[..., list[Panel]]:
    return lambda subject, **options: panels(subject, _scored(subject, options))


def _calibration(subject: Subject, **options: Any) -> list[Panel]:
    """Chances of classes against how often they are right; intervals of numbers against rows within them."""
    if subject.target_kind != "numbers":
        return calibration_panels(_scored(subject, options))
    given = _rows_given(subject, options)
    if given is None and subject.rows is None:
        raise _without_rows(subject, options)
    table, words = given or subject.rows(options.get("rows"))  # type: ignore[misc]
    model = subject.model
    assert model is not None  # noqa: S101 (of numbers none else has this kind)
    encoding = model.table_encoding
    return coverage_panels(model, encoding.encode_inputs(table), encoding.encode_targets(table), words)


def _summary(subject: Subject, **options: Any) -> list[Panel]:
    """A page: the training, how good it is, how far one target can be relied on; of a model its weights."""
    panels = [one for one in history_panels(subject) if not one.is_extra] if subject.runs else []
    if subject.scored is None and not options:
        return [*panels, *network_panels(subject), *weights_panels(subject)]
    scored = _scored(subject, options)
    if subject.target_kind == "numbers":
        panels += predicted_panels(subject, scored)
        return panels if len(scored.scores) > 1 else [*panels, *residuals_panels(subject, scored)]
    panels += confusion_panels(scored)
    has_chances = all(one.scored.outputs is not None and one.scored.chances for one in scored.scores)
    is_one = has_chances and len(scored.scores) == 1
    return [*panels, *(calibration_panels(scored) if is_one else [])]


def _has_scores(subject: Subject, *kinds: str) -> bool:
    return bool(subject.target_kind in kinds and (subject.scored is not None or subject.model is not None))


KINDS: dict[str, Kind] = {
    "summary": Kind(_summary, OF_ROWS, lambda one: one.network is not None or one.scored is not None),
    "history": Kind(history_panels, (), lambda one: bool(one.runs)),
    "network": Kind(network_panels, ("member",), lambda one: one.network is not None),
    "confusion": Kind(
        _of_scores(confusion_panels), OF_ROWS, lambda one: _has_scores(one, "classes", "labels")
    ),
    "predicted": Kind(_of_numbers(predicted_panels), OF_ROWS, lambda one: _has_scores(one, "numbers")),
    "residuals": Kind(_of_numbers(residuals_panels), OF_ROWS, lambda one: _has_scores(one, "numbers")),
    "calibration": Kind(
        _calibration,
        OF_ROWS,
        lambda one: (
            _has_scores(one, "classes", "labels") or (one.model is not None and one.target_kind == "numbers")
        ),
    ),
    "weights": Kind(weights_panels, ("member", "layer", "pixels"), lambda one: one.network is not None),
    "unit": Kind(
        unit_panels,
        ("member", "layer", "unit", "inputs", "table", "X"),
        lambda one: one.network is not None,
    ),
    "surface": Kind(
        surface_panels, ("member", "weights", "path", "X", "Y"), lambda one: one.network is not None
    ),
    "errors": Kind(errors_panels, (), lambda one: isinstance(one.thing, GradientCheck)),
    "answers": Kind(answers_panels, (), lambda one: isinstance(one.thing, Predictions)),
}
