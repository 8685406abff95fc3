"""Pages that are made from the code: nothing that the code has is missing from them."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule import errors
from chainrule.settings import FitSettings, settings_of
from chainrule.table_options import options_of

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
GAP = re.compile("\ue000[^\ue001]*\ue001")


def made(name: str) -> Any:
    """A module of the docs' extensions."""
    sys.path.insert(0, str(ROOT / "docs" / "extensions"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


def options_of_page() -> dict[str, dict[str, str]]:
    """What the page says of each option, by command."""
    page = made("options_page").options_page()
    parts = re.split(r"^## chainrule (\w+)$", page, flags=re.MULTILINE)[1:]
    entries = (re.findall(r"```\{option\} (.*)\n([\s\S]*?)\n```", text) for text in parts[1::2])
    return {name: dict(found) for name, found in zip(parts[::2], entries, strict=True)}


def test_every_option_of_every_command_is_on_the_page(chainrule_command: Any) -> None:
    shared = {name for typed in options_of_page()["fit"] for name in re.findall(r"--[\w-]+", typed)}
    commands = re.findall(r"^[^\w-]{0,4}([a-z]+) +[A-Z]", chainrule_command("--help").out, re.MULTILINE)
    assert list(options_of_page()) == commands
    for command, options in options_of_page().items():
        told = {name for typed in options for name in re.findall(r"--[\w-]+", typed)}
        help_of_it = chainrule_command(command, "--help").out
        helped = set(re.findall(r"^\W{0,6}?(--[a-z][\w-]*)", help_of_it, re.MULTILINE)) - {"--help"}
        assert {"--json"} <= helped <= told | (shared if command == "inspect" else set())


def test_every_setting_has_its_default_and_its_other_names() -> None:
    fit = options_of_page()["fit"]
    for one in settings_of(FitSettings):
        if one.name == "recipe":
            continue
        [words] = [words for typed, words in fit.items() if one.option in typed.split()]
        assert one.is_switched_off or one.meaning in words
        assert all(f"`{name}`" in words for name in one.also_called)
        assert ("Default: by the table." in words) == one.varies
        if one.takes and one.default is not None and not one.varies:
            assert f"Default: {one.default}." in words
    for option in options_of():
        assert any(option.meaning == words for words in fit.values()), option.name


def test_every_equation_is_on_the_page_with_the_code_that_cites_it() -> None:
    module = made("equations_page")
    numbers = [one.number for one in module.equations()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 70
    by_number = {one.number: one for one in module.equations()}
    assert by_number[4].latex == r"\mathrm{RSS} = \frac{1}{2} \sum_{k=1}^{u_l} (y_k - a_k^{(l)})^2"
    assert (by_number[4].page, by_number[4].says, by_number[4].under) == (
        "derivation", "RSS of one sample", "What is made small",
    )  # fmt: skip
    cited = module.cited_by()
    assert cited[4][0] == "equations.losses.loss.RSS.values"
    assert "equations.activations.activation.Logistic.backward" in cited[5]
    page = module.equations_page()
    assert re.findall(r"^### \((\d+)\)", page, re.MULTILINE) == [str(number) for number in numbers]
    for number, names in cited.items():
        assert number in by_number
        assert all(f"`{name}`" in page for name in names)
        for name in names:
            assert f"({number})" in source_of(name), name


def source_of(name: str) -> str:
    """The source of a name in the package: of its module, and of the part that it names."""
    path = ROOT / "src" / "chainrule"
    parts = name.split(".")
    while parts and (path / parts[0]).is_dir():
        path /= parts.pop(0)
    has_file = parts and path.joinpath(f"{parts[0]}.py").is_file()
    path = path / (f"{parts.pop(0)}.py" if has_file else "__init__.py")
    text = path.read_text(encoding="utf-8")
    tree: ast.AST = ast.parse(text)
    for part in parts:
        tree = next(one for one in ast.walk(tree) if getattr(one, "name", None) == part)
    return (ast.get_source_segment(text, tree) if parts else text) or ""


def test_citations_over_the_end_of_a_line_are_found() -> None:
    text = '"""Equations (2)\n    and (3), equation (7)."""\n# as equations (4),\n# (5) and (6)\n'
    found = list(made("equations_page")._citations(text))
    assert found == [(1, 2), (1, 3), (2, 7), (3, 4), (3, 5), (3, 6)]


def test_every_class_of_the_tree_is_on_the_page() -> None:
    page = made("errors_page").errors_page()
    assert set(re.findall(r"^- \{py:exc\}`~chainrule\.(\w+)`", page, re.MULTILINE)) == set(errors.__all__)


def test_every_place_that_makes_an_error_has_a_message() -> None:
    module = made("messages")
    known = {name for name in errors.__all__ if name.endswith("Error")} - {"CombinedError"}
    assert known == module.ERRORS
    found = {(one.module, one.error) for one in module.messages()}
    for path in ROOT.joinpath("src/chainrule").rglob("*.py"):
        name = path.relative_to(ROOT / "src/chainrule").as_posix()
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in known:
                assert (name, one.func.id) in found
    page = made("errors_page").errors_page()
    assert sum(line.startswith("- ") for line in page.splitlines()) == len(module.messages()) + len(
        errors.__all__
    )


def raised() -> list[chainrule.ChainruleError]:
    """Errors of several rooms, as they are raised."""
    net = chainrule.Network.random((2, 3, 1), seed=1)
    calls: list[Callable[[], object]] = [
        lambda: chainrule.train(net, [[0.0, 1.0]], [[1.0]], rate=-1, epochs=1),
        lambda: chainrule.train(net, [[0.0, 1.0]], [[1.0]], epochs=1),
        lambda: chainrule.train(net, [[0.0, 1.0, 2.0]], [[1.0]], rate=0.1, epochs=1),
        lambda: chainrule.train(net, [[0.0, 1.0]], [[1.0]], rate=0.1, epochs=1, decay_schedule="cosine"),
        lambda: chainrule.load("no_such_file.safetensors"),
        lambda: chainrule.Network.random((2, 3, 1), activations="logistc"),
        lambda: chainrule.read_table("no_such_file.csv"),
        lambda: chainrule.fit({"x": [1.0, 2.0], "y": ["a", "b"]}, target="z"),
        lambda: chainrule.trace(net, [[0.0, 1.0]], [1.0], rate=0.1),
        lambda: chainrule.save(3, "x.st"),  # type: ignore[arg-type]
    ]
    found = []
    for call in calls:
        with pytest.raises(chainrule.ChainruleError) as caught:
            call()
        found.append(caught.value)
    return found


def test_what_is_raised_is_on_the_page() -> None:
    """But for what depends on the case: each gap takes any text."""
    patterns = [
        (one.error, re.compile(".*".join(re.escape(words) for words in GAP.split(one.text)), re.DOTALL))
        for one in made("messages").messages()
    ]
    for error in raised():
        message = re.sub(r" Did you mean [^?]*\?", "", str(error))
        assert any(kind == type(error).__name__ and one.fullmatch(message) for kind, one in patterns), message


SOURCES = {
    'raise InputError("It is bad.")': ["It is bad."],
    'raise InputError(parameter="rate", given=3, needs="must be small", advice="Try 1.")': [
        "rate is <given> but must be small. Try 1.",
    ],
    """
def f(n):
    raise InputError(f"{argument('rate', 2)} is {quoted(n)} of {n:g}")
""": ["rate=2 is <n> of <n>"],
    """
def f(n):
    what = "a" if n else "b"
    raise InputError(f"The {what}.")
""": ["The a.", "The b."],
    """
def f():
    _no("c", needs="d")
def _no(what, needs):
    raise InputError(what, needs=needs)
""": ["c but d."],
    """
def f(n):
    raise InputError(f"{counted(n, 'row')}." + more())
""": ["<n> rows.<more>"],
}


@pytest.mark.parametrize(("source", "expected"), SOURCES.items())
def test_messages_are_read_from_the_source(source: str, expected: list[str]) -> None:
    module = made("messages")
    found = [text for _, text in module.messages_of(source)]
    assert [text.replace(module.BEGIN, "<").replace(module.END, ">") for text in found] == expected


def test_the_first_page_shows_what_the_command_prints(
    tmp_path: Path,
    chainrule_command: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tmp_path.joinpath("examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    page = ROOT.joinpath("docs/index.md").read_text(encoding="utf-8")
    [(typed, shown)] = re.findall(r"```console\n\$ chainrule (.*)\n((?:.*\n)*?)```", page)
    done = chainrule_command(*typed.split())
    assert doctest.OutputChecker().check_output(shown, done.out, doctest.ELLIPSIS), done.out


def test_every_page_is_in_one_part_of_the_sidebar() -> None:
    listed = re.findall(r"^(?:[^<\n]*<)?([\w/-]+)>?$", "\n".join(trees()), re.MULTILINE)
    pages = {path.stem for path in ROOT.joinpath("docs").glob("*.md")} - {"index"}
    assert sorted(listed) == sorted(pages | {"decisions/index"})


def trees() -> list[str]:
    """The lists of the three parts."""
    page = ROOT.joinpath("docs/index.md").read_text(encoding="utf-8")
    found = re.findall(r"```\{toctree\}\n(?::.*\n)*:caption: (.*)\n\n([\s\S]*?)\n```", page)
    assert [caption for caption, _ in found] == ["Learn", "Use", "Look up"]
    return [names for _, names in found]
