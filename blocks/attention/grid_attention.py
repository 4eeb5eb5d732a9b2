"""Grid attention of MaxViT: relative attention among w x w positions spread evenly over the map, then an MLP.

Tu et al., "MaxViT: Multi-Axis Vision Transformer", ECCV 2022, arXiv:2204.01697. Same parameters as
`PartitionAttentionCl` of timm 1.0.31, which takes only maps that the window divides; here others are padded and masked.
"""

from typing import Annotated

from torch import Tensor

from blocks._shared.grid_windows import attend_in_grid
from blocks._shared.maxvit_layer import MaxViTLayer
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="MaxViT: Multi-Axis Vision Transformer, Tu et al., 2022, arXiv:2204.01697",
    maps={"softmax": "grid"},
    tags=("maxvit", "dilated", "sparse global", "multi-axis"),
    aliases={"dim": "c"},
    windows=("window_size",),
    rates=("drop_path",),
    no_decay=("attn.position_bias.table",),
)
class GridAttention(MaxViTLayer):
    """Dilated attention with a relative position bias and an MLP, each after a layer normalisation and with a residual
    connection.

    Args:
        dim: number of channels C.
        head_dim: width of one head.
        window_size: side w of the grid; its positions are H / w and W / w apart.
        mlp_ratio: hidden width of the MLP as a multiple of dim.
        qkv_bias: whether queries, keys and values have a bias.
        drop: dropout of the outputs of attention and MLP, and of the MLP's hidden units.
        attn_drop: dropout of the attention weights.
        drop_path: probability of dropping a residual branch of a sample in training.
        proj_bias: whether the output projection of the attention has a bias.
        norm_eps: term under the root of the layer norms.

    Shape: input (N, C, H, W), output (N, C, H, W), any H and W.

    Raises:
        ValueError: if head_dim does not divide dim, or window_size is below 1.
    """

    def __init__(
        self,
        dim: int,
        head_dim: Annotated[int, (1, 1024)] = 32,
        window_size: Annotated[int, (1, 64)] = 7,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 4.0,
        qkv_bias: bool = True,
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        drop_path: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
    ) -> None:
        super().__init__(
            dim, head_dim, window_size, mlp_ratio, qkv_bias, drop, attn_drop, drop_path, proj_bias, norm_eps
        )

    def forward(self, x: Tensor) -> Tensor:
        """Transform the map `x` (N, C, H, W); returns the same shape."""
        return self.transform(x, lambda y: attend_in_grid(self.attn, y, self.window_size))
