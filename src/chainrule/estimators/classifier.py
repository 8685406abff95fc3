"""`MLPClassifier`, for scikit-learn's users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix, issparse
from scipy.special import logsumexp
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils.metaestimators import available_if

from chainrule.equations import ACTIVATIONS, RULES
from chainrule.errors import InputError
from chainrule.estimators.options import check_numbers, outputs_of, rule_of
from chainrule.estimators.parameters import documented, keep, unless_it_fails, with_both_names
from chainrule.estimators.perceptron import Perceptron
from chainrule.estimators.restarts import averaged_decision, stepped
from chainrule.estimators.rows import classes_in, dense, without_gaps
from chainrule.estimators.tabular import class_target
from chainrule.network import Ensemble, members_of
from chainrule.scores.arrays import accuracy
from chainrule.tables import ClassTarget, ConstantTarget, Encoding
from chainrule.words import counted, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.network import Network

    Array = npt.NDArray[Any]

__all__ = ["MLPClassifier"]

HALF, TWO = 0.5, 2
CONTAINERS: dict[str, Any] = {"ndarray": np.asarray, "csr_array": csr_array, "csr_matrix": csr_matrix}


def _gives_chances(estimator: Any) -> bool:
    """Whether outputs are chances, between 0 and 1: those of the network, or of the one to be."""
    if hasattr(estimator, "coefs_") or estimator._by_recipe:
        output: Any = estimator.out_activation_
    elif estimator.out_activation is None and estimator.loss is None:
        return True
    else:
        output, _ = outputs_of(estimator.loss, estimator.out_activation, ("softmax", "cross_entropy"))
    made = ACTIVATIONS.made_of(output, "out_activation")
    return (ACTIVATIONS.fact(made, "lowest_output"), ACTIVATIONS.fact(made, "highest_output")) == (0, 1)


@documented
class MLPClassifier(ClassifierMixin, Perceptron):
    """Classifier in the place of scikit-learn's: the same parameters, attributes and methods.

    The page "Coming from scikit-learn" has all of them, with what is different. Here stands what is more.

    Parameters
    ----------
    loss : str or Loss, optional
        Cross-entropy where none is given.
    out_activation : str or Activation, optional
        Softmax for several classes, logistic for two or for several labels, where none is given.
    class_weight : "balanced" or dict, optional
        What a row of each class counts.
    {shared}

    Examples
    --------
    >>> from chainrule import MLPClassifier
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["no", "yes", "yes", "no"]
    >>> classifier = MLPClassifier(8, activation="tanh", solver="lbfgs", random_state=1).fit(X, y)
    >>> classifier.predict(X).tolist()
    ['no', 'yes', 'yes', 'no']
    >>> classifier.network_
    Network(2-8-1, tanh, logistic, binary_cross_entropy, float64)

    With an effort there is nothing to choose, and a table may be as it is.

    >>> import pandas
    >>> table = pandas.read_csv("examples/penguins.csv")
    >>> species = table.pop("species")
    >>> MLPClassifier(effort="quick", random_state=0).fit(table, species).predict(table[:1]).tolist()
    ['Adelie']
    """

    @with_both_names
    def __init__(
        self, hidden_layer_sizes: Any = (100,), activation: Any = "relu", *, solver: Any = "adam",
        alpha: float = 0.0001, batch_size: int | str = "auto", learning_rate: Any = "constant",
        learning_rate_init: float = 0.001, power_t: float = 0.5, max_iter: int = 200, shuffle: bool = True,
        random_state: Any = None, tol: float = 1e-4, verbose: bool | int = False, warm_start: bool = False,
        momentum: float = 0.9, nesterovs_momentum: bool = True, early_stopping: bool = False,
        validation_fraction: float = 0.1, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8,
        n_iter_no_change: float = 10, max_fun: int = 15000, loss: Any = None,
        out_activation: Any = None, class_weight: Any = None, dropout: float | None = None,
        l1: float | None = None, l2: float | None = None, clip_norm: float | None = None,
        loss_goal: float | None = None, start: Any = None, validation_data: Any = None, callbacks: Any = None,
        n_restarts: int = 1, ensemble: int = 1, defaults: str = "scikit-learn", numbers_as: Any = None,
        threads: int | None = None, engine: str | None = None, calibrate: bool | None = None,
        effort: str | None = None,
    ) -> None:  # fmt: skip
        keep(self, locals())

    _container: str = ""  # of an indicator of labels, where samples have those

    @classmethod
    def from_network(cls, network: Network, classes: Any, **parameters: Any) -> MLPClassifier:
        """Fitted classifier that predicts by a network.

        Parameters
        ----------
        network : Network
        classes : array of shape (n_classes,)
            In the order of the outputs: two of them for one output.
        **parameters
            Of the classifier, for a training that goes on.

        Examples
        --------
        >>> from chainrule import MLPClassifier, Network
        >>> network = Network.random((4, 3, 1), ["tanh", "logistic"], "binary_cross_entropy")
        >>> MLPClassifier.from_network(network, ["cat", "dog"]).predict_proba([[0, 0, 0, 0]])
        array([[0.5, 0.5]])
        """
        known = np.unique(classes)
        n_outputs = 1 if len(known) <= TWO else len(known)
        if list(known) != list(classes) or network.sizes[-1] != n_outputs:
            raise InputError(
                f"classes are {quoted(list(classes))} for {counted(network.sizes[-1], 'output')}",
                parameter="classes",
                given=classes,
                needs="must be sorted, two for one output, or one for each of three or more",
                advice="Give them as numpy.unique has them.",
            )
        estimator = cls._of(network, parameters)
        estimator.classes_ = known
        return estimator

    @available_if(Perceptron._goes_on)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> MLPClassifier:
        """Go on for one epoch; the first call needs all `classes`."""
        if self.class_weight == "balanced":
            raise InputError(
                parameter="class_weight",
                given="balanced",
                needs="must be known before all rows are",
                advice="Give a weight for each class.",
            )
        with unless_it_fails(self):
            check_numbers(self)
            if self.ensemble > 1:
                return stepped(self, X, y, sample_weight, classes=classes)
            self._take_classes(classes, y)
            return self._fit(X, y, sample_weight, goes_on=True)

    def predict(self, X: Any) -> Any:
        """Class of each sample, or an indicator of its labels."""
        outputs = self._outputs(X)
        if self._encoding is None:
            return self._labels(outputs)
        if self._has_labels():
            return (self._arranged(outputs) > HALF).astype(int)
        ((target, own),) = self._encoding.parted(outputs)
        return np.asarray(self.classes_[np.argsort(self._places)[target.decided(own)]])

    @available_if(_gives_chances)
    def predict_proba(self, X: Any) -> Array:
        """Chances of the classes, in the order of `classes_`: the outputs of the network.

        With `calibrate` they are at the temperature that was learnt. Those of logistic units, one for each of
        several classes, are divided by their sum; those of labels are never 0 or 1 alone.
        """
        outputs = self._outputs(X)
        if self._calibrated is not None:
            outputs = self._calibrated[0].outputs(outputs, self._calibrated[1]).astype(outputs.dtype)
        chances = self._arranged(outputs)
        if self._has_labels():  # none of which is certain
            return np.asarray(
                np.clip(chances, np.finfo(chances.dtype).tiny, 1 - np.finfo(chances.dtype).epsneg)
            )
        if self.out_activation_ == "softmax" or self.n_outputs_ == 1:
            return chances
        sums = chances.sum(axis=1, keepdims=True)
        shares = chances / np.where(sums > 0, sums, 1)
        return np.asarray(np.where(sums > 0, shares, 1 / chances.shape[1]))

    @available_if(_gives_chances)
    def predict_log_proba(self, X: Any) -> Array:
        """Logarithms of the chances."""
        return np.asarray(np.log(self.predict_proba(X)))

    def decision_function(self, X: Any) -> Array:
        """What decides: the largest for several classes; above 0 for the second of two, and for a label.

        Where outputs are chances, the logarithms of their odds, which of a logistic unit are its net input;
        else the outputs, less a half for a single one. Of several networks those of the mean chances.
        """
        if "estimators_" in vars(self):
            return averaged_decision(
                [one.decision_function(X) for one in self._members()], _gives_chances(self)
            )
        net, X = self._checked(X)
        nets, shares = _each_alone(net)
        if self._by_recipe:  # whose single precision would be seen in differences of large numbers
            nets = [one.with_weights([w.astype(np.float64) for w in one.weights]) for one in nets]
        each = [self._decided(one, X) for one in nets]
        return each[0] if len(each) == 1 else averaged_decision(each, _gives_chances(self), shares)

    def _decided(self, net: Network, X: Array) -> Array:
        """What decides by one network."""
        passed = net.forward(X)
        is_net = _gives_chances(self)
        values = passed.z[-1] if is_net else passed.a[-1] - (HALF if self._by_halves() else 0.0)
        if self._by_halves() and not self._has_labels():
            return np.asarray(values[:, 0])
        values = self._arranged(values, constant=(-np.inf, np.inf))
        if self._is_binary():
            return np.asarray(values[:, 1] - values[:, 0])
        return _log_odds(values) if self.out_activation_ == "softmax" else values

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of samples whose class, or all of whose labels, are right; those without one are left out."""
        rows = without_gaps(X, y, sample_weight)
        if rows.gaps is None:
            return float(super().score(rows.X, rows.y, rows.sample_weight))
        right = (dense(self.predict(rows.X)) == rows.y) | rows.gaps
        return float(np.average(right.all(axis=1), weights=rows.sample_weight))

    def _arranged(self, outputs: Array, constant: tuple[float, float] = (0.0, 1.0)) -> Array:
        """One column for each class or label, in their order here."""
        if self._encoding is None:
            is_one = self.n_outputs_ == 1 and not self._has_labels()
            return np.hstack([1 - outputs, outputs]) if is_one else outputs
        if not self._has_labels():
            ((target, own),) = self._encoding.parted(outputs)
            return np.asarray(target.of_each_class(own)[:, self._places], dtype=outputs.dtype)
        columns, places = [], iter(outputs.T)
        for part in self._encoding.targets:
            if isinstance(part, ConstantTarget):
                is_there = (part.number or 0) > HALF or part.label in {"1", "true"}
                columns.append(np.full(len(outputs), constant[is_there], dtype=outputs.dtype))
            else:
                columns.append(next(places))
        return np.column_stack(columns)

    def _by_halves(self) -> bool:
        """Whether each output is above a half or not, for one of two classes or for a label."""
        return self._has_labels() or self.n_outputs_ == 1

    def _is_binary(self) -> bool:
        return len(self.classes_) <= TWO and not self._has_labels()

    def _labels(self, outputs: Array) -> Any:
        """Classes of outputs; an indicator of labels is sparse where that of the training was."""
        if self._has_labels():
            return CONTAINERS[self._container]((outputs > HALF).astype(int))
        if self.n_outputs_ > 1:
            return self.classes_[outputs.argmax(axis=1)]
        return self.classes_[((outputs[:, 0] > HALF) & (len(self.classes_) == TWO)).astype(int)]

    def _has_labels(self) -> bool:
        return bool(self._container)

    def _settle_classes(self) -> None:
        """Find the places of the classes in the encoding, which may have another order."""
        if self._has_labels():
            return
        encoding: Any = self._encoding
        (target,) = encoding.learnt
        self._places = np.array([target.place_of(one) for one in self.classes_.tolist()])

    def _take_targets(self, encoding: Encoding) -> None:
        if encoding.kind == "labels":
            self._container, self.classes_ = "ndarray", np.arange(len(encoding.targets))
            return
        (target,) = encoding.learnt
        of_classes: Any = target
        values = np.array(of_classes.values)
        self.classes_ = classes_in(values)[0]
        self._places = np.array([of_classes.values.index(one) for one in self.classes_.tolist()])
        if self._encoding is None and not np.array_equal(self._places, np.arange(len(values))):
            self._encoding = encoding

    def _target_parts(self, names: Sequence[str]) -> list[ClassTarget]:
        if self._has_labels():
            called = [f"target_{k}" for k in range(self.n_outputs_)]
            free = [name if name not in names else f"{name}_" for name in called]
            return [class_target(name, np.arange(2), one_unit=True) for name in free]
        if len(self.classes_) < TWO:
            raise InputError(
                f"y had the class {quoted(self.classes_[0])} alone",
                parameter="y",
                given=self.classes_,
                needs="a model tells two classes apart at least",
                advice="Fit the classifier to rows of another class, too.",
            )
        name = "target" if "target" not in names else "target_"
        return [class_target(name, self.classes_, one_unit=self.n_outputs_ == 1)]

    def _checked_targets(self, y: Any) -> Array:
        y = dense(y) if issparse(y) else np.asarray(y)
        return np.asarray(column_or_1d(y) if y.ndim == 1 or y.shape[1:] == (1,) else y)

    def _targets_of_network(self, y: Array) -> Array:
        """Targets as the network has them."""
        self._check_like(y)
        if self._encoding is None:
            return self._indicators(y)
        if self._has_labels():
            kept = [not isinstance(part, ConstantTarget) for part in self._encoding.targets]
            return np.asarray(y, dtype=np.float64)[:, kept]
        places = self._places[np.searchsorted(self.classes_, y)]
        units = self.n_outputs_
        marks = places[:, np.newaxis] == np.arange(max(units, TWO))
        return np.asarray(marks[:, -units:], dtype=np.float64)

    def _targets(self, y: Array, *, goes_on: bool) -> Array:
        if not hasattr(self, "classes_") or not (self.warm_start or goes_on):
            self.classes_, self._container = classes_in(y)
        else:
            self._check_classes(classes_in(y)[0])
            self._check_like(y)
        if self._competes() and len(self.classes_) < TWO:
            raise InputError(
                f"y has the one class {quoted(self.classes_[0])}",
                parameter="y",
                given=self.classes_,
                needs=f"outputs of {self.out_activation} tell two classes apart at least",
                advice="Give rows of another class, too, or leave out_activation out.",
            )
        return self._indicators(y)

    def _indicators(self, y: Array) -> Array:
        """Targets of the network: 1 for the class of each sample, or for its labels."""
        if y.ndim > 1:
            return dense(y)
        if len(self.classes_) > TWO or (len(self.classes_) == TWO and self._competes()):
            return np.asarray(y[:, np.newaxis] == self.classes_)
        return np.asarray(y == self.classes_[-1])[:, np.newaxis] & (len(self.classes_) == TWO)

    def _take_classes(self, classes: Any, y: Any) -> None:
        """Take all classes that there will be, which the first call is given, or the same ones again."""
        known: Any = vars(self).get("classes_")
        if known is None and classes is None:
            raise InputError(
                "classes must be passed on the first call to partial_fit.",
                parameter="classes",
                needs="must be all classes that there will be",
                advice="Give numpy.unique of all of y.",
            )
        given: Any = known if classes is None else np.unique(classes)
        if known is None:
            self.classes_, (_, self._container) = given, classes_in(y)
        elif not np.array_equal(given, known):
            raise InputError(
                f"classes are {quoted(classes)}",
                parameter="classes",
                given=classes,
                needs=f"is not the same as on last call to partial_fit, was: {quoted(known)}",
                advice="Leave them out, or give the same ones.",
            )

    def _competes(self) -> bool:
        """Whether outputs share one whole, so that two classes have one each."""
        if self.out_activation is None:
            return False
        made = ACTIVATIONS.made_of(self.out_activation, "out_activation")
        return bool(ACTIVATIONS.fact(made, "mixes_units"))

    def _check_classes(self, classes: Array) -> None:
        """Refuse classes that the network has no outputs for."""
        if self.warm_start and set(classes) != set(self.classes_):
            what = (
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {classes}."
            )
            raise _other_classes(what)
        self._check_known(classes)

    def _check_like(self, y: Array) -> None:
        """Refuse labels where there were classes, classes where there were labels, and new classes."""
        classes, container = classes_in(y)
        if bool(container) != self._has_labels() or (container and len(classes) != len(self.classes_)):
            were = f"an indicator of {len(self.classes_)} labels" if self._has_labels() else "classes"
            raise InputError(
                f"y is {'an indicator' if container else 'classes'} of shape {np.shape(y)}",
                parameter="y",
                given=y,
                needs=f"was {were} in the first call",
                advice="Give the like, or make a new classifier.",
            )
        self._check_known(classes)

    def _check_known(self, classes: Array) -> None:
        if set(classes) - set(self.classes_):
            raise _other_classes(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'y' has {classes}."
            )

    def _weighted(self, y: Array, weight: Array | None) -> Array | None:
        if self.class_weight is None:
            return weight
        of_classes = compute_sample_weight(self.class_weight, y)
        return np.asarray(of_classes if weight is None else weight * of_classes)

    def _usual(self) -> tuple[str, str]:
        if RULES.fact(rule_of(self), "needs_squares"):
            return "logistic", "rss"
        if len(self.classes_) > TWO and not self._has_labels():
            return "softmax", "cross_entropy"
        return "logistic", "binary_cross_entropy"

    def _strata(self, Y: Array) -> Array | None:
        return Y.astype(bool) if Y.shape[1] == 1 else None

    def _score_of(self, Y: Array, found: Array, weight: Array | None) -> float:
        if self._has_labels():  # all labels of a sample, or it is wrong
            right = ((found > HALF) == (Y > HALF)) | np.isnan(Y)
            return float(np.average(right.all(axis=1), weights=weight))
        return accuracy(Y, found, weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = not self._competes()
        return tags


def _each_alone(net: Network | Ensemble) -> tuple[list[Network], list[float]]:
    """The networks that answer as one, and the share that each has."""
    several = members_of(net)
    given = net.weights if isinstance(net, Ensemble) else None
    nets, shares = [], []
    for one, share in zip(several, given or [1 / len(several)] * len(several), strict=True):
        nets += [one.member(k) for k in range(1, one.members + 1)] if one.members > 1 else [one]
        shares += [share / one.members] * one.members
    return nets, shares


def _log_odds(z: Array) -> Array:
    """Logarithms of the odds of each class against all others, for net inputs of softmax units."""
    others = [logsumexp(np.delete(z, k, axis=1), axis=1) for k in range(z.shape[1])]
    return np.asarray(z - np.column_stack(others), dtype=z.dtype)


def _other_classes(what: str) -> InputError:
    return InputError(
        what,
        parameter="y",
        needs="must have the classes of the first call",
        advice="Give those, or make a new classifier.",
    )
