"""Global sub-sampled attention: every position attends to a few summaries, one for each patch of the map.

Chu et al., "Twins: Revisiting the Design of Spatial Attention in Vision Transformers", NeurIPS 2021, arXiv:2104.13840;
the spatial-reduction attention of PVT (Wang et al., 2021, arXiv:2102.12122) is the same. Same parameters as
`GlobalSubSampleAttn` of timm 1.0.31, which drops rows and columns that fill no patch; here they are padded with zeros.
vit-pytorch 1.26 computes keys and values directly by the strided convolution.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.scaled_dot_product import attend, merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks._shared.windows import pad_to_windows
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    tokens={"keys": "grid -(-h//reduction) -(-w//reduction)"},
    paper=(
        "Twins: Revisiting the Design of Spatial Attention in Vision Transformers, Chu et al., 2021, arXiv:2104.13840"
    ),
    maps={"softmax": "token_pairs"},
    tags=("twins", "gsa", "pvt", "spatial reduction", "sra"),
    aliases={"dim": "c"},
)
class GlobalSubsampledAttention(nn.Module):
    """Attention from all positions to a strided convolution of the map; no outer norm and no residual connection
    inside.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads.
        reduction: side of the patch that one key and value summarise; 1: every position has its own.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.
        head_dim: width of a head; empty: dim / num_heads.
        norm_eps: term under the root of the layer norm.

    Shape: input (N, C, H, W), output (N, C, H, W), any H and W.

    Raises:
        ValueError: if num_heads does not divide dim, or reduction is below 1.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        reduction: Annotated[int, (1, 64)] = 4,
        qkv_bias: bool = True,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        head_dim: int | None = None,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        width = num_heads * resolve_head_dim(dim, num_heads, head_dim)
        check_positive(reduction=reduction)
        self.num_heads = num_heads
        self.reduction = reduction
        self.attn_drop = attn_drop
        self.q = nn.Linear(dim, width, bias=qkv_bias)
        self.kv = nn.Linear(dim, 2 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        self.reduce = nn.Conv2d(dim, dim, reduction, reduction) if reduction > 1 else nn.Identity()
        self.norm = nn.LayerNorm(dim, eps=norm_eps) if reduction > 1 else nn.Identity()
        init_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W); returns the same shape."""
        size = x.shape[2:]
        x = x.permute(0, 2, 3, 1)
        q = split_heads(self.q(x.flatten(1, 2)), self.num_heads)
        summaries = self.reduce(pad_to_windows(x, self.reduction).permute(0, 3, 1, 2))
        kv = self.kv(self.norm(summaries.flatten(2).transpose(1, 2)))
        k, v = (split_heads(part, self.num_heads) for part in kv.chunk(2, dim=-1))
        out = attend(q, k, v, dropout=self.attn_drop if self.training else 0.0)
        out = self.proj_drop(self.proj(merge_heads(out)))
        return out.transpose(1, 2).unflatten(2, size)
