"""Contexts for active dendrites: the prototype of the task that a sample seems to belong to.

Iyer et al., "Avoiding Catastrophe: Active Dendrites Enable Multi-Task Learning in Dynamic Environments", 2021,
arXiv:2201.00042. A prototype is the mean of a task's training samples. Where training has no task labels, a batch joins
the nearest prototype or, if its mean is farther away than expected by chance, starts a new one. In evaluation every
sample takes the nearest prototype.
Differs from the paper's code: that tests a batch against a prototype by an F test with a full covariance; here it is
Dempster's test, the squared distance of the means over trace(covariance) (1 / batch + 1 / count), near 1 by chance,
which needs only one number per task.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b features, b -> b features",
    paper=(
        "Avoiding Catastrophe: Active Dendrites Enable Multi-Task Learning in Dynamic Environments, Iyer et al., "
        "2021, arXiv:2201.00042"
    ),
    tags=("dendrite", "continual learning", "prototype", "cluster", "task"),
    dtypes={"task": "int64"},
    exceptions={"input_gradient": "prototypes are running means; nothing is learned by gradient"},
)
class PrototypeContext(nn.Module):
    """Give each sample the mean sample of its task; training updates the means, without gradients.

    Args:
        features: size of the input.
        num_tasks: maximum number of tasks.
        novelty: how many times the distance expected by chance a batch must be away from every prototype to be a new
            task.

    Shape: x (N, features) and, where the task is known, task (N,) from 0 to num_tasks - 1; output (N, features).

    Raises:
        ValueError: if `num_tasks` is not positive or `novelty` is not above 1.
    """

    prototypes: Tensor
    counts: Tensor
    scatter: Tensor
    tasks: Tensor

    def __init__(
        self, features: int, num_tasks: Annotated[int, (1, 1000)] = 10, novelty: Annotated[float, (1, 100)] = 4.0
    ) -> None:
        super().__init__()
        check_positive(num_tasks=num_tasks)
        if novelty <= 1:
            raise ValueError(f"novelty: {novelty} is not above 1, where chance is")
        self.novelty = novelty
        self.register_buffer("prototypes", torch.zeros(num_tasks, features))
        self.register_buffer("counts", torch.zeros(num_tasks))
        # The sum of squared distances of a task's samples to their mean.
        self.register_buffer("scatter", torch.zeros(num_tasks))
        self.register_buffer("tasks", torch.arange(num_tasks), persistent=False)

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the context of `x` (N, features), with or without its `task` (N,); returns (N, features)."""
        samples = x.detach().to(self.prototypes.dtype)
        if task is None:
            task = self.assign(samples) if self.training else self.nearest(samples)
        if self.training:
            self.update(samples, task)
        return self.prototypes[task].to(x.dtype)

    def nearest(self, samples: Tensor) -> Tensor:
        """Return the task (N,) of the prototype nearest to each of `samples` (N, features)."""
        distance = (samples.unsqueeze(1) - self.prototypes).square().sum(2)
        return distance.masked_fill(self.counts == 0, torch.inf).argmin(1)

    def assign(self, samples: Tensor) -> Tensor:
        """Return the task (N,) of a whole batch `samples` (N, features): the nearest prototype, or the next free
        one.
        """
        size = samples.shape[0]
        mean = samples.mean(0)
        within = (samples - mean).square().sum()
        distance = (mean - self.prototypes).square().sum(1)
        freedom = (size - 1 + (self.counts - 1).clamp_min(0)).clamp_min(1)
        chance = (within + self.scatter) / freedom * (1 / size + 1 / self.counts.clamp_min(1))
        used = self.counts > 0
        ratio = (distance / chance.clamp_min(1e-12)).masked_fill(~used, torch.inf)
        free = torch.where(used, len(used), self.tasks).amin()
        isnew = (ratio.amin() > self.novelty) & (free < len(used))
        return torch.where(isnew, free, ratio.argmin()).expand(size)

    @torch.no_grad()
    def update(self, samples: Tensor, task: Tensor) -> None:
        """Include `samples` (N, features) in the means of their `task` (N,)."""
        member = (task.unsqueeze(1) == self.tasks).to(samples.dtype)
        added = member.sum(0)
        mean = member.T @ samples / added.clamp_min(1).unsqueeze(1)
        within = member.T @ (samples - mean[task]).square().sum(1)
        total = (self.counts + added).clamp_min(1)
        shift = mean - self.prototypes
        self.scatter.add_(within + shift.square().sum(1) * self.counts * added / total)
        self.prototypes.add_(shift * (added / total).unsqueeze(1))
        self.counts.add_(added)
