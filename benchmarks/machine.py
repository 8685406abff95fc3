"""The machine that the figures are from."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["describe", "processor"]


def describe() -> dict[str, Any]:
    """Processor, cores, system and Python."""
    return processor() | {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def processor() -> dict[str, Any]:
    """Name of the processor and what tells its kind; Linux alone gives it in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return {
        "processor": told.get("model name") or platform.processor() or "unknown",
        "vendor": {"AuthenticAMD": "AMD", "GenuineIntel": "Intel"}.get(
            told.get("vendor_id", ""), told.get("vendor_id", "unknown")
        ),
        "family": told.get("cpu family"),
        "model": told.get("model"),
        "stepping": told.get("stepping"),
    }
