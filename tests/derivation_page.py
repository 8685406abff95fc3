"""Reads the two pages of equations: their displayed formulas and tables, and the part of LaTeX that they use.

The pages state their formulas once, for people. This module turns that very text into syntax trees, so that
what the tests prove cannot drift apart from what the pages show. Anything that it does not
understand is an error: a formula is never passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[1] / "docs" / "derivation.md"
SECOND_PAGE = PAGE.with_name("units-losses-rules.md")

TOKEN = re.compile(
    r"\\(?:mathrm|mathsf|operatorname|overline|text)\{[^{}]*\}|\\[A-Za-z]+|\\.|:=|\d+(?:\.\d+)?|[A-Za-z]|[^\s]",
)
SPACING = {"\\left", "\\right", "\\,", "\\;", "\\!", "\\ ", "&"}
ELSE, WHERE = "\\text{else}", {"\\text{where }", "\\text{with chance }"}
RELATIONS = {">", "<", "\\leq"}
ENDS_OF_PIECES = {"\\newline", "\\endcases"}
ENDS_A_TERM = {"", "+", "-", "=", ":=", ")", "]", "}", "\\mid", ",", "\\rvert", ELSE}
ENDS_A_TERM |= WHERE | RELATIONS | ENDS_OF_PIECES
LAYERED = {"W", "overline W", "z", "a", "g", "delta", "Z", "A", "Delta"}
CALLED = {"g", "D", "L", "O"}
RANGE = re.compile(r"([a-z]) = (.+), \\dots, (.+)")
CASES = re.compile(r"\\begin\{cases\}(.*?)\\end\{cases\}", re.DOTALL)
MATH_BLOCK = re.compile(r"^```\{math\}\n(?::label: (\S+)\n\n)?(.*?)\n```$", re.DOTALL | re.MULTILINE)


class UnreadableFormulaError(ValueError):
    """A formula outside the part of LaTeX that the page is written in."""


@dataclass(frozen=True)
class Node:
    """A part of a formula: what it is, its text, its parts, and a symbol's indices and layer."""

    kind: str
    text: str = ""
    parts: tuple[Node, ...] = ()
    indices: tuple[Node, ...] = ()
    layer: Node | None = None

    def names(self) -> set[str]:
        """Every symbol in it, indices and layer numbers included."""
        below = (*self.parts, *self.indices, *((self.layer,) if self.layer else ()))
        own = {self.text} if self.kind == "symbol" else set()
        return own.union(*(part.names() for part in below))


@dataclass(frozen=True)
class Range:
    """An index of a formula with its first and last value."""

    name: str
    first: Node
    last: Node


# The sides of one chain of equations, left to right.
Chain = tuple[Node, ...]


@dataclass(frozen=True)
class Formula:
    """A displayed formula: its label, if any, its chains of equations and what they are claimed for.

    A chain that begins with `w :=` has the symbol that is set in `targets`, the others have None there.
    """

    label: str
    chains: tuple[Chain, ...]
    ranges: tuple[Range, ...] = ()
    any_activation: bool = False
    n_layers: int | None = None
    targets: tuple[Node | None, ...] = ()
    conditions: tuple[Chain, ...] = ()

    def names(self) -> set[str]:
        """Every symbol in its chains."""
        return {name for chain in self.chains for side in chain for name in side.names()}


class _Parser:
    """Recursive descent over the tokens of one chain of equations."""

    def __init__(self, latex: str) -> None:
        self.latex = latex
        self.tokens: list[str] = [token for token in TOKEN.findall(latex) if token not in SPACING]

    @property
    def next(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self, expected: str | None = None) -> str:
        if expected not in {None, self.next} or not self.tokens:
            message = f"found {self.next!r} but expected {expected!r} in {self.latex!r}"
            raise UnreadableFormulaError(message)
        return self.tokens.pop(0)

    def chain(self) -> Chain:
        """Sides of `a = b = c`; the target of an assignment `w := …` is no side of an equation."""
        sides = [self.sum()]
        while self.next:
            if self.next == ":=":
                sides.clear()
            elif self.next != "=":
                self.take("=")
            self.take()
            sides.append(self.sum())
        return tuple(sides)

    def sum(self) -> Node:
        terms: list[Node] = []
        while not terms or self.next in {"+", "-"}:
            sign = self.take() if self.next in {"+", "-"} else "+"
            term = self.product()
            terms.append(Node("negative", parts=(term,)) if sign == "-" else term)
        return Node("sum", parts=tuple(terms)) if len(terms) > 1 else terms[0]

    def product(self) -> Node:
        node = self.power()
        while self.next not in ENDS_A_TERM:
            kind = "entrywise" if self.next == "\\odot" else "product"
            if self.next in {"\\odot", "\\cdot"}:
                self.take()
            node = Node(kind, parts=(node, self.power()))
        return node

    def power(self) -> Node:
        base = self.factor()
        if self.next != "^":
            return base
        self.take()
        exponent = self.group()
        return (
            Node("transposed", parts=(base,))
            if exponent.kind == "T"
            else Node("power", parts=(base, exponent))
        )

    def group(self) -> Node:
        """Read `{…}` or a single digit or letter."""
        if self.next != "{":
            token = self.take()
            return Node("number" if token.isdigit() else "symbol", token)
        self.take("{")
        node = Node("T", self.take()) if self.next == "\\mathsf{T}" else self.sum()
        self.take("}")
        return node

    def factor(self) -> Node:
        read: dict[str, Callable[[], Node]] = {
            "(": lambda: self.bracketed("("),
            "[": lambda: self.bracketed("["),
            "\\frac": self.fraction,
            "\\sum": self.indexed_sum,
            "\\sqrt": lambda: Node("root", parts=(self.group(),)),
            "\\tanh": lambda: Node("tanh", parts=(self.factor(),)),
            "\\sin": lambda: Node("sin", parts=(self.factor(),)),
            "\\cos": lambda: Node("cos", parts=(self.factor(),)),
            "\\ln": lambda: Node("ln", parts=(self.factor(),)),
            "\\max": lambda: Node("max", parts=self.listed()),
            "\\min": lambda: Node("min", parts=self.listed()),
            "\\lvert": self.magnitude,
            "\\cases": self.cases,
            "\\operatorname{sign}": lambda: Node("sign", parts=(self.factor(),)),
            "\\operatorname{Im}": lambda: Node("Im", parts=(self.factor(),)),
        }
        start = self.take()
        if start in read:
            return read[start]()
        return Node("number", start) if start[0].isdigit() else self.symbol(start)

    def bracketed(self, opening: str) -> Node:
        """Read `(…)`, or two matrices side by side, `[… | …]`."""
        node = self.sum()
        if opening == "[":
            self.take("\\mid")
            node = Node("beside", parts=(node, self.sum()))
        self.take(")" if opening == "(" else "]")
        return node

    def listed(self) -> tuple[Node, ...]:
        """Read `(…, …)`."""
        self.take("(")
        items = [self.sum()]
        while self.next == ",":
            self.take()
            items.append(self.sum())
        self.take(")")
        return tuple(items)

    def magnitude(self) -> Node:
        """Read what is left of `\\lvert … \\rvert`."""
        node = Node("magnitude", parts=(self.sum(),))
        self.take("\\rvert")
        return node

    def cases(self) -> Node:
        """Read the pieces of a function, the last of which is for all that is left."""
        pieces: list[Node] = []
        while True:
            value = self.sum()
            if self.next == ELSE:
                self.take()
                self.take("\\endcases")
                return Node("cases", parts=(*pieces, value))
            pieces.append(Node("piece", parts=(value, self.condition())))
            self.take("\\newline")

    def condition(self) -> Node:
        """Read `where left > right`, or `with chance p`."""
        if self.take() not in WHERE:
            message = f"a piece has no condition in {self.latex!r}"
            raise UnreadableFormulaError(message)
        left = self.sum()
        if self.next not in RELATIONS:
            return Node("chance", parts=(left,))
        return Node("relation", self.take(), (left, self.sum()))

    def fraction(self) -> Node:
        if self.tokens[1] == "\\partial":
            return Node("partial", parts=(self.partial(), self.partial()))
        return Node("fraction", parts=(self.group(), self.group()))

    def partial(self) -> Node:
        """Read `{∂ symbol}`."""
        self.take("{")
        self.take("\\partial")
        node = self.symbol(self.take())
        self.take("}")
        return node

    def indexed_sum(self) -> Node:
        """Read `_{k=first}^{last} term`."""
        self.take("_")
        self.take("{")
        index = self.take()
        self.take("=")
        first = self.sum()
        self.take("}")
        self.take("^")
        last = self.group()
        return Node("sum over", index, (first, last, self.product()))

    def symbol(self, token: str) -> Node:
        match = re.fullmatch(r"\\?(?:(?:mathrm|operatorname)\{(\w+)\}|(overline)\{(\w)\}|([A-Za-z]+))", token)
        if not match:
            message = f"cannot read {token!r} in {self.latex!r}"
            raise UnreadableFormulaError(message)
        roman, overline, under, plain = match.groups()
        name = roman or plain or f"{overline} {under}"
        if roman == "i":
            return Node("imaginary unit")
        indices = self.indices(name)
        prime = name in CALLED and self.next == "'"
        if prime:
            self.take()
        if name in CALLED and self.next == "(":
            self.take()
            return Node("call", name + "'" * prime, (self.bracketed("("),), indices)
        return Node("symbol", name, indices=indices, layer=self.layer(name))

    def indices(self, name: str) -> tuple[Node, ...]:
        """Read `_k` or `_{kj}`; the index of a size, as in `u_{m+1}`, is one expression."""
        if self.next != "_":
            return ()
        self.take()
        if name in {"u", "n"} or self.next != "{":
            return (self.group(),)
        self.take()
        letters = []
        while self.next != "}":
            token = self.take()
            parts = [token] if token.startswith("\\") else token
            letters += [Node("number" if part.isdigit() else "symbol", part) for part in parts]
        self.take("}")
        return tuple(letters)

    def layer(self, name: str) -> Node | None:
        """Read `^{(m)}`, which names a layer and is no power."""
        if name not in LAYERED or self.tokens[:3] != ["^", "{", "("]:
            return None
        del self.tokens[:3]
        node = self.sum()
        self.take(")")
        self.take("}")
        return node


def parse_chain(latex: str) -> Chain:
    """Syntax trees of the sides of `a = b = c`."""
    return _Parser(latex).chain()


def parse_formula(latex: str, label: str = "") -> Formula:
    """Syntax trees of a displayed formula of one or more lines."""
    chains: list[str] = []
    claim = ""
    one_line = CASES.sub(
        lambda found: "\\cases " + found[1].replace(r"\\", r"\newline") + "\\endcases ", latex
    )
    for line in re.split(r"\\\\\s", one_line):
        text = line.strip().removeprefix("&").strip()
        if text.startswith("\\text{for"):
            claim = text
        elif text.startswith("="):
            chains[-1] += text
        else:
            chains.append(text)
    targets = tuple(parse_chain(chain.split(":=")[0])[0] if ":=" in chain else None for chain in chains)
    formula = Formula(label, tuple(parse_chain(chain) for chain in chains), targets=targets)
    return _with_claim(formula, claim)


def _with_claim(formula: Formula, claim: str) -> Formula:
    """Add what the last line says, `for any g; k = 1, …, u_m; l = 6`."""
    ranges, conditions, any_activation, n_layers = [], [], False, None
    for item in filter(None, re.sub(r"\\text\{for (any )?\}|\\ ", "", claim).split(";")):
        part = item.strip()
        if part == "g":
            any_activation = True
        elif match := RANGE.fullmatch(part):
            (first,), (last,) = parse_chain(match[2]), parse_chain(match[3])
            ranges.append(Range(match[1], first, last))
        elif match := re.fullmatch(r"l = (\d+)", part):
            n_layers = int(match[1])
        elif part.startswith("\\sum"):
            conditions.append(parse_chain(part))
        else:
            message = f"cannot read {part!r} in {claim!r}"
            raise UnreadableFormulaError(message)
    return replace(
        formula,
        ranges=tuple(ranges),
        any_activation=any_activation,
        n_layers=n_layers,
        conditions=tuple(conditions),
    )


def formulas(page: str) -> list[Formula]:
    """Every displayed formula of the page, in its order."""
    return [parse_formula(latex, label or "") for label, latex in MATH_BLOCK.findall(page)]


def labels(page: str) -> list[str]:
    """Labels of the numbered formulas, in the order in which the page numbers them."""
    return re.findall(r"^:label: (\S+)$", page, re.MULTILINE)


def table(page: str, *header: str) -> list[dict[str, str]]:
    """Rows of the one table whose header starts with these cells."""
    found = re.findall(r"((?:^\|.*\|\n)+)", page, re.MULTILINE)
    tables = [[_cells(line) for line in text.splitlines()] for text in found]
    (rows,) = [rows for rows in tables if tuple(rows[0][: len(header)]) == header]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def inline(cell: str) -> str:
    """Return the LaTeX of a cell that holds one formula, `$…$`."""
    match = re.fullmatch(r"\$([^$]+)\$", cell)
    if not match:
        message = f"cannot read {cell!r}: it must be one formula"
        raise UnreadableFormulaError(message)
    return match[1]
