"""The command line: arguments and printing only. What a command needs is imported when it runs."""

__all__ = ["main"]

INTERRUPTED = 130
OBJECTS_WITHOUT_SEARCH = 1_000_000


def main() -> None:
    """Run the command line, and end with its exit code.

    What a command does not meet itself is met here: a signal while the program is still being loaded or
    already ends, memory that does not suffice to load it, and a standard output that cannot be written.
    """
    import gc  # noqa: PLC0415 (a signal may come as early as this)
    import sys  # noqa: PLC0415

    code: object = INTERRUPTED
    try:
        from chainrule.interrupts import (  # noqa: PLC0415 (so may it here)
            Watch,
            exit_code,
            ignore_signals,
            signal_came,
        )

        try:
            Watch().__enter__()  # until the very end
            code = _run()
            ignore_signals()
        except KeyboardInterrupt:
            ignore_signals()
        if signal_came():  # by which of them, typer does not tell, and a note may have swallowed it
            code = exit_code()
    except KeyboardInterrupt:
        pass
    except (MemoryError, ImportError, OSError) as error:
        code = _told(error)
    gc.freeze()  # else Python would search all objects for garbage twice at the end
    sys.exit(code)  # type: ignore[arg-type]  # what SystemExit was given


def _run() -> object:
    """Exit code of the command that was typed."""
    import gc  # noqa: PLC0415

    from chainrule.interrupts import signal_came  # noqa: PLC0415

    # Loading makes half a million objects and no garbage, for which Python would search hundreds of times.
    gc.set_threshold(OBJECTS_WITHOUT_SEARCH)

    try:
        from chainrule.cli.app import app  # noqa: PLC0415
        from chainrule.cli.terminal import escape_what_cannot_be_encoded  # noqa: PLC0415

        escape_what_cannot_be_encoded()
        app()
    except SystemExit as end:
        # Click and rich have answers of their own to a pipe that nobody reads any more, which is no error.
        return 0 if isinstance(end.__context__, BrokenPipeError) else end.code
    except BrokenPipeError:
        _abandon_output()
        return 0
    except (MemoryError, ImportError, OSError) as error:
        if isinstance(error, ImportError) and signal_came():  # in the midst of loading a part
            return INTERRUPTED
        return _told(error)
    except Exception as error:
        if _is_of_loading(error):
            return _told(error)
        raise
    return 0


def _is_of_loading(error: Exception) -> bool:
    """Whether it comes from a part that was being loaded: there packages raise what they like."""
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_name == "<module>":
            return True
        step = step.tb_next
    return False


def _told(error: Exception) -> int:
    """Say in one line what no command foresaw, and give the exit code, which is all where nothing hears."""
    import contextlib  # noqa: PLC0415
    import sys  # noqa: PLC0415

    reason = " ".join((getattr(error, "strerror", None) or str(error)).split()).rstrip(".")
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename} cannot be used: {reason}. Check it and its permissions."
    elif isinstance(error, OSError) and error.errno is not None:
        text = f"The output cannot be written: {reason}. Send it somewhere else, or make room for it."
    elif isinstance(error, MemoryError):
        text = f"Out of memory{': ' * bool(reason)}{reason}. Give the program more, or a smaller task."
    else:
        text = f"A part of the program cannot be loaded: {reason}. Give it more memory, or install it again."
    with contextlib.suppress(OSError, AttributeError):  # there may be no standard error
        # What prints, and escapes what a terminal would obey, may not be loaded.
        text = text if text.isprintable() else ascii(text)[1:-1]
        print(f"Error: {text}", file=sys.stderr, flush=True)  # noqa: T201
    _abandon_output()
    return 2


def _abandon_output() -> None:
    """Let what standard output still holds go nowhere: it would fail once more when Python ends."""
    import contextlib  # noqa: PLC0415
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415

    # There may be none, or one that is no file.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
