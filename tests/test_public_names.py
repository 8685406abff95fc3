"""The package has one door, it is complete, and opening it loads nothing heavy."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import pkgutil
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import chainrule
from chainrule import equations
from chainrule.equations import ACTIVATIONS, CRITERIA, LAYERS, LOSSES, RULES, SCHEDULES, STARTS, Kind

if typing.TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]
HEAVY = [
    "numpy", "numba", "llvmlite", "platformdirs", "sklearn", "duckdb", "pyarrow", "typer", "rich",
    "safetensors", "msgspec", "array_api_compat", "matplotlib",
]  # fmt: skip

modules = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(chainrule.__path__, prefix="chainrule.")
]


def modules_loaded_by(code: str) -> set[str]:
    """Names of the modules that a fresh interpreter holds after running the code."""
    script = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_import_is_light() -> None:
    loaded = modules_loaded_by("import chainrule")
    assert not loaded & set(HEAVY)


def test_a_heavy_import_would_be_seen() -> None:
    assert "numpy" in modules_loaded_by("import chainrule; chainrule.Network")


def test_a_network_needs_neither_tables_nor_command_line() -> None:
    loaded = modules_loaded_by(
        "import chainrule; chainrule.train, chainrule.trace, chainrule.check_gradients"
    )
    assert not loaded & {"duckdb", "pyarrow", "typer", "safetensors", "msgspec"}


def test_kernels_load_where_they_are_used_and_the_reference_needs_none() -> None:
    reference = (
        "import chainrule\nnet = chainrule.Network.random((1, 1))\n"
        "chainrule.train(net, [[1]], [[1]], rate=1, epochs=1, engine='reference')\n"
        "chainrule.trace(net, [1], [1], rate=1), chainrule.check_gradients(net, [[1]], [[1]])\n"
    )
    assert not modules_loaded_by(reference) & {"numba", "llvmlite"}
    assert "numba" in modules_loaded_by(f"{reference}net([[1]])")


def test_all_is_sorted_and_equals_what_the_door_can_open() -> None:
    names = chainrule.__all__
    assert sorted(names) == sorted(set(names))
    assert sorted(names) == sorted(chainrule._ROOM_OF)
    assert sorted(dir(chainrule)) == sorted([*names, "__version__"])


@pytest.mark.parametrize("name", chainrule.__all__)
def test_every_public_name_opens_and_is_documented(name: str) -> None:
    value = getattr(chainrule, name)
    assert inspect.getdoc(value)
    assert ">>>" in (inspect.getdoc(value) or ""), f"{name} has no example"
    directives = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith(".. auto") and line.endswith(f":: {name}") for line in directives)


@pytest.mark.parametrize("kind", [ACTIVATIONS, CRITERIA, LAYERS, LOSSES, RULES, SCHEDULES, STARTS])
def test_whatever_has_a_name_in_a_registry_is_a_public_name(kind: Kind[typing.Any]) -> None:
    classes = {entry if isinstance(entry, type) else type(entry) for entry in kind.values()}
    names = {found.__name__ for found in classes if found.__module__.startswith("chainrule.")}
    assert names <= set(chainrule.__all__)
    assert names <= set(equations.__all__)


def test_static_and_lazy_imports_name_the_same() -> None:
    """What a type checker sees is what the door opens."""
    source = (ROOT / "src" / "chainrule" / "__init__.py").read_text(encoding="utf-8")
    block = source.split("if TYPE_CHECKING:\n", 1)[1].split("\n__version__", 1)[0]
    seen: dict[str, object] = {}
    exec("\n".join(line[4:] for line in block.splitlines()), seen)  # noqa: S102 (our own source)
    assert {name for name in seen if name != "__builtins__"} == set(chainrule.__all__)
    for name in chainrule.__all__:
        assert seen[name] is getattr(chainrule, name)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Netwrk'"):
        chainrule.Netwrk  # noqa: B018


@pytest.mark.parametrize("module", modules, ids=lambda module: module.__name__)
def test_every_module_says_what_it_is_and_what_it_exports(module: ModuleType) -> None:
    assert inspect.getdoc(module)
    exported = typing.cast("list[str]", getattr(module, "__all__", []))
    without_door = module.__name__.count(".") > 1 and hasattr(module, "__path__")  # a sub-room
    assert exported or without_door or module is chainrule.compiled, "only kernels have no door besides"
    assert exported == sorted(exported, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(module, name) for name in exported)


def test_package_is_typed() -> None:
    assert (Path(chainrule.__path__[0]) / "py.typed").is_file()


def test_version_is_that_of_the_distribution() -> None:
    assert importlib.metadata.version("chainrule") == chainrule.__version__


def test_version_is_that_of_the_citation() -> None:
    citation = ROOT.joinpath("CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {chainrule.__version__}\n" in citation
