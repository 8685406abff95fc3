"""Compiled twins of the layers that are not dense: net inputs, the way back and gradients over rows.

Their numbers are packed as those of a dense layer: lanes run over the lines of the matrix, and column 0 comes
last.

To add one: three parts and their entries; its code stands on its class, and what it needs of memory in
`layout`.
"""

from __future__ import annotations

from math import pi

from chainrule.compiled.language.elementary import cosine, sine
from chainrule.compiled.language.vectors import (
    constant,
    first_lanes,
    fused,
    lanes,
    load,
    spread,
    spread_like,
    store,
    where_at_most,
    where_less,
)
from chainrule.compiled.machine.compiling import inlined, part
from chainrule.compiled.machine.target import TILE_COLUMNS
from chainrule.compiled.twins.routines import gradients_routine, rows_routine
from chainrule.compiled.twins.units import FUNCTIONS
from chainrule.equations import (
    MemberBias,
    MemberDense,
    MemberScale,
    Order,
    ParametricMish,
    ParametricSELU,
    Periodic,
    Piecewise,
    Scale,
)

__all__ = ["GRADIENTS", "NET_INPUTS", "PASS_BACK"]


@inlined
def _line(M, layer, k, number):
    """Numbers of one column of some lines."""
    return load(M, layer.weights + k * layer.numbers_width + number * lanes(M))


@inlined
def _member(M, layer, row):
    """Whose a row is."""
    return int(M[layer.members_at + row])


@inlined
def _column_of(layer, member):
    """Packed place of a member's column: the first one is the last."""
    return member - 1 if member > 0 else layer.numbers - 1


@inlined
def _put_down(M, layer, k, to, sums, step, is_added):
    """Store gradients of some lines, or add them to what is there; what pads the lines stays 0."""
    sums = first_lanes(layer.lines - k, sums, constant(sums, 0.0))
    if is_added != 0:
        sums = fused(spread_like(sums, M.dtype.type(step)), sums, load(M, to))
    store(M, to, sums)


def _gradients(sum_over_rows):
    """Function for some columns and a tile's lines, from one for a column and a vector of lines."""

    @part
    def gradients(M, layer, row, rows, begin, stop, k, to, to_column, step, is_added):
        columns = TILE_COLUMNS if k + TILE_COLUMNS * lanes(M) <= layer.lines_width else 1
        for c in range(columns):
            at = to + c * to_column
            for number in range(begin, stop):
                sums = sum_over_rows(M, layer, row, rows, number, k + c * lanes(M))
                _put_down(M, layer, k + c * lanes(M), at, sums, step, is_added)
                at += lanes(M)

    return gradients


@part
def _scaled(M, layer, row, stop):
    """Compiled twin of Scale.forward, equation (60)."""
    for r in range(row, stop):
        a, z = layer.before + r * layer.before_width, layer.net_inputs + r * layer.width
        for k in range(0, layer.width, lanes(M)):
            store(M, z + k, _line(M, layer, k, 0) * load(M, a + k))


@part
def _scaled_back(M, layer, row, stop):
    """Compiled twin of Scale.backward."""
    for r in range(row, stop):
        delta, to = layer.deltas + r * layer.width, layer.before_deltas + r * layer.before_deltas_width
        for k in range(0, layer.width, lanes(M)):
            store(M, to + k, _line(M, layer, k, 0) * load(M, delta + k))


@part
def _sum_of_scale(M, layer, row, rows, _number, k):
    """Compiled twin of Scale.products, added up."""
    sums = constant(load(M, layer.deltas), 0.0)
    for r in range(row, row + rows):
        a, delta = layer.before + r * layer.before_width + k, layer.deltas + r * layer.width + k
        sums = fused(load(M, delta), load(M, a), sums)
    return sums


@part
def _scaled_by_member(M, layer, row, stop):
    """Compiled twin of MemberScale.forward, equation (61)."""
    for r in range(row, stop):
        number = _column_of(layer, _member(M, layer, r))
        a, z = layer.before + r * layer.before_width, layer.net_inputs + r * layer.width
        for k in range(0, layer.width, lanes(M)):
            store(M, z + k, _line(M, layer, k, number) * load(M, a + k))


@part
def _scaled_back_by_member(M, layer, row, stop):
    """Compiled twin of MemberScale.backward."""
    for r in range(row, stop):
        number = _column_of(layer, _member(M, layer, r))
        delta, to = layer.deltas + r * layer.width, layer.before_deltas + r * layer.before_deltas_width
        for k in range(0, layer.width, lanes(M)):
            store(M, to + k, _line(M, layer, k, number) * load(M, delta + k))


@inlined
def _first_row_of(M, layer, row, number):
    """The first row, from one on, of the member whose column this is; its others follow at a distance."""
    member = number + 1 if number < layer.numbers - 1 else 0
    return row + (member - _member(M, layer, row)) % layer.members


@part
def _sum_of_member_scale(M, layer, row, rows, number, k):
    """Compiled twin of MemberScale.products, added up."""
    sums = constant(load(M, layer.deltas), 0.0)
    for r in range(_first_row_of(M, layer, row, number), row + rows, layer.members):
        a, delta = layer.before + r * layer.before_width + k, layer.deltas + r * layer.width + k
        sums = fused(load(M, delta), load(M, a), sums)
    return sums


@part
def _moved_by_member(M, layer, row, stop):
    """Compiled twin of MemberBias.forward, equation (62)."""
    for r in range(row, stop):
        number = _column_of(layer, _member(M, layer, r))
        a, z = layer.before + r * layer.before_width, layer.net_inputs + r * layer.width
        for k in range(0, layer.width, lanes(M)):
            store(M, z + k, _line(M, layer, k, number) + load(M, a + k))


@part
def _moved_back(M, layer, row, stop):
    """Compiled twin of MemberBias.backward."""
    for r in range(row, stop):
        delta, to = layer.deltas + r * layer.width, layer.before_deltas + r * layer.before_deltas_width
        for k in range(0, layer.width, lanes(M)):
            store(M, to + k, load(M, delta + k))


@part
def _sum_of_member_bias(M, layer, row, rows, number, k):
    """Compiled twin of MemberBias.products, added up."""
    sums = constant(load(M, layer.deltas), 0.0)
    for r in range(_first_row_of(M, layer, row, number), row + rows, layer.members):
        sums = sums + load(M, layer.deltas + r * layer.width + k)
    return sums


@part
def _dense_by_member(M, layer, row, stop):
    """Compiled twin of MemberDense.forward, equation (63): one chain a unit, the bias last."""
    for r in range(row, stop):
        a, z = layer.before + r * layer.before_width, layer.net_inputs + r * layer.width
        scratch, line = layer.scratch + r * layer.scratch_width, _member(M, layer, r) * layer.units
        for k in range(0, layer.width, lanes(M)):
            store(M, z + k, constant(load(M, z), 0.0))
        k = line // lanes(M) * lanes(M)
        while k < line + layer.units:
            sums = constant(load(M, z), 0.0)
            for number in range(layer.numbers):
                sums = fused(spread(M[a + number]), _line(M, layer, k, number), sums)
            store(M, scratch, sums)
            for one in range(max(k, line), min(k + lanes(M), line + layer.units)):
                M[z + one - line] = M[scratch + one - k]
            k += lanes(M)


@part
def _dense_back_by_member(M, layer, row, stop):
    """Compiled twin of MemberDense.backward: one chain an input, over the units in their order."""
    for r in range(row, stop):
        delta, line = layer.deltas + r * layer.width, _member(M, layer, r) * layer.units
        to = layer.before_deltas + r * layer.before_deltas_width
        for j in range(layer.inputs):
            sum_ = M.dtype.type(0)
            for one in range(line, line + layer.units):
                k = one // lanes(M) * lanes(M)
                w = M[layer.weights + k * layer.numbers_width + j * lanes(M) + one - k]
                sum_ += M[delta + one - line] * w
            M[to + j] = sum_
        for j in range(layer.inputs, layer.before_deltas_width):
            M[to + j] = 0


@part
def _sum_of_member_dense(M, layer, row, rows, number, k):
    """Compiled twin of MemberDense.products, added up: a row has the lines of its member alone."""
    sums = constant(load(M, layer.deltas), 0.0)
    for r in range(row, row + rows):
        line = _member(M, layer, r) * layer.units
        if line < k + lanes(M) and line + layer.units > k:
            delta = load(M, layer.deltas + r * layer.width + k - line)
            moved = fused(delta, spread(M[layer.before + r * layer.before_width + number]), sums)
            sums = first_lanes(line - k, sums, first_lanes(line + layer.units - k, moved, sums))
    return sums


@inlined
def _copy(M, to, begin, n):
    """Copy n numbers of the memory, and write nothing after them."""
    j = 0
    while j + lanes(M) <= n:
        store(M, to + j, load(M, begin + j))
        j += lanes(M)
    while j < n:
        M[to + j] = M[begin + j]
        j += 1


@inlined
def _store_first(M, to, n, value, scratch):
    """Write the first lanes of a vector, and nothing after them."""
    if n >= lanes(M):
        store(M, to, value)
    else:
        store(M, scratch, value)
        for i in range(n):
            M[to + i] = M[scratch + i]


@inlined
def _spare(M, layer, row):
    """Room for one vector at the end of a row's scratch."""
    return layer.scratch + (row + 1) * layer.scratch_width - lanes(M)


@part
def _embedded(M, layer, row, stop):
    """Compiled twin of Periodic.forward, equations (64) and (65); what the way back needs is kept."""
    n, n_sums = layer.frequencies, layer.sums
    for r in range(row, stop):
        a, z = layer.before + r * layer.before_width, layer.net_inputs + r * layer.width
        waves, spare = layer.scratch + r * layer.scratch_width, _spare(M, layer, r)
        for j in range(layer.units, layer.width):
            M[z + j] = 0
        _copy(M, z, a, layer.inputs)
        for k in range(0, layer.lines_width, lanes(M)):
            x, at = load(M, a + k), waves + 2 * n * k
            for p in range(n):
                turn = constant(x, 2 * pi) * _line(M, layer, k, p)
                turn = fused(turn, x, _line(M, layer, k, n + p))
                store(M, at + 2 * p * lanes(M), cosine(turn))
                store(M, at + (2 * p + 1) * lanes(M), sine(turn))
            for e in range(n_sums):
                sums = constant(x, 0.0)
                for p in range(n):
                    factor = _line(M, layer, k, 2 * n + n_sums - 1 + e * n + p)
                    sums = fused(factor, load(M, at + 2 * p * lanes(M)), sums)
                own = 2 * n + e - 1 if e > 0 else layer.numbers - 1
                sums = sums + _line(M, layer, k, own)
                to = z + layer.inputs + e * layer.lines + k
                _store_first(M, to, layer.lines - k, sums, spare)


@inlined
def _of_turn(M, layer, r, k, p):
    """Delta of the argument of a cosine, of some lines."""
    n, n_sums = layer.frequencies, layer.sums
    delta = layer.deltas + r * layer.width + layer.inputs + k
    sums = constant(load(M, delta), 0.0)
    for e in range(n_sums):
        factor = _line(M, layer, k, 2 * n + n_sums - 1 + e * n + p)
        sums = fused(factor, load(M, delta + e * layer.lines), sums)
    wave = load(M, layer.scratch + r * layer.scratch_width + (2 * n * k + (2 * p + 1) * lanes(M)))
    return constant(sums, 0.0) - wave * sums


@part
def _embedded_back(M, layer, row, stop):
    """Compiled twin of Periodic.backward."""
    for r in range(row, stop):
        delta, to = layer.deltas + r * layer.width, layer.before_deltas + r * layer.before_deltas_width
        for j in range(layer.inputs, layer.before_deltas_width):
            M[to + j] = 0
        _copy(M, to, delta, layer.inputs)
        for k in range(0, layer.lines_width, lanes(M)):
            sums = constant(load(M, delta), 0.0)
            for p in range(layer.frequencies):
                rate = constant(sums, 2 * pi) * _line(M, layer, k, p)
                sums = fused(rate, _of_turn(M, layer, r, k, p), sums)
            spare = _spare(M, layer, r)
            _store_first(M, to + k, layer.lines - k, load(M, delta + k) + sums, spare)


@part
def _sum_of_periodic(M, layer, row, rows, number, k):
    """Compiled twin of Periodic.products, added up, of one column."""
    n, n_sums = layer.frequencies, layer.sums
    sums = constant(load(M, layer.deltas), 0.0)
    for r in range(row, row + rows):
        delta = layer.deltas + r * layer.width + layer.inputs + k
        if number < 2 * n:
            of_turn = _of_turn(M, layer, r, k, number % n)
            if number < n:
                x = load(M, layer.before + r * layer.before_width + k)
                sums = fused(constant(x, 2 * pi) * x, of_turn, sums)
            else:
                sums = sums + of_turn
        elif number < 2 * n + n_sums - 1:
            sums = sums + load(M, delta + (number - 2 * n + 1) * layer.lines)
        elif number < layer.numbers - 1:
            pair = number - (2 * n + n_sums - 1)
            wave = layer.scratch + r * layer.scratch_width + 2 * n * k + 2 * (pair % n) * lanes(M)
            sums = fused(load(M, delta + pair // n * layer.lines), load(M, wave), sums)
        else:
            sums = sums + load(M, delta)
    return sums


@inlined
def _share_of_bin(M, layer, k, t, x):
    """How far inputs have come through bin t, before it is cut off, and 1 by its width, where it has one."""
    lower = _line(M, layer, k, t - 1 if t > 0 else layer.numbers - 1)
    width = _line(M, layer, k, t) - lower
    zero, one = constant(x, 0.0), constant(x, 1.0)
    safe = where_at_most(width, zero, one, width)
    share = where_at_most(width, zero, zero, (x - lower) / safe)
    return share, where_at_most(width, zero, zero, one / safe)


@part
def _encoded(M, layer, row, stop):
    """Compiled twin of Piecewise.forward, equation (66)."""
    for r in range(row, stop):
        a, z = layer.before + r * layer.before_width, layer.net_inputs + r * layer.width
        for j in range(layer.units, layer.width):
            M[z + j] = 0
        _copy(M, z, a, layer.inputs)
        spare = _spare(M, layer, r)
        for t in range(layer.sums):
            to = z + layer.inputs + t * layer.lines
            for k in range(0, layer.lines_width, lanes(M)):
                x = load(M, a + k)
                share, _slope = _share_of_bin(M, layer, k, t, x)
                zero, one = constant(x, 0.0), constant(x, 1.0)
                share = where_less(share, zero, zero, where_less(one, share, one, share))
                _store_first(M, to + k, layer.lines - k, share, spare)


@part
def _encoded_back(M, layer, row, stop):
    """Compiled twin of Piecewise.backward."""
    for r in range(row, stop):
        delta, to = layer.deltas + r * layer.width, layer.before_deltas + r * layer.before_deltas_width
        for j in range(layer.inputs, layer.before_deltas_width):
            M[to + j] = 0
        _copy(M, to, delta, layer.inputs)
        for k in range(0, layer.lines_width, lanes(M)):
            x = load(M, layer.before + r * layer.before_width + k)
            zero, one = constant(x, 0.0), constant(x, 1.0)
            sums = zero
            for t in range(layer.sums):
                share, slope = _share_of_bin(M, layer, k, t, x)
                slope = where_less(zero, share, where_less(share, one, slope, zero), zero)
                sums = fused(load(M, delta + layer.inputs + t * layer.lines + k), slope, sums)
            _store_first(M, to + k, layer.lines - k, load(M, delta + k) + sums, _spare(M, layer, r))


@part
def _ordered(M, layer, row, stop):
    """Compiled twin of Order.forward, equation (67)."""
    for r in range(row, stop):
        a, z = layer.before + r * layer.before_width, layer.net_inputs + r * layer.width
        for one in range(layer.lines):
            k = one // lanes(M) * lanes(M)
            place = int(M[layer.weights + k * layer.numbers_width + one - k])
            M[z + one] = M[a + place]
        for one in range(layer.lines, layer.width):
            M[z + one] = 0


@part
def _ordered_back(M, layer, row, stop):
    """Compiled twin of Order.backward."""
    for r in range(row, stop):
        delta, to = layer.deltas + r * layer.width, layer.before_deltas + r * layer.before_deltas_width
        for one in range(layer.lines):
            k = one // lanes(M) * lanes(M)
            place = int(M[layer.weights + k * layer.numbers_width + one - k])
            M[to + place] = M[delta + one]
        for one in range(layer.lines, layer.before_deltas_width):
            M[to + one] = 0


@part
def _sum_of_held(M, layer, _row, _rows, _number, _k):
    """Gradients of what is not trained."""
    return constant(load(M, layer.deltas), 0.0)


def _parametric(kind):
    """Twins of Parametric with its activation, equation (68)."""
    forward, backward = FUNCTIONS[type(kind.activation)]

    @part
    def net_inputs(M, layer, row, stop):
        for r in range(row, stop):
            a, z = layer.before + r * layer.before_width, layer.net_inputs + r * layer.width
            for k in range(0, layer.width, lanes(M)):
                x = load(M, a + k)
                store(M, z + k, fused(_line(M, layer, k, 0), forward(x, 0.0) - x, x))

    @part
    def pass_back(M, layer, row, stop):
        for r in range(row, stop):
            a, to = layer.before + r * layer.before_width, layer.before_deltas + r * layer.before_deltas_width
            for k in range(0, layer.width, lanes(M)):
                x, delta = load(M, a + k), load(M, layer.deltas + r * layer.width + k)
                through = backward(x, forward(x, 0.0), delta, 0.0)
                store(M, to + k, fused(_line(M, layer, k, 0), through - delta, delta))

    @part
    def sum_of_parts(M, layer, row, rows, _number, k):
        sums = constant(load(M, layer.deltas), 0.0)
        for r in range(row, row + rows):
            x = load(M, layer.before + r * layer.before_width + k)
            delta = load(M, layer.deltas + r * layer.width + k)
            sums = fused(delta, forward(x, 0.0) - x, sums)
        return sums

    return net_inputs, pass_back, sum_of_parts


_PARTS = {
    Scale: (_scaled, _scaled_back, _sum_of_scale),
    MemberScale: (_scaled_by_member, _scaled_back_by_member, _sum_of_member_scale),
    MemberBias: (_moved_by_member, _moved_back, _sum_of_member_bias),
    MemberDense: (_dense_by_member, _dense_back_by_member, _sum_of_member_dense),
    Periodic: (_embedded, _embedded_back, _sum_of_periodic),
    Piecewise: (_encoded, _encoded_back, _sum_of_held),
    Order: (_ordered, _ordered_back, _sum_of_held),
    ParametricSELU: _parametric(ParametricSELU),
    ParametricMish: _parametric(ParametricMish),
}
# By the code of a kind: from rows of the layer before to net inputs, from deltas to what is passed back to
# it, and sums over rows of deltas times the slopes in each number.
NET_INPUTS = {kind.code: rows_routine(f"net_inputs_{kind.name}", own[0]) for kind, own in _PARTS.items()}
PASS_BACK = {kind.code: rows_routine(f"pass_back_{kind.name}", own[1]) for kind, own in _PARTS.items()}
GRADIENTS = {
    kind.code: gradients_routine(f"gradients_{kind.name}", _gradients(own[2])) for kind, own in _PARTS.items()
}
