"""The equations once more, as fast kernels that compute the same bits on every machine.

Charter of this room: fast, and checked against its oracle, the reference engine. Kernels are compiled by
Numba from explicit vectors (`language.vectors`) and blocks of them (`language.tiles`); every sum has an
order of its own, fixed by what is computed and not by what computes it. No fast-math flag, no library
function and no state of the process takes part.

Nothing here is loaded before it is used: Numba takes longer to load than a small table to train on. From
the lowest to the highest:

- `codes`: which activations and losses there are; `layout`: where everything lies in one flat array.
- `machine`: what kernels are compiled for, and kept by.
- `language`: what they are written in.
- `twins`: the equations, over rows.
- `kernels`: each one compiled function.
- `trainer`, `evaluation`, `prediction`: what the rooms above use, and `twins.curvature`.
"""
