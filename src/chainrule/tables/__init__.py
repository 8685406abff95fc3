"""Any table becomes D = [X | Y]: read, encoded as numbers and back, split."""

from chainrule.tables.columns.column import Column
from chainrule.tables.columns.table import Table, refuse_absent
from chainrule.tables.encoding.choosing import MOST_CATEGORIES, choose_encoding, target_labels
from chainrule.tables.encoding.encoding import Encoding
from chainrule.tables.encoding.parts import CategoryInput, ClassTarget, NumberInput, NumberTarget
from chainrule.tables.sources.reading import as_table, read_table
from chainrule.tables.splitting import split_rows

__all__ = [
    "MOST_CATEGORIES", "CategoryInput", "ClassTarget", "Column", "Encoding", "NumberInput", "NumberTarget",
    "Table", "as_table", "choose_encoding", "read_table", "refuse_absent", "split_rows", "target_labels",
]  # fmt: skip
