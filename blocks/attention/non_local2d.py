"""Non-local block: every position adds a weighted sum over all positions.

Wang, Girshick, Gupta, He, "Non-local Neural Networks", CVPR 2018, arXiv:1711.07971: z = W y + x. scaled=True and
reduction=8 are the settings of `NonLocalAttn` of timm 1.0.31, which has the same parameters.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice
from blocks._shared.scaled_dot_product import attend
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    tokens={"keys": "grid h//pool w//pool"},
    paper="Non-local Neural Networks, Wang et al., 2018, arXiv:1711.07971",
    maps={"softmax": "token_pairs"},
    tags=("nlnet", "global", "self-attention"),
    aliases={"channels": "c"},
)
class NonLocal2d(nn.Module):
    """x + Norm(W y), y_i the mean of g(x_j) weighted by the similarity of x_i and x_j; the norm starts at 0, the block
    as identity.

    Args:
        channels: number of channels C.
        reduction: C divided by the width of theta, phi and g.
        mode: softmax of theta(x_i) . phi(x_j) ("embedded_gaussian"), of x_i . x_j ("gaussian"), or theta(x_i) .
            phi(x_j) / n without softmax ("dot_product").
        pool: side of the max pooling of phi and g; 1: none (the paper's subsampling trick: 2).
        scaled: whether the logits are divided by sqrt(C).

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if reduction leaves no channel, pool is below 1, the map is smaller than pool, or mode is unknown.
    """

    def __init__(
        self,
        channels: int,
        reduction: Annotated[int, (1, 64)] = 2,
        mode: Literal["embedded_gaussian", "gaussian", "dot_product"] = "embedded_gaussian",
        pool: Annotated[int, (1, 8)] = 1,
        scaled: bool = False,
    ) -> None:
        super().__init__()
        check_choice("mode", mode, "embedded_gaussian", "gaussian", "dot_product")
        if not 1 <= reduction <= channels:
            raise ValueError(f"reduction: {reduction} is not in 1 .. {channels}, the number of channels")
        if pool < 1:
            raise ValueError(f"pool: {pool} is not positive")
        width = channels // reduction
        self.mode = mode
        self.pool = pool
        embedded = mode != "gaussian"
        self.theta = nn.Conv2d(channels, width, 1) if embedded else nn.Identity()
        self.phi = nn.Conv2d(channels, width, 1) if embedded else nn.Identity()
        self.g = nn.Conv2d(channels, width, 1)
        self.subsample = nn.MaxPool2d(pool) if pool > 1 else nn.Identity()
        self.scale = channels**-0.5 if scaled else 1.0
        self.proj = nn.Conv2d(width, channels, 1)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Add the attended values to `x` (N, C, H, W); returns the same shape."""
        keys, values = self.subsample(self.phi(x)), self.subsample(self.g(x))
        q, k, v = (part.flatten(2).transpose(1, 2)[:, None] for part in (self.theta(x), keys, values))
        if self.mode == "dot_product":
            y = (q * self.scale) @ (k.transpose(-2, -1) @ v / k.shape[-2])
        else:
            y = attend(q.to(v.dtype), k.to(v.dtype), v, scale=self.scale)
        y = y.squeeze(1).transpose(1, 2).unflatten(2, x.shape[2:])
        return x + self.norm(self.proj(y))
