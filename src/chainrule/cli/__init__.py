"""The command line: arguments and printing only. What a command needs is imported when it runs."""

__all__ = ["main"]


def main() -> None:
    """Run the command line, and end with its exit code.

    What a command does not meet itself is met here: Ctrl-C while the program is still being loaded, and a
    standard output that cannot be written.
    """
    import os  # noqa: PLC0415 (Ctrl-C may come as early as this)
    import sys  # noqa: PLC0415

    try:
        from chainrule.cli.app import app  # noqa: PLC0415 (so may it while typer loads)
        from chainrule.cli.printing import escape_what_cannot_be_encoded, note  # noqa: PLC0415

        escape_what_cannot_be_encoded()
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        reason = error.strerror or str(error)
        note(f"Error: The output cannot be written: {reason}. Send it somewhere else, or make room for it.")
        if sys.stdout is not None:  # what it still holds would fail once more when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
