"""torch is imported without the cyclic garbage collector, and its objects are frozen."""

import gc
import subprocess
import sys
from contextlib import suppress

from composer.engine.inference.gc_freeze import imports_without_gc


def test_the_collector_is_restored_also_after_an_error() -> None:
    try:
        with suppress(ImportError), imports_without_gc():
            assert not gc.isenabled()
            raise ImportError
        assert gc.isenabled() and gc.get_freeze_count() > 0
        gc.disable()
        with imports_without_gc():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_objects_of_torch_are_frozen() -> None:
    code = (
        "import gc\n"
        "from composer.core.files.design_file import load\nfrom composer.core.files.templates import template\n"
        "from composer.engine.analysis.summary import summarize\nsummarize(load(template('hybrid_digits')))\n"
        "assert gc.isenabled()\nprint(gc.get_freeze_count(), len(gc.get_objects()))"
    )
    frozen, others = map(
        int, subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert frozen > 10 * others
