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
code = run_demo(Path(sys.argv[1]), scenes=160, epochs=1)  # the whole training takes minutes
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
    assert len(list((out / "scenes").rglob("*.png"))) == 160 + 2 * 32
    assert (out / "scenes_run" / "predictions.npz").stat().st_size > 0
    factor = re.search(r"attention on the object is ([\d.]+) times its share", last)
    assert factor and float(factor[1]) > 0, "one epoch teaches nothing, but it is measured"
    for picture in ("attention.png", "window.png", "confusion.png", "attention_on_object.png"):
        assert (out / picture).read_bytes().startswith(b"\x89PNG")
    assert last.split(";")[0] in (out / "report.md").read_text()
