"""Pictures of what the package returns; matplotlib is loaded when the first is drawn."""

from chainrule.plots.door import plot

__all__ = ["plot"]
