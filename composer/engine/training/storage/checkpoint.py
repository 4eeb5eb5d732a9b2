"""Checkpoints: everything that determines how a run continues."""

import math
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from composer.core.errors import UserError
from composer.core.files.network_identity import from_json, network_difference
from composer.core.files.run_folder import BEST, KEPT, LAST
from composer.core.run_records import Head, upgrade_record, upgrade_state
from composer.engine.training.objectives import Metrics
from composer.engine.training.optimization.weight_average import WeightAverage
from composer.engine.training.storage.records import TrainingState
from composer.engine.training.storage.run import Run

FORMAT = 2


@dataclass
class Checkpointer:
    """Saves and restores the whole state of a run.

    Args:
        run: where the checkpoints go.
        fabric: places the run on a device; its precision may have a state.
        network: the network itself, so that the names of its weights start with the design's nodes.
        optimizer: the optimizer itself.
        metrics: training metrics of the unfinished epoch.
        state: how far the run is.
        head: first record of the metrics.
        average: the average of the weights, which is stored as the best epoch; None if there is none.

    Attributes:
        saved_at: time of the last save, by ``time.perf_counter``.
    """

    run: Run
    fabric: Fabric
    network: nn.Module
    optimizer: torch.optim.Optimizer
    metrics: Metrics
    state: TrainingState
    head: Head
    average: WeightAverage | None = None

    def __post_init__(self) -> None:
        """Start the time since the last save, and read the identity of the network, which does not change."""
        self.saved_at = time.perf_counter()
        self._identity = self.run.network()

    def save(self, *, best: bool = False) -> None:
        """Write last.pt; before it best.pt and the weights for other programs, if this is the best epoch so far."""
        network = self._identity.to_json()
        if best:
            self._save_validated(BEST, {"best": self.state.best}, for_others=True)
        checkpoint = {
            "format": FORMAT,
            "model": self._weights(),
            "network": network,
            "optimizer": self.optimizer.state_dict(),
            "precision": self.fabric.strategy.precision.state_dict(),  # the loss scale of 16-mixed
            "rng": self._random_states(),
            "metrics": dict(self.metrics.state_dict()),
            "progress": asdict(self.state),
            **({"average": self.average.state_dict()} if self.average is not None else {}),
        }
        self.run.save(LAST, checkpoint)
        self.saved_at = time.perf_counter()

    def keep(self, epoch: int) -> None:
        """Write the weights that were validated in an epoch to a file that stays."""
        self._save_validated(KEPT.format(epoch), {"epoch": epoch})

    def _save_validated(self, name: str, content: Mapping[str, Any], *, for_others: bool = False) -> None:
        """Write the weights as they are validated: the averaged ones, if the run averages them."""
        with self.average.applied() if self.average is not None else nullcontext():
            weights = self._weights()
            network = self._identity.to_json()
            self.run.save(name, {"format": FORMAT, "model": weights, "network": network, **content})
            if for_others:
                self.run.save_weights(weights, self._identity)

    def _weights(self) -> dict[str, Tensor]:
        """Return the weights on the CPU; they are the network's own tensors if it is there."""
        # Contiguous, because files for other programs know no other order of the axes.
        return {name: tensor.detach().cpu().contiguous() for name, tensor in self.network.state_dict().items()}

    def restore(self) -> bool:
        """Return to last.pt, if there is one, and cut the metrics back to it; return whether there was one.

        Raises:
            UserError: if its weights belong to another network or do not fit.
        """
        if not self.load():
            self.run.rewrite_metrics([self.head.to_record()])
            return False
        # Records after the checkpoint are dropped: they will be written again.
        kept = [row for row in self.run.metrics() if self._precedes(row)]
        order = ("step", "health", "epoch")
        rows = sorted([*kept, *self.state.epochs], key=lambda row: (row["step"], order.index(row["kind"])))
        self.run.rewrite_metrics([self.head.to_record(), *rows])
        return True

    def load(self) -> bool:
        """Return to last.pt, if there is one, without a change to any file.

        Returns:
            Whether there was a checkpoint.

        Raises:
            UserError: if its weights belong to another network or do not fit.
        """
        checkpoint = self.run.load(LAST)
        if checkpoint is None:
            return False
        recorded = from_json(checkpoint.get("network"))
        if recorded is not None and (difference := network_difference(recorded, self._identity)):
            raise UserError(
                f"{self.run.path / LAST}: holds weights of another network ({difference}); put back the run's own file"
            )
        # 1. Weights and optimizer; they are the ones that can fail to fit.
        try:
            self.network.load_state_dict(checkpoint["model"])
            self.optimizer.load_state_dict(checkpoint["optimizer"])
            if self.average is not None:
                self.average.load_state_dict(checkpoint["average"])
        except (RuntimeError, ValueError, KeyError) as error:
            reason = str(error).strip().split("\n")[-1].strip()
            raise UserError(
                f"{self.run.path}: the saved weights do not fit the network: {reason:.200}; were its blocks changed?"
            ) from None
        self.fabric.strategy.precision.load_state_dict(checkpoint["precision"])
        # 2. The counters, and the sums of an unfinished epoch.
        for name, value in _upgrade_progress(checkpoint["progress"]).items():
            setattr(self.state, name, value)
        if "metrics" in checkpoint:
            # Not strict: a version that measured less counts the rest of the epoch from here on.
            self.metrics.load_state_dict(checkpoint["metrics"], strict=False)
        # 3. Random states, so that dropout continues where it was.
        self._set_random_states(checkpoint["rng"])
        return True

    def _precedes(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record other than that of an epoch, which the checkpoint holds, is from before it."""
        if record.get("kind") == "health":
            return int(record.get("epoch", 0)) <= self.state.epoch
        return record.get("kind") == "step" and record.get("step", math.inf) <= self.state.step

    def _random_states(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self.fabric.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.fabric.device)
        elif self.fabric.device.type == "mps":
            states["mps"] = torch.mps.get_rng_state()
        return states

    def _set_random_states(self, states: dict[str, Tensor]) -> None:
        torch.set_rng_state(states["cpu"])
        if "cuda" in states and self.fabric.device.type == "cuda":
            torch.cuda.set_rng_state(states["cuda"], self.fabric.device)
        elif "mps" in states and self.fabric.device.type == "mps":
            torch.mps.set_rng_state(states["mps"])


def _upgrade_progress(progress: dict[str, Any]) -> dict[str, Any]:
    """Return the counters of a checkpoint in the present format."""
    progress = upgrade_state(dict(progress))
    progress["epochs"] = [upgrade_record(dict(row)) for row in progress["epochs"]]
    if progress.get("best") and not progress["best"]["epoch"]:  # the old format named a best value before there was one
        progress["best"] = None
    return progress
