"""A run that starts from a checkpoint of another run, with another recipe.

The weights take the way of `init`, so what fits is taken over and what does not is named; the states of the optimizer
may come along.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from composer.core.errors import UserError
from composer.core.files.run_folder import LAST
from composer.engine.training.storage.run import Run
from composer.engine.training.storage.weights import checkpoint_of, split_selection


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a run branches off.

    Args:
        source: folder of a run, or ``RUN@3``, ``RUN@best``, ``RUN@last``; the best epoch by default.
        optimizer: whether the states of the optimizer come along, which only the last checkpoint has.
    """

    source: Path
    optimizer: bool = False

    def absolute(self) -> "Branch":
        """Return the same branch by an absolute path.

        Raises:
            UserError: if it is no run, or another checkpoint than the last is to bring states of the optimizer.
        """
        path, selection = split_selection(self.source)
        run = Run.open(path)
        if self.optimizer and selection != "last":
            raise UserError(
                f"{self.source}: only the last checkpoint of a run has states of the optimizer; write {path}@last"
            )
        return Branch(Path(f"{run.path.absolute()}@{selection or 'best'}"), self.optimizer)

    def record(self) -> dict[str, Any]:
        """Return what the settings of the new run keep of it."""
        path, selection = split_selection(self.source)
        checkpoint = checkpoint_of(Run.open(path), selection)
        progress, best = checkpoint.get("progress") or {}, checkpoint.get("best") or {}
        epoch = checkpoint.get("epoch") or best.get("epoch") or progress.get("epoch") or 0
        return {"run": str(path), "weights": selection, "epoch": epoch, "optimizer": self.optimizer}

    def load_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Bring the states of the optimizer along; learning rates and weight decay stay those of the new recipe.

        Raises:
            UserError: if they are those of another optimizer, or of weights of other shapes.
        """
        if not self.optimizer:
            return
        path, selection = split_selection(self.source)
        stored = checkpoint_of(Run.open(path), selection)["optimizer"]
        fresh = optimizer.state_dict()
        if [len(group["params"]) for group in stored["param_groups"]] != [
            len(group["params"]) for group in fresh["param_groups"]
        ]:
            raise UserError(f"{path / LAST}: its optimizer has other groups of weights; leave out --from-optimizer")
        groups = [
            {**own, "params": other["params"]}
            for own, other in zip(fresh["param_groups"], stored["param_groups"], strict=True)
        ]
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        numbers = [number for group in stored["param_groups"] for number in group["params"]]
        for parameter, number in zip(parameters, numbers, strict=True):
            for value in stored["state"].get(number, {}).values():
                if isinstance(value, torch.Tensor) and value.ndim and value.shape != parameter.shape:
                    raise UserError(
                        f"{path / LAST}: its optimizer has states of other shapes; leave out --from-optimizer"
                    )
        before, after = (_state_names(state) for state in (stored["state"], _expected_state(optimizer)))
        if before and after and before != after:
            raise UserError(
                f"{path / LAST}: its optimizer is another one (it keeps {', '.join(sorted(before))}); leave out "
                "--from-optimizer, or choose that optimizer"
            )
        optimizer.load_state_dict({"state": stored["state"], "param_groups": groups})


def _state_names(states: dict[Any, dict[str, Any]]) -> frozenset[str]:
    return frozenset(name for state in states.values() for name in state)


def _expected_state(optimizer: torch.optim.Optimizer) -> dict[Any, dict[str, Any]]:
    """Return the states that an optimizer of this kind keeps of a weight, from one step of a small one."""
    weight = torch.nn.Parameter(torch.zeros(2, 2))
    make: Callable[..., Any] = type(optimizer)
    options = {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
    try:
        probe: torch.optim.Optimizer = make([{"params": [weight], **options}])
        weight.grad = torch.zeros_like(weight)
        probe.step()
    except (TypeError, RuntimeError, ValueError):  # an optimizer whose constructor takes something else
        return {}
    return dict(probe.state)
