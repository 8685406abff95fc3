"""The command line: arguments and printing only. What a command needs is imported when it runs."""

from chainrule.cli.app import main

__all__ = ["main"]
