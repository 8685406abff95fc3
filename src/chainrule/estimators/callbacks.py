"""Callbacks of both kinds: functions of this package's `Progress`, and scikit-learn's, told of each epoch."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from chainrule.errors import InputError
from chainrule.training import Callbacks

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ModuleNotFoundError:  # before scikit-learn 1.9
    T = TypeVar("T")

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: this version of scikit-learn has no callbacks."""

    def with_callbacks(method: T) -> T:
        """The method as it is."""
        return method


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    Weights = Sequence[npt.NDArray[Any]]

__all__ = ["CallbackSupportMixin", "Told", "both_kinds", "functions_of", "told_of", "with_callbacks"]


class Told:
    """scikit-learn's callbacks of one fit: each epoch is a task of it.

    Parameters
    ----------
    estimator : object
    X, y, sample_weight : Any
        As `fit` was given them.
    n_epochs : int
        That there are at most.
    fitted : callable
        Of weights: what an estimator has that predicts by them.
    """

    def __init__(  # noqa: PLR0917 (made in one place)
        self,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        n_epochs: int,
        fitted: Callable[[Weights], Mapping[str, Any]],
    ) -> None:
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._given = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._fitted = fitted
        self._context = estimator._init_callback_context(max_subtasks=n_epochs)
        self._context.call_on_fit_task_begin(**self._given)

    def epoch(self, weights: Weights) -> bool:
        """Tell of an epoch that has led to these weights; whether it is to be the last."""
        context = self._context.subcontext(task_name="epoch")
        context.call_on_fit_task_begin(**self._given)
        return bool(self._end(context, weights))

    def end(self, weights: Weights) -> None:
        """Tell that the fit has ended with these weights."""
        self._end(self._context, weights)

    def _end(self, context: Any, weights: Weights) -> Any:
        return context.call_on_fit_task_end(
            **self._given, reconstruction_attributes=lambda: self._fitted(weights)
        )


def told_of(estimator: Any, given: tuple[Any, Any, Any], n_epochs: int) -> Told | None:
    """scikit-learn's callbacks of one fit, where the estimator has some."""
    if not vars(estimator).get("_skl_callbacks"):
        return None
    return Told(
        estimator,
        *given,
        n_epochs,
        lambda weights: estimator._fitted(estimator._network.with_weights(list(weights))),
    )


@contextmanager
def both_kinds(estimator: Any) -> Iterator[Callbacks]:
    """The functions among an estimator's callbacks; meanwhile those of scikit-learn's kind are its own."""
    functions, others = functions_of(estimator.callbacks)
    belong_outside = any(hasattr(one, "max_propagation_depth") for one in others)
    if belong_outside and hasattr(estimator, "_parent_callback_ctx"):
        raise InputError(
            parameter="callbacks",
            given=others,
            needs="has one that belongs to the outermost estimator",
            advice="Give it to that one, by set_callbacks.",
        )
    before = vars(estimator).get("_skl_callbacks")
    if others:
        estimator._skl_callbacks = [*(before or ()), *others]
    try:
        yield functions
    finally:
        if others:
            estimator.set_callbacks(*(before or ()))


def of_scikit_learn(callback: Any) -> bool:
    """Whether a callback is one of scikit-learn's kind."""
    return hasattr(callback, "on_fit_task_end")


def functions_of(callbacks: Any) -> tuple[Callbacks, list[Any]]:
    """Functions to be called after each epoch, as one; and the callbacks of scikit-learn's kind.

    Examples
    --------
    >>> functions, others = functions_of(print)
    >>> functions.on_epoch, others
    (<built-in function print>, [])
    """
    several = callbacks if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
    others = [one for one in several if of_scikit_learn(one)]
    functions = [one for one in several if not of_scikit_learn(one)]
    for one in functions:
        if not callable(one):
            raise InputError(
                parameter="callbacks",
                given=one,
                needs="must be functions of the progress, or callbacks of scikit-learn",
                advice="Give the function itself, without calling it.",
            )
    if len(functions) <= 1:
        return Callbacks(on_epoch=functions[0] if functions else None), others

    def on_epoch(progress: Any) -> None:
        for one in functions:
            one(progress)

    return Callbacks(on_epoch=on_epoch), others
