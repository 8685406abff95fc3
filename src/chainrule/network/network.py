"""The multilayer perceptron as a frozen record."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import ACTIVATIONS, LAYERS, LOSSES, STARTS, Dense, Identity, members_of, name_of
from chainrule.errors import InputError, ShapeError, argument
from chainrule.given import LARGEST_WHOLE, unmasked, whole_number_from_1
from chainrule.network.data_start import adapted_to_rows
from chainrule.network.display import network_display
from chainrule.network.domains import check_pairs
from chainrule.network.members import own_layers
from chainrule.network.passes import ForwardPass, each_member, forward
from chainrule.network.prediction import predictor_for
from chainrule.network.samples import as_samples, check_finite
from chainrule.random_streams import Purpose, normal, uniform
from chainrule.words import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Layer, Loss, Start
    from chainrule.network.prediction import Outputs

__all__ = ["Network", "checked_sizes"]

DENSE = "dense"
NORMAL_BESIDE = 1 << 20  # after a layer's counter, where it draws normal numbers beside uniform ones
DTYPES = ("float32", "float64")
MOST_NUMBERS = sys.maxsize // 8  # that an address can reach
GIGABYTE = 1e9


@dataclass(frozen=True, eq=False, init=False)
class Network:
    r"""Multilayer perceptron: weights, an activation for every layer, a loss. Never changed, only replaced.

    Parameters
    ----------
    weights : sequence of arrays of shape (n_out, 1 + n_in)
        ``weights[m - 1]`` is :math:`W^{(m)}`, which leads from layer m to layer m + 1; column 0 holds the
        bias weights :math:`W_{k0}`. They are copied. float32 throughout stays float32; all else becomes
        float64.
    activations : str, Activation, or a sequence of them
        One for all layers, or one for each weight matrix: "logistic", "tanh", "relu", "leaky_relu",
        "softplus", "exp", "softsign", "gelu" (its tanh form), "selu", "mish", "cos", "identity", and for the
        outputs "softmax". A number after the name is its parameter, ``"leaky_relu:0.1"``.
    loss : str or Loss
        "rss", "cross_entropy" (of softmax outputs), "binary_cross_entropy" (of logistic outputs), "absolute",
        "huber", "quantile" and "poisson" (of outputs above 0); ``"quantile:0.9"`` is the 90 % quantile.
    layers : str, Layer, or a sequence of them
        The kind of each layer, which settles what its matrix holds: "dense" as above, "scale",
        "periodic:16:3", "member_scale:8", "member_bias:8" and "member_dense:8". One activation for all then
        stands after the dense ones.

    Attributes
    ----------
    weights : tuple of read-only arrays
    activations : tuple of Activation
        One for each weight matrix.
    loss : Loss
    layers : tuple of Layer
        One for each weight matrix.

    Raises
    ------
    ShapeError
        A matrix does not take the outputs of the one before it.
    InputError
        A weight is not finite, or the outputs are not what the loss is defined for.
    UnknownNameError
        There is no such activation or loss.

    Examples
    --------
    >>> from chainrule import Network
    >>> net = Network([[[0.35, 0.15, 0.20], [0.35, 0.25, 0.30]], [[0.60, 0.40, 0.45], [0.60, 0.50, 0.55]]])
    >>> net
    Network(2-2-2, logistic, rss, float64)
    >>> net([[0.05, 0.10]])
    array([[0.75136507, 0.77292847]])
    """

    weights: tuple[npt.NDArray[Any], ...]
    activations: tuple[Activation, ...]
    loss: Loss
    layers: tuple[Layer, ...]
    _sizes: tuple[int, ...] = field(init=False, repr=False)
    _predictor: Outputs | None = field(init=False, repr=False)

    def __init__(
        self,
        weights: Sequence[npt.ArrayLike],
        activations: str | Activation | Sequence[str | Activation] = "logistic",
        loss: str | Loss = "rss",
        *,
        layers: str | Layer | Sequence[str | Layer] = DENSE,
    ) -> None:
        frozen = _frozen_weights(weights)
        chain = _chain_of(layers, len(frozen))
        object.__setattr__(self, "weights", frozen)
        object.__setattr__(self, "layers", chain)
        object.__setattr__(self, "activations", _one_per_layer(activations, chain))
        object.__setattr__(self, "loss", LOSSES.made_of(loss, "loss"))
        object.__setattr__(self, "_sizes", _sizes_of(frozen, chain))
        object.__setattr__(self, "_predictor", None)  # made at the first prediction
        check_pairs(self.activations, self.sizes, self.loss)

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        activations: str | Activation | Sequence[str | Activation] = "logistic",
        loss: str | Loss = "rss",
        seed: int = 0,
        dtype: str = "float64",
        *,
        start: str | Start = "glorot_uniform",
        layers: str | Layer | Sequence[str | Layer] = DENSE,
        X: npt.ArrayLike | None = None,
    ) -> Network:
        r"""Network with random first weights.

        Parameters
        ----------
        sizes : sequence of int
            Units of each layer, inputs first, outputs last: ``(4, 8, 3)``. Of layers that are not dense the
            number of units follows from that of their inputs, and is left out.
        activations, loss, layers
            As for the network itself.
        seed : int
            The same seed gives the same weights, on every machine.
        dtype : {"float64", "float32"}
        start : str or Start
            Formula for the weights: "glorot_uniform", "he_uniform", "lecun_uniform", "glorot_normal",
            "he_normal", "lecun_normal" (all with bias weights 0), "uniform" (±1, bias weights included), or
            an object such as ``Uniform(0.3)``; "from_data" adapts them to rows, and "zero_output" lets
            those of the output layer be 0, each with a formula after a comma.
        X : array of shape (n_samples, n_inputs), optional
            Rows to learn from, for a start that adapts to them.

        Returns
        -------
        Network

        Raises
        ------
        ShapeError
            Fewer than two sizes, or a size below 1.
        InputError
            The weights do not fit into memory, or another argument does not fit.

        Examples
        --------
        >>> from chainrule import Network
        >>> net = Network.random((2, 3, 1), seed=7)
        >>> [w.shape for w in net.weights]
        [(3, 3), (1, 4)]
        """
        given_sizes = checked_sizes(sizes)
        if str(dtype if isinstance(dtype, (str, np.dtype)) else type(dtype)) not in DTYPES:
            raise InputError(
                parameter="dtype",
                given=dtype,
                needs="must be 'float32' or 'float64'",
                advice="Try 'float64'.",
            )
        formula = STARTS.made_of(start, "start")
        chain = _chain_of(layers, len(given_sizes) - 1)
        shapes, inputs_of = _shapes_of(given_sizes, chain)
        n_weights = sum(map(math.prod, shapes))
        try:
            if n_weights > MOST_NUMBERS:  # where NumPy has other words for it
                raise MemoryError  # noqa: TRY301
            with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused
                weights = [
                    _first_weights(formula, layer, shape, inputs, seed, m).astype(dtype)
                    for m, (layer, shape, inputs) in enumerate(zip(chain, shapes, inputs_of, strict=True))
                ]
            return _adapted(cls(weights, activations, loss, layers=chain), formula, seed, X)
        except MemoryError as error:
            raise InputError(
                f"A network {'-'.join(map(str, given_sizes))} has {n_weights} weights, which take "
                f"{n_weights * np.dtype(dtype).itemsize / GIGABYTE:.3g} GB of memory,",
                parameter="sizes",
                given=tuple(given_sizes),
                needs="must fit into that of this machine, three times while they are drawn",
                advice="Take fewer units.",
            ) from error

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer, inputs first, outputs last.

        Examples
        --------
        >>> from chainrule import Network
        >>> Network.random((4, 8, 3)).sizes
        (4, 8, 3)
        """
        return self._sizes

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of every number in the network, float32 or float64.

        Examples
        --------
        >>> from chainrule import Network
        >>> Network.random((4, 3), dtype="float32").dtype
        dtype('float32')
        """
        return self.weights[0].dtype

    def with_weights(self, weights: Sequence[npt.ArrayLike]) -> Network:
        """Network with the same activations and loss, and these weights.

        Examples
        --------
        >>> from chainrule import Network
        >>> net = Network.random((1, 1), activations="identity")
        >>> net.with_weights([[[1.0, 2.0]]])([[3.0]])
        array([[7.]])
        """
        try:
            return Network(weights, self.activations, self.loss, layers=self.layers)
        except ShapeError as error:
            if error.parameter != "layers":
                raise
            raise ShapeError(
                parameter="weights",
                given=weights,
                needs=f"must be {counted(len(self.layers), 'matrix', 'matrices')}, one for each layer",
                advice="Give as many as there are.",
            ) from error

    @property
    def members(self) -> int:
        """How many networks share its weights, each of which sees every sample; 1 but for TabM's layers.

        Examples
        --------
        >>> from chainrule import Network
        >>> Network.random((4, 8, 3), layers=("member_scale:4", "dense", "dense")).members
        4
        """
        return members_of(self.layers)

    def member(self, member: int) -> Network:
        """The network that one member is by itself, counted from 1; what predicts is the mean of all.

        Examples
        --------
        >>> from chainrule import Network
        >>> net = Network.random((4, 8, 3), layers=("member_scale:4", "dense", "dense"))
        >>> net.member(1)
        Network(4-4-8-3, scale-dense-dense, identity-logistic-logistic, rss, float64)
        """
        layers, weights = own_layers(self.layers, self.weights, member)
        return Network(weights, self.activations, self.loss, layers=layers)

    def forward(self, X: npt.ArrayLike) -> ForwardPass:
        """Net inputs and activations of every layer.

        Parameters
        ----------
        X : array of shape (n_samples, n_inputs)

        Returns
        -------
        ForwardPass
            ``.z`` and ``.a``, each with one array of shape (n_samples, n_units) a weight matrix; of a network
            with members, a row of each for every sample.

        Raises
        ------
        ShapeError
            X has not as many columns as the network has inputs.

        Examples
        --------
        >>> from chainrule import Network
        >>> Network([[[1.0, 2.0]]]).forward([[0.5]]).z[0]
        array([[2.]])
        """
        samples = as_samples(X, self.sizes[0], self.dtype, "X")
        return forward(self.weights, self.activations, each_member(samples, self.members), layers=self.layers)

    def __call__(self, X: npt.ArrayLike, *, threads: int | None = None) -> npt.NDArray[Any]:
        """Compute the outputs, (n_samples, n_outputs), or (n_outputs,) for the inputs of one sample alone.

        A sample's outputs are the same bits on every machine, in every batch and for every number of threads;
        as many are used as pay off where none is given. A network with an activation of the user's own
        computes as `forward` does.
        """
        if not (  # rows that need nothing are not looked at again: one at a time, they would feel it
            type(X) is np.ndarray
            and X.dtype == self.weights[0].dtype
            and 0 < X.ndim <= 2  # noqa: PLR2004 (one sample alone, or a table)
            and X.shape[-1] == self._sizes[0]
            and len(X) > 0
        ):
            X = self._as_samples(X)
        most = None if threads is None else whole_number_from_1(threads, "threads")
        return (self._predictor or self._new_predictor())(X, most)

    def _as_samples(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Array of the network's dtype, (n_samples, n_inputs), or (n_inputs,) for one sample alone."""
        try:
            given = unmasked(X)
        except (TypeError, ValueError, OverflowError):  # such as rows of several lengths
            return as_samples(X, self.sizes[0], self.dtype, "X")  # which says what is wrong
        is_alone = given.ndim == 1
        samples = as_samples(given[np.newaxis] if is_alone else given, self.sizes[0], self.dtype, "X")
        return samples[0] if is_alone else samples

    def _new_predictor(self) -> Outputs:
        """What computes the outputs, made at the first prediction and kept."""
        predictor = predictor_for(self.weights, self.activations, self.layers)
        object.__setattr__(self, "_predictor", predictor)
        return predictor

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        # Copies and pickles go through the constructor: arrays restored on their own would be writable.
        return _made_again, (self.weights, self.activations, self.loss, self.layers)

    def __repr__(self) -> str:
        names = [name_of(activation) for activation in self.activations]
        shown = names[:1] if len(set(names)) == 1 else names
        sizes = "-".join(str(size) for size in self.sizes)
        if all(type(layer) is Dense for layer in self.layers):
            return f"Network({sizes}, {', '.join(shown)}, {name_of(self.loss)}, {self.dtype})"
        kinds = "-".join(name_of(layer) for layer in self.layers)
        return f"Network({sizes}, {kinds}, {'-'.join(shown)}, {name_of(self.loss)}, {self.dtype})"

    def _repr_html_(self) -> str:
        return network_display(self)


def _frozen_weights(weights: Sequence[npt.ArrayLike]) -> tuple[npt.NDArray[Any], ...]:
    """Own, read-only copies of the weights in one dtype, each of which takes the layer before it."""
    try:
        arrays = [unmasked(w) for w in weights]
        single = arrays and all(w.dtype.newbyteorder("=") == np.float32 for w in arrays)
        dtype = np.float32 if single else np.float64
        with np.errstate(over="ignore"):  # what float64 cannot hold becomes infinite and is refused as that
            frozen = tuple(w.astype(dtype, order="C", casting="same_kind", copy=True) for w in arrays)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The weights cannot be read as matrices of real numbers: {printable(str(error))}.",
            parameter="weights",
            needs="must be matrices of real numbers",
            advice="Give a matrix of shape (n_out, 1 + n_in) for each layer.",
        ) from error
    if not frozen:
        raise ShapeError(
            "The network has no weights",
            parameter="weights",
            given=weights,
            needs="needs at least one matrix of shape (n_out, 1 + n_in)",
            advice="Give one for each layer.",
        )
    for w in frozen:
        w.flags.writeable = False
    return frozen


def _made_again(
    weights: Sequence[npt.NDArray[Any]],
    activations: Sequence[Activation],
    loss: Loss,
    layers: Sequence[Layer],
) -> Network:
    """The network that was copied or pickled."""
    return Network(weights, activations, loss, layers=layers)


def _chain_of(layers: str | Layer | Sequence[str | Layer], n_matrices: int) -> tuple[Layer, ...]:
    """One kind for each weight matrix; where none is named but dense ones, as many as there are matrices."""
    if isinstance(layers, (list, tuple)):
        return tuple(LAYERS.made_of(layer, "layers") for layer in layers)
    return (LAYERS.made_of(layers, "layers"),) * n_matrices  # type: ignore[arg-type]


def _sizes_of(weights: Sequence[npt.NDArray[Any]], chain: Sequence[Layer]) -> tuple[int, ...]:
    """Units of each layer, inputs first; ShapeError or InputError where a matrix cannot follow another."""
    if len(weights) != len(chain):
        raise ShapeError(
            f"There are {len(chain)} kinds of layers but {len(weights)} weight matrices.",
            parameter="layers",
            given=[name_of(layer) for layer in chain],
            needs=f"must be {len(weights)}, or one",
            advice="Give one kind for each matrix, or a single one for all.",
        )
    sizes: list[int] = []
    for m, (w, layer) in enumerate(zip(weights, chain, strict=True)):
        if type(layer) is Dense:
            _check_matrix(w, m, n_before=sizes[-1] if sizes else None)
        n_in, n_out = layer.sizes(w.shape) if w.ndim == 2 else (0, 0)  # noqa: PLR2004 (a matrix)
        n_before = sizes[-1] if sizes else n_in
        if n_in != n_before or n_out < 1 or n_in < 1 or tuple(layer.shape(n_in, n_out)) != w.shape:
            raise ShapeError(
                f"weights[{m}] has shape {w.shape}",
                parameter="weights",
                given=w.shape,
                needs=f"a layer of the kind {name_of(layer)} behind {n_before} units needs another one",
                advice=f"Make it of shape {layer.shape(max(n_before, 1), max(n_out, 1))}.",
            )
        check_finite(w, f"weights[{m}]")
        if fault := getattr(layer, "fault_of", _no_fault)(w):
            raise InputError(
                f"weights[{m}] does not suit a layer of the kind {name_of(layer)}",
                parameter="weights",
                needs=fault,
                advice="Repair them.",
            )
        sizes += [n_out] if sizes else [n_in, n_out]
    of_members = {int(LAYERS.fact(layer, "members")) for layer in chain} - {1}
    if len(of_members) > 1:
        raise InputError(
            f"The layers have {' and '.join(map(str, sorted(of_members)))} members",
            parameter="layers",
            given=[name_of(layer) for layer in chain],
            needs="all layers of members must have as many",
            advice="Give them the same number.",
        )
    return tuple(sizes)


def _no_fault(_weights: npt.NDArray[Any]) -> None:
    """Of a kind that takes any numbers."""


def _shapes_of(sizes: Sequence[int], chain: Sequence[Layer]) -> tuple[list[tuple[int, int]], list[int]]:
    """Shape of each matrix, and inputs of each layer; units are given for layers that do not settle them."""
    if not chain:
        raise ShapeError(
            "There are no layers",
            parameter="layers",
            given=chain,
            needs="must be at least one",
            advice="Leave it out for dense ones.",
        )
    chosen = sum(bool(LAYERS.fact(layer, "chooses_units")) for layer in chain)
    if chosen != len(sizes) - 1:
        raise ShapeError(
            f"There are {len(sizes) - 1} numbers of units behind the inputs, but {chosen} dense layers",
            parameter="sizes",
            given=tuple(sizes),
            needs="must be the inputs, and units for each layer that does not settle them",
            advice="Leave out the units of layers such as scale.",
        )
    units = iter(sizes[1:])
    shapes, inputs_of, inputs = [], [], sizes[0]
    for layer in chain:
        n_units = next(units) if LAYERS.fact(layer, "chooses_units") else 0
        shapes.append(layer.shape(inputs, n_units))
        inputs_of.append(inputs)
        if min(shapes[-1]) < 1:
            raise ShapeError(
                f"The layer {name_of(layer)} has {inputs} inputs",
                parameter="layers",
                given=name_of(layer),
                needs="needs more of them",
                advice="Let fewer pass.",
            )
        inputs = layer.sizes(shapes[-1])[1]
    return shapes, inputs_of


def _first_weights(  # noqa: PLR0917 (made in one place)
    formula: Start, layer: Layer, shape: tuple[int, int], inputs: int, seed: int, m: int
) -> npt.NDArray[Any]:
    """First weights of layer m: by the formula where it has a matrix of units and inputs."""

    def numbers(n: int) -> npt.NDArray[np.float64]:
        return uniform(n, seed=seed, purpose=Purpose.START, counter=m)

    def normal_numbers(n: int) -> npt.NDArray[np.float64]:
        return normal(n, seed=seed, purpose=Purpose.START, counter=m + NORMAL_BESIDE)

    if LAYERS.fact(layer, "chooses_units"):
        units = layer.sizes(shape)[1]  # of each member, which has a matrix of its own
        draw = normal if STARTS.fact(formula, "is_normal") else uniform
        drawn = draw(math.prod(shape), seed=seed, purpose=Purpose.START, counter=m)
        drawn = drawn.reshape(-1, units, shape[1])
        parts: list[npt.NDArray[Any]] = [formula.weights(own) for own in drawn]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    started: npt.NDArray[Any] = layer.start(inputs, numbers, normal_numbers)
    return started


def _check_matrix(w: npt.NDArray[Any], m: int, n_before: int | None) -> None:
    """Raise ShapeError where weights[m] of a dense layer cannot follow a layer of `n_before` units."""
    if w.ndim != 2 or w.shape[0] < 1 or w.shape[1] < 2:  # noqa: PLR2004 (bias and one input at least)
        raise ShapeError(
            f"weights[{m}] has shape {w.shape}",
            parameter="weights",
            given=w.shape,
            needs="must be (n_out, 1 + n_in) with at least one unit and one input",
            advice="Put the bias weights in column 0.",
        )
    if n_before is not None and w.shape[1] != 1 + n_before:
        raise ShapeError(
            f"weights[{m}] has {w.shape[1]} columns",
            parameter="weights",
            given=w.shape,
            needs=f"needs {1 + n_before}: one for the bias and one for each of the {n_before} units before "
            "it",
            advice="Put the bias weights in column 0.",
        )


def _one_per_layer(
    activations: str | Activation | Sequence[str | Activation], chain: Sequence[Layer]
) -> tuple[Activation, ...]:
    """One activation object for each weight matrix; of a single one, the dense layers have it."""
    given: list[str | Activation]
    if isinstance(activations, (list, tuple)):
        given = list(activations)
    else:
        one: str | Activation = activations  # type: ignore[assignment]
        given = [one if LAYERS.fact(layer, "chooses_units") else Identity() for layer in chain]
    if len(given) != len(chain):
        raise ShapeError(
            f"There are {len(given)} activations but {len(chain)} weight matrices.",
            parameter="activations",
            given=activations,
            needs=f"must be {len(chain)}, or one",
            advice="Give one activation for each, or a single one for all.",
        )
    return tuple(ACTIVATIONS.made_of(g, "activations") for g in given)


def _adapted(net: Network, formula: Start, seed: int, X: npt.ArrayLike | None) -> Network:
    """Network with what its start does once all weights are drawn: adapt to rows, and zeroes."""
    weights: Sequence[npt.NDArray[Any]] = net.weights
    if STARTS.fact(formula, "needs_rows"):
        if X is None:
            raise InputError(
                f"{argument('start')} is {name_of(formula)} but there are no rows",
                parameter="X",
                given=None,
                needs="must be the rows to learn from, which that start adapts to",
                advice="Give them, or take another start.",
            )
        rows = as_samples(X, net.sizes[0], net.dtype, "X")
        weights = adapted_to_rows(weights, net.activations, rows, seed, net.layers)
    if STARTS.fact(formula, "zeroes_outputs"):
        weights = [*weights[:-1], np.zeros_like(weights[-1])]
    return net if weights is net.weights else net.with_weights(weights)


def checked_sizes(sizes: Sequence[int]) -> list[int]:
    """Sizes as ints; at least an input and an output layer, at least one unit each."""
    try:
        layers = list(sizes)
    except TypeError:  # a number, maybe an array of none
        layers = [sizes]  # type: ignore[list-item]
    is_int = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in layers)
    whole = is_int and all(1 <= n <= LARGEST_WHOLE for n in layers)
    if len(layers) < 2 or not whole:  # noqa: PLR2004 (inputs and outputs)
        raise ShapeError(
            parameter="sizes",
            given=tuple(layers),
            needs="must be at least two whole numbers above 0: inputs, hidden layers if any, outputs",
            advice="Try (4, 8, 3).",
        )
    return [int(n) for n in layers]
