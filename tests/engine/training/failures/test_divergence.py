"""A loss that is no longer a number: the step, the samples and the node, each played by a fault of a known place."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from composer.core.errors import UserError
from composer.core.files.run_folder import RunFolder
from composer.engine.training import epoch_loop, preparation
from composer.engine.training.data.batches import epoch_order
from composer.engine.training.datasets.splits import MemorySplit
from composer.engine.training.failures import divergence
from composer.engine.training.failures.failure import Diverged
from composer.engine.training.loop import train
from composer.engine.training.objectives.classification import Classification
from composer.engine.training.report import Report
from tests.engine.designs import tiny

# In the second of the 12 steps per logged one, so that the loss is noticed later than it happens.
STEPS = 23


Change = Callable[[nn.Module, torch.Tensor], torch.Tensor]
ChangeGates = Callable[[Change], None]


@pytest.fixture
def change_gates() -> Iterator[ChangeGates]:
    """Return a function that changes the output of every squeeze-and-excite module of a network."""
    handles = []

    def change(function: Change) -> None:
        def hook(module: nn.Module, _args: object, output: torch.Tensor) -> torch.Tensor | None:
            return function(module, output) if type(module).__name__ == "SqueezeExcite" else None

        handles.append(register_module_forward_hook(hook))

    yield change
    for handle in handles:
        handle.remove()


def diverge(folder: Path, report: Report | None = None, **settings: Any) -> str:
    """Train until it diverges; return the message."""
    with pytest.raises(Diverged) as error:
        train(tiny(), folder / "run", device="cpu", report=report, augment=[], **settings)
    state = RunFolder(folder / "run").state()
    assert (state["state"], state["message"]) == ("failed", str(error.value))
    return str(error.value)


def test_a_sample_that_is_not_finite_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = preparation.load_for

    def damaged(design: Any) -> Any:
        data = load(design)
        tensors = data.train.take(slice(None))
        tensors["image"] = tensors["image"].clone()
        tensors["image"][77, 0, 3, 3] = float("nan")
        return replace(data, train=MemorySplit(tensors, part="train"))

    monkeypatch.setattr(preparation, "load_for", damaged)
    order, _ = epoch_order(1438, 0, 1)
    step = order.tolist().index(77) // 64 + 1
    assert diverge(tmp_path) == (
        f"the loss is no longer a number: in step {step} (epoch 1) the image of train 77 holds values that are not "
        "finite; repair it or take it out of the data"
    )


def test_the_first_node_is_named_with_its_samples(tmp_path: Path, change_gates: ChangeGates) -> None:
    def overflow(gate: nn.Module, output: torch.Tensor) -> torch.Tensor:
        if not gate.training or len(output) < 64:
            return output
        return output.index_fill(0, output.detach().flatten(1).mean(1).topk(2).indices, float("inf"))

    change_gates(overflow)
    message = diverge(tmp_path)
    start = (
        "the loss is no longer a number: in step 1 (epoch 1) gate is the first node with an output that is not finite, "
    )
    assert message.startswith(start + "for 2 of 64 samples: train ")
    assert message.endswith("; lower the learning rate, now 0.01, or lengthen the warm-up, now 1 epochs")


def test_a_gradient_that_is_not_finite_is_found_before_the_loss_shows_it(
    tmp_path: Path, change_gates: ChangeGates
) -> None:
    def steep(_gate: nn.Module, output: torch.Tensor) -> torch.Tensor:
        return output + (output - output.detach()).sqrt() * 0  # 0 in the forward pass, 0 times infinity in the backward

    change_gates(steep)
    message = diverge(tmp_path)
    assert (
        ": in step 1 (epoch 1) the gradient of gate is not finite, though the loss still is (samples train" in message
    )
    assert "and 61 more)" in message


@pytest.mark.parametrize(("first_bad", "epoch"), [(2, 1), (STEPS + 6, 2)])
def test_the_steps_since_the_checkpoint_are_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_bad: int, epoch: int
) -> None:
    monkeypatch.setattr(epoch_loop, "LOGS_PER_EPOCH", 1)  # noticed at the end of the epoch
    loss = Classification.loss

    def spoiled(self: Classification, model: Any, batch: Any, step: int | None) -> Any:
        value, outputs = loss(self, model, batch, step)
        return (value * float("nan") if step is not None and step >= first_bad else value), outputs

    monkeypatch.setattr(Classification, "loss", spoiled)
    repeated: list[int] = []
    examine = divergence.Replay._examine
    monkeypatch.setattr(
        divergence.Replay,
        "_examine",
        lambda self, number, *rest: (repeated.append(number), examine(self, number, *rest))[1],
    )
    message = diverge(tmp_path)
    assert (
        f": in step {first_bad + 1} (epoch {epoch}) the outputs of all nodes are finite, but the loss is not" in message
    )
    assert repeated == list(range((epoch - 1) * STEPS, first_bad + 1))


def test_what_cannot_be_repeated_is_not_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_loss: torch.Tensor, step: int, epoch: int, _settings: object) -> float:
        raise Diverged(step, epoch, "do something")

    monkeypatch.setattr(epoch_loop, "finite_loss", fail)
    assert diverge(tmp_path) == (
        "the loss is no longer a number at step 1 (epoch 1) (repeating the steps from the start did not show it again, "
        "so its cause is not known); do something"
    )


def test_a_long_repetition_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(divergence, "SECONDS", -1.0)
    message = diverge(tmp_path, optimizer="sgd", lr=1e30, warmup_epochs=0.0)
    assert "(epoch 1) (where it began was not found in -1 s); lower" in message


def test_a_failure_of_the_repetition_keeps_the_first_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise UserError("no more memory")

    monkeypatch.setattr(divergence.Replay, "find", fail)
    message = diverge(tmp_path, optimizer="sgd", lr=1e30, warmup_epochs=0.0)
    assert "(where it began is not known: no more memory); lower the learning rate" in message


def test_weights_that_overflow_are_named(tmp_path: Path) -> None:
    message = diverge(tmp_path, optimizer="sgd", lr=1e38, warmup_epochs=0.0, precision="bf16-true")
    assert "is no longer a number: in step 2 (epoch 1)" in message
