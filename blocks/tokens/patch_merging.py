"""Patch merging: the downsampling between the stages of a Swin transformer.

Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021, arXiv:2103.14030;
norm="post" as in "Swin Transformer V2", CVPR 2022, arXiv:2111.09883. Same parameters and order of the four neighbours
as timm 1.0.31.
"""

from typing import Annotated, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_choice, check_positive
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h+1)//2 (w+1)//2",
    paper="Swin Transformer: Hierarchical Vision Transformer using Shifted Windows, Liu et al., 2021, arXiv:2103.14030",
    tags=("swin", "downsample", "pooling"),
    aliases={"dim": "c"},
)
class PatchMerging(nn.Module):
    """Join each 2 x 2 neighbourhood into one position of 4C channels, normalise, and project.

    Args:
        dim: number of input channels C.
        norm: "pre" normalises the 4C channels (Swin), "post" the projected ones (Swin V2).
        norm_eps: term under the root of the layer norm.
        out_channels: number of output channels; empty: 2C.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / 2), ceil(W / 2)); an odd side is padded with zeros.

    Raises:
        ValueError: if norm is neither "pre" nor "post", or out_channels is not positive.
    """

    def __init__(
        self,
        dim: int,
        norm: Literal["pre", "post"] = "pre",
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
        out_channels: int | None = None,
    ) -> None:
        super().__init__()
        check_choice("norm", norm, "pre", "post")
        out_channels = 2 * dim if out_channels is None else out_channels
        check_positive(out_channels=out_channels)
        self.pre_norm = norm == "pre"
        self.norm = nn.LayerNorm(4 * dim if self.pre_norm else out_channels, eps=norm_eps)
        self.reduction = nn.Linear(4 * dim, out_channels, bias=False)
        init_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """Merge `x` (N, C, H, W); returns (N, out_channels, ceil(H / 2), ceil(W / 2))."""
        x = x.permute(0, 2, 3, 1)
        odd_h, odd_w = x.shape[1] % 2, x.shape[2] % 2
        if odd_h or odd_w:
            x = F.pad(x, (0, 0, 0, odd_w, 0, odd_h))
        x = x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).permute(0, 1, 3, 4, 2, 5).flatten(3)
        x = self.reduction(self.norm(x)) if self.pre_norm else self.norm(self.reduction(x))
        return x.permute(0, 3, 1, 2)
