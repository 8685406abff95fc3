"""The notebook that runs this, if one does, and a line in it that moves: the one place that knows IPython."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from contextvars import copy_context
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chainrule.words import printable

if TYPE_CHECKING:
    from contextvars import Context

__all__ = ["MovingLine", "in_notebook"]


def in_notebook() -> bool:
    """Whether a cell of a notebook is being run, in this thread.

    Nothing is imported to find out: who has not loaded IPython is not run by it. A process that a cell has
    started has no output of its own, and a thread may outlive the cell.

    Examples
    --------
    >>> in_notebook()
    False
    """
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and multiprocessing.parent_process() is None and _shell() is not None


def _shell() -> Any:  # noqa: ANN401 (IPython is no dependency)
    """What runs the cells of a notebook; None where nothing does."""
    ipython = sys.modules.get("IPython")
    get = getattr(ipython, "get_ipython", None)
    shell = get() if callable(get) else None
    return shell if getattr(shell, "kernel", None) is not None else None


class MovingLine:
    """One line of text below a cell, replaced by the next; all trainings of one cell share it.

    It may be moved from any thread, one at a time. A notebook that does not take it is no reason for a
    training to fail: the line then stays as it is.
    """

    _of_cell: tuple[object, Any] | None = None  # which run of which cell had a line last, and its handle

    def __init__(self) -> None:
        self._handle: Any = None
        self._context: Context = copy_context()  # which says whose output it is
        self._lock = threading.Lock()
        self._is_lost = False

    def show(self, text: str) -> None:
        """Put a text in place of the one that stands there."""
        with self._lock:
            if self._is_lost:
                return
            try:
                self._context.run(self._put, printable(text))
            except Exception:  # noqa: BLE001 (the other end may be anything, and may be gone)
                self._is_lost = True

    def clear(self) -> None:
        """Leave nothing of it to be seen."""
        if self._handle is not None:
            self.show("")

    def _put(self, text: str) -> None:
        content = {"text/plain": text}
        if self._handle is None:
            shell = _shell()
            cell = id(shell), shell.execution_count
            known = MovingLine._of_cell
            if known is not None and known[0] == cell:
                self._handle = known[1]
            else:
                self._handle = import_module("IPython.display").DisplayHandle()
                MovingLine._of_cell = cell, self._handle
                self._handle.display(content, raw=True)
                return
        self._handle.update(content, raw=True)
