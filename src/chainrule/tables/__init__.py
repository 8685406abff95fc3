"""Any table becomes D = [X | Y]: read, encoded as numbers and back, split."""

from chainrule.tables.choosing import MOST_CATEGORIES, choose_encoding, target_labels
from chainrule.tables.column import Column
from chainrule.tables.encoding import Encoding
from chainrule.tables.parts import CategoryInput, ClassTarget, NumberInput, NumberTarget
from chainrule.tables.reading import read_table
from chainrule.tables.splitting import split_rows
from chainrule.tables.table import Table

__all__ = [
    "MOST_CATEGORIES",
    "CategoryInput",
    "ClassTarget",
    "Column",
    "Encoding",
    "NumberInput",
    "NumberTarget",
    "Table",
    "choose_encoding",
    "read_table",
    "split_rows",
    "target_labels",
]
