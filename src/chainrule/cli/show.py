"""`chainrule show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from chainrule.cli.printing import print_json, print_rows, shortened
from chainrule.files import load_model
from chainrule.tables import ClassTarget, NumberInput

if TYPE_CHECKING:
    from pathlib import Path

    from chainrule.models import Model
    from chainrule.tables import Encoding

__all__ = ["run"]

FEW_WEIGHTS = 100


def run(model: Path, *, weights: bool, as_json: bool) -> None:
    """Print what the file holds."""
    loaded = load_model(model)
    if as_json:
        print_json(_as_json(loaded, model))
        return
    net = loaded.network
    n_weights = sum(w.size for w in net.weights)
    sizes = "-".join(map(str, net.sizes))
    print_rows(
        [("Model", str(model)), ("Network", f"{sizes}, {net.loss.name}, {net.dtype}; {n_weights} weights")]
    )
    for m, (w, activation) in enumerate(zip(net.weights, net.activations, strict=True), 1):
        largest = f"largest weight {abs(w).max():.4g}"
        typer.echo(f"  W^({m})   {w.shape[0]} x (1 + {w.shape[1] - 1}), {activation.name}; {largest}")
    if loaded.encoding:
        _print_encoding(loaded.encoding)
    if loaded.training:
        typer.echo("Training")
        for name, value in loaded.training.to_json().items():
            typer.echo(f"  {name:<16}{value}")
    if weights or n_weights <= FEW_WEIGHTS:
        _print_weights(loaded)
    else:
        typer.echo(f"Weights   {n_weights}: see --weights or --json")


def _print_encoding(encoding: Encoding) -> None:
    """Print each input and target with what it was learnt as."""
    typer.echo("Inputs")
    for column in encoding.inputs:
        if isinstance(column, NumberInput):
            constant = "  (constant: encoded as 0)" if column.scale == 0 else ""
            typer.echo(
                f"  {column.name:<24}number, mean {column.mean:.6g}, deviation {column.scale:.6g}{constant}"
            )
        else:
            typer.echo(f"  {column.name:<24}classes: {shortened(column.categories)}")
    typer.echo("Target" if len(encoding.targets) == 1 else "Targets")
    for target in encoding.targets:
        if isinstance(target, ClassTarget):
            typer.echo(f"  {target.name:<24}classes: {shortened(target.classes)}")
        else:
            typer.echo(f"  {target.name:<24}number, mean {target.mean:.6g}, deviation {target.scale:.6g}")


def _print_weights(model: Model) -> None:
    """Print every weight under the name of the unit it comes from."""
    net = model.network
    names = (
        list(model.encoding.input_names) if model.encoding else [f"x_{j}" for j in range(1, net.sizes[0] + 1)]
    )
    for m, w in enumerate(net.weights, 1):
        sources = ["bias", *(names if m == 1 else [f"a_{j}^({m})" for j in range(1, w.shape[1])])]
        typer.echo(f"W^({m})")
        width = max(12, *(len(name) + 2 for name in sources))
        typer.echo(" " * 8 + "".join(f"{name:>{width}}" for name in sources))
        for k, row in enumerate(w, 1):
            typer.echo(f"  k = {k:<2}" + "".join(f"{value:>{width}.6g}" for value in row))


def _as_json(model: Model, path: Path) -> dict[str, Any]:
    """Everything that the file holds."""
    net = model.network
    return {
        "model": str(path),
        "sizes": list(net.sizes),
        "activations": [activation.name for activation in net.activations],
        "loss": net.loss.name,
        "dtype": str(net.dtype),
        "weights": [w.tolist() for w in net.weights],
        "encoding": model.encoding.to_json() if model.encoding else None,
        "training": model.training.to_json() if model.training else None,
    }
