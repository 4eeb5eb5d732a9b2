"""LAMB: Adam whose update of each tensor is scaled to the norm of the tensor."""

from collections.abc import Callable
from typing import Annotated, Any

import torch
from torch import Tensor, optim

from composer.engine.training.optimizers import Groups, optimizer


@optimizer(title="LAMB", states=2)
def lamb(
    groups: Groups,
    betas: Annotated[tuple[float, float], (0.0, 0.99999)] = (0.9, 0.999),
    eps: Annotated[float, (0.0, 1.0)] = 1e-6,
) -> optim.Optimizer:
    """LAMB, for very large batches: Adam whose update of each tensor is scaled to the norm of the tensor.

    You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020, arXiv:1904.00962.

    Args:
        groups: parameters with their learning rate and weight decay.
        betas: decay of the running means of the gradient and of its square.
        eps: added to the root of the mean square, against a division by 0.
    """
    return Lamb(groups, betas, eps)


class Lamb(optim.Optimizer):
    """Algorithm 2 of the paper, with the bias correction of Adam and the norm itself as the scaling function.

    Parameters without weight decay (norms, biases) are updated as by Adam: a scale relative to a norm of about 0 would
    keep them where they are. The implementations of NVIDIA and of timm do the same.

    Args:
        groups: parameters with `lr` and `weight_decay`.
        betas: see `lamb`.
        eps: see `lamb`.
    """

    def __init__(self, groups: Groups, betas: tuple[float, float], eps: float) -> None:
        super().__init__(groups, {"lr": 1e-3, "weight_decay": 0.0, "betas": betas, "eps": eps, "step": 0})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if parameters:
                group["step"] += 1
                self._update(group, parameters)
        return loss

    def _update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter]["exp_avg"] = torch.zeros_like(parameter)
                self.state[parameter]["exp_avg_sq"] = torch.zeros_like(parameter)
        means = [self.state[parameter]["exp_avg"] for parameter in parameters]
        squares = [self.state[parameter]["exp_avg_sq"] for parameter in parameters]
        # 1. Running means of the gradient and of its square.
        beta1, beta2 = group["betas"]
        torch._foreach_lerp_(means, gradients, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
        # 2. The update of Adam, with both means corrected for their start at 0, and weight decay.
        roots = torch._foreach_sqrt(squares)
        torch._foreach_div_(roots, (1 - beta2 ** group["step"]) ** 0.5)
        torch._foreach_add_(roots, group["eps"])
        updates = torch._foreach_div(means, roots)
        torch._foreach_div_(updates, 1 - beta1 ** group["step"])
        if group["weight_decay"]:
            torch._foreach_add_(updates, parameters, alpha=group["weight_decay"])
            # 3. Each update is scaled to the norm of its tensor; 1 where one of the norms is 0.
            updates = tuple(
                update * ratio for update, ratio in zip(updates, self._ratios(parameters, updates), strict=True)
            )
        torch._foreach_add_(parameters, updates, alpha=-group["lr"])

    @staticmethod
    def _ratios(parameters: list[Tensor], updates: tuple[Tensor, ...]) -> list[Tensor]:
        pairs = zip(torch._foreach_norm(parameters), torch._foreach_norm(updates), strict=True)
        return [torch.where((norm > 0) & (change > 0), norm / change, 1.0) for norm, change in pairs]
