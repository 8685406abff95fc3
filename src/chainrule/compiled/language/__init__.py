"""What kernels are written in: types and functions that Numba learns here, in vectors and blocks of them."""
