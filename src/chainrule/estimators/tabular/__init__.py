"""Tables as estimators are given them: their columns encoded, and trained on as `fit` does."""

from chainrule.estimators.tabular.effort import check_effort, effort_of
from chainrule.estimators.tabular.encodings import class_target, input_columns, plain_encoding
from chainrule.estimators.tabular.fitting import fit_table, table_inputs, takes_tables, watched_arrays

__all__ = [
    "check_effort", "class_target", "effort_of", "fit_table", "input_columns", "plain_encoding",
    "table_inputs", "takes_tables", "watched_arrays",
]  # fmt: skip
