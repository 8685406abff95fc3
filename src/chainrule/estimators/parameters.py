"""Parameters by either name, and which of them were given: what is not given is what `defaults` say."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sklearn.base import BaseEstimator

from chainrule.errors import InputError, UnknownNameError, argument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "ALSO_CALLED", "Parametrised", "by_scikit_learns_names", "documented", "keep", "unless_it_fails",
    "with_both_names",
]  # fmt: skip

# What this package calls a parameter of scikit-learn's.
ALSO_CALLED = {
    "hidden": "hidden_layer_sizes",
    "rule": "solver",
    "rate": "learning_rate_init",
    "schedule": "learning_rate",
    "epochs": "max_iter",
    "seed": "random_state",
    "output": "out_activation",
}
OF_CALLBACKS = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")  # what ends them, also after a failure
T = TypeVar("T")


class Parametrised(BaseEstimator):
    """Estimator whose parameters have two names, scikit-learn's and this package's, and which were given."""

    _given: tuple[str, ...] = ()

    def set_params(self, **params: Any) -> Self:
        """Set parameters, by either name.

        Examples
        --------
        >>> from chainrule import MLPRegressor
        >>> MLPRegressor().set_params(rate=0.01).learning_rate_init
        0.01
        """
        params = by_scikit_learns_names(params, self.get_params())
        super().set_params(**params)
        self._given = tuple(dict.fromkeys([*self._given, *params]))
        return self

    def _asked(self) -> dict[str, Any]:
        """Parameters that were given, or are not as they are by default."""
        usual = {name: one.default for name, one in signature(type(self).__init__).parameters.items()}
        now = self.get_params(deep=False)
        return {
            name: value
            for name, value in now.items()
            if name in self._given or repr(value) != repr(usual[name])
        }

    def __sklearn_clone__(self) -> Self:
        copy: Self = super().__sklearn_clone__()
        copy._given = self._given
        return copy


def with_both_names(init: Callable[..., None]) -> Callable[..., None]:
    """Let a constructor take both names of each parameter, and keep which were given.

    Where most are given, they come from `get_params`, and say nothing of what was meant.
    """
    names = list(signature(init).parameters)[1:]

    @wraps(init)
    def made(self: Parametrised, *args: Any, **given: Any) -> None:
        given = by_scikit_learns_names(given, names)
        init(self, *args, **given)
        said = (*names[: len(args)], *given)
        if said and 2 * len(said) < len(names):
            self._given = said

    return made


@contextmanager
def unless_it_fails(estimator: object) -> Iterator[None]:
    """Let a training that fails leave an estimator as it was, fitted or not."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        held = {name: value for name, value in vars(estimator).items() if name in OF_CALLBACKS}
        vars(estimator).clear()
        vars(estimator).update(before | held)
        raise


def keep(estimator: object, given: dict[str, Any]) -> None:
    """Keep what an estimator is made with, as it is given."""
    vars(estimator).update({name: value for name, value in given.items() if name != "self"})


def documented(cls: type[T]) -> type[T]:
    """Write what is the same of both estimators into a docstring, in the place of ``{shared}``."""
    cls.__doc__ = (cls.__doc__ or "").replace("    {shared}\n", OF_BOTH)
    return cls


def by_scikit_learns_names(given: Mapping[str, Any], names: Any) -> dict[str, Any]:
    """What was given, each under its one name."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        own = ALSO_CALLED.get(name, name)
        if own not in names and "__" not in name:
            raise UnknownNameError("parameter", name, [*names, *ALSO_CALLED], name)
        if own in found:
            raise InputError(
                f"{argument(own)} was given by two names, {own} and {name if own != name else _other(own)}",
                parameter=own,
                given=value,
                needs="both are one parameter",
                advice="Leave one out.",
            )
        found[own] = value
    return found


def _other(own: str) -> str:
    return next(name for name, theirs in ALSO_CALLED.items() if theirs == own)


OF_BOTH = """\
    hidden_layer_sizes, solver, alpha, batch_size, learning_rate_init, power_t, max_iter, shuffle, \
    random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, early_stopping, \
    validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun
        As scikit-learn has them. A solver may be any update rule of this package, too.
    activation : str, Activation, or a list of them
        One for all hidden layers, or one for each.
    learning_rate : str or Schedule
        "constant", "invscaling", "adaptive", or a schedule of this package, for any rule with a rate.
    dropout : float, optional
        Share of the hidden units that drop out of each step.
    l1, l2 : float, optional
        Penalties added to the mean loss, the same for every batch size; `alpha` is divided by the rows of a
        batch.
    clip_norm, loss_goal, start : optional
        As for `train` and `fit`. First weights are scikit-learn's where no start is given.
    validation_data : tuple (X, y) or (X, y, sample_weight), optional
        Rows to score after each epoch, and with `early_stopping` to stop by, in place of a share of those of
        the training.
    callbacks : callable or list, optional
        Functions that are called with a `Progress` after each epoch, and callbacks of scikit-learn.
    n_restarts : int
        Trainings, each from first weights of its own; the best one is kept, by its validation score or else
        by its loss, and all of them are in `restarts_`.
    ensemble : int
        Networks whose outputs are averaged. Each is what the estimator alone would be with the random state
        that it has in `estimators_`: the given one, and those that follow it. They are trained on threads.
    defaults : {"scikit-learn", "modern", "modern-2", "modern-1", "notes"}
        Where all that is not given comes from. "modern", without an effort its one network "modern-1",
        "modern-2", a recipe with an effort of "normal" where none is given, and "notes" are those of `fit`,
        which takes tables as they are: text, categories, dates and missing values of a data frame, and
        numbers unscaled.
    numbers_as : str or dict, optional
        With these, how numbers are encoded: "standard", "squashed", "piecewise:16", or several joined by +;
        of columns by their names, as ``{"age": "squashed"}``.
    threads : int, optional
        As many as pay off where none is given.
    engine : {"compiled", "reference"}, optional
        Compiled, unless the network has a function that the kernels do not know.
    calibrate : bool, optional
        Whether rows that were only watched say, at the end, how sure and how far off the network is:
        `predict_proba` then has a temperature, and `predict` takes `return_interval`. They are those of
        `validation_data` or of `early_stopping`; with an effort those of its folds, unless it is False.
    effort : {"quick", "normal", "best"}, optional
        Leave everything to the recipe of `fit`: networks that each learn from all folds of the rows but one,
        linear models beside them, and a mean of those that answer the rows best that they have not learnt
        from. It takes tables as they are. What it settles may not be given: beside it are `random_state`,
        `class_weight`, `numbers_as`, `callbacks` (functions), `verbose`, `threads` and `calibrate`. There is
        no `partial_fit`.

    Attributes
    ----------
    network_ : Network or Ensemble
        The fitted network, or all of an ensemble's; predictions are its outputs, to the bit. With an effort
        what the recipe has mixed, with their shares: then there are no `coefs_`, `intercepts_` and
        `n_layers_`, and `loss_curve_`, `loss_` and `n_iter_` are those of its first network.
    estimators_ : list
        Of an ensemble, a fitted estimator for each network. `coefs_`, `loss_curve_`, `n_iter_` and all other
        attributes of one network are those of the first.
    model_ : Model
        The network with the encoding of its inputs and answers, which `save` writes and `chainrule predict`
        reads.
    history_ : History
        Losses and times of all epochs.
    calibration_ : Calibration or None
        What the rows that were watched, or held out in folds, said.

    Raises
    ------
    InputError
        A parameter does not fit. What is wrong with X or y, scikit-learn says.
"""
