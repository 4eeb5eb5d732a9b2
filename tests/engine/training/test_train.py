import dataclasses
import json
import math

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import composer
from composer.core.errors import UserError
from composer.core.files.run_folder import BEST, LAST, WEIGHTS, list_runs
from composer.core.graph import Design, ExtensionRef, Training
from composer.core.training_extensions import optimizers
from composer.engine import device
from composer.engine.inference.infer import Inferrer
from composer.engine.library import catalog
from composer.engine.maps.capture import capture
from composer.engine.training.data.inputs import NamedInputs
from composer.engine.training.datasets import load
from composer.engine.training.loop import train
from composer.engine.training.objectives import make_objective
from composer.engine.training.optimization.optimizer import make_optimizer
from composer.engine.training.storage.run import Run
from composer.engine.training.validation import validate
from tests.engine.designs import tiny


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(tiny(), tmp_path_factory.mktemp("runs") / "one", device="cpu")


def epochs(run):
    return [row for row in run.metrics() if row["kind"] == "epoch"]


def value(record, part="val", metric="accuracy"):
    return record["metrics"][part][metric]


def digits(side=8):
    return load(ExtensionRef("digits"), {"image": (1, side, side)})


def test_it_learns(run):
    first, *_, last = epochs(run)
    assert value(last, "train", "loss") < value(first, "train", "loss") * 0.7
    assert value(last) > max(0.5, value(first))
    assert run.state()["state"] == "done"
    assert run.state()["best"]["value"] == max(value(row) for row in epochs(run))


def test_the_records_have_what_the_window_reads(run):
    rows = run.metrics()
    steps = [row for row in rows if row["kind"] == "step"]
    assert {"step", "steps", "epoch", "loss", "lr", "samples_per_s", "time"} <= steps[0].keys()
    assert rows[0]["kind"] == "head"
    assert rows[0]["primary"] == "accuracy"
    assert {"epoch", "epochs", "metrics", "seconds", "time"} <= epochs(run)[0].keys()
    assert all(epochs(run)[0]["metrics"][part].keys() == {"loss", "accuracy"} for part in ("train", "val"))
    assert [row["epoch"] for row in epochs(run)] == [1, 2, 3]
    assert steps[-1]["steps"] == steps[-1]["step"] == 69
    assert [row["step"] for row in steps] == sorted(row["step"] for row in steps)


def test_the_best_value_is_that_of_the_saved_weights(run):
    model = composer.build(tiny())
    best = run.load(BEST)
    model.load_state_dict(best["model"])
    val = digits().val.take(slice(None))
    model.eval()
    with torch.no_grad():
        right = (model(val["image"]).argmax(1) == val["label"]).float().mean()
    assert float(right) == pytest.approx(run.state()["best"]["value"], abs=1e-6)
    assert best["best"] == run.state()["best"]


def test_the_folder_is_complete_and_opens_without_executing_anything(run):
    assert run.design() == dataclasses.replace(tiny())
    settings = run.settings()
    assert settings["training"]["batch_size"] == 64
    assert settings["versions"]["torch"] == torch.__version__
    assert len(settings["design_hash"]) == 16
    totals = Inferrer().infer(tiny()).facts.totals
    assert settings["costs"] == {"params": totals.params, "macs": totals.macs}
    assert (run.path / "model.py").read_text() == composer.source(tiny())
    weights, tensors = run.load(BEST)["model"], load_file(run.path / WEIGHTS)
    assert weights.keys() == tensors.keys()
    assert all(torch.equal(weights[name], tensors[name]) for name in weights)
    assert list_runs(run.path.parent) == [run.path]


def test_names_of_weights_start_with_nodes(run):
    assert {name.split(".")[0] for name in run.load(LAST)["model"]} == {"stem", "gate", "attn", "head"}


def test_a_checkpoint_with_code_is_refused_and_not_run(tmp_path, run):
    mark = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (open, (str(mark), "w"))

    (tmp_path / "checkpoints").mkdir()
    torch.save({"model": Evil()}, tmp_path / LAST)
    with pytest.raises(UserError, match="tensors and plain values"):
        Run(tmp_path).load(LAST)
    assert not mark.exists()
    (tmp_path / LAST).write_bytes((run.path / LAST).read_bytes()[:-500])
    with pytest.raises(UserError, match="not a readable checkpoint"):
        Run(tmp_path).load(LAST)


def test_a_folder_with_a_run_is_not_overwritten(run):
    before = (run.path / LAST).read_bytes()
    with pytest.raises(UserError, match="already holds a run; resume it"):
        train(tiny(), run.path, device="cpu")
    assert (run.path / LAST).read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs is 0, expected"),
        ({"batch_size": 1}, "batch_size is 1, expected"),
        ({"lr": 0.0}, "lr is 0.0, expected"),
        ({"lr": math.nan}, "lr is nan, expected"),
        ({"seed": -1}, "seed is -1, expected"),
        ({"seed": 2**63}, "seed is 9223372036854775808, expected"),
        ({"optimizer": "lion"}, "optimizer 'lion' is unknown, expected one of: "),
        ({"schedule": "stairs"}, "schedule 'stairs' is unknown, expected one of: constant, cosine"),
        ({"precision": "8"}, "precision is '8', expected one of 32-true"),
        ({"objective.label_smoothing": 1.0}, r"objective.label_smoothing is 1.0, expected a number from 0 to 0.9"),
        ({"data": "nonsense"}, "data 'nonsense' is unknown, expected one of: "),
        ({"objective": "ranking"}, "objective 'ranking' is unknown, expected one of: classification"),
        ({"data": {"name": "digits", "split": 1}}, "data digits has no option 'split'; did you mean split_seed"),
    ],
)
def test_wrong_settings_are_named(tmp_path, settings, message):
    with pytest.raises(UserError, match=message):
        train(tiny(), tmp_path / "run", device="cpu", **settings)
    assert not (tmp_path / "run").exists()


def test_an_output_that_does_not_fit_the_data_is_refused_before_training(tmp_path):
    with pytest.raises(UserError, match=r"shape \(7,\) for each image, but digits has 10 classes; .* num_classes 10"):
        train(tiny(("num_classes: 10", "num_classes: 7")), tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_loss_that_diverges_ends_in_a_sentence_and_keeps_the_last_good_weights(tmp_path):
    # A huge rate without warm-up; logged every step, so that it is seen at once.
    overrides = {"optimizer": "sgd", "lr": 1e30, "warmup_epochs": 0.0}
    with pytest.raises(
        UserError,
        match=r"no longer a number: in step \d \(epoch 1\) .*; lower the learning rate, now 1e\+30",
    ):
        train(tiny(), tmp_path / "run", device="cpu", **overrides)
    state = Run(tmp_path / "run").state()
    assert state["state"] == "failed"
    assert "lower the learning rate" in state["message"]
    assert not (tmp_path / "run" / LAST).exists()


def test_an_unknown_device_lists_the_devices():
    with pytest.raises(UserError, match=r"device 'tpu' is not available; choose auto or one of: .*cpu"):
        device.choose("tpu")
    assert device.choose("cpu").name == "cpu"
    assert device.choose("auto").name == device.available()[0].name
    assert {"name", "label"} == device.devices()[0].keys()


@pytest.mark.skipif(torch.cuda.is_available(), reason="says why there is no CUDA")
def test_missing_cuda_is_explained():
    with pytest.raises(UserError, match=r"'cuda' is not available: .*(without CUDA|no NVIDIA GPU)"):
        device.choose("cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_it_trains_on_a_gpu(tmp_path):
    run = train(tiny(), tmp_path / "run", device="cuda")
    assert run.state()["device"] == "cuda"
    assert value(epochs(run)[-1]) > 0.5


def test_bf16_and_sgd_train_too(tmp_path):
    overrides = {
        "precision": "bf16-mixed",
        "optimizer": "sgd",
        "lr": 0.02,
        "schedule": "constant",
        "objective.label_smoothing": 0.1,
        "augment": False,
    }
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=2, **overrides)
    assert value(epochs(run)[-1], "train", "loss") < value(epochs(run)[0], "train", "loss")
    assert run.settings()["training"]["precision"] == "bf16-mixed"


def test_every_choice_of_the_table_of_settings_can_be_made():
    for name in optimizers():
        optimizer = make_optimizer(nn.Linear(2, 2), Training(optimizer=ExtensionRef(name)), Design(), catalog())
        assert {group["lr"] for group in optimizer.param_groups} == {Training().lr}


def test_validation_leaves_the_model_as_it_was_and_counts_uneven_batches():
    data = digits()
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 10))
    model = NamedInputs(network, ("image",)).train()
    objective = make_objective(ExtensionRef("classification", {"label_smoothing": 0.2}), data)
    values = validate(model, data.val, objective, 100)
    assert model.training
    val = data.val.take(slice(None))
    with torch.no_grad():
        output = network.eval()(val["image"])
    assert values["loss"] == pytest.approx(float(nn.functional.cross_entropy(output, val["label"])), abs=1e-5)
    assert values["accuracy"] == pytest.approx(float((output.argmax(1) == val["label"]).float().mean()))


def test_label_smoothing_is_the_papers_formula():
    output, target = torch.randn(6, 10, dtype=torch.float64), torch.arange(6)
    spread = torch.full((6, 10), 0.1 / 10, dtype=torch.float64)
    spread[torch.arange(6), target] += 0.9
    expected = -(spread * output.log_softmax(1)).sum(1).mean()
    objective = make_objective(ExtensionRef("classification", {"label_smoothing": 0.1}), digits())
    loss, _ = objective.loss(lambda batch: output, {"label": target}, 0)
    assert torch.allclose(loss, expected)


def test_the_state_file_describes_the_run(run):
    state = json.loads((run.path / "state.json").read_text())
    assert {
        "state",
        "epoch",
        "epochs",
        "step",
        "steps",
        "best",
        "device",
        "device_label",
        "pid",
        "process_started",
    } <= state.keys()


def test_trained_attention_is_not_uniform(run):
    model = composer.build(tiny())
    model.load_state_dict(run.load(BEST)["model"])
    _, maps = capture(model, digits().val.take(slice(4))["image"], catalog())
    attention = next(item for item in maps if item.kind == "token_pairs").data
    assert float((attention - 1 / attention.shape[-1]).abs().max()) > 0.01


@pytest.mark.parametrize("precision", ["64-true", "bf16-true", "bf16-mixed"])
@pytest.mark.parametrize("loss", ["cross_entropy", "binary"])
def test_mixed_classes_are_learned_in_every_precision(tmp_path, precision, loss):
    objective = ExtensionRef("classification", {"loss": loss, "label_smoothing": 0.1, "class_weights": "balanced"})
    settings = dataclasses.replace(
        tiny().training,
        objective=objective,
        augment=(ExtensionRef("rand_augment"), ExtensionRef("mixup")),
        precision=precision,
        batch_size=400,
        epochs=1,
    )
    run = train(dataclasses.replace(tiny(), training=settings), tmp_path / "run", device="cpu")
    assert value(epochs(run)[-1], "train", "loss") < (2.4 if loss == "cross_entropy" else 0.8)
