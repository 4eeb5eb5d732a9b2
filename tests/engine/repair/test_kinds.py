"""A new kind of repair is one file in the folder of kinds, also where it needs an edit that no other repair uses."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from composer.core.graph import Node
from composer.core.repairs import apply_repair
from composer.engine.inference.infer import Inferrer
from composer.engine.repair import candidates
from composer.engine.repair.candidates import KINDS, Stage, generators
from composer.engine.repair.search import find_repairs
from tests.engine.designs import chain

FILE = '''"""A node with an error: leave it out."""

from collections.abc import Iterator

from composer.core import edits
from composer.core.facts import Repair
from composer.core.repairs import call
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext


@candidates(Stage.STATED, rank=1)
def leave_out(error: ErrorContext) -> Iterator[Repair]:
    """Yield the design without the node."""
    if error.node is not None:
        yield Repair(f"Leave {error.id} out", (call(edits.remove, ids=[error.id], reconnect=True),))
'''


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "leave_out.py").write_text(FILE, encoding="utf-8")
    package = importlib.import_module(KINDS)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    candidates.generators.cache_clear()
    yield
    candidates.generators.cache_clear()


def test_a_new_file_is_found_and_applied(kind: None) -> None:
    inferrer = Inferrer()
    design = chain(Node("conv", "Conv2d"), Node("attn", "MultiHeadSelfAttention", {"num_heads": 7}), shape=(8, 8, 8))
    repairs = find_repairs(inferrer, design, "attn")
    assert repairs[0].label == "Leave attn out"
    assert inferrer.infer(apply_repair(design, repairs[0])).errors == []


def test_generators_come_by_stage_and_rank_and_no_two_share_a_rank() -> None:
    order = [(generator.stage, generator.rank) for generator in generators()]
    assert order == sorted(set(order))
    assert {stage for stage, _ in order} == set(Stage)
