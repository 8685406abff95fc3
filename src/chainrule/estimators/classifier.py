"""`MLPClassifier`, for scikit-learn's users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels

from chainrule.errors import InputError
from chainrule.estimators.perceptron import Perceptron, dense, documented, keep
from chainrule.scores.arrays import accuracy
from chainrule.words import counted, quoted

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.network import Network

    Array = npt.NDArray[Any]

__all__ = ["MLPClassifier"]

HALF, TWO = 0.5, 2


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
    """

    def __init__(
        self, hidden_layer_sizes: Any = (100,), activation: Any = "relu", *, solver: Any = "adam",
        alpha: float = 0.0001, batch_size: int | str = "auto", learning_rate: Any = "constant",
        learning_rate_init: float = 0.001, power_t: float = 0.5, max_iter: int = 200, shuffle: bool = True,
        random_state: Any = None, tol: float = 1e-4, verbose: bool | int = False, warm_start: bool = False,
        momentum: float = 0.9, nesterovs_momentum: bool = True, early_stopping: bool = False,
        validation_fraction: float = 0.1, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8,
        n_iter_no_change: float = 10, max_fun: int = 15000, loss: Any = None,
        out_activation: Any = None, class_weight: Any = None, dropout: float | None = None,
        threads: int | None = None, engine: str | None = None,
    ) -> None:  # fmt: skip
        keep(self, locals())

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
        binarizer = LabelBinarizer().fit(classes)
        known = binarizer.classes_
        n_outputs = 1 if binarizer.y_type_ == "binary" else len(known)
        if list(known) != list(classes) or network.sizes[-1] != n_outputs:
            raise InputError(
                f"classes are {quoted(list(classes))} for {counted(network.sizes[-1], 'output')}",
                parameter="classes",
                given=classes,
                needs="must be sorted, two for one output, or one for each of three or more",
                advice="Give them as numpy.unique has them.",
            )
        estimator = cls._of(network, parameters)
        estimator._label_binarizer, estimator.classes_ = binarizer, known
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
        if _check_partial_fit_first_call(self, classes):
            is_labels = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if is_labels else classes)
        self._fit(X, y, sample_weight, goes_on=True)
        return self

    def predict(self, X: Any) -> Any:
        """Class of each sample, or an indicator of its labels."""
        return self._labels(self._outputs(X))

    def predict_proba(self, X: Any) -> Array:
        """Chances of the classes, in the order of `classes_`: the outputs of the network."""
        outputs = self._outputs(X)
        return np.hstack([1 - outputs, outputs]) if self.n_outputs_ == 1 else outputs

    def predict_log_proba(self, X: Any) -> Array:
        """Logarithms of the chances."""
        return np.log(self.predict_proba(X))

    def decision_function(self, X: Any) -> Array:
        """Net inputs of the outputs: what the chances are made of."""
        net, X = self._checked(X)
        z = net.forward(X).z[-1]
        return np.asarray(z[:, 0] if self.n_outputs_ == 1 else z)

    def _labels(self, outputs: Array) -> Any:
        """Classes of outputs; an indicator of labels is sparse where that of the training was."""
        if self._has_labels():
            return self._label_binarizer.inverse_transform(outputs)
        if self.n_outputs_ > 1:
            return self.classes_[outputs.argmax(axis=1)]
        return self.classes_[((outputs[:, 0] > HALF) & (len(self.classes_) == TWO)).astype(int)]

    def _has_labels(self) -> bool:
        return bool(self._label_binarizer.y_type_.startswith("multilabel"))

    def _targets(self, y: Array, *, goes_on: bool) -> Array:
        if not hasattr(self, "classes_") or not (self.warm_start or goes_on):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._check_classes(unique_labels(y))
        return self._indicators(y)

    def _indicators(self, y: Array) -> Array:
        """Targets of the network: 1 for the class of each sample, or for its labels."""
        if y.ndim > 1:
            return dense(y)
        if len(self.classes_) > TWO:
            return np.asarray(y[:, np.newaxis] == self.classes_)
        return np.asarray(y == self.classes_[-1])[:, np.newaxis] & (len(self.classes_) == TWO)

    def _check_classes(self, classes: Array) -> None:
        """Refuse classes that the network has no outputs for."""
        if self.warm_start and set(classes) != set(self.classes_):
            what = (
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {classes}."
            )
        elif set(classes) - set(self.classes_):
            what = (
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'y' has {classes}."
            )
        else:
            return
        raise InputError(
            what,
            parameter="y",
            needs="must have the classes of the first call",
            advice="Give those, or make a new classifier.",
        )

    def _weighted(self, y: Array, weight: Array | None) -> Array | None:
        if self.class_weight is None:
            return weight
        of_classes = compute_sample_weight(self.class_weight, y)
        return np.asarray(of_classes if weight is None else weight * of_classes)

    def _usual(self) -> tuple[str, str]:
        if self._label_binarizer.y_type_ == "multiclass":
            return "softmax", "cross_entropy"
        return "logistic", "binary_cross_entropy"

    def _strata(self, Y: Array) -> Array | None:
        return Y.astype(bool) if Y.shape[1] == 1 else None

    def _score_of(self, Y: Array, found: Array, weight: Array | None) -> float:
        if self._has_labels():  # all labels of a sample, or it is wrong
            return float(np.average(((found > HALF) == (Y > HALF)).all(axis=1), weights=weight))
        return accuracy(Y, found, weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
