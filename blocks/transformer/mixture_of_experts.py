"""Sparse mixture of experts: a router sends every token to a few of many MLPs.

Riquelme et al., "Scaling Vision with Sparse Mixture of Experts" (V-MoE), NeurIPS 2021, arXiv:2106.05974 (softmax before
top-k, first choices have priority, a capacity for each expert); load-balancing loss of Fedus, Zoph, Shazeer, "Switch
Transformers", JMLR 2022, arXiv:2101.03961.
Differs from the papers: capacity is counted within each sample, so that samples do not compete; no noise on the router.
"""

import math
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from blocks._shared.activations import make_activation
from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="Scaling Vision with Sparse Mixture of Experts, Riquelme et al., 2021, arXiv:2106.05974",
    maps={"gate": "branch"},
    tags=("moe", "sparse", "experts", "router", "switch", "feed-forward"),
    no_decay=("bias1", "bias2"),
)
class MixtureOfExperts(nn.Module):
    """Send each token to its `top_k` experts and add their outputs, weighted by the router's probabilities.

    In training `aux_loss` holds the load-balancing loss of the last forward pass (1 when all experts are used equally),
    which training adds to its loss with a small weight (the option `aux_loss` of the objective); otherwise it is None.

    Args:
        dim: token width.
        num_experts: number of MLPs.
        top_k: number of experts per token.
        mlp_ratio: hidden width of each expert as a multiple of dim.
        capacity_factor: capacity of an expert as a multiple of its even share; tokens beyond it are dropped; None: no
            limit.
        act: activation of the experts.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if a number is below 1 or top_k exceeds num_experts.
    """

    def __init__(
        self,
        dim: int,
        num_experts: Annotated[int, (1, 256)] = 4,
        top_k: Annotated[int, (1, 16)] = 2,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 4.0,
        capacity_factor: Annotated[float, (0.1, 16.0)] | None = 1.25,
        act: Literal["gelu", "relu", "silu", "hardswish"] = "gelu",
    ) -> None:
        super().__init__()
        hidden = int(dim * mlp_ratio)
        check_positive(num_experts=num_experts, top_k=top_k, hidden=hidden)
        if top_k > num_experts:
            raise ValueError(f"top_k: {top_k} is more than num_experts {num_experts}")
        self.num_experts, self.top_k, self.capacity_factor = num_experts, top_k, capacity_factor
        self.router = nn.Linear(dim, num_experts, bias=False)
        self.gate = nn.Softmax(dim=1)
        self.fc1 = nn.Parameter(torch.empty(num_experts, dim, hidden))
        self.bias1 = nn.Parameter(torch.zeros(num_experts, 1, hidden))
        self.act = make_activation(act)
        self.fc2 = nn.Parameter(torch.empty(num_experts, hidden, dim))
        self.bias2 = nn.Parameter(torch.zeros(num_experts, 1, dim))
        for weight in (self.router.weight, self.fc1, self.fc2):
            nn.init.trunc_normal_(weight, std=0.02)
        self.aux_loss: Tensor | None = None

    def __getstate__(self) -> dict[str, object]:
        """Exclude the loss of the last pass from copies and pickles: it belongs to that pass's graph."""
        return {**self.__dict__, "aux_loss": None}

    def capacity(self, tokens: int) -> int:
        """Return how many of `tokens` tokens one expert takes."""
        if self.capacity_factor is None:
            return tokens
        return min(tokens, max(1, math.ceil(self.capacity_factor * self.top_k * tokens / self.num_experts)))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the experts to `x` (N, n, dim); returns the same shape, zeros for a token that every expert dropped."""
        batch, tokens, dim = x.shape
        experts, capacity = self.num_experts, self.capacity(tokens)
        probabilities = self.gate(self.router(x).transpose(1, 2)).transpose(1, 2)
        weights, choice = probabilities.topk(self.top_k, dim=-1)
        # All first choices before all second ones: (N, top_k * n).
        weights, choice = weights.transpose(1, 2).flatten(1), choice.transpose(1, 2).flatten(1)
        routed = choice[:, :, None] == torch.arange(experts, device=x.device)
        rank = (routed.long().cumsum(1) - 1).gather(2, choice[:, :, None]).squeeze(2)
        # Tokens beyond an expert's capacity go to a slot after the last expert, which is discarded.
        slot = torch.where(rank < capacity, choice * capacity + rank, experts * capacity)[:, :, None].expand(
            -1, -1, dim
        )
        slots = x.new_zeros(batch, experts * capacity + 1, dim).scatter(1, slot, x.repeat(1, self.top_k, 1))
        hidden = slots[:, :-1].unflatten(1, (experts, capacity)).transpose(0, 1).flatten(1, 2)
        hidden = self.act(torch.baddbmm(self.bias1, hidden, self.fc1))
        answers = (
            torch.baddbmm(self.bias2, hidden, self.fc2).unflatten(1, (batch, capacity)).transpose(0, 1).flatten(1, 2)
        )
        answers = torch.cat([answers, answers.new_zeros(batch, 1, dim)], dim=1).gather(1, slot)
        if self.training:
            share = routed.to(probabilities.dtype).mean((0, 1))
            self.aux_loss = experts * (share * probabilities.mean((0, 1))).sum()
        return (answers * weights[:, :, None]).unflatten(1, (self.top_k, tokens)).sum(1)
