"""Linear models by NumPy alone, with the same bits on every machine."""

from chainrule.models.linear.path import linear_path

__all__ = ["linear_path"]
