"""The paths of the blocks that depend on the CPU's instructions, on a CPU held down to AVX2 in a child process.

oneDNN and ATen choose kernels by what the CPU offers; what works on a new machine may have no kernel on an older one.
"""

import os
import platform
import subprocess
import sys

import pytest

from composer import paths
from tests.patience import seconds

AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
# First the proof that the limit is in force: torch's own LSTM lacks its kernel.
CHILD = """
import sys
import pytest, torch
assert torch.backends.cpu.get_cpu_capability() == "AVX2"
with torch.autocast("cpu", torch.bfloat16), pytest.raises(RuntimeError, match="primitive descriptor"):
    torch.nn.LSTM(2, 2)(torch.zeros(1, 1, 2))
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="AVX2 is an instruction set of x86")
def test_every_block_runs_with_avx2_only() -> None:
    arguments = [
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/blocks/test_contract.py",
        "-k",
        "autocast or compiles or channels_last",
    ]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=paths.BLOCKS.parent,
        env={**os.environ, **AVX2},
        capture_output=True,
        text=True,
        timeout=seconds(280),
        check=False,
    )
    assert child.returncode == 0, child.stdout[-3000:] + child.stderr[-3000:]
