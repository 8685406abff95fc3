"""Any table becomes D = [X | Y]: read, understood, encoded as numbers and back, split."""

from chainrule.table_options import TableOptions
from chainrule.tables.columns.column import Column
from chainrule.tables.columns.decisions import Decision, Said, refuse_guesses
from chainrule.tables.columns.layout import Layout
from chainrule.tables.columns.readings import read_numbers, reading_option
from chainrule.tables.columns.roles import Roles, RowRoles, settle_roles
from chainrule.tables.columns.table import Table
from chainrule.tables.encoding.asking import read_targets, row_labels
from chainrule.tables.encoding.categories import BinaryInput, CategoryInput
from chainrule.tables.encoding.choosing import Chosen, choose_encoding
from chainrule.tables.encoding.dates import CycleInput, DateInput, spread_in_words
from chainrule.tables.encoding.display import encoding_parts, learnt_as, report_parts
from chainrule.tables.encoding.encoding import Encoding, InputPart, LearntTarget, TargetPart
from chainrule.tables.encoding.numbers import MissingInput, NumberInput
from chainrule.tables.encoding.report import ColumnReport, Report, RowsLeftOut, report_lines
from chainrule.tables.encoding.statistics import Spread
from chainrule.tables.encoding.targets.classes import ClassTarget
from chainrule.tables.encoding.targets.constant import ConstantTarget
from chainrule.tables.encoding.targets.dates import DateTarget
from chainrule.tables.encoding.targets.kind import TargetKind
from chainrule.tables.encoding.targets.numbers import NumberTarget
from chainrule.tables.encoding.targets.scaling import Limits, scaling_of
from chainrule.tables.encoding.texts import TextInput
from chainrule.tables.encoding.transforms.piecewise import PiecewiseLinear
from chainrule.tables.encoding.worked import (
    Step,
    Worked,
    WorkedAnswer,
    WorkedCell,
    column_formula,
    with_numbers,
    worked_answers,
    worked_cells,
    worked_parts,
    worked_value,
    written_formula,
)
from chainrule.tables.predictions import Predictions, joined_predictions, predictions_of
from chainrule.tables.sources.reading import as_table, read_table
from chainrule.tables.splitting import (
    fold_groups,
    fold_in_order,
    fold_rows,
    split_groups,
    split_in_order,
    split_rows,
)
from chainrule.tables.typical import typical_row

__all__ = [
    "BinaryInput", "CategoryInput", "Chosen", "ClassTarget", "Column", "ColumnReport", "ConstantTarget",
    "CycleInput", "DateInput", "DateTarget", "Decision", "Encoding", "InputPart", "Layout",
    "LearntTarget", "Limits", "MissingInput", "NumberInput", "NumberTarget", "PiecewiseLinear",
    "Predictions", "Report", "Roles", "RowRoles", "RowsLeftOut", "Said", "Spread", "Step", "Table",
    "TableOptions", "TargetKind", "TargetPart", "TextInput", "Worked", "WorkedAnswer", "WorkedCell",
    "as_table", "choose_encoding", "column_formula", "encoding_parts", "fold_groups", "fold_in_order",
    "fold_rows", "joined_predictions", "learnt_as", "predictions_of", "read_numbers", "read_table",
    "read_targets", "reading_option", "refuse_guesses", "report_lines", "report_parts", "row_labels",
    "scaling_of", "settle_roles", "split_groups", "split_in_order", "split_rows", "spread_in_words",
    "typical_row", "with_numbers", "worked_answers", "worked_cells", "worked_parts", "worked_value",
    "written_formula",
]  # fmt: skip
