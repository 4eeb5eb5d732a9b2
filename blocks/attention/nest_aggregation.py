"""Block aggregation of NesT: a convolution and max pooling over the whole map, which connects neighbouring blocks.

Zhang et al., "Nested Hierarchical Transformer: Towards Accurate, Data-Efficient and Interpretable Visual
Understanding", AAAI 2022, arXiv:2105.12723. Same parameters as `ConvPool` of timm 1.0.31 and `Aggregate` of vit-pytorch
1.26. padding="same" is the authors' (and timm's with pad_type="same"): an even map is padded only at the right and
bottom; "symmetric" is vit-pytorch's. Odd map sizes are supported too.
"""

from typing import Annotated, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_choice, check_positive
from blocks._shared.map_norms import ChannelLayerNorm
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h+1)//2 (w+1)//2",
    paper=(
        "Nested Hierarchical Transformer: Towards Accurate, Data-Efficient and Interpretable Visual Understanding, "
        "Zhang et al., 2021, arXiv:2105.12723"
    ),
    tags=("nest", "downsample", "patch merging", "convpool"),
    aliases={"in_channels": "c"},
)
class NesTAggregation(nn.Module):
    """3x3 convolution, layer norm over channels, 3x3 max pooling with stride 2.

    Args:
        in_channels: number of input channels C.
        out_channels: number of output channels.
        padding: where the pooling is padded: "same" only at the right and bottom of even maps, "symmetric" on all
            sides.
        norm_eps: added to the variance in the layer normalisation.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / 2), ceil(W / 2)).

    Raises:
        ValueError: if out_channels is below 1, or padding is unknown.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        padding: Literal["same", "symmetric"] = "same",
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
    ) -> None:
        super().__init__()
        check_positive(out_channels=out_channels)
        check_choice("padding", padding, "same", "symmetric")
        self.same = padding == "same"
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm = ChannelLayerNorm(out_channels, eps=norm_eps)
        nn.init.trunc_normal_(self.conv.weight, std=0.02)
        assert self.conv.bias is not None
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Aggregate `x` (N, C, H, W); returns (N, out_channels, ceil(H / 2), ceil(W / 2))."""
        x = self.norm(self.conv(x))
        padding = (x.shape[2] % 2, x.shape[3] % 2) if self.same else (1, 1)
        # In ceil mode the last window of an even axis may reach past the border, which is padding at that end alone.
        return F.max_pool2d(x, 3, 2, padding, ceil_mode=self.same)
