"""Every file of a folder before and after a command: only what was announced may have changed."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import chainrule

if TYPE_CHECKING:
    from pathlib import Path

    from outcomes import Outcome

__all__ = ["Inventory", "contents"]

TEMPORARY = ".chainrule"


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of every file."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@dataclass(frozen=True)
class Inventory:
    """Files as they were before a command, and as they are after one that nothing disturbed."""

    before: dict[str, bytes]
    after: dict[str, bytes]
    good: Outcome

    def check(self, folder: Path, done: Outcome, told: str) -> None:
        """Compare what a disturbed command has left."""
        found = contents(folder)
        if done.code not in {0, -signal.SIGKILL}:
            changed = [name for name, content in found.items() if content != self.before.get(name)]
            assert all(name in done.err for name in changed), f"{told}: {changed}"
        for name in {*self.before, *self.after, *found}:
            assert self._may_be(folder / name, done), f"{told}: {name}"
        if done.code == 0:
            assert self.good.out == done.out or "Training " in done.out, told  # which tells its time
            assert all(found.get(name) == content for name, content in self.after.items()), told

    def _may_be(self, path: Path, done: Outcome) -> bool:
        """Whether a file is what it was, or what it should be, or what the command says or a kill leaves."""
        name, content = path.name, path.read_bytes() if path.exists() else None
        was, should_be = self.before.get(name), self.after.get(name)
        if content in {was, should_be}:
            return True
        if content is None:
            return False
        is_killed = done.code == -signal.SIGKILL
        if name.endswith(TEMPORARY):  # begun, and removed by the next one that writes there
            return is_killed and name.startswith(".")
        if "checkpoint" in name:
            state = chainrule.load_state(path)
            return (is_killed or name in done.err) and 0 < len(state.epochs) <= 2
        record = chainrule.load_model(path).training if path.suffix == ".st" else None
        was_ended = done.code in {129, 130, 143} and record is not None and record.stopped_by == "interrupt"
        return name in done.err and (was_ended or content in self.after.values())
