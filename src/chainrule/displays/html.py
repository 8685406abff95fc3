"""HTML whose text is escaped unless it is HTML already, so that no name of a user's becomes markup."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Html", "element", "inline", "joined_html"]

# What a notebook would take for the ends of a formula in TeX: it looks for them in text that no tag parts.
OF_TEX = re.compile(r"[$\\]")
OF_SVG = frozenset({"text", "tspan"})


class Html(str):
    """Text that is HTML already, and goes into other HTML as it is.

    Examples
    --------
    >>> inline("a < b"), inline(Html("<b>a</b>"))
    ('a &lt; b', '<b>a</b>')
    """

    __slots__ = ()


def inline(content: object, within: str = "span") -> Html:
    r"""Text as HTML: escaped, what cannot be seen written out, and no part of it a formula in TeX.

    Parameters
    ----------
    content : object
        HTML stays as it is; of all else the text is taken.
    within : str
        The element that holds it.

    Examples
    --------
    >>> print(inline("<script>\n"))
    &lt;script&gt;<span>\</span>n
    >>> print(inline("5$"), inline("5$", "text"))
    5<span>$</span> 5<tspan>$</tspan>
    """
    if isinstance(content, Html):
        return content
    tag = "tspan" if within in OF_SVG else "span"
    text = escape(printable(str(content)))
    if within == "title":  # which holds text alone
        return Html(text)
    return Html(OF_TEX.sub(lambda found: f"<{tag}>{found[0]}</{tag}>", text))


def joined_html(parts: Iterable[object], between: str = "") -> Html:
    """Parts one after the other, each escaped unless it is HTML.

    Examples
    --------
    >>> joined_html(["a&", Html("<br>")])
    'a&amp;<br>'
    """
    return Html(between.join(map(inline, parts)))


def element(tag: str, *content: object, **attributes: object) -> Html:
    """An element of HTML or SVG.

    Parameters
    ----------
    tag : str
    *content
        Escaped, unless it is HTML.
    **attributes
        Their values, escaped; one that is None is left out. ``class_`` is `class`, and an underscore within
        a name a hyphen.

    Examples
    --------
    >>> element("td", "<b>", class_="name", title='"', scope=None)
    '<td class="name" title="&quot;">&lt;b&gt;</td>'
    """
    named = "".join(
        f' {name.strip("_").replace("_", "-")}="{escape(printable(str(value)))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = "".join(inline(one, tag) for one in content)
    return Html(f"<{tag}{named}>{inside}</{tag}>")
