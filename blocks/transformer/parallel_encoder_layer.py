"""Parallel encoder layer: several attentions in parallel, then several MLPs in parallel.

Touvron et al., "Three things everyone should know about Vision Transformers", ECCV 2022, arXiv:2203.09795: two
consecutive layers become one layer of two branches, with half the depth. Same parameters as `ParallelThingsBlock` of
timm 1.0.31.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.attention.multi_head_self_attention import MultiHeadSelfAttention
from blocks.spec import block
from blocks.transformer.drop_path import DropPath
from blocks.transformer.mlp import Mlp


@block(
    shape="b n dim, b ..., b ... -> b n dim",
    paper="Three things everyone should know about Vision Transformers, Touvron et al., 2022, arXiv:2203.09795",
    maps={"softmax": "token_pairs"},
    tags=("parallel vit", "encoder", "mask"),
    dtypes={"mask": "bool"},
    examples=({"...": (4, 16, 16)}, {}, {"...": (9,)}),
    rates=("drop_path",),
)
class ParallelEncoderLayer(nn.Module):
    """x + sum of attentions of x, then the same with MLPs; each branch has a layer normalisation of its own.

    Args:
        dim: token width.
        num_branches: number of parallel attentions, and of parallel MLPs.
        num_heads: number of heads of each attention.
        head_dim: width of one head; None: dim / num_heads.
        mlp_ratio: hidden width of each MLP as a multiple of dim.
        qkv_bias: whether queries, keys and values have a bias.
        drop: dropout of the outputs of attentions and MLPs, and of the MLPs' hidden units.
        attn_drop: dropout of the attention weights.
        drop_path: probability of dropping a residual branch of a sample in training.
        norm_eps: added to the variance in the layer normalisations.
        proj_bias: whether the output projections have a bias.

    Shape: x (N, n, dim), output (N, n, dim); optional: a bool mask, True where a query may attend, and a bias that is
    added to the logits of each attention, both (N, keys), (N, queries, keys) or (N, heads, queries, keys).

    Raises:
        ValueError: if num_branches is below 1, num_heads does not divide dim and no head_dim is given, or mask or bias
            do not fit.
    """

    def __init__(
        self,
        dim: int,
        num_branches: Annotated[int, (1, 16)] = 2,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 4.0,
        qkv_bias: bool = True,
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        drop_path: Annotated[float, (0.0, 1.0)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        if num_branches < 1:
            raise ValueError(f"num_branches: {num_branches} is not positive")
        self.attns = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(dim, eps=norm_eps),
                MultiHeadSelfAttention(
                    dim, num_heads, head_dim, qkv_bias, attn_drop=attn_drop, proj_drop=drop, proj_bias=proj_bias
                ),
                DropPath(drop_path),
            )
            for _ in range(num_branches)
        )
        self.mlps = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(dim, eps=norm_eps), Mlp(dim, mlp_ratio, drop=drop), DropPath(drop_path))
            for _ in range(num_branches)
        )

    def forward(self, x: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Transform the tokens `x` (N, n, dim), which attend where `mask` is True with `bias` added to the logits;
        returns the same shape.
        """
        branches = (branch.children() for branch in self.attns)
        x = x + sum(drop_path(attn(norm(x), mask, bias)) for norm, attn, drop_path in branches)
        return x + sum(mlp(x) for mlp in self.mlps)
