"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.errors import exits_with_a_message
from chainrule.cli.numbers import number, whole

__all__ = ["app"]

app = typer.Typer(
    name="chainrule",
    help="Train a multilayer perceptron from a table by back-propagation, and check every number on the way.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: chainrule fit TABLE --target COLUMN",
)

LEARNT = "What is learnt"
TRAINING = "Training"
RESULT = "Result"

ModelPath = Annotated[Path, typer.Argument(metavar="MODEL", help="Model file that `chainrule fit` wrote.")]
TablePath = Annotated[
    Path, typer.Argument(metavar="TABLE", help="CSV (any usual delimiter), Parquet or JSON lines file.")
]
Json = Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON.")]
Force = Annotated[bool, typer.Option("--force", metavar="", help="Overwrite a file that exists.")]


def _print_version(wanted: bool) -> None:  # noqa: FBT001 (typer passes the flag by position)
    """Print the version and stop."""
    if wanted:
        from chainrule import __version__

        typer.echo(f"chainrule {__version__}")
        raise typer.Exit


@app.callback()
def _all_commands(
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Train a multilayer perceptron from a table by back-propagation, and check every number on the way."""


@app.command(
    help="Fit a network to a table and save it as a model file.\n\n"
    "Text, booleans and --classes columns are learnt as classes: one logistic output each, the largest wins. "
    "Numbers are learnt with an identity output and given back in their own unit. Inputs that are numbers "
    "are standardised, all others one-hot.\n\n"
    "Several columns are given by repeating an option, or separated by commas: --ignore id,name."
)
@exits_with_a_message
def fit(
    table: TablePath,
    target: Annotated[
        list[str],
        typer.Option(
            "--target",
            metavar="COLUMN",
            help="Column to learn. Several, if all are numbers.",
            rich_help_panel=LEARNT,
        ),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMNS",
            help="The only columns to learn from. Default: all but the target.",
            rich_help_panel=LEARNT,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMNS", help="Columns to leave out.", rich_help_panel=LEARNT),
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMNS", help="Columns of numbers that are classes.", rich_help_panel=LEARNT),
    ] = None,
    hidden: Annotated[
        str | None,
        typer.Option(
            metavar="UNITS",
            help="Units of each hidden layer: 8, or 16,8, or none. Default: 8 below 500 training rows; "
            "above, 32 for classes and 16 for numbers.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Learning rate. Default: for classes 0.5 below 500 training rows, 2 above; for numbers 0.1.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    epochs: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Passes over the training rows. Default: 100; for numbers from 500 training rows 300; "
            "from 20,000 rows 30.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    batch_size: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Rows an update. Default: for classes 1 below 500 training rows, 16 above; for numbers 32.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    loss_goal: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Stop when the mean loss of the training rows is at most this.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    held_out: Annotated[
        str,
        typer.Option(
            metavar="SHARE",
            help="Share of the rows to judge by and not to learn from.",
            rich_help_panel=TRAINING,
        ),
    ] = "0.25",
    seed: Annotated[
        str,
        typer.Option(
            metavar="N",
            help="Settles which rows are held out, the first weights and the order of rows.",
            rich_help_panel=TRAINING,
        ),
    ] = "0",
    out: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Model file. Default: the table's name with .safetensors.",
            rich_help_panel=RESULT,
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", metavar="", help="Overwrite a file that exists.", rich_help_panel=RESULT),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print the summary as JSON.", rich_help_panel=RESULT)
    ] = False,
) -> None:
    """Fit a network to a table."""
    from chainrule.cli.fit import run

    run(
        table,
        columns={"target": target, "inputs": inputs, "ignore": ignore, "classes": classes},
        hidden=hidden,
        settings={
            "rate": number("--rate", rate),
            "epochs": whole("--epochs", epochs),
            "batch_size": whole("--batch-size", batch_size),
            "loss_goal": number("--loss-goal", loss_goal),
        },
        held_out=number("--held-out", held_out),
        seed=whole("--seed", seed),
        out=out,
        force=force,
        as_json=as_json,
    )


@app.command()
@exits_with_a_message
def predict(
    model: ModelPath,
    table: TablePath,
    out: Annotated[
        str | None, typer.Option(metavar="PATH", help="CSV file to write. Default: standard output.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Predict the target of each row of a raw table."""
    from chainrule.cli.predict import run

    run(model, table, out=out, force=force, as_json=as_json)


@app.command()
@exits_with_a_message
def score(model: ModelPath, table: TablePath, as_json: Json = False) -> None:
    """Compare predictions with the targets in a table."""
    from chainrule.cli.score import run

    run(model, table, as_json=as_json)


@app.command()
@exits_with_a_message
def show(
    model: ModelPath,
    weights: Annotated[bool, typer.Option("--weights", metavar="", help="Print every weight.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a model file holds."""
    from chainrule.cli.show import run

    run(model, weights=weights, as_json=as_json)


@app.command()
@exits_with_a_message
def trace(
    model: ModelPath,
    table: TablePath,
    row: Annotated[str, typer.Option(metavar="N", help="Row of the table, counted from 1.")] = "1",
    rate: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Learning rate of the step. Default: that of the training."),
    ] = None,
    digits: Annotated[str, typer.Option(metavar="N", help="Significant digits; 17 show every bit.")] = "6",
    units: Annotated[
        str, typer.Option(metavar="N", help="Units of a layer, and terms of a sum, to write out.")
    ] = "8",
    as_json: Json = False,
) -> None:
    """Write one step of back-propagation as a worked example: every formula with its numbers."""
    from chainrule.cli.trace import run

    run(
        model,
        table,
        row=whole("--row", row),
        rate=number("--rate", rate),
        digits=whole("--digits", digits),
        units=whole("--units", units),
        as_json=as_json,
    )


@app.command()
@exits_with_a_message
def check(
    model: ModelPath,
    table: TablePath,
    rows: Annotated[
        str, typer.Option(metavar="N", help="Most rows to check on; of a larger table, a sample.")
    ] = "200",
    weights: Annotated[
        str, typer.Option(metavar="N", help="Most weights to check; of a larger network, a sample.")
    ] = "1000",
    seed: Annotated[str, typer.Option(metavar="N", help="Settles the samples.")] = "0",
    as_json: Json = False,
) -> None:
    """Check the gradients of back-propagation against central differences and the complex step.

    Ends with exit code 1 where they disagree.
    """
    from chainrule.cli.check import run

    run(
        model,
        table,
        rows=whole("--rows", rows),
        weights=whole("--weights", weights),
        seed=whole("--seed", seed),
        as_json=as_json,
    )
