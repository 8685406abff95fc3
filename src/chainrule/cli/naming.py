"""What Python's parameters are called on the command line."""

from __future__ import annotations

import shlex

__all__ = ["in_options"]

FLAGS = {"overwrite": "--force", "shuffle": "--no-shuffle"}  # parameters whose options have another name


def in_options(name: str, value: str | None) -> str:
    """A parameter, alone or with a value, as the command line has it.

    Examples
    --------
    >>> in_options("batch_size", None), in_options("ignore", "date of birth"), in_options("overwrite", "True")
    ('--batch-size', "--ignore 'date of birth'", '--force')
    """
    if name in FLAGS:
        return FLAGS[name]
    option = f"--{name.replace('_', '-')}"
    return option if value is None else f"{option} {shlex.quote(value)}"
