"""The GUI process never imports torch: neither by its modules nor by an open window with a design and its facts."""

import subprocess
import sys

from tests.patience import seconds

HEAVY = ("torch", "torchinfo", "lightning_fabric", "sklearn", "composer.engine", "blocks")


def modules_after(code: str) -> set[str]:
    """Return the heavy modules that a fresh process has imported after running code."""
    text = f"{code}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=seconds(110), check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return set(eval(done.stdout.strip().splitlines()[-1]))


def test_no_module_of_core_or_gui_imports_torch() -> None:
    code = """
import importlib, pkgutil
import composer, composer.cli.main, composer.core, composer.gui, composer.cli.engine_call, composer.cli.demo
for package in (composer.core, composer.gui):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
"""
    assert modules_after(code) == set()


def test_the_command_line_starts_light() -> None:
    assert modules_after("import composer.cli.main\ncomposer.cli.main.parser()") == set()
    quick = "import sys, composer\nassert not [n for n in ('yaml', 'networkx', 'numpy', 'PySide6') if n in sys.modules]"
    assert modules_after(quick) == set()


def test_an_open_window_with_facts_has_not_imported_torch() -> None:
    code = f"""
import time
from composer.core.files.templates import template
from composer.gui.app import application, make_window
app = application()
window = make_window(template("hybrid_digits"))
window.show()
end = time.monotonic() + {seconds(90)}
while not (window.session.facts and window.session.facts.totals.params) and time.monotonic() < end:
    app.processEvents()
    time.sleep(0.01)
assert window.session.facts.totals.params, "no facts came"
window.session.close()
"""
    assert modules_after(code) == set()
