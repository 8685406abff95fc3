"""The equations once more, as fast kernels that compute the same bits on every machine.

Charter of this room: fast, and checked against its oracle, the reference engine. Kernels are compiled by
Numba from explicit vectors (`vectors`) and blocks of them (`tiles`); every sum has an order of its own, fixed
by what is computed and not by what computes it. No fast-math flag, no library function and no state of the
process takes part.

Nothing here is loaded before it is used: Numba takes longer to load than a small table to train on. From
the lowest to the highest:

- `vectors`, `tiles`: new types for Numba; `elementary`: exp, logistic and tanh on them; `units`,
  `losses`: whole rows.
- `layout`: where everything lies in one flat array; `samples`, `products`, `team`: parts of kernels.
- `online`, `minibatch`, `forward`: the kernels, each one compiled function; `narrow` and `narrow_minibatch`
  for networks with few units; `epochs` runs them for many short epochs, each in an order from `shuffling`;
  `cache` keeps them.
- `trainer`, `prediction`: what the rooms above use; `codes`: which activations and losses there are;
  `target`: the processor; `compiling`: how parts of kernels are compiled.
"""
