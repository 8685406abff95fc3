"""The recipe: what is trained of a table of which nothing is said, chosen by the table's own folds."""
