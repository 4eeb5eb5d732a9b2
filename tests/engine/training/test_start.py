"""What is refused leaves nothing behind, and no file of the user's is replaced."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from composer.core.errors import UserError
from composer.core.files import atomic, design_file
from composer.core.files.run_folder import RunFolder, is_run
from composer.core.graph import Node, Training
from composer.engine.codegen.generate import source
from composer.engine.training import setup
from composer.engine.training.control import Control
from composer.engine.training.failures.failure import Diverged, finite_loss
from composer.engine.training.failures.memory_limit import keep_effective_batch
from composer.engine.training.loop import train
from composer.engine.training.objectives.classification import Classification
from composer.engine.training.report import Report
from tests.engine.designs import chain, tiny

ROOT = Path(__file__).resolve().parents[3]


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        (("num_classes: 10", "num_classes: 7"), {}, "digits has 10 classes"),
        ((), {"data": "digit"}, "unknown"),
        ((), {"epochs": 0}, "epochs is 0"),
        ((), {"device": "tpu"}, "not available"),
        ((), {"objective": {"name": "classification", "label_smoothing": 3}}, "label_smoothing is 3"),
    ],
)
@pytest.mark.parametrize("below", ["", "a/b"])
def test_a_refused_start_leaves_nothing_and_the_corrected_one_works(
    tmp_path: Path, changes: tuple[str, str], options: dict[str, object], message: str, below: str
) -> None:
    design = tiny(changes) if changes else tiny()
    out = tmp_path / below / "run"
    with pytest.raises(UserError, match=message):
        train(design, out, **{"device": "cpu", **options})
    assert list(tmp_path.iterdir()) == []
    if below:
        assert train(tiny(), out, device="cpu", epochs=1).state()["state"] == "done"


def test_a_run_that_is_refused_to_resume_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1)
    before = files(run.path)

    def no_memory(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    with pytest.raises(UserError, match="would be another run"):
        train(tiny(), run.path, device="cpu", resume=True, lr=0.5)
    with pytest.raises(UserError, match="another design"):
        train(tiny(("out_channels: 16", "out_channels: 24")), run.path, device="cpu", resume=True)
    with pytest.raises(UserError, match="is not available"):
        train(tiny(), run.path, device="tpu", resume=True)
    monkeypatch.setattr("composer.engine.training.loop.prepare", no_memory)
    with pytest.raises(UserError, match="too little memory for this network"):
        train(tiny(), run.path, device="cpu", resume=True, epochs=3)
    after = files(run.path)
    assert {name: data for name, data in after.items() if ".owner" not in name} == {
        name: data for name, data in before.items() if ".owner" not in name
    }


@pytest.mark.parametrize("name", ["model.py", "design.yaml", "notes.txt", "checkpoints/mine.pt", ".git/HEAD"])
def test_a_folder_with_other_files_is_refused_and_untouched(tmp_path: Path, name: str) -> None:
    path = tmp_path / "project" / name
    path.parent.mkdir(parents=True)
    path.write_text("# mine")
    before = files(tmp_path)
    with pytest.raises(UserError, match=f"project is not empty: it contains {name.partition('/')[0]}; choose a new"):
        train(tiny(), tmp_path / "project", device="cpu", epochs=1)
    with pytest.raises(UserError, match="is not empty"):
        train(tiny(), tmp_path / "project", device="cpu", epochs=1, resume=True)
    assert files(tmp_path) == before


def test_a_file_or_a_read_only_folder_is_no_run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="is a file, expected a new or an empty folder"):
        train(tiny(), tmp_path / "file", device="cpu")
    with pytest.raises(UserError, match="cannot be the folder of a run: File name too long"):
        train(tiny(), tmp_path / ("x" * 300), device="cpu")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UserError, match=rf"cannot make the run folder: {tmp_path} cannot be written"):
        train(tiny(), tmp_path / "run", device="cpu")


def test_what_a_killed_start_left_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / ".owner-1.json").write_text("{")
    (folder / ".settings.json.abc.part").write_text("{")
    (folder / ".DS_Store").write_text("")
    design_file.save(tiny(), folder / "design.yaml")
    (folder / "model.py").write_text(source(tiny()))
    run = train(tiny(), folder, device="cpu", epochs=1)
    assert run.state()["state"] == "done"
    assert not (folder / ".settings.json.abc.part").exists()


def test_the_design_of_the_folder_itself_may_be_trained_there(tmp_path: Path) -> None:
    design_file.save(tiny(), tmp_path / "design.yaml")
    before = (tmp_path / "design.yaml").stat().st_mtime_ns
    train(design_file.load(tmp_path / "design.yaml"), tmp_path, device="cpu", epochs=1)
    assert (tmp_path / "design.yaml").stat().st_mtime_ns == before


def test_a_folder_in_which_nothing_can_be_replaced_is_noticed_before_the_first_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, content: object) -> None:
        if path.exists():
            raise UserError(f"{path}: cannot be written: Permission denied")
        real(path, content)  # type: ignore[arg-type]

    real = atomic.write_atomically
    monkeypatch.setattr("composer.engine.training.storage.run.write_atomically", write)
    with pytest.raises(UserError, match=r"state\.json: cannot be written: Permission denied"):
        train(tiny(), tmp_path / "run", device="cpu")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_space_for_the_checkpoints_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match=r"1.0 kB are free, but the checkpoints of this network need .*--out"):
        train(tiny(), tmp_path / "run", device="cpu")
    assert list(tmp_path.iterdir()) == []


class Warned(Report):
    """Collects warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def warning(self, message: str) -> None:
        """Collect a warning."""
        self.warnings.append(message)


def test_a_batch_of_more_samples_than_there_are_is_reported(tmp_path: Path) -> None:
    report = Warned()
    train(tiny(), tmp_path / "run", device="cpu", epochs=1, batch_size=2000, report=report)
    assert "batch size 2000 is more than the 1438 training samples" in report.warnings[0]


def test_an_edited_source_stays_and_its_change_is_reported(tmp_path: Path) -> None:
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1)
    (run.path / "model.py").write_text("# my experiment\n")
    report = Warned()
    train(tiny(), run.path, device="cpu", epochs=2, resume=True, report=report)
    assert (run.path / "model.py").read_text() == "# my experiment\n"
    assert any("model.py is not the source of this run's design" in message for message in report.warnings)


def test_unfinished_writes_of_killed_processes_are_removed(tmp_path: Path) -> None:
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1)
    parts = [run.path / "checkpoints" / ".best.pt.x1.part", run.path / ".state.json.x2.part"]
    others = [run.path / "notes.part", run.path / ".mine.part"]
    for path in (*parts, *others):
        path.write_bytes(b"x")
    train(tiny(), run.path, device="cpu", resume=True)
    assert [path.exists() for path in (*parts, *others)] == [False, False, True, True]


def test_an_interrupt_before_the_start_leaves_nothing(tmp_path: Path) -> None:
    control = Control()
    control.interrupted = True
    with pytest.raises(KeyboardInterrupt):
        train(tiny(), tmp_path / "run", device="cpu", control=control)
    assert list(tmp_path.iterdir()) == []


def test_mixed_precision_trains_where_threads_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    threads = torch.get_num_threads()
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1, precision="bf16-mixed")
    assert torch.get_num_threads() == threads
    assert run.state()["state"] == "done"
    assert is_run(run.path)


@pytest.mark.parametrize(
    ("limit", "expected", "suggestion"),
    [
        (
            1000,
            "too little memory for batch size 64; 56 fits, and --batch-size 32",
            {"batch_size": 32, "accumulate": 2},
        ),
        (20, "; 20 fits, and --batch-size 16 --accumulate 4 keeps the effective", {"batch_size": 16, "accumulate": 4}),
        (1, "even with 2", {}),
    ],
)
def test_a_lack_of_memory_offers_a_batch_that_fits_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, expected: str, suggestion: dict[str, int]
) -> None:
    """The allocator of the CPU is played: a training step with more samples than a limit, or the first 64, fail."""
    loss = Classification.loss
    first = True

    def limited(self: Classification, model: object, batch: dict[str, torch.Tensor], step: object) -> object:
        nonlocal first
        size = len(batch["image"])
        if step is not None and (size > limit or (first and size == 64)):
            first = False
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")
        return loss(self, model, batch, step)  # type: ignore[arg-type]

    monkeypatch.setattr(Classification, "loss", limited)
    with pytest.raises(UserError, match=expected) as refusal:
        train(tiny(), tmp_path / "run", device="cpu")
    assert refusal.value.suggestion == suggestion
    assert list(tmp_path.iterdir()) == []


def test_a_lack_of_memory_during_training_is_stored_with_the_suggestion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = Classification.loss

    def limited(self: Classification, model: object, batch: dict[str, torch.Tensor], step: int | None) -> object:
        if step and len(batch["image"]) > 40:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return loss(self, model, batch, step)  # type: ignore[arg-type]

    monkeypatch.setattr(Classification, "loss", limited)
    monkeypatch.setattr("composer.engine.training.failures.memory_limit._fits", lambda _parts, size: size <= 40)
    with pytest.raises(UserError, match="40 fits"):
        train(tiny(), tmp_path / "run", device="cpu")
    state = RunFolder(tmp_path / "run").state()
    assert (state["state"], state["suggestion"]) == ("failed", {"batch_size": 32, "accumulate": 2})


@pytest.mark.parametrize(
    ("effective", "fitting", "expected"),
    [(64, 56, (32, 2)), (96, 50, (48, 2)), (65, 20, (13, 5)), (67, 20, (17, 4)), (64, 2, (2, 32))],
)
def test_the_effective_batch_is_kept_where_it_divides(effective: int, fitting: int, expected: tuple[int, int]) -> None:
    assert tuple(keep_effective_batch(effective, fitting).values()) == expected


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space")
def test_a_real_lack_of_memory_offers_a_batch_that_fits(tmp_path: Path) -> None:
    design = chain(
        Node("stem", "ConvNormAct", {"out_channels": 64, "kernel_size": 1}),
        Node("body", "ConvNormAct", {"out_channels": 64, "kernel_size": 1}),
        Node("head", "ClassifierHead", {"num_classes": 10}),
        shape=(1, 64, 64),
        training=Training(epochs=1, batch_size=1024),
    )
    design_file.save(design, tmp_path / "net.yaml")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (4 * 10**9,) * 2);"
        "from composer.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["train", str(tmp_path / "net.yaml"), "--out", str(tmp_path / "run"), "--device", "cpu"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.search(r"too little memory for batch size 1024; \d+ fits, and --batch-size \d+ --accumulate", done.stderr)
    assert not (tmp_path / "run").exists()


def test_a_torchvision_that_does_not_fit_torch_is_no_obstacle(tmp_path: Path) -> None:
    package = tmp_path / "site" / "torchvision"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')\n")
    design_file.save(tiny(("augment: false", "augment: [flip, rand_augment, erasing, mixup]")), tmp_path / "tiny.yaml")
    words = ["train", str(tmp_path / "tiny.yaml"), "--out", str(tmp_path / "run"), "--device", "cpu", "--epochs", "1"]
    path = os.pathsep.join(filter(None, [str(tmp_path / "site"), os.environ.get("PYTHONPATH"), str(ROOT)]))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-m", "composer", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert RunFolder(tmp_path / "run").state()["state"] == "done"


def test_a_weight_decay_that_makes_weights_grow_is_named() -> None:
    settings = replace(Training(), lr=1.0, weight_decay=2.5)
    with pytest.raises(Diverged, match=r"lower the learning rate, now 1, or the weight decay, now 2\.5, or lengthen"):
        finite_loss(torch.tensor(float("nan")), 1, 1, settings)
    with pytest.raises(Diverged, match=r"lower the learning rate, now 0\.01, or lengthen the warm-up"):
        finite_loss(torch.tensor(float("inf")), 1, 1, replace(settings, lr=0.01))
