"""The machine that the figures are from."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["describe"]


def describe() -> dict[str, object]:
    """Processor, cores, system and Python."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _processor() -> str:
    """Name of the processor; Linux alone gives it in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    wanted = ("model name", "cpu family", "model", "stepping")
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    found = [facts[key] if key == "model name" else f"{key} {facts[key]}" for key in wanted if key in facts]
    return ", ".join(found) or platform.processor() or "unknown"
