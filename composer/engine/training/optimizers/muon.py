"""Muon for matrices, AdamW for everything else."""

from collections.abc import Callable
from typing import Annotated, Any

import torch
from torch import Tensor, optim

from composer.engine.training.optimizers import Groups, optimizer

MATRIX = 2


@optimizer(title="Muon", states=1)
def muon(
    groups: Groups,
    momentum: Annotated[float, (0.0, 0.9999)] = 0.95,
    nesterov: bool = True,
    betas: Annotated[tuple[float, float], (0.0, 0.99999)] = (0.9, 0.95),
    eps: Annotated[float, (0.0, 1.0)] = 1e-8,
) -> optim.Optimizer:
    """Muon, which makes the update of each matrix orthogonal; all other parameters are updated by AdamW.

    Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; Liu et al., "Muon is Scalable for
    LLM Training", 2025, arXiv:2502.16982 (the scale of the updates, by which both share one learning rate).

    Args:
        groups: parameters with their learning rate and weight decay.
        momentum: decay of the sum of the gradients of matrices.
        nesterov: whether the gradient is that of the point that the momentum leads to.
        betas: decays of AdamW, for parameters that are no matrices.
        eps: added to the root of the mean square of AdamW.
    """
    return MuonWithAdamW(groups, momentum, nesterov=nesterov, betas=betas, eps=eps)


class MuonWithAdamW(optim.Optimizer):
    """One optimizer of two: each group is split into its matrices and the others, which follow its learning rate.

    Args:
        groups: parameters with `lr` and `weight_decay`.
        momentum: see `muon`.
        nesterov: see `muon`.
        betas: see `muon`.
        eps: see `muon`.
    """

    def __init__(
        self, groups: Groups, momentum: float, *, nesterov: bool, betas: tuple[float, float], eps: float
    ) -> None:
        # fused, because the base class moves the step counters of a loaded state to the device only then.
        super().__init__(groups, {"lr": 1e-3, "weight_decay": 0.0, "fused": True})
        self._parts: list[tuple[optim.Optimizer, list[int]]] = []
        matrices, others = _split(self.param_groups, matrices=True), _split(self.param_groups, matrices=False)
        if matrices:
            orthogonal = optim.Muon(
                [group for group, _ in matrices], momentum=momentum, nesterov=nesterov, adjust_lr_fn="match_rms_adamw"
            )
            self._parts.append((orthogonal, [index for _, index in matrices]))
        if others:
            adamw = optim.AdamW([group for group, _ in others], betas=betas, eps=eps, fused=True)
            self._parts.append((adamw, [index for _, index in others]))
        self._share_state()

    def _share_state(self) -> None:
        """Let both keep their states in that of this optimizer, so that it is saved like that of any other."""
        for part, _ in self._parts:
            part.state = self.state

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make one step with both."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part, indices in self._parts:
            for group, index in zip(part.param_groups, indices, strict=True):
                group["lr"] = self.param_groups[index]["lr"]
            part.step()
        return loss

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Return to what `state_dict` returned."""
        super().load_state_dict(state_dict)
        self._share_state()


def _split(groups: Groups, *, matrices: bool) -> list[tuple[dict[str, Any], int]]:
    """Return the groups with their matrices, or with everything else, and the index of each in `groups`."""

    def belongs(parameter: Tensor) -> bool:
        return (parameter.dim() == MATRIX) == matrices

    split = []
    for index, group in enumerate(groups):
        parameters = [parameter for parameter in group["params"] if belongs(parameter)]
        if parameters:
            rates = {"lr": group["lr"], "weight_decay": group["weight_decay"]}
            split.append(({"params": parameters, **rates}, index))
    return split
