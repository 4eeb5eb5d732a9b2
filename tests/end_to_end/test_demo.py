"""The whole demo through the real window, whose process never imports torch."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from composer.core.files.design_file import load
from composer.core.files.templates import template
from tests.patience import seconds

RUN = """
import sys
from pathlib import Path
from composer.cli.demo import run_demo
code = run_demo(Path(sys.argv[1]))
assert "torch" not in sys.modules, "the window's process holds torch"
raise SystemExit(code)
"""


@pytest.mark.timeout(400)
def test_the_demo_writes_every_promised_result(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(out)], capture_output=True, text=True, timeout=seconds(380), check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    last = done.stdout.strip().splitlines()[-1]
    accuracy = re.match(r"validation accuracy ([\d.]+) %", last)
    assert accuracy, last
    assert float(accuracy[1]) >= 97.0
    assert load(out / "design.yaml").main.nodes == load(template("hybrid_digits")).main.nodes
    compile((out / "model.py").read_text(), "model.py", "exec")
    assert (out / "run" / "metrics.jsonl").stat().st_size > 0
    for picture in ("results.png", "attention.png", "window.png"):
        assert (out / picture).read_bytes().startswith(b"\x89PNG")
    assert last.split(";")[0] in (out / "report.md").read_text()
