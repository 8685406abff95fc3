"""What a terminal shows: how wide it is, colours, lines that fit it, progress, pictures in characters.

`drawing` and `curve` are imported where they are needed: they know networks, which take their time to load.
"""

from chainrule.cli.terminal.colour import has_colours
from chainrule.cli.terminal.size import asked_width, is_terminal, terminal_width, width_of
from chainrule.cli.terminal.streams import (
    aside,
    can_show,
    command_lines,
    escape_what_cannot_be_encoded,
    give,
    note,
    note_command,
    say,
    write_all,
)

__all__ = [
    "aside", "asked_width", "can_show", "command_lines", "escape_what_cannot_be_encoded", "give",
    "has_colours", "is_terminal", "note", "note_command", "say", "terminal_width", "width_of", "write_all",
]  # fmt: skip
