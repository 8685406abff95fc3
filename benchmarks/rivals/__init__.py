"""The tools, one module each, and what the worker asks of them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    import numpy.typing as npt

__all__ = ["TOOLS", "Form", "Options", "Unavailable", "tool_named"]

# Name in the tables: module, and the function in it that gives the tool's forms of a task.
TOOLS = {
    "chainrule": ("ours", "forms"),
    "PyTorch": ("pytorch", "forms"),
    "scikit-learn": ("scikit", "forms"),
    "JAX": ("jax_loops", "forms"),
    "FANN": ("fann", "forms"),
    "SciPy": ("squares", "forms"),
    "one pass": ("limits", "one_pass"),
    "two passes": ("limits", "two_passes"),
    "multiply-adds": ("limits", "multiply_adds"),
}


class Unavailable(Exception):  # noqa: N818 -- nothing went wrong
    """A tool is not installed, or cannot do a task; the benchmark goes on without it."""


@dataclass(frozen=True)
class Options:
    """Choices of the command line that workers need.

    Attributes
    ----------
    engine : str
        What runs chainrule's epochs.
    seconds : float
        About how long one repetition takes.
    torch_compile : bool
        Whether PyTorch's compiler is among the forms that are tried.
    target : str
        Instructions that all tools keep to.
    """

    engine: str
    seconds: float
    torch_compile: bool
    target: str


class Form(Protocol):
    """One way to do a task with a tool. Only `run` is timed.

    Attributes
    ----------
    output : {"logistic", "identity", "softmax"}
        Activation of the last layer that the tool is able to train.

    A minimisation's form also has `steps`, the number that it took.
    """

    output: str

    def reset(self, rows: int) -> None:
        """Go back to the first weights, and make ready for the first `rows` samples."""

    def run(self, epochs: int) -> float | None:
        """Go through the samples `epochs` times, and return when all is done; or minimise so many times.

        What is returned are the seconds of the epochs, where the call does more than that.
        """

    def result(self) -> list[npt.NDArray[Any]] | None:
        """Weights as chainrule lays them out, or outputs; None for a limit, which computes neither."""


def tool_named(name: str) -> tuple[ModuleType, Callable[..., dict[str, Callable[[], Form]]]]:
    """Module of a tool, and its function of a task, the samples and the options that gives forms by name.

    Raises
    ------
    Unavailable
        The tool is not installed.
    """
    module_name, function = TOOLS[name]
    try:
        module = importlib.import_module(f"benchmarks.rivals.{module_name}")
    except ImportError as error:
        message = f"{name} is not installed ({error})"
        raise Unavailable(message) from error
    return module, getattr(module, function)
