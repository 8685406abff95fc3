"""One model, many doors: an estimator as a model, a file, a trace, a check, and back."""

from __future__ import annotations

import copy
from dataclasses import replace
from inspect import signature
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from chainrule.equations import name_of
from chainrule.errors import InputError
from chainrule.estimators.parameters import by_scikit_learns_names
from chainrule.estimators.rows import without_gaps
from chainrule.estimators.tabular import input_columns, plain_encoding, watched_arrays
from chainrule.files import load_model, save
from chainrule.inspection import check_gradients, trace
from chainrule.models import Model, are_chances, calibration_of
from chainrule.models.displays.fitted import fitted_display
from chainrule.network import Ensemble, check_network, members_of
from chainrule.tables import DateTarget, NumberInput

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from chainrule.inspection import GradientCheck, Trace
    from chainrule.models import Calibration
    from chainrule.network import Network
    from chainrule.tables import Encoding

    Array = npt.NDArray[Any]

__all__ = ["Doors"]


class Doors:
    """What an estimator shares with the rest of the package."""

    @property
    def model_(self) -> Model:
        """The network with the encoding of its inputs and answers, and where its training stands."""
        check_is_fitted(self)
        est: Any = self
        if "estimators_" in vars(self):
            return replace(_of_all([one.model_ for one in est._members()]), calibration=est.calibration_)
        encoding, net = est._encoding, est.network_
        if encoding is None:
            encoding = self._plain_encoding()
        state = est._state_now()
        state = None if state is None else replace(state, network=net)
        return Model(net, encoding, est._record, state, est._report, calibration=est.calibration_)

    def _html_repr(self) -> str:
        """As scikit-learn has it; the network of a fitted one, and its losses, stand below."""
        est: Any = self
        theirs: str = super()._html_repr()  # type: ignore[misc]
        if not est.__sklearn_is_fitted__():
            return theirs
        encoding = est._encoding
        inputs = getattr(est, "feature_names_in_", ()) if encoding is None else encoding.input_names
        outputs = getattr(est, "classes_", ()) if encoding is None else encoding.output_names
        net = est.network_
        names = zip((inputs, outputs), _ends(net), strict=True)
        of_inputs, of_outputs = (list(map(str, each)) if len(each) == n else [] for each, n in names)
        losses, scores = (getattr(est, name, None) or [] for name in ("loss_curve_", "validation_scores_"))
        return theirs + fitted_display(net, of_inputs, of_outputs, losses, scores)

    def _plain_encoding(self) -> Encoding:
        """Encoding of columns that are numbers, and of the targets."""
        est: Any = self
        names = getattr(self, "feature_names_in_", None)
        names = [f"x{j}" for j in range(est.n_features_in_)] if names is None else list(map(str, names))
        return plain_encoding(names, est._means, est._target_parts(names), dtype=est._network.dtype)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the model to a file, as `chainrule.save` does: `from_model` reads it, and the command line.

        It has where the training stands, so that `partial_fit` goes on from there.
        """
        save(self.model_, path, overwrite=overwrite)

    @classmethod
    def from_model(cls, model: Model | str | os.PathLike[str], **parameters: Any) -> Self:
        """Fitted estimator that predicts by a model, or by that in a file, whatever has made it.

        Parameters
        ----------
        model : Model or path
            Of an estimator, of `fit` or of the command line. It finds the columns of a data frame by their
            names.
        **parameters
            Of the estimator, for a training that goes on.

        Raises
        ------
        InputError
            The model has no encoding, or answers with what the other estimator does.

        Examples
        --------
        >>> import chainrule
        >>> model = chainrule.fit("examples/iris.csv", target="species", epochs=20).model
        >>> chainrule.MLPClassifier.from_model(model).predict([[5.1, 3.5, 1.4, 0.2]])
        array(['setosa'], dtype='<U10')
        """
        found = model if isinstance(model, Model) else load_model(model)
        is_mixed = _is_mixed(found)
        if found.members and not is_mixed:
            return cls._of_members(found, parameters)
        _refuse_other_answers(cls, found)
        encoding, record, made = found.table_encoding, found.training, found.network
        is_plain = _is_plain(encoding)
        given = _parameters_of(found) | by_scikit_learns_names(parameters, signature(cls).parameters)
        estimator: Any = cls(**given) if is_mixed else cls._of(made, given)
        if is_mixed:
            estimator._take_mixed(made)
        names = input_columns(encoding)
        estimator.n_features_in_ = len(names)
        if is_plain:
            estimator._means = np.array(
                [part.fill for part in encoding.inputs if isinstance(part, NumberInput)]
            )
            if names != [f"x{j}" for j in range(len(names))]:
                estimator.feature_names_in_ = np.array(names, dtype=object)
        else:
            estimator._encoding, estimator._record, estimator._report = encoding, record, found.report
            estimator._names, estimator._settings = names, None if record is None else record.settings
        estimator._take_targets(encoding)
        estimator._calibrated = _calibrated(found)
        if found.state is not None:
            estimator._state, estimator._n_epochs = found.state, len(found.state.epochs)
            estimator._seed = int(found.state.settings["seed"])
        return estimator  # type: ignore[no-any-return]

    @classmethod
    def _of_members(cls, found: Model, parameters: dict[str, Any]) -> Self:
        """Fitted estimator that predicts by the networks of an ensemble."""
        each: list[Any] = [cls.from_model(one, **parameters) for one in found.members]
        whole: Any = copy.copy(each[0])
        whole.ensemble, whole.estimators_ = len(each), each
        whole._calibrated = _calibrated(found)
        return whole  # type: ignore[no-any-return]

    @classmethod
    def _of(cls, net: Network, parameters: dict[str, Any]) -> Self:
        """Fitted estimator that predicts by a network."""
        check_network(net)
        *hidden, output = net.activations
        names = {name_of(one) for one in hidden}
        like: dict[str, Any] = {
            "hidden_layer_sizes": net.sizes[1:-1],
            "activation": hidden[0] if len(names) == 1 else hidden,
        }
        estimator: Any = cls(**{**like, "out_activation": output, "loss": net.loss, **parameters})
        estimator._start_from(net)
        estimator.n_features_in_, estimator._means = net.sizes[0], np.zeros(net.sizes[0])
        return estimator  # type: ignore[no-any-return]

    def _check_calibration(self, held_out: object) -> None:
        """Refuse to calibrate without rows for that, or what are no chances."""
        est: Any = self
        if held_out is None:
            raise InputError(
                "No rows are watched",
                parameter="calibrate",
                given=True,
                needs="calibrate=True needs rows that the network does not learn from",
                advice="Give validation_data, or early_stopping=True and a solver that heeds it.",
            )
        output, encoding = est._network.activations[-1], est._encoding or self._plain_encoding()
        if not (isinstance(self, RegressorMixin) or are_chances(output, encoding)):
            raise InputError(
                f"Outputs of {name_of(output)} are no chances of these classes",
                parameter="calibrate",
                given=True,
                needs="calibrate=True is for outputs that are",
                advice="Take out_activation='softmax'.",
            )

    def _calibrate(self, X: Array, Y: Array, weight: Array | None) -> None:
        """Learn from rows how sure, or how far off, the network is."""
        est: Any = self
        encoding, outputs = est._encoding or self._plain_encoding(), est.network_(X, threads=est.threads)
        weights = None if weight is None else weight.astype(np.float64)
        found = calibration_of("validation", encoding, Y.astype(np.float64), outputs, weights=weights)
        est._calibrated = None if found is None else (found, encoding)

    def _calibrate_mean(self, watched: Any) -> None:
        """Learn the same of the mean of several networks, none of which has learnt from these rows."""
        est: Any = self
        self._check_calibration(watched)
        arrays = est._watched_rows(watched) if est._encoding is None else watched_arrays(est, watched)
        self._calibrate(*arrays)

    def check_gradients(self, X: Any, y: Any, sample_weight: Any = None, **options: Any) -> GradientCheck:
        """Check the gradients of the network on samples, as `chainrule.check_gradients` does.

        Examples
        --------
        >>> from chainrule import MLPRegressor
        >>> X, y = [[0.0], [0.5], [1.0]], [0.0, 1.0, 0.0]
        >>> MLPRegressor(hidden=4, activation="tanh", rule="lbfgs").fit(X, y).check_gradients(X, y).passed
        True
        """
        net, inputs, targets = self._encoded(X, y)
        return check_gradients(net, inputs, targets, sample_weight=sample_weight, **options)

    def trace(self, x: Any, y: Any, *, rate: float | None = None) -> Trace:
        """Trace one step on one sample, as `chainrule.trace` does.

        Parameters
        ----------
        x : array of shape (n_features,), or data frame of one row
        y : class, number, or array of several
        rate : float, optional
            That of `learning_rate_init` where none is given.
        """
        rows = x if getattr(x, "ndim", 0) == 2 or hasattr(x, "columns") else [x]  # noqa: PLR2004 (rows, columns)
        net, inputs, targets = self._encoded(rows, y if np.ndim(y) and len(rows) == len(y) else [y])
        given: Any = self
        return trace(net, inputs[0], targets[0], rate=given.learning_rate_init if rate is None else rate)

    def _encoded(self, X: Any, y: Any) -> tuple[Network, Array, Array]:
        """The network, and samples and targets as it has them."""
        est: Any = self
        rows = without_gaps(X, y, None)
        net, inputs = est._checked(rows.X)
        return (
            members_of(net)[0],
            inputs,
            np.asarray(est._targets_of_network(est._checked_targets(rows.y)), np.float64),
        )


def _refuse_other_answers(kind: type, found: Model) -> None:
    """Refuse a model whose answers are not of the kind that such an estimator gives."""
    encoding, is_numeric = found.table_encoding, issubclass(kind, RegressorMixin)
    if (encoding.kind == "numbers") != is_numeric:
        other = "MLPClassifier" if is_numeric else "MLPRegressor"
        raise InputError(
            f"The model answers with {encoding.kind}",
            parameter="model",
            given=found,
            needs=f"{kind.__name__} answers with {'numbers' if is_numeric else 'classes or labels'}",
            advice=f"Take {other}.from_model.",
        )
    if any(isinstance(part, DateTarget) for part in encoding.targets):
        raise InputError(
            "The model answers with times",
            parameter="model",
            given=found,
            needs="a regressor answers with numbers",
            advice="Predict by the model itself.",
        )


def _parameters_of(found: Model) -> dict[str, Any]:
    """Parameters by which an estimator would train as a model was trained."""
    record, is_plain = found.training, _is_plain(found.table_encoding)
    given: dict[str, Any] = {} if record is None else {"random_state": record.seed}
    if _is_mixed(found):
        return given if record is None else {**given, "effort": record.effort}
    if not is_plain:
        given["defaults"] = "modern"
    if record is not None:
        given |= {"solver": record.rule, "shuffle": record.shuffle}
        if record.rate is not None:
            given["learning_rate_init"] = record.rate
    if is_plain and found.state is not None:
        given |= _as_then(found.state.settings)
    return given


def _is_mixed(found: Model) -> bool:
    """Whether a model is a recipe's, or an ensemble with shares, whose networks are no estimators alone."""
    net, record = found.network, found.training
    has_shares = isinstance(net, Ensemble) and net.weights is not None
    return has_shares or (record is not None and record.recipe is not None)


def _calibrated(found: Model) -> tuple[Calibration, Encoding] | None:
    """The calibration of a model, and of which outputs it is."""
    return None if found.calibration is None else (found.calibration, found.table_encoding)


def _of_all(models: Sequence[Model]) -> Model:
    """One model of those of an ensemble's networks."""
    first = models[0]
    record = None if first.training is None else replace(first.training, ensemble=len(models))
    network = Ensemble(one.network for one in models)
    return Model(network, first.encoding, record, None, first.report, tuple(models))


def _as_then(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by which a training goes on as it was; `alpha` is part of `l2`."""
    names = {"rule": "solver", "rate": "learning_rate_init", "seed": "random_state"}
    same = ("batch_size", "shuffle", "clip_norm", "l1", "l2", "dropout")
    found = {theirs: settings[ours] for ours, theirs in names.items()}
    found |= {name: settings[name] for name in same}
    return found | {"alpha": 0.0, "learning_rate_init": found["learning_rate_init"] or 0.001}


def _is_plain(encoding: Encoding) -> bool:
    """Whether inputs are numbers that are learnt as they are, as those of an estimator by itself are."""
    return all(
        isinstance(part, NumberInput) and part.is_plain and part.reach is None and not part.has_missing
        for part in encoding.inputs
    )


def _ends(network: Network | Ensemble) -> tuple[int, int]:
    """How many inputs and outputs."""
    sizes = members_of(network)[0].sizes
    return sizes[0], sizes[-1]
