"""Where everything that a kernel works on lies: one flat, aligned array, and a table of its layers.

Charter: plain NumPy, no kernels. Only this module knows how the public weights, ``(units, 1 + inputs)`` with
the bias in column 0, become the packed ones: a row for each input, the bias in the last, cut into columns
that are one vector wide and lie one after the other. So lanes run over units, and whoever goes through the
inputs of some units, or the units of some inputs, finds whole lines of the cache, and mostly the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.compiled.codes import checked_code
from chainrule.equations import (
    LAYERS,
    Dense,
    MemberBias,
    MemberDense,
    MemberScale,
    Periodic,
    Piecewise,
    columns_spared,
    layers_of,
    members_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.compiled.codes import Code
    from chainrule.equations import Layer

__all__ = ["LAYER", "PLACES", "Memory", "flat", "lanes_of", "pack", "padded", "reserve", "sizes_of", "unpack"]

VECTOR_BYTES = 64

# One record a layer. Offsets count elements of the memory; a width is the distance between two rows.
LAYER = np.dtype(
    [("parameter", np.float64)]  # of the activation
    + [
        ("rate_factor", np.float64),  # of the rate,
        ("bias_factor", np.float64),  # for bias weights,
        ("decay_factor", np.float64),  # and for decay
    ]
    + [
        (name, np.int64)
        for name in (
            "kind",  # its code; 0 is dense
            "is_held",  # whether an update leaves its numbers as they are
            "inputs",  # units of the layer before
            "units",
            "lines",  # of its matrix: of a dense layer the units, and lines_width is the width;
            "lines_width",
            "numbers",  # of a line: of a dense layer inputs + 1, and numbers_width is before_width
            "numbers_width",
            "penalised",  # of these, how many penalties and decay reach: those but the first, or none
            "members",  # networks that share the weights,
            "members_at",  # and which of them a row is of, counted from 0
            "frequencies",  # of a periodic layer
            "sums",  # units that each input becomes
            "scratch",  # of a row, for layers that need it: [rows][scratch_width]
            "scratch_width",
            "before_deltas",  # deltas of the layer before: [rows][before_deltas_width]
            "before_deltas_width",
            "pass_back",  # address of the routine for these, of a layer that is not dense
            "activation",  # its code
            "product",  # addresses of the routines for products of matrices,
            "add_gradients",  # for gradients,
            "transpose",  # for the transposed copy of the weights
            "forward",  # from net inputs to outputs
            "backward",  # and from what arrives at the outputs to the deltas
            "weights",  # [lines_width / column][numbers but the first, it, zeros up to numbers_width][column]
            "column",  # numbers of a row that lie together: one vector
            "width",
            "transposed",  # [before_width / column][width][column]: for the deltas of a batch
            "gradients",  # like the weights, once or more: where all are needed, or parts are added
            "first",  # state of the rule, like the weights
            "second",
            "masks",  # like the weights: 1 where one is trained, 0 where it is held
            "before",  # activations of the layer before, or the inputs: [rows][before_width]
            "before_width",
            "net_inputs",  # z: [rows][width]
            "outputs",  # a, then 1 for the bias unit of the layer after: [rows][outputs_width]
            "outputs_width",
            "send",  # where units drop out: addresses of the routines for what is left of outputs
            "drop",  # and of what arrives at them on the way back
            "kept",  # what is left of each output where units drop out: [rows][outputs_width]
            "sent",  # outputs times that
            "deltas",  # [rows][width]; before, of softmax with cross-entropy, the logarithm of a row's sum
        )
    ]
)

# Where the numbers that belong to no layer lie.
PLACES = np.dtype(
    [("loss_parameter", np.float64)]
    + [
        (name, np.int64)
        for name in (
            "loss",  # its code
            "start",  # address of its routine
            "rule",  # the code of the update rule
            "update",  # address of its routine
            "prepare",  # address of the routine for gradients of the objective, where sums are not enough
            "step_numbers",  # what the rule is told of a step
            "targets",  # [rows][width of the last layer]
            "sample_weights",  # one a row
            "steps",  # activations of one sample times the rate, for online training
            "parts",  # one vector a row of weights, for online training
            "gradients_at_once",  # of some inputs and a tile's units, one after the other for each thread
            "n_gradients",  # numbers of one copy of the gradients of all layers
            "levels",  # halvings of a large batch after which threads share its parts out
            "own_levels",  # halvings of such a part
            "sums",  # gradients of blocks, one after the other for each halving, for narrow networks
            "n_weights",  # numbers of one of these
            "losses",  # one a row
            "bottom",  # the first layer that is trained: nothing is passed back to those before it
            "members",  # networks that share the weights,
            "row_members",  # and which of them a row is of
            "norms",  # squared length of the gradients of each block of inputs of each layer
        )
    ]
)


class Memory(NamedTuple):
    """What a kernel works on."""

    array: npt.NDArray[Any]
    layers: npt.NDArray[np.void]
    places: np.void

    @property
    def state(self) -> npt.NDArray[Any]:
        """View of all packed weights, and of the rule's state after them: they lie at the beginning."""
        return self.array[: int(self.layers[0]["before"])]


def flat(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The numbers one row after the other, as kernels read them; a copy only where they do not lie so.

    Read-only, which to Numba is a type of its own, and the only one that kernels are compiled for.
    """
    flags = array.flags
    if not (flags.c_contiguous and flags.aligned):
        array = np.require(array, requirements=["C", "A"])
    numbers = array.reshape(-1)
    numbers.flags.writeable = False
    return numbers


def padded(n: int, to: int) -> int:
    """The next multiple of `to`."""
    return -(-n // to) * to


def lanes_of(dtype: np.dtype[Any]) -> int:
    """Scalars in a vector."""
    return VECTOR_BYTES // dtype.itemsize


class _Reservation:
    """Counts the elements that are given away, each time a multiple of `pad_to`."""

    def __init__(self, pad_to: int) -> None:
        self.end, self.pad_to = 0, pad_to

    def take(self, length: int) -> int:
        """Offset of that many elements."""
        begin = self.end
        self.end += padded(length, self.pad_to)
        return begin


def reserve(  # noqa: PLR0912 (what each may need)
    sizes: Sequence[int],
    activations: Sequence[Code],
    dtype: np.dtype[Any],
    rows: int,
    *,
    loss: Code | None = None,
    with_transposed: bool = False,
    gradient_copies: int = 0,
    n_gradients_at_once: int = 0,
    with_masks: bool = False,
    with_dropout: bool = False,
    n_states: int = 0,
    pad_to: int | None = None,
    gradient_lanes: int = 1,
    n_sums: int = 0,
    kinds: Sequence[Layer] | None = None,
) -> Memory:
    """Lay out a network of these sizes for `rows` samples at a time; its weights are still 0.

    There is room for training where a loss is given. Rows are padded to whole vectors, or, for a kernel with
    a narrow vector of its own, to multiples of `pad_to`; there are so many copies of the gradients of all
    layers, each with `gradient_lanes` numbers for each weight, `n_sums` of what is left of these, and
    `n_states` arrays of a rule's state.
    """
    pad_to = pad_to or lanes_of(dtype)
    layers, places = np.zeros(len(sizes) - 1, LAYER), np.zeros((), PLACES)
    space, kinds = _Reservation(pad_to), layers_of(kinds, len(layers))
    for layer, kind, inputs, units, activation in zip(
        layers, kinds, sizes[:-1], sizes[1:], activations, strict=True
    ):
        layer["lines"], layer["numbers"] = kind.shape(inputs, units)
        for name in ("lines", "numbers"):
            layer[f"{name}_width"] = padded(int(layer[name]), pad_to)
        layer["penalised"] = int(layer["numbers"]) - columns_spared(kind, int(layer["numbers"]))
        layer["inputs"], layer["units"] = inputs, units
        layer["activation"], layer["parameter"] = activation
        layer["rate_factor"] = layer["bias_factor"] = layer["decay_factor"] = 1
        layer["width"], layer["outputs_width"] = padded(units, pad_to), padded(units + 1, pad_to)
        layer["before_width"], layer["column"] = padded(inputs + 1, pad_to), pad_to
        layer["weights"] = space.take(_n_packed(layer))
    for name in ("first", "second")[:n_states]:
        for layer in layers:
            layer[name] = space.take(_n_packed(layer))
    before = space.take(rows * int(layers[0]["before_width"]))
    for m, layer in enumerate(layers):
        layer["before"] = before
        if m:  # 0 where none are reserved
            layer["before_deltas"], layer["before_deltas_width"] = (
                layers[m - 1][n] for n in ("deltas", "width")
            )
        _reserve_kind(layer, kinds[m], space, rows, pad_to)
        layer["net_inputs"] = space.take(rows * int(layer["width"]))
        before = layer["outputs"] = space.take(rows * int(layer["outputs_width"]))
        if with_dropout and m < len(layers) - 1:
            layer["kept"] = space.take(rows * int(layer["outputs_width"]))
            before = layer["sent"] = space.take(rows * int(layer["outputs_width"]))
        if loss is not None:
            layer["deltas"] = space.take(rows * int(layer["width"]))
        if with_transposed and m and type(kinds[m]) is Dense:
            layer["transposed"] = space.take(_n_packed(layer))
        if with_masks:
            layer["masks"] = space.take(_n_packed(layer))
    if gradient_copies:
        begin = space.end
        for layer in layers:
            layer["gradients"] = space.take(_n_packed(layer) * gradient_lanes)
        places["n_gradients"] = space.end - begin
        space.take((gradient_copies - 1) * (space.end - begin))
    if loss is not None:
        places["loss"], places["loss_parameter"] = loss
        places["targets"] = space.take(rows * int(layers[-1]["width"]))
        places["steps"] = space.take(int(layers["before_width"].max()))
        places["parts"] = space.take((pad_to + 1) * pad_to)
        places["losses"] = space.take(rows)
        places["sample_weights"] = space.take(rows)
        places["step_numbers"] = space.take(8)
        places["gradients_at_once"] = space.take(n_gradients_at_once)
        places["n_weights"] = int(((layers["inputs"] + 1) * layers["units"]).sum())
        places["sums"] = space.take(n_sums * int(places["n_weights"]))
        places["norms"] = space.take(int(layers["numbers_width"].sum()) // lanes_of(dtype) + len(layers))
    held = [bool(LAYERS.fact(kind, "is_held")) for kind in kinds]
    places["bottom"] = held.index(False) if False in held else len(held) - 1
    places["members"] = members_of(kinds)
    # A single member's layers, too, look up whose a row is.
    has_members = any(isinstance(kind, (MemberScale, MemberBias, MemberDense)) for kind in kinds)
    places["row_members"] = layers["members_at"] = space.take(rows) if has_members else 0
    memory = Memory(_aligned_zeros(space.end, dtype), layers, places[()])  # type: ignore[arg-type]
    _set_bias_units(memory, rows)
    return memory


def sizes_of(weights: Sequence[npt.NDArray[Any]], kinds: Sequence[Layer]) -> tuple[int, ...]:
    """Units of each layer, inputs first."""
    pairs = [kind.sizes(w.shape) for kind, w in zip(kinds, weights, strict=True)]
    return (pairs[0][0], *(units for _, units in pairs))


def _reserve_kind(layer: np.void, kind: Layer, space: _Reservation, rows: int, pad_to: int) -> None:
    """What a layer that is not dense needs beside its matrix."""
    if type(kind) is Dense:
        return
    layer["kind"], layer["members"] = checked_code(kind, LAYERS), LAYERS.fact(kind, "members")
    if isinstance(kind, MemberDense):
        layer["scratch_width"] = pad_to
    layer["is_held"] = LAYERS.fact(kind, "is_held")
    if isinstance(kind, Piecewise):
        layer["sums"], layer["scratch_width"] = kind.bins, pad_to
    if isinstance(kind, Periodic):
        layer["frequencies"], layer["sums"] = kind.frequencies, kind.size
        layer["scratch_width"] = 2 * kind.frequencies * int(layer["lines_width"]) + pad_to
    if layer["scratch_width"]:
        layer["scratch"] = space.take(rows * int(layer["scratch_width"]))


def _n_packed(layer: np.void) -> int:
    """Numbers of a layer's packed weights."""
    return int(layer["numbers_width"] * layer["lines_width"])


def _aligned_zeros(length: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Zeros that begin at a vector's boundary, written now: else the first epoch waits for memory."""
    raw = np.full(length + VECTOR_BYTES // dtype.itemsize, 0, dtype)
    begin = -raw.ctypes.data % VECTOR_BYTES // dtype.itemsize
    return raw[begin : begin + length]


def _set_bias_units(memory: Memory, rows: int) -> None:
    """The constant 1 after the inputs and after the outputs of every layer."""
    array, layers = memory.array, memory.layers
    _rows_of(array, layers[0]["before"], rows, layers[0]["before_width"])[:, layers[0]["inputs"]] = 1
    for layer in layers:
        for name in ("outputs", "kept", "sent"):
            if layer[name]:
                _rows_of(array, layer[name], rows, layer["outputs_width"])[:, layer["units"]] = 1


def _rows_of(array: npt.NDArray[Any], begin: int, rows: int, width: int) -> npt.NDArray[Any]:
    return array[begin : begin + rows * width].reshape(rows, width)


def _columns(array: npt.NDArray[Any], begin: int, rows: int, width: int, column: int) -> npt.NDArray[Any]:
    """View of a packed matrix, shape (..., rows, columns, numbers of one)."""
    packed = array[..., begin : begin + rows * width]
    return packed.reshape(*array.shape[:-1], width // column, rows, column).swapaxes(-3, -2)


def _unpacked(array: npt.NDArray[Any], layer: np.void, name: str) -> npt.NDArray[Any]:
    """Copy of a layer's packed weights, or of what lies like them: the inputs' rows, then the bias row."""
    numbers, lines, width = int(layer["numbers"]), int(layer["lines"]), int(layer["lines_width"])
    columns = _columns(array, int(layer[name]), int(layer["numbers_width"]), width, int(layer["column"]))
    return columns.reshape(*columns.shape[:-2], width)[..., :numbers, :lines]


def pack(memory: Memory, weights: Sequence[npt.NDArray[Any]], name: str = "weights") -> None:
    """Copy public weights, or what has their shapes, into the memory; what pads them stays."""
    for layer, matrix in zip(memory.layers, weights, strict=True):
        rows, width, column = (int(layer[size]) for size in ("numbers_width", "lines_width", "column"))
        columns = _columns(memory.array, int(layer[name]), rows, width, column)
        numbers = columns.reshape(rows, width)  # a copy, unless there is one column
        n_units, n_inputs = matrix.shape
        numbers[: n_inputs - 1, :n_units], numbers[n_inputs - 1, :n_units] = matrix[:, 1:].T, matrix[:, 0]
        columns[:] = numbers.reshape(rows, -1, column)
        if name == "weights" and layer["transposed"]:
            begin, numbers = int(layer["transposed"]), numbers.T
            _columns(memory.array, begin, width, rows, column)[:] = numbers.reshape(width, -1, column)


def squares(packed: npt.NDArray[Any], layers: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
    """Sum of the squares of packed weights but those that penalties spare, one for each row of them."""
    sums = np.zeros(len(packed.reshape(-1, packed.shape[-1])))
    for layer in layers:
        rows = _unpacked(packed.reshape(-1, packed.shape[-1]), layer, "weights")[:, : layer["penalised"]]
        own = rows.astype(np.float64, copy=False)
        sums += np.einsum("eij,eij->e", own, own)
    return sums


def unpack(
    packed: npt.NDArray[Any], layers: npt.NDArray[np.void], name: str = "weights"
) -> tuple[npt.NDArray[Any], ...]:
    """Public weights out of packed ones, or what lies like them, as arrays of their own; stacks of stacks."""
    matrices = []
    for layer in layers:
        rows = _unpacked(packed, layer, name)
        matrix = np.empty((*rows.shape[:-2], rows.shape[-1], rows.shape[-2]), rows.dtype)
        matrix[..., 1:], matrix[..., 0] = rows[..., :-1, :].swapaxes(-1, -2), rows[..., -1, :]
        matrices.append(matrix)
    return tuple(matrices)
