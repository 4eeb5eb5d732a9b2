"""SAGAN's self-attention: long-range dependencies for the maps of a generator or discriminator.

Zhang, Goodfellow, Metaxas, Odena, "Self-Attention Generative Adversarial Networks", ICML 2019, arXiv:1805.08318: y =
gamma o + x.
Differs from the paper: no spectral normalisation, which the paper puts on every layer of its networks.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.scaled_dot_product import attend
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="Self-Attention Generative Adversarial Networks, Zhang et al., 2019, arXiv:1805.08318",
    maps={"softmax": "token_pairs"},
    tags=("gan", "non-local", "self-attention"),
    aliases={"channels": "c"},
    no_decay=("gamma",),
)
class SAGANAttention(nn.Module):
    """x + gamma * v(sum_i softmax(f(x_i) . g(x_j)) h(x_i)), gamma a learned scalar that starts at 0.

    Args:
        channels: number of channels C.
        reduction: C divided by the width of f, g and h.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if reduction leaves no channel.
    """

    def __init__(self, channels: int, reduction: Annotated[int, (1, 64)] = 8) -> None:
        super().__init__()
        if not 1 <= reduction <= channels:
            raise ValueError(f"reduction: {reduction} is not in 1 .. {channels}, the number of channels")
        width = channels // reduction
        self.f = nn.Conv2d(channels, width, 1, bias=False)
        self.g = nn.Conv2d(channels, width, 1, bias=False)
        self.h = nn.Conv2d(channels, width, 1, bias=False)
        self.v = nn.Conv2d(width, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Add the attended values to `x` (N, C, H, W); returns the same shape."""
        keys, queries, values = (layer(x).flatten(2).transpose(1, 2)[:, None] for layer in (self.f, self.g, self.h))
        o = attend(queries, keys, values, scale=1.0).squeeze(1).transpose(1, 2).unflatten(2, x.shape[2:])
        return x + self.gamma * self.v(o)
