"""The one registry: every kind of thing that a name stands for, with numbers after a colon.

A class is entered under its `name` by a decorator, the package's own and a user's alike, and then works
wherever a name does: in Python, on the command line, in a model file. What a kind permits, belongs to or
is usual for it are facts, class attributes, which are read from the object itself; one that has none has
the usual ones of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, ClassVar, TypeVar

from chainrule.errors import InputError, UnknownNameError
from chainrule.words import LONGEST_VALUE, quoted, shown

__all__ = ["ENGINES", "METRICS", "Kind", "name_of"]

T = TypeVar("T")
C = TypeVar("C")
NEXT = "then"  # field of a class that another of its kind follows: its text comes after a comma
MOST_IN_A_ROW = 20  # things that follow one another: more than anybody needs, and no danger to the stack


class Kind(Mapping[str, T]):
    """All things of one kind under their names; as a mapping, each with its usual parameters.

    Parameters
    ----------
    what : str
        The kind in words: "activation".
    needs : str
        Methods that an object must have to be one.

    Examples
    --------
    >>> from chainrule.equations import LOSSES
    >>> LOSSES.named("huber:1.5"), LOSSES["huber"], "absolute" in LOSSES
    (Huber(limit=1.5), Huber(limit=1.0), True)
    """

    every: ClassVar[list[Kind[Any]]] = []

    def __init__(self, what: str, *needs: str) -> None:
        self.every.append(self)
        self.what, self._needs = what, needs
        self._entries: dict[str, Any] = {}
        self._facts: Any = object

    def __getitem__(self, name: str) -> T:
        entry = self._entries[name]
        found: T = entry() if isinstance(entry, type) else entry
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def facts(self, usual: type[C]) -> type[C]:
        """Take the attributes of a class for the facts of this kind, and their usual values."""
        self._facts = usual
        return usual

    def register(self, entry: C) -> C:
        """Enter a class under its `name`, or a function under its own; as a decorator, or called.

        Raises
        ------
        InputError
            The name is none, or is another one's already. A class that is defined once more, as in a
            notebook, takes the place of itself.

        Examples
        --------
        >>> from chainrule.equations import ACTIVATIONS, ReLU
        >>> ACTIVATIONS.register(ReLU)
        <class 'chainrule.equations.activations.rectifiers.ReLU'>
        """
        thing: Any = entry
        name = getattr(thing, "name", None) or getattr(thing, "__name__", None)
        if not isinstance(name, str) or not name.isidentifier():
            example = f"my_{self.what.replace(' ', '_')}"
            raise InputError(
                f"The name of {quoted(thing)} is {quoted(name)}",
                parameter="entry",
                given=thing,
                needs="must be one word",
                advice=f"Try name = {example!r}.",
            )
        known = self._entries.get(name, thing)
        if (known.__module__, known.__qualname__) != (thing.__module__, thing.__qualname__):
            raise InputError(
                f"There is another {self.what} {name!r} already: {quoted(known)}.",
                parameter="entry",
                given=thing,
                needs="must have a name of its own",
                advice="Give yours another name.",
            )
        self._entries[name] = thing
        return entry

    def also_called(self) -> dict[str, tuple[str, str]]:
        """Names that others give to what is registered: its own name, and what differs or nothing.

        Two facts of any class say so, of a user's own too: `also_called` has names of the very same,
        `resembles` those of something like it, each with a sentence on the difference. They are for messages:
        no name is an alias.

        Examples
        --------
        >>> from chainrule.equations import LOSSES
        >>> LOSSES.also_called()["bce"], LOSSES.also_called()["mse"]
        (('binary_cross_entropy', ''), ('rss', 'It is half the sum of squares, not their mean.'))
        """
        found: dict[str, tuple[str, str]] = {}
        for name, entry in self._entries.items():
            # Not those of a parent: a derived class is another thing.
            own = getattr(entry, "__dict__", {})
            found |= dict.fromkeys(own.get("also_called", ()), (name, ""))
            found |= {other: (name, differs) for other, differs in own.get("resembles", {}).items()}
        return found

    def knows(self, thing: object) -> bool:
        """Whether a name stands for objects of exactly this class: a subclass is not its parent."""
        entry = self._entries.get(_name(thing))
        return entry is not None and entry is (type(thing) if isinstance(entry, type) else thing)

    def is_anothers(self, name: str, cls: type) -> bool:
        """Whether a name stands for another class of this kind than one that could be of it."""
        entry = self._entries.get(name)
        if entry is None or entry is cls:
            return False
        one = entry if isinstance(entry, type) else type(entry)
        is_of_it = all(callable(getattr(cls, need, None)) for need in self._needs)
        return is_of_it and (one.__module__, one.__qualname__) != (cls.__module__, cls.__qualname__)

    def is_own(self, thing: object) -> bool:
        """Whether this is one of a user's own, registered or not."""
        return not (self.knows(thing) and type(thing).__module__.startswith("chainrule."))

    def fact(self, thing: object, name: str) -> Any:  # noqa: ANN401 (any fact)
        """A fact of an object, or the usual one where a user's own does not have it."""
        return getattr(thing, name, getattr(self._facts, name, None))

    def named(self, text: str, parameter: str | None = None) -> T:
        """Object that a text stands for: a name, or a name, a colon and numbers for its first parameters.

        Raises
        ------
        UnknownNameError
            There is no such name.
        InputError
            What follows the name is no number, or not one that the object takes.

        Examples
        --------
        >>> from chainrule.equations import RULES
        >>> RULES.named("momentum:0.8")
        Momentum(momentum=0.8)
        """
        first, comma, rest = text.partition(",")
        if comma and NEXT in _parameters(self._entries.get(first.split(":")[0].strip())):
            if text.count(",") >= MOST_IN_A_ROW:
                raise InputError(
                    f"The {self.what} {_cut(text)} has {text.count(',') + 1} in a row",
                    parameter=parameter,
                    given=text,
                    needs=f"{MOST_IN_A_ROW} may follow one another",
                    advice="Leave some out.",
                )
            one: Any = self.named(first.strip(), parameter)
            followed: T = replace(one, **{NEXT: self.named(rest.strip(), parameter)})
            return followed
        name, *given = text.split(":")
        if name not in self._entries:
            raise UnknownNameError(self.what, name, self._entries, parameter, self.also_called())
        if not given:
            return self[name]
        parameters = [parameter for parameter in _parameters(self._entries[name]) if parameter != NEXT]
        if len(given) > len(parameters):
            takes = f"takes at most {', '.join(parameters)}" if parameters else "takes no number"
            numbers = "1 number" if len(given) == 1 else f"{len(given)} numbers"
            raise InputError(
                f"The {self.what} {_cut(text)} has {numbers}",
                parameter=parameter,
                given=text,
                needs=f"{name} {takes}",
                advice=f"Try {name!r}.",
            )
        numbers_given = [self._number(text, part, parameter) for part in given]
        try:
            made: T = self._entries[name](*numbers_given)
        except InputError as error:
            raise InputError(
                f"The {self.what} {_cut(text)} cannot be: {error.what}",
                parameter=parameter,
                given=text,
                needs=error.needs,
                advice=error.advice,
            ) from error
        except (TypeError, ValueError, OverflowError) as error:  # from one of the user's own
            raise InputError(
                f"The {self.what} {_cut(text)} cannot be: {error}.",
                parameter=parameter,
                given=text,
                needs=f"must be what {quoted(self._entries[name])} takes",
                advice="Give other numbers.",
            ) from error
        return made

    def made_of(self, given: str | T, parameter: str | None = None) -> T:
        """Object that a text stands for; one that is given as such must have the methods called later."""
        if isinstance(given, str):
            return self.named(given, parameter)
        if self.knows(given):
            return given
        if isinstance(given, type) or not all(callable(getattr(given, need, None)) for need in self._needs):
            needed = " and ".join(f"{need}()" for need in self._needs)
            is_one_of_them = parameter is None or parameter == f"{self.what}s"
            raise InputError(
                f"{self.what if is_one_of_them else parameter} is {quoted(given)}",
                parameter=parameter,
                given=given,
                needs=f"must be a name or an object with {needed}",
                advice="Give a name as text, or an instance of a class.",
            )
        return given

    def _number(self, text: str, part: str, parameter: str | None) -> float:
        try:
            return float(part)
        except ValueError:
            raise InputError(
                f"The {self.what} {_cut(text)} has {_cut(part)} after a colon, where a number is needed.",
                parameter=parameter,
                given=text,
                needs="must have numbers after colons",
                advice="Try 1.",
            ) from None


def _cut(text: str) -> str:
    """What was typed, quoted, and no longer than a message should be."""
    return shown(text, LONGEST_VALUE)


def name_of(thing: Any) -> str:  # noqa: ANN401 (an object of any kind)
    """Text that stands for an object: parameters follow the name where they are not usual.

    Examples
    --------
    >>> from chainrule.equations import Huber
    >>> name_of(Huber(1.5)), name_of(Huber())
    ('huber:1.5', 'huber')
    """
    given = fields(thing) if is_dataclass(thing) else ()  # one of the user's own may be of any kind
    numbers = [getattr(thing, field.name) for field in given if field.name != NEXT]
    if len(numbers) < len(given):  # another one follows, and all numbers are said before it
        following, usual_one = getattr(thing, NEXT), getattr(type(thing)(), NEXT)
        then = "" if following == usual_one else f",{name_of(following)}"
        return ":".join([_name(thing), *map(repr, numbers)]) + then
    usual = [field.default for field in given]
    while numbers and numbers[-1] == usual[len(numbers) - 1]:
        numbers.pop()
    return ":".join([_name(thing), *map(repr, numbers)])


def _name(thing: Any) -> str:  # noqa: ANN401 (an object of any kind)
    """Name without parameters; without one of its own it goes by its class."""
    cls = thing if isinstance(thing, type) else type(thing)
    if "name" not in vars(cls) and any("name" in vars(one) and _is_known(one) for one in cls.__mro__[1:]):
        return cls.__name__
    name = str(getattr(thing, "name", getattr(thing, "__name__", cls.__name__)))
    for kind in Kind.every:  # each name of every training is looked up here many times
        if name in kind._entries and kind.is_anothers(name, cls):  # noqa: SLF001 (this module's own class)
            return f"{cls.__module__}.{cls.__qualname__}"
    return name


def _is_known(cls: type) -> bool:
    return any(cls in kind._entries.values() for kind in Kind.every)  # noqa: SLF001 (this module's own class)


def _parameters(entry: object) -> list[str]:
    return [field.name for field in fields(entry)] if is_dataclass(entry) else []


# The other kinds stand beside what their things are; these two are made of in rooms above.
METRICS: Kind[Any] = Kind("metric", "__call__")
ENGINES: Kind[Any] = Kind("engine", "epoch")
