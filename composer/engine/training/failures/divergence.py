"""Why a loss is no longer a number: the step, the samples, and the first node whose output is not finite.

The loss is read about a dozen times an epoch, so the step that spoiled the weights is earlier than the one that was
noticed. The steps since the last checkpoint are therefore repeated on a second network, and each one is examined.
Batches and random numbers depend on the seed alone, so on a CPU the very same happens; elsewhere sums may differ in the
last digits, and if the repetition does not diverge, the message says so instead of guessing.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from composer.core.name_list import list_names
from composer.engine.training.data.batches import batch_bounds, epoch_batches, epoch_order, epoch_seed
from composer.engine.training.datasets.splits import Batch
from composer.engine.training.failures.failure import Diverged
from composer.engine.training.optimization.node_modules import node_of
from composer.engine.training.preparation import Preparation
from composer.engine.training.storage.checkpoint import Checkpointer
from composer.engine.training.storage.records import TrainingState
from composer.engine.training.storage.run import Run
from composer.engine.training.training_step import step_bounds

REPAIR = "repair it or take it out of the data"
# Longest repetition. A run whose last checkpoint is further away is told what is known without it.
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Cause:
    """Where a loss stopped being a number.

    Args:
        text: what is not finite, and in which step; empty if that is not known.
        remark: why it is not known.
        advice: what to do; empty for the usual advice.
    """

    text: str = ""
    remark: str = ""
    advice: str = ""


def with_cause(
    error: Diverged,
    run: Run,
    rebuild: Callable[[], Preparation],
    lr_at: Callable[[int], float],
    interrupted: Callable[[], bool],
) -> Diverged:
    """Return an error that tells where the loss stopped being a number, as far as that can be found out.

    Args:
        error: the error.
        run: the run.
        rebuild: prepares the training again, as it was at its start.
        lr_at: the learning rate of each step.
        interrupted: whether the user does not want to wait.
    """
    try:
        cause = Replay(run, rebuild(), lr_at, interrupted).find(error.step)
    except (Exception, KeyboardInterrupt) as failure:  # noqa: BLE001 - the first error is the one to report
        reason = str(failure).strip().split("\n")[0]
        cause = Cause(remark=f" (where it began is not known: {reason or type(failure).__name__:.200})")
    return Diverged(error.step, error.epoch, cause.advice or error.advice, cause.text, cause.remark)


@dataclass
class Replay:
    """Repeats the steps since the last checkpoint.

    Args:
        run: the run that has diverged.
        parts: built again, like those that have diverged at their start.
        lr_at: the learning rate of each step.
        interrupted: whether the user does not want to wait.
    """

    run: Run
    parts: Preparation
    lr_at: Callable[[int], float]
    interrupted: Callable[[], bool] = lambda: False
    state: TrainingState = field(default_factory=TrainingState)

    def find(self, last_step: int) -> Cause:
        """Return what is wrong.

        Args:
            last_step: number of finished steps when the loss was noticed.
        """
        parts, state = self.parts, self.state
        Checkpointer(
            self.run,
            parts.fabric,
            parts.network,
            parts.bare_optimizer,
            parts.metrics,
            state,
            parts.plan.head,
            parts.average,
        ).load()
        origin = f"the checkpoint at step {state.step}" if state.step else "the start"
        deadline = time.monotonic() + SECONDS
        parts.model.train()
        while state.step < last_step:
            for number, bounds, batches in self._steps_of_epoch():
                if time.monotonic() > deadline or self.interrupted():
                    return Cause(remark=f" (where it began was not found in {SECONDS:g} s)")
                if cause := self._examine(number, bounds, batches):
                    return cause
                if state.step >= last_step:
                    break
        return Cause(remark=f" (repeating the steps from {origin} did not show it again, so its cause is not known)")

    def _steps_of_epoch(self) -> Iterator[tuple[int, Sequence[tuple[int, int]], Iterator[Batch]]]:
        """Yield the rest of an epoch: number of the step from 0, bounds of its batches, and the batches."""
        parts, state, settings = self.parts, self.state, self.parts.plan.settings
        epoch = state.epoch + 1
        if state.batch == 0:
            torch.manual_seed(epoch_seed(settings.seed, epoch))
        bounds = batch_bounds(len(parts.train_split), settings.batch_size)
        batches = epoch_batches(
            parts.train_split, settings.batch_size, settings.seed, epoch, parts.augmenter, start=state.batch
        )
        for bounds_of_step in step_bounds(bounds, settings.accumulate, start=state.batch):
            yield state.step, bounds_of_step, batches
            state.step += 1
            state.batch += len(bounds_of_step)
        state.epoch, state.batch = epoch, 0

    def _examine(self, number: int, bounds: Sequence[tuple[int, int]], batches: Iterator[Batch]) -> Cause | None:
        """Make one step; return what is wrong with it, or nothing."""
        parts = self.parts
        parts.step.set_rate(self.lr_at(number))
        samples = sum(high - low for low, high in bounds)
        for low, high in bounds:
            batch = next(batches)
            random = torch.get_rng_state()
            loss = parts.step.backward(batch, (high - low) / samples, number)
            if not torch.isfinite(loss):
                torch.set_rng_state(random)
                return self._blame(batch, number, self._names(low, high))
        scaled = getattr(parts.fabric.strategy.precision, "scaler", None) is not None
        if not scaled and (node := self._bad_gradient()):
            names = self._names(bounds[0][0], bounds[-1][1])
            return Cause(
                f"{self._at(number)} the gradient of {node} is not finite, though the loss still is (samples "
                f"{list_names(names)})"
            )
        parts.step.finish()
        return None

    def _at(self, number: int) -> str:
        return f"in step {number + 1} (epoch {self.state.epoch + 1})"

    def _names(self, low: int, high: int) -> list[str]:
        split = self.parts.train_split
        order, _ = epoch_order(len(split), self.parts.plan.settings.seed, self.state.epoch + 1)
        return [split.name(int(index)) for index in order[low:high]]

    def _bad_gradient(self) -> str:
        """Return the node with a gradient that is not finite; of several the last, where the backward pass begins."""
        design, rows = self.parts.design, []
        for name, parameter in self.parts.network.named_parameters():
            if parameter.grad is not None and not bool(torch.isfinite(parameter.grad).all()):
                rows.append(node_of(design, name) or name)
        return rows[-1] if rows else ""

    def _blame(self, batch: Batch, number: int, names: list[str]) -> Cause:
        """Run a batch again, and return the first value that is not finite: of a sample, of a weight, or of a node."""
        at = self._at(number)
        for name, tensor in batch.items():
            if bad := _bad_samples(tensor, names):
                return Cause(f"{at} the {name} of {list_names(bad)} holds values that are not finite", advice=REPAIR)
        first: list[tuple[str, list[str]]] = []
        with torch.no_grad(), _first_bad_output(self.parts.network, names, first):
            self.parts.objective.loss(self.parts.model, batch, number)
        if not first:
            return Cause(f"{at} the outputs of all nodes are finite, but the loss is not (samples {list_names(names)})")
        module, bad = first[0]
        node = node_of(self.parts.design, module) or module
        weights = self.parts.network.get_submodule(module).parameters()
        if not all(bool(torch.isfinite(weight).all()) for weight in weights):
            return Cause(f"{at} the weights of {node} are not finite, since the step before")
        share = f"all {len(names)}" if len(bad) == len(names) else f"{len(bad)} of {len(names)}"
        return Cause(
            f"{at} {node} is the first node with an output that is not finite, for {share} samples: {list_names(bad)}"
        )


@contextmanager
def _first_bad_output(network: nn.Module, names: list[str], first: list[tuple[str, list[str]]]) -> Iterator[None]:
    """Note the first module whose output is not finite, with the samples for which it is not."""
    with ExitStack() as hooks:
        for name, module in network.named_modules():
            if not name:
                continue

            def hook(_module: nn.Module, _args: Any, output: Any, name: str = name) -> None:
                if first:
                    return
                for tensor in _tensors(output):
                    if not bool(torch.isfinite(tensor).all()):
                        first.append((name, _bad_samples(tensor, names) or names))
                        return

            hooks.callback(module.register_forward_hook(hook).remove)
        yield


def _tensors(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        if output.is_floating_point():
            yield output
    elif isinstance(output, Mapping):
        yield from _tensors(list(output.values()))
    elif isinstance(output, list | tuple):
        for part in output:
            yield from _tensors(part)


def _bad_samples(tensor: Tensor, names: list[str]) -> list[str]:
    """Return the names of the samples whose row of a tensor is not finite; empty if its rows are not samples."""
    if not tensor.is_floating_point() or tensor.ndim == 0 or len(tensor) != len(names):
        return []
    bad = ~torch.isfinite(tensor).flatten(1).all(1) if tensor.ndim > 1 else ~torch.isfinite(tensor)
    return [name for name, is_bad in zip(names, bad.tolist(), strict=True) if is_bad]
