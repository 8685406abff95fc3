"""How displays look: one sheet, all of whose rules are of one class, with colours from around it."""

from __future__ import annotations

__all__ = ["CLASS", "FIRST", "SECOND", "STYLE"]

CLASS = "chainrule"
FIRST, SECOND = "#2f7fd0", "#c8660a"  # of lines, seen on light and on dark
LINE, BAND = "rgba(128,128,128,.45)", "rgba(128,128,128,.12)"

# Text has the colour of the notebook, light or dark, and lines have a grey that can be seen on both: what the
# system prefers says nothing of a notebook. Two colours say what a dash, or a word, says as well.
SHEET = """
.C{color:inherit;line-height:1.4;max-width:100%;margin:.25em 0}
.C p{margin:.3em 0;overflow-wrap:anywhere}
.C .C-title{font-weight:600}
.C .C-small{opacity:.8}
.C .C-wide{overflow-x:auto;max-width:100%}
.C details{margin:.3em 0}
.C summary{cursor:pointer;display:list-item}
.C details>:not(summary){margin-left:1.1em}
.C.C table{border-collapse:collapse;border:0;margin:.3em 0;font-size:1em;color:inherit;width:auto;
table-layout:auto;display:table}
.C.C table tr:nth-child(n),.C.C table th,.C.C table td{background:none;color:inherit;border:0;
text-align:right;padding:.15em .7em .15em 0;white-space:nowrap;font-variant-numeric:tabular-nums;
line-height:1.4;vertical-align:top;max-width:none}
.C.C table thead tr:nth-child(n){border-bottom:1px solid LINE}
.C.C table th{font-weight:600}
.C.C table .C-text{text-align:left;white-space:normal;min-width:8em;max-width:36em;overflow-wrap:anywhere}
.C.C table .C-name{text-align:left;white-space:pre}
.C.C table .C-right{background:BAND;font-weight:600}
.C .C-facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.1em 1em;margin:.3em 0}
.C .C-facts dt{font-weight:600;margin:0;padding:0;float:none;width:auto}
.C .C-facts dd{margin:0;padding:0;overflow-wrap:anywhere;width:auto}
.C .C-remark{border-left:3px solid LINE;padding-left:.6em}
.C .C-warning{border-left-color:SECOND}
.C .C-equation{padding-left:2.5em;text-indent:-2em;overflow-wrap:normal}
.C sub,.C sup{font-size:.72em;line-height:0}
.C svg{display:block;max-width:none;height:auto}
.C svg.C-shrinks{max-width:100%}
.C svg text{fill:currentColor;font-family:inherit;font-size:11px}
@media print{.C .C-wide{overflow:visible}.C{break-inside:auto}}
"""


def _written(sheet: str) -> str:
    """The sheet with its class and its colours, on one line."""
    for mark, meaning in (
        (".C", f".{CLASS}"),
        ("LINE", LINE),
        ("BAND", BAND),
        ("SECOND", SECOND),
        ("\n", ""),
    ):
        sheet = sheet.replace(mark, meaning)
    return sheet


STYLE = _written(SHEET)
