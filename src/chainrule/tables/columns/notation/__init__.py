"""How numbers, dates and durations are written, and what words and names say beside them."""

from chainrule.tables.columns.notation.dates import read_dates
from chainrule.tables.columns.notation.digits import affix, split_numbers
from chainrule.tables.columns.notation.durations import DurationReading, read_durations, settle_durations
from chainrule.tables.columns.notation.names import part_named, says_date, says_duration
from chainrule.tables.columns.notation.typed import as_digits, seconds_of
from chainrule.tables.columns.notation.words import are_pair, may_hold_values, says_none, words_for_none

__all__ = [
    "DurationReading", "affix", "are_pair", "as_digits", "may_hold_values", "part_named", "read_dates",
    "read_durations", "says_date", "says_duration", "says_none", "seconds_of", "settle_durations",
    "split_numbers", "words_for_none",
]  # fmt: skip
