"""The limits of the benchmarks are loops in registers, whatever processor they are compiled for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.targets import host, offered, settings

ROOT = Path(__file__).parents[2]

# Gives the loops of both limits, in assembly.
PROGRAM = """
import json, re, sys
import numpy as np
from benchmarks.rivals import limits

def loops(function, *args):
    function(*args)
    (assembly,) = function.inspect_asm().values()
    blocks = re.split(r"\\n(?=\\.LBB)", assembly)
    return [block for block in blocks if re.search(rf"\\tj\\w+\\t{re.escape(block.split(':')[0])}\\b", block)]

scalar = np.dtype(sys.argv[1]).type
weights = limits._aligned(1 << 12, sys.argv[1])
print(json.dumps({
    "registers": limits.REGISTERS, "bytes": limits.VECTOR_BYTES, "chains": limits.ACCUMULATORS,
    "multiply": loops(limits._multiply_and_add_only, 100, scalar(0.5), scalar(1)),
    "stream": loops(limits._stream, weights, np.array([4, 8]), 2, True, scalar(1e-30)),
}))
"""
WIDTHS = {"x86-64-v3": (16, 32, "ymm"), "x86-64-v4": (32, 64, "zmm")}


@pytest.mark.skipif(host() not in WIDTHS, reason="reads the assembly of x86-64 processors with AVX2")
@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", offered())
def test_limits_keep_their_chains_in_registers(target: str, dtype: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    env = {**inherited, **settings(target), "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, dtype], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    registers, width, name = WIDTHS[target]
    assert (found["registers"], found["bytes"]) == (registers, width)
    assert 10 <= found["chains"] <= registers - 2  # enough for two units of five cycles; two are for operands
    assert found["multiply"]
    for loop in found["multiply"]:
        count = len(re.findall(rf"vfmadd\w+\s+%{name}\d+, %{name}\d+, %{name}\d+\n", loop))
        assert count
        assert count % found["chains"] == 0
        assert "(" not in loop  # no memory at all
    stream = [loop for loop in found["stream"] if f"%{name}" in loop]
    assert len(stream) >= 3  # reading and writing of the first layer, reading, and both of the others
    for loop in stream:
        assert "(%rsp" not in loop
