"""The worker infers a design once: the memo is used, and a design reads only the block files that it uses."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from composer.cli.main import main
from composer.core.blocks import catalog as catalogs
from composer.core.files.design_file import load
from composer.core.files.design_json import to_json
from composer.core.files.templates import template
from composer.engine import library
from composer.engine.__main__ import Engine
from composer.engine.codegen import generate as generators
from composer.engine.inference import run_block as blocks
from composer.engine.inference.memo import _runner

NAME = "hybrid_digits"
# Of its 12 nodes two pairs have the same block, parameters and inputs.
DIFFERENT_NODES = 10


class Counter:
    """Counts the calls of a function that it replaces in a module."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
        self.calls = 0
        self._function: Callable[..., Any] = getattr(module, name)
        monkeypatch.setattr(module, name, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self._function(*args, **kwargs)


@pytest.fixture
def block_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Counter]:
    """Count the blocks that are run, beginning with an empty store of costs."""
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    counter = Counter(monkeypatch, blocks, "run_block")
    _runner.cache_clear()
    catalog = catalogs.read_catalog()  # nothing of it is read yet
    monkeypatch.setattr(library, "catalog", lambda: catalog)
    yield counter
    _runner.cache_clear()


def test_requests_about_a_known_design_run_no_block(block_runs: Counter, tmp_path: Path) -> None:
    engine, design = Engine(), load(template(NAME))
    params = {"design": to_json(design)}
    progress: Any = lambda *_: None  # noqa: E731
    engine.inferrer.infer(design)
    assert block_runs.calls == DIFFERENT_NODES
    engine.source(params, progress)
    engine.layers(params, progress)
    engine.profile(params, progress)
    engine.capture_maps({**params, "image": {"sample": 0}}, progress)
    engine.export({**params, "target": "python", "path": str(tmp_path / "model.py")}, progress)
    assert block_runs.calls == DIFFERENT_NODES


def test_an_export_that_is_verified_infers_once_for_each_batch_size(
    block_runs: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Counter(monkeypatch, catalogs, "read_block")
    generated = Counter(monkeypatch, generators, "_Generator")
    command = ["export", str(template(NAME)), "--to", "python", "-o", str(tmp_path / "model.py"), "--verify"]
    assert main(command) == 0
    design = load(template(NAME))
    names = {node.block for _, graph in design.all_graphs() for node in graph.nodes.values()}
    assert reads.calls <= len(names) + 1  # and the name of the model's class
    assert generated.calls == 1
    assert block_runs.calls == 2 * DIFFERENT_NODES  # at batch 1, and at batch 2 for the proof
    assert main(command) == 0
    assert block_runs.calls == 2 * DIFFERENT_NODES  # the second process finds all costs on disk
