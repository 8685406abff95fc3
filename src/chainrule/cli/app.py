"""The commands and their options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from chainrule.cli.errors import exits_with_a_message
from chainrule.cli.numbers import number, together, whole
from chainrule.cli.paths import input_path, output_path
from chainrule.cli.terminal.completion import columns_of_table, models, one_of
from chainrule.cli.terminal.help import WithHelp, print_help
from chainrule.cli.terminal.streams import note
from chainrule.cli.unknown import unknown_option
from chainrule.interrupts import exit_code

__all__ = ["app"]


class InOneLine(typer.core.TyperGroup):
    """All commands; what was typed wrong is said in one line, as every other error is."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 (typer's own)
        """Print the help."""
        print_help(self, ctx)

    def main(self, *arguments: Any, **others: Any) -> Any:  # noqa: ANN401 (typer's own)
        """Run a command and end with its exit code."""
        try:
            sys.exit(super().main(*arguments, **{**others, "standalone_mode": False}))
        except typer.Abort:
            sys.exit(exit_code())
        except Exception as error:
            tell = getattr(error, "format_message", None)  # of Click's exceptions, typer's own copy or not
            if tell is None:
                raise
            text = " ".join(tell().split())
            if not text:  # nothing was typed, and the help is printed
                sys.exit(0)
            text = unknown_option(error) or text
            context, typed = getattr(error, "ctx", None), others.get("args") or sys.argv[1:]
            command = " ".join(["chainrule", *(word for word in typed[:1] if word in self.commands)])
            where = context.command_path if context else command
            note(f"Error: {text if text.endswith(('.', '?')) else f'{text}.'} See {where} --help.")
            sys.exit(getattr(error, "exit_code", 2))


app = typer.Typer(
    cls=InOneLine,
    name="chainrule",
    help="Train a multilayer perceptron from a table by back-propagation, and check every number on the way.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LEARNT = "What is learnt"
NETWORK = "Network"  # as the settings have it
RESULT = "Result"
DEFAULTS = ("modern", "modern-2", "modern-1", "notes")

ModelPath = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        parser=input_path,
        help="Model file that `chainrule fit` wrote.",
        autocompletion=models,
    ),
]
TablePath = Annotated[
    Path,
    typer.Argument(
        metavar="TABLE",
        parser=input_path,
        help="CSV or other text, Excel, OpenDocument, Parquet, Arrow, ARFF or JSON, packed or not.",
    ),
]
Member = Annotated[str, typer.Option(metavar="N", help="Which network of an ensemble, from 1.")]
Json = Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON.")]
Plot = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Draw it, too: an .svg, .png or .pdf file. Needs matplotlib.",
        rich_help_panel=RESULT,
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", metavar="", help="Overwrite a file that exists.")]


class WithOptions(WithHelp):
    """A command with all options of tables and fits: made when it runs, so that others need not wait."""

    def make_context(self, *arguments: Any, **others: Any) -> Any:  # noqa: ANN401 (typer's own)
        """Context of the whole command."""
        from chainrule.cli.options import with_options

        function: Any = self.callback
        return with_options(function.__wrapped__, self.help).make_context(*arguments, **others)


def _option(panel: str, metavar: str, text: str, offered: Any = None) -> Any:  # noqa: ANN401 (typer's own class is not public)
    """Option of `chainrule fit` with its place in the help."""
    return typer.Option(metavar=metavar, help=text, rich_help_panel=panel, autocompletion=offered)


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
    "What each column is, is found out and told: see also `chainrule inspect`. Numbers are scaled, "
    "dates get their place in time and in the year, categories a column each; what is missing is the mean, "
    "and said to be missing. A target of text, of booleans or of two distinct numbers is learnt as classes, "
    "all others as numbers in their own unit; several of two classes each as labels. Each decision can be "
    "had otherwise; --strict decides nothing.\n\n"
    "Where nothing is said of the network and its training, a recipe tries several on parts of the rows and "
    "mixes those that answer the others best: --effort quick, normal or best.\n\n"
    "--defaults notes is the lecture notes' own system: logistic units in every layer, RSS, gradient descent "
    "with an update after each row.\n\n"
    "Several columns are given by repeating an option, or separated by commas: --ignore id,name. "
    "Parameters follow a name after a colon: --loss huber:1.5, --rule momentum:0.8, --schedule step:30:0.1.",
    cls=WithOptions,
)
@exits_with_a_message
def fit(
    table: TablePath,
    *,
    target: Annotated[
        list[str] | None,
        _option(
            LEARNT,
            "COLUMN",
            "Column to learn: its name, its number from 1, or a pattern. Several, if all are numbers, or of "
            "two classes each. Needed unless --resume is given.",
            columns_of_table,
        ),
    ] = None,
    defaults: Annotated[
        str | None,
        _option(
            NETWORK,
            "|".join(DEFAULTS),
            "Where all that is not given comes from: modern, which is the newest recipe, modern-2; modern-1, "
            "one network as the recipe before had it; or notes. [default: modern]",
            one_of(DEFAULTS),
        ),
    ] = None,
    resume: Annotated[
        str | None,
        _option(RESULT, "FILE", "Go on with an interrupted fit of this table, as if nothing had happened."),
    ] = None,
    out: Annotated[
        str | None, _option(RESULT, "FILE", "Model file. Default: the table's name with .safetensors.")
    ] = None,
    plot: Plot = None,
    overwrite: Annotated[
        bool,
        typer.Option("--force", metavar="", help="Overwrite a file that exists.", rich_help_panel=RESULT),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print the summary as JSON.", rich_help_panel=RESULT)
    ] = False,
    **typed: Any,  # noqa: ANN401 (what the options of the settings were given)
) -> None:
    """Fit a network to a table."""
    from chainrule.cli.options import given_of_table, given_settings
    from chainrule.errors import Faults

    faults, path = Faults(), None
    given = given_of_table(typed) | given_settings(typed, faults)
    with faults:
        path = None if out is None else output_path(out)
    from chainrule.cli.commands.fit import run
    from chainrule.cli.plots import Plotting
    from chainrule.jobs import FitJob

    job = FitJob(
        table, target=target, out=path, overwrite=overwrite, resume=resume, defaults=defaults, **given
    )
    picture = Plotting(None, overwrite=overwrite)
    with faults:
        picture = Plotting(plot, overwrite=overwrite, table=table, model=job.path)
    job.faults.found += faults.found
    run(job, table, picture, as_json=as_json)


@app.command(
    name="inspect",
    help="Read a table and tell what becomes of each column and why, without training.\n\n"
    "Takes the options of `fit` that say something of a table.",
    cls=WithOptions,
)
@exits_with_a_message
def inspect_table(
    table: TablePath,
    *,
    target: Annotated[
        list[str] | None,
        _option(LEARNT, "COLUMN", "Column to learn, where one is to be judged as such.", columns_of_table),
    ] = None,
    as_json: Json = False,
    **typed: Any,  # noqa: ANN401 (what the options of the table were given)
) -> None:
    """Tell what a table is."""
    from chainrule.cli.commands.inspect import run
    from chainrule.cli.options import given_of_table
    from chainrule.jobs import InspectJob

    run(InspectJob(table, target=target, **given_of_table(typed)), as_json=as_json)


@app.command(cls=WithHelp)
@exits_with_a_message
def predict(
    model: ModelPath,
    table: TablePath,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="CSV file to write. Default: standard output.")
    ] = None,
    interval: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Share of rows whose number is to lie between two more columns, of a model that was fitted "
            "with --calibrate: 0.9.",
            show_default=False,
        ),
    ] = None,
    overwrite: Force = False,
    strict: Annotated[
        bool, typer.Option("--strict", metavar="", help="Refuse a cell that is not as the model has learnt.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Predict the target of each row of a raw table."""
    from chainrule.cli.commands.predict import run
    from chainrule.jobs import PredictionJob

    path = None if out is None else output_path(out)
    share = together(interval=(number, interval))["interval"]
    job = PredictionJob(model, table, out=path, overwrite=overwrite, strict=strict, interval=share)
    run(job, as_json=as_json)


@app.command(cls=WithHelp)
@exits_with_a_message
def score(
    model: ModelPath,
    table: TablePath,
    plot: Plot = None,
    overwrite: Force = False,
    as_json: Json = False,
) -> None:
    """Compare predictions with the targets in a table."""
    from chainrule.cli.commands.score import run
    from chainrule.cli.plots import Plotting
    from chainrule.jobs import ScoreJob

    picture = Plotting(plot, overwrite=overwrite, table=table, model=model)
    run(ScoreJob(model, table), picture, as_json=as_json)


@app.command(cls=WithHelp)
@exits_with_a_message
def show(
    model: ModelPath,
    weights: Annotated[bool, typer.Option("--weights", metavar="", help="Print every weight.")] = False,
    command: Annotated[
        bool,
        typer.Option(
            "--command", metavar="", help="Print the command that fits it again, every decision said."
        ),
    ] = False,
    plot: Plot = None,
    overwrite: Force = False,
    as_json: Json = False,
) -> None:
    """Show what a model file holds, and what became of the table that it has learnt."""
    from chainrule.cli.commands.show import run
    from chainrule.cli.plots import Plotting

    picture = Plotting(plot, overwrite=overwrite, model=model)
    run(model, picture, weights=weights, command=command, as_json=as_json)


@app.command(cls=WithHelp)
@exits_with_a_message
def trace(
    model: ModelPath,
    table: TablePath,
    row: Annotated[
        str, typer.Option(metavar="N", help="Row of the table, counted from 1 as in the file.")
    ] = "1",
    rate: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Learning rate of the step. Default: that of the training."),
    ] = None,
    member: Member = "1",
    digits: Annotated[str, typer.Option(metavar="N", help="Significant digits; 17 show every bit.")] = "6",
    units: Annotated[
        str,
        typer.Option(
            metavar="N", help="Units of a layer, terms of a sum, columns of the table to write out."
        ),
    ] = "8",
    as_json: Json = False,
) -> None:
    """Write a row as a worked example, from cells to the answer: every formula with its numbers.

    Between them stands one step of back-propagation.
    """
    from chainrule.cli.commands.trace import run
    from chainrule.jobs import TraceJob

    given = together(
        row=(whole, row),
        rate=(number, rate),
        member=(whole, member),
        digits=(whole, digits),
        units=(whole, units),
    )
    job = TraceJob(model, table, row=given["row"], rate=given["rate"], member=given["member"])
    run(job, digits=given["digits"], units=given["units"], as_json=as_json)


@app.command(cls=WithHelp)
@exits_with_a_message
def check(
    model: ModelPath,
    table: TablePath,
    rows: Annotated[
        str, typer.Option(metavar="N", help="Most rows to check on; of a larger table, a sample.")
    ] = "200",
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Most weights to check; of a larger network, a sample. Default: 1000, of a wide one fewer.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[str, typer.Option(metavar="N", help="Settles the samples.")] = "0",
    member: Member = "1",
    as_json: Json = False,
) -> None:
    """Check the gradients of back-propagation against central differences and the complex step.

    Ends with exit code 1 where they disagree.
    """
    from chainrule.cli.commands.check import run
    from chainrule.jobs import CheckJob

    given = together(rows=(whole, rows), weights=(whole, weights), seed=(whole, seed), member=(whole, member))
    run(CheckJob(model, table, **given), as_json=as_json)


@app.command(cls=WithHelp)
@exits_with_a_message
def precompile(
    cpu: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Baseline that other machines have at least: x86-64-v2, x86-64-v3 or x86-64-v4. "
            "Default: this machine's processor.",
            show_default=False,
            autocompletion=one_of(["x86-64-v2", "x86-64-v3", "x86-64-v4"]),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compile all kernels ahead of time, as for an image: no fit and no prediction has to, then.

    They are kept in the folder that CHAINRULE_CACHE_DIR names, or in the user's cache folder.
    """
    from chainrule.cli.commands.precompile import run
    from chainrule.jobs import PrecompileJob

    run(PrecompileJob(cpu=cpu), as_json=as_json)
