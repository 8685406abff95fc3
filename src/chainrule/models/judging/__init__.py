"""How good a fit is: scores in the terms of its targets, beside a linear model, over all folds."""
