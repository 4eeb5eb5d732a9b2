import json
import os
import signal
import threading
import time

import pytest
import torch

from composer.core.errors import UserError
from composer.core.files.run_folder import LAST, METRICS
from composer.engine.training import epoch_loop
from composer.engine.training.control import Control
from composer.engine.training.loop import train
from composer.engine.training.report import Report
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny
from tests.engine.training.train_process import TIMING, TrainProcess


def comparable(run):
    return [{key: value for key, value in row.items() if key not in TIMING} for row in run.metrics()]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    # Sums in another order differ in the last digits, and what follows compares them all.
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    if before is None:
        del os.environ["OMP_NUM_THREADS"]
    else:
        os.environ["OMP_NUM_THREADS"] = before


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return train(tiny(), tmp_path_factory.mktemp("runs") / "uninterrupted", device="cpu")


class Interrupter(Report):
    """Sends a command when a step has been logged."""

    def __init__(self, control, at, command="stop"):
        super().__init__()
        self.control, self.at, self.command = control, at, command
        self.states = []

    def metrics(self, record):
        if record["kind"] == "step" and record["step"] == self.at:
            self.control.send(self.command)

    def state(self, state):
        super().state(state)
        self.states.append(state["state"])


@pytest.mark.parametrize("stops", [[5], [23], [1, 2, 30, 68]])
def test_a_stopped_run_continues_as_if_nothing_had_happened(tmp_path, uninterrupted, stops):
    for at in stops:
        control = Control()
        run = train(
            tiny(), tmp_path / "run", device="cpu", resume=True, control=control, report=Interrupter(control, at)
        )
        assert run.state()["state"] == "stopped"
        assert run.load(LAST)["progress"]["step"] == at
    run = train(tiny(), tmp_path / "run", device="cpu", resume=True)
    assert run.state()["state"] == "done"
    assert comparable(run) == comparable(uninterrupted)


def test_an_augmented_run_continues_bit_by_bit_in_the_middle_of_an_epoch(tmp_path):
    augmented = tiny(("augment: false", "augment: [affine, crop, rand_augment, erasing, mixup, cutmix]"))
    whole = train(augmented, tmp_path / "whole", device="cpu", epochs=2)
    for at in (9, 30):
        control = Control()
        report = Interrupter(control, at)
        train(augmented, tmp_path / "run", device="cpu", epochs=2, resume=True, control=control, report=report)
        assert Run(tmp_path / "run").load(LAST)["progress"]["batch"] == at % 23
    run = train(augmented, tmp_path / "run", device="cpu", resume=True)
    assert comparable(run) == comparable(whole)
    weights, expected = (each.load(LAST)["model"] for each in (run, whole))
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_pause_waits_and_changes_nothing(tmp_path, uninterrupted):
    control = Control()
    report = Interrupter(control, 7, "pause")

    def later():
        while "paused" not in report.states:
            time.sleep(0.01)
        time.sleep(0.2)
        assert report.states[-1] == "paused"
        control.send("resume")

    thread = threading.Thread(target=later)
    thread.start()
    run = train(tiny(), tmp_path / "run", device="cpu", control=control, report=report)
    thread.join()
    assert report.states[:4] == ["training", "saving", "paused", "training"]
    assert comparable(run) == comparable(uninterrupted)


def test_a_run_can_be_made_longer(tmp_path):
    train(tiny(), tmp_path / "run", device="cpu", epochs=1)
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=2, resume=True)
    assert [row["epoch"] for row in run.metrics() if row["kind"] == "epoch"] == [1, 2]
    again = train(tiny(), tmp_path / "run", device="cpu", epochs=2, resume=True)
    assert again.state()["state"] == "done"
    assert comparable(again) == comparable(run)


def test_resuming_with_other_settings_is_refused(tmp_path):
    train(tiny(), tmp_path / "run", device="cpu", epochs=1)
    with pytest.raises(UserError, match=r"started with lr 0\.01; resuming with 0.5 would be another run"):
        train(tiny(), tmp_path / "run", device="cpu", resume=True, lr=0.5)
    with pytest.raises(UserError, match="trained with another design"):
        train(tiny(("out_channels: 16", "out_channels: 24")), tmp_path / "run", device="cpu", resume=True)


def test_an_epoch_is_announced_only_when_it_is_saved(tmp_path, monkeypatch):
    save = Run.save

    def full_disk(self, name, checkpoint):
        if name == LAST and checkpoint["progress"]["epoch"] == 2:
            raise UserError("no space left")
        save(self, name, checkpoint)

    monkeypatch.setattr(Run, "save", full_disk)
    with pytest.raises(UserError, match="no space left"):
        train(tiny(), tmp_path / "run", device="cpu")
    run = Run(tmp_path / "run")
    assert [row["epoch"] for row in run.metrics() if row["kind"] == "epoch"] == [1]
    assert run.load(LAST)["progress"]["epoch"] == 1
    assert run.state()["state"] == "failed"


def test_a_torn_line_is_cut_off(tmp_path, uninterrupted):
    control = Control()
    run = train(tiny(), tmp_path / "run", device="cpu", control=control, report=Interrupter(control, 14))
    with (run.path / METRICS).open("ab") as file:
        file.write(b'{"kind": "step", "step": 15, "lo')
    assert run.metrics()[-1]["step"] == 14
    assert comparable(train(tiny(), run.path, device="cpu", resume=True)) == comparable(uninterrupted)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_is_save_and_stop(tmp_path, uninterrupted, number):
    class Signalling(Report):
        def metrics(self, record):
            if record["kind"] == "step" and record["step"] == 10:
                signal.raise_signal(number)

    before = signal.getsignal(number)
    run = train(tiny(), tmp_path / "run", device="cpu", report=Signalling())
    assert signal.getsignal(number) is before
    assert run.state()["state"] == "stopped"
    assert run.load(LAST)["progress"]["step"] == 10
    assert comparable(train(tiny(), run.path, device="cpu", resume=True)) == comparable(uninterrupted)


def test_a_second_ctrl_c_ends_immediately_with_a_message(tmp_path):
    class Impatient(Report):
        def metrics(self, record):
            if record["kind"] == "step" and record["step"] == 3:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny(), tmp_path / "run", device="cpu", report=Impatient())
    assert Run(tmp_path / "run").state()["message"].startswith("interrupted")


# -- as its own process ------------------------------------------------------------------------------------------------


@pytest.fixture
def start(tmp_path):
    started = []

    def launch(*more, **options):
        words = ["--epochs", str(options.get("epochs", 3)), "--resume", *more]
        started.append(TrainProcess(tmp_path, tmp_path / "run", *words))
        return started[-1]

    yield launch
    for process in started:
        process.kill()


def test_kill_9_loses_no_finished_epoch(tmp_path, start, uninterrupted):
    process = start()
    process.until(event="metrics", kind="epoch", epoch=1)
    process.until(event="metrics", kind="step", epoch=2)
    process.child.kill()
    process.child.wait()
    run = Run(tmp_path / "run")
    announced = max(row["epoch"] for row in run.metrics() if row["kind"] == "epoch")
    assert run.load(LAST)["progress"]["epoch"] >= announced >= 1
    assert run.state()["state"] == "interrupted"
    process = start()
    process.until(state="done")
    assert process.end() == (0, "")
    assert comparable(Run(tmp_path / "run")) == comparable(uninterrupted)


def test_kill_9_in_the_middle_of_a_save_leaves_the_old_checkpoint(tmp_path, start):
    # Saving all the time makes sure that the kill falls into a save.
    process = start(epochs=500)
    process.until(event="metrics", kind="epoch", epoch=1)
    for _ in range(40):
        process.send("checkpoint")
    process.until(state="saving")
    process.child.kill()
    process.child.wait()
    finished = Run(tmp_path / "run").load(LAST)["progress"]["epoch"]
    assert finished >= 1
    again = start(epochs=500)
    again.until(event="metrics", kind="epoch", epoch=finished + 1)
    # The end of stdin means that the parent is gone: save and stop.
    again.child.stdin.close()
    again.child.stdin = None
    again.until(state="stopped")
    assert again.end() == (0, "")
    epochs = [row["epoch"] for row in Run(tmp_path / "run").metrics() if row["kind"] == "epoch"]
    assert epochs == list(range(1, len(epochs) + 1))
    assert Run(tmp_path / "run").load(LAST)["progress"]["epoch"] == len(epochs) > finished


def test_commands_are_followed(tmp_path, start):
    process = start(epochs=500)
    process.until(event="metrics", kind="step")
    process.send("checkpoint")
    process.until(state="saving")
    process.until(state="training")
    assert Run(tmp_path / "run").load(LAST)["progress"]["step"] >= 1
    process.send("pause")
    process.until(state="paused")
    paused = len(Run(tmp_path / "run").metrics())
    time.sleep(0.3)
    assert len(Run(tmp_path / "run").metrics()) == paused
    process.child.stdin.write("not a command\n{}\n[1]\n")
    process.send("resume")
    process.until(state="training")
    process.until(event="metrics", kind="epoch")
    process.send("stop")
    process.until(state="stopped")
    assert process.end() == (0, "")
    assert Run(tmp_path / "run").state()["state"] == "stopped"


def test_a_failure_is_reported_to_the_parent_and_on_stderr(start):
    process = start("--lr", "1e30")
    failed = process.until(state="failed")
    assert "lower the learning rate" in failed["message"]
    code, errors = process.end()
    assert code == 2
    warning, failure = errors.splitlines()
    assert "repeating the last steps" in warning
    assert "lower the learning rate" in failure


def test_a_run_of_an_earlier_version_is_resumed(tmp_path, uninterrupted):
    control = Control()
    run = train(tiny(), tmp_path / "run", device="cpu", control=control, report=Interrupter(control, 23))
    _write_as_format_1(run)
    train(tiny(), run.path, device="cpu", resume=True)
    assert comparable(run) == comparable(uninterrupted)
    assert run.state()["best"] == uninterrupted.state()["best"]


def _flat(record):
    record = {key: value for key, value in record.items() if key not in ("metrics", "samples_per_s")} | {
        f"{part}_{name}": value for part, values in record.get("metrics", {}).items() for name, value in values.items()
    }
    return {**record, "images_per_s": 1.0}


def _write_as_format_1(run):
    """Rewrite a run that stopped at the end of an epoch in the format before objectives named their metrics."""
    checkpoint = run.load(LAST)
    progress = checkpoint["progress"]
    best = progress.pop("best")
    progress |= {"best_val_accuracy": best["value"], "best_epoch": best["epoch"]}
    progress["epochs"] = [_flat(record) for record in progress["epochs"]]
    del checkpoint["metrics"]
    run.save(LAST, {**checkpoint, "format": 1, "accuracy": {}})
    run.rewrite_metrics([_flat(record) for record in run.metrics() if record["kind"] != "head"])
    settings = run.settings()
    del settings["training"]["objective"]
    (run.path / "settings.json").write_text(
        json.dumps({**settings, "training": {**settings["training"], "label_smoothing": 0.0}})
    )


def test_the_record_of_an_epoch_waits_for_the_disk(tmp_path, monkeypatch):
    """After the last epoch nobody writes the records again, so a power cut must not lose them."""
    flushed = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (flushed.append(descriptor), real(descriptor)))
    run = Run(tmp_path)
    run.append({"kind": "step", "step": 1})
    assert flushed == []
    run.append({"kind": "epoch", "epoch": 1})
    assert len(flushed) == 1
    assert [record["kind"] for record in run.metrics()][-2:] == ["step", "epoch"]


def test_the_weights_of_every_nth_epoch_are_kept(tmp_path):
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=4, keep_every=2, samples=False)
    names = sorted(path.name for path in (run.path / "checkpoints").iterdir())
    assert names == ["best.pt", "best.safetensors", "epoch_0002.pt", "epoch_0004.pt", "last.pt"]
    kept, last = run.load("checkpoints/epoch_0004.pt"), run.load(LAST)
    assert kept["epoch"] == 4
    assert all(torch.equal(last["model"][name], tensor) for name, tensor in kept["model"].items())
    part = run.path / "checkpoints" / ".epoch_0002.pt.x.part"
    part.write_bytes(b"x")
    again = train(tiny(), run.path, device="cpu", epochs=5, keep_every=5, resume=True)
    assert (again.path / "checkpoints" / "epoch_0005.pt").exists()
    assert not part.exists()


def test_a_long_epoch_is_saved_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(epoch_loop, "CHECKPOINT_SECONDS", 0.0)
    saved = []
    save = Run.save

    def note(self, name, checkpoint):
        saved.append((name, checkpoint.get("progress", {}).get("batch")))
        save(self, name, checkpoint)

    monkeypatch.setattr(Run, "save", note)
    train(tiny(), tmp_path / "run", device="cpu", epochs=1, samples=False)
    batches = [batch for name, batch in saved if name == LAST]
    assert len(batches) > 5
    assert batches[-1] == 0
    assert batches[:-1] == sorted(batches[:-1])
