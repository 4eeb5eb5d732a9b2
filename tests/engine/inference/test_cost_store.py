"""Costs stored between processes: the same numbers, never those of other code, and no harm from a damaged file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from composer import paths
from composer.core.files.design_file import load
from composer.core.files.templates import template
from composer.core.graph import Node
from composer.engine.inference import cost_store
from composer.engine.inference.cost_store import CostStore
from composer.engine.inference.infer import Inferrer
from tests.engine.designs import chain

TEMPLATES = sorted(path.stem for path in paths.TEMPLATES.glob("*.yaml"))


def inferrer(folder: Path, name: str = "costs-1.sqlite") -> Inferrer:
    return Inferrer(store=CostStore(folder / name))


@pytest.mark.parametrize("name", TEMPLATES)
def test_stored_costs_equal_computed_ones(tmp_path: Path, name: str) -> None:
    design = load(template(name))
    first, second = inferrer(tmp_path), inferrer(tmp_path)
    fresh, cached = first.infer(design), second.infer(design)
    assert first.memo.blocks_run and not second.memo.blocks_run
    assert cached.facts == fresh.facts
    assert first.memo.costs == second.memo.costs


def test_a_design_inferred_before_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from composer.core.files.design_file import load\n"
        "from composer.engine.inference.infer import Inferrer\n"
        f"inference = Inferrer.with_disk_cache().infer(load({str(template('hybrid_digits'))!r}))\n"
        "print('torch' in sys.modules, inference.facts.totals.params)"
    )
    environment = {**os.environ, "NETCOMPOSER_HOME": str(tmp_path), "PYTHONPATH": str(paths.ROOT)}
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert [words[0] for words in outputs] == ["True", "False"]
    assert outputs[0][1] == outputs[1][1]


def test_errors_are_not_stored(tmp_path: Path) -> None:
    design = chain(Node("attn", "MultiHeadSelfAttention", {"num_heads": 7}), shape=(16, 100))
    assert inferrer(tmp_path).infer(design).errors
    again = inferrer(tmp_path)
    assert again.infer(design).errors and again.memo.blocks_run == 1


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\x00 and then nothing", b""])
def test_a_damaged_file_behaves_like_an_empty_store(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "costs-1.sqlite").write_bytes(content)
    design = load(template("hybrid_digits"))
    assert inferrer(tmp_path).infer(design).facts == Inferrer().infer(design).facts


def test_a_foreign_value_behaves_like_an_empty_store(tmp_path: Path) -> None:
    design = load(template("hybrid_digits"))
    store = CostStore(tmp_path / "costs-1.sqlite")
    Inferrer(store=store).infer(design)
    store._open().execute("UPDATE costs SET value = '{}'")
    store._open().commit()
    store.close()
    assert inferrer(tmp_path).infer(design).facts == Inferrer().infer(design).facts


def test_without_a_writable_folder_costs_are_computed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    design = load(template("hybrid_digits"))
    assert inferrer(tmp_path / "file").infer(design).facts == Inferrer().infer(design).facts


def test_a_changed_block_file_has_another_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = tmp_path / "conv" / "mine.py"
    block.parent.mkdir()
    block.write_text("x = 1\n")
    monkeypatch.setattr(paths, "BLOCKS", tmp_path)
    before = CostStore.of_user().path
    assert CostStore.of_user().path == before
    block.write_text("x = 22\n")
    assert CostStore.of_user().path != before


def test_the_measuring_modules_are_part_of_the_fingerprint() -> None:
    """Every module of ours that running a block imports decides its costs."""
    code = (
        "import sys\n"
        "from composer.engine.inference import cost_store\n"
        "before = set(sys.modules)\n"
        "import composer.engine.inference.run_block\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=paths.ROOT)
    measuring = {
        name.rsplit(".", 1)[1]
        for name in done.stdout.split()
        if name.startswith("composer.engine.") and name.count(".") == 3
    }
    assert measuring - {"library"} <= set(cost_store.MEASURED_BY)


def test_rows_and_old_files_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost_store, "MAX_ROWS", 5)
    for index in range(6):
        writer = inferrer(tmp_path, f"costs-{index}.sqlite")
        writer.infer(load(template("hybrid_digits")))
        assert writer.memo.store is not None
        rows = writer.memo.store._open().execute("SELECT count(*) FROM costs").fetchone()[0]
        assert 0 < rows <= 5
        writer.memo.store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"costs-{index}.sqlite" for index in range(2, 6)]
