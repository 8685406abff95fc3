"""Pictures of what the package returns; matplotlib is loaded when the first is drawn."""

from chainrule.plots.door import ENDINGS, needs_matplotlib, picture_of, plot

__all__ = ["ENDINGS", "needs_matplotlib", "picture_of", "plot"]
