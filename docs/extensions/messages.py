"""Every message of the tree of errors, read from the places in the source that make them.

A message is put together from constant words and from what is only known when it is raised. The words are
read from the syntax trees; for the rest a gap stands, with the name that it has there. Where a function makes
an error of what it is given, each of its calls in the module is a message of its own.
"""

from __future__ import annotations

import ast
import functools
import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["BEGIN", "END", "Message", "messages", "messages_of"]

SOURCES = Path(__file__).parents[2] / "src" / "chainrule"
BEGIN, END = "\ue000", "\ue001"  # of a gap
MOST_WAYS = 60  # of putting one text together
DEEPEST = 8  # names and functions that are looked through for a word
SAYS = ("what", "parameter", "given", "needs", "advice")
UNKNOWN = ("what", "given", "known", "parameter", "also_called")
ERRORS = {
    "ChainruleError", "DivergenceError", "InputError", "MissingPackageError", "ModelFileError", "OutputError",
    "ShapeError", "TableError", "UnknownNameError",
}  # fmt: skip
AS_IT_IS = {"Remark", "capitalize", "lstrip", "removeprefix", "removesuffix", "rstrip", "said", "strip"}
NO_NAME = {"name", "names", "title", "text", "value"}  # which say less than what they are of


@dataclass(frozen=True, order=True)
class Message:
    """A message with gaps, the class that it belongs to, and the module that raises it."""

    text: str
    error: str
    module: str


@dataclass(frozen=True)
class Scope:
    """A function, and what its parameters are where it is called."""

    function: ast.FunctionDef | None
    given: Mapping[str, tuple[ast.expr, Scope]] = field(default_factory=dict)


@cache
def messages() -> tuple[Message, ...]:
    """Return every message of the package, sorted, each of a module once."""
    found = set()
    for path in sorted(SOURCES.rglob("*.py")):
        module = path.relative_to(SOURCES).as_posix()
        source = path.read_text(encoding="utf-8")
        found |= {Message(text, error, module) for error, text in messages_of(source)}
    return tuple(sorted(found))


def messages_of(source: str) -> Iterator[tuple[str, str]]:
    """Classes of errors with their messages, as a module makes them."""
    module = _Module(ast.parse(source))
    for error in sorted(ERRORS):
        for call in module.calls[error]:
            for scope in module.scopes(module.around[call]):
                yield from ((error, text) for text in module.message(error, call, scope))


class _Module:
    """The functions and calls of a module."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.around: dict[ast.AST, ast.FunctionDef | None] = {tree: None}
        self.calls: dict[str, list[ast.Call]] = defaultdict(list)
        self.functions: dict[str, ast.FunctionDef] = {}
        for one in ast.walk(tree):
            inside = one if isinstance(one, ast.FunctionDef) else self.around[one]
            self.around.update((part, inside) for part in ast.iter_child_nodes(one))
            if isinstance(one, ast.Call):
                self.calls[_name(one.func)].append(one)
            elif isinstance(one, ast.FunctionDef):
                self.functions[one.name] = one

    def scopes(self, function: ast.FunctionDef | None) -> list[Scope]:
        """A function as it is called in its module, in each of the ways; as it stands where it is not."""
        calls = self.calls[function.name] if function and function.name.startswith("_") else []
        return [self._called(function, call, Scope(self.around[call])) for call in calls] or [Scope(function)]

    def _called(self, function: ast.FunctionDef | None, call: ast.Call, scope: Scope) -> Scope:
        """A function with what a call gives it."""
        if function is None:
            return Scope(None)
        arguments = function.args
        names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        defaults = dict(zip(names[::-1], arguments.defaults[::-1], strict=False))
        defaults |= {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d}
        names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        given = {name: (one, Scope(None)) for name, one in defaults.items()}
        given |= {name: (one, scope) for name, one in zip(names, call.args, strict=False)}
        return Scope(function, given | {one.arg: (one.value, scope) for one in call.keywords if one.arg})

    def message(self, error: str, call: ast.Call, scope: Scope) -> list[str]:
        """What a call of an error's class says, in each of the ways."""
        is_unknown = error == "UnknownNameError"
        parts = dict(zip(UNKNOWN if is_unknown else SAYS, call.args, strict=False))
        parts |= {one.arg: one.value for one in call.keywords if one.arg}
        texts = {name: self.texts(part, scope, 0) for name, part in parts.items()}
        if is_unknown:
            known = _gap("names")
            return [f"There is no {what} {_gap('name')}. There are: {known}." for what in texts["what"]]
        is_given = f"{texts.get('parameter', [_gap('parameter')])[0]} is {_gap('given')}"
        ways = itertools.product(*(texts.get(name, [""]) for name in ("what", "needs", "advice")))
        return list(dict.fromkeys(_whole(what or is_given, *rest) for what, *rest in ways))[:MOST_WAYS]

    def texts(  # noqa: C901, PLR0911 (each kind of expression is a line)
        self, node: ast.expr, scope: Scope, depth: int
    ) -> list[str]:
        """Texts that an expression may be."""
        if depth > DEEPEST:
            return [_gap("")]
        read = functools.partial(self.texts, scope=scope, depth=depth + 1)
        match node:
            case ast.Constant(value=value):
                return ["" if value is None else str(value)]
            case ast.JoinedStr(values=values):
                return _together([read(one) for one in values])
            case ast.FormattedValue(value=ast.BinOp(left=number)):
                return [_gap(_name(number))]
            case ast.FormattedValue(value=value):
                return read(value)
            case ast.IfExp(body=body, orelse=orelse):
                return _ways([*read(body), *read(orelse)])
            case ast.BoolOp(op=ast.Or(), values=values):
                return _ways([text for one in values for text in read(one) if text])
            case ast.BinOp(left=number, right=ast.Constant(value=int() | float())):
                return [_gap(_name(number))]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _together([read(left), read(right)])
            case ast.BinOp(left=left, op=ast.Mult()):
                return _ways([*read(left), ""])
            case ast.Name(id=name):
                return self._of_name(name, scope, depth + 1)
            case ast.Call():
                return self._of_call(node, scope, depth + 1)
        return [_gap(_name(node))]

    def _of_name(self, name: str, scope: Scope, depth: int) -> list[str]:
        """Texts that a name stands for."""
        if name in scope.given:
            node, where = scope.given[name]
            return self.texts(node, where, depth)
        values = list(_assigned(name, scope.function)) if scope.function else []
        values = values or [one for one in _assigned(name, self.tree) if self.around[one] is None]
        if values:
            return _ways([text for one in values for text in self.texts(one, scope, depth)])
        return [_constants().get(name, _gap(name))]

    def _of_call(self, call: ast.Call, scope: Scope, depth: int) -> list[str]:
        """Texts that a call gives."""
        name = _name(call.func)
        first = [self.texts(one, scope, depth) for one in call.args]
        if name == "argument" and first:
            value = call.args[1] if len(call.args) > 1 else None
            shown = repr(value.value) if isinstance(value, ast.Constant) else _gap("value")
            return [f"{text}={shown}" if value else text for text in first[0]]
        if name == "counted" and len(first) > 1:
            plural = [f"{text}s" for text in first[1]]
            return _together([[_gap(_name(call.args[0]))], [" "], [*first[2:], plural][0]])
        if name in AS_IT_IS:
            of = call.func.value if isinstance(call.func, ast.Attribute) else call.args[0]
            return self.texts(of, scope, depth)
        if function := self.functions.get(name):
            called = self._called(function, call, scope)
            found = [
                text
                for one in ast.walk(function)
                if isinstance(one, ast.Return) and one.value and self.around[one] is function
                for text in self.texts(one.value, called, depth)
            ]
            return _ways(found) or [_gap(name)]
        return [_gap(_name(call.args[0]) if call.args else name)]


def _assigned(name: str, function: ast.AST) -> Iterator[ast.expr]:
    """What a name is set to in a function, or anywhere in a module."""
    for one in ast.walk(function):
        match one:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                yield value
            case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(
                names
            ) == len(values):
                yield from (
                    v for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name) and n.id == name
                )


@cache
def _constants() -> Mapping[str, str]:
    """Constants of all modules; none that is another one in another module."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in SOURCES.rglob("*.py"):
        for one in ast.parse(path.read_text(encoding="utf-8")).body:
            match one:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                    found[name].add(str(value))
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def _whole(what: str, needs: str, advice: str) -> str:
    """A message of its parts, as `ChainruleError` puts them together."""
    said = what if what.endswith(".") or not needs else f"{what} but {needs}."
    return f"{said} {advice}".strip()


def _together(parts: list[list[str]]) -> list[str]:
    """Texts one after the other, in each of the ways."""
    return ["".join(way) for way in itertools.islice(itertools.product(*parts), MOST_WAYS)]


def _ways(texts: list[str]) -> list[str]:
    """Different texts, in their order."""
    return list(dict.fromkeys(texts))[:MOST_WAYS]


def _gap(name: str) -> str:
    """A gap with a name in words."""
    return f"{BEGIN}{name.strip('_').replace('_', ' ').lower()}{END}"


def _name(node: ast.expr) -> str:
    """The name that an expression goes by."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return _name(value) if name in NO_NAME and _name(value) != "self" else name
        case ast.Call(func=function, args=arguments):
            return _name(arguments[0]) if arguments and _name(arguments[0]) else _name(function)
        case ast.Subscript(value=value) | ast.Starred(value=value):
            return _name(value)
    return ""
