"""The mask of packed sequences: tokens attend only to tokens of their own image.

Dehghani et al., "Patch n' Pack: NaViT, a Vision Transformer for any Aspect Ratio and Resolution", NeurIPS 2023,
arXiv:2307.06304: the patches of several images share one sequence.
"""

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b n -> b n n",
    tokens="lost",
    paper=(
        "Patch n' Pack: NaViT, a Vision Transformer for any Aspect Ratio and Resolution, Dehghani et al., 2023, "
        "arXiv:2307.06304"
    ),
    tags=("mask", "navit", "packing", "sequence length"),
    dtypes={"segments": "int64"},
)
class SegmentMask(nn.Module):
    """Return True for pairs of tokens with the same segment number, for the `mask` of attentions.

    Shape: segments (N, n), the number of each token's image, 0 for padding; output (N, n, n), bool.
    """

    def forward(self, segments: Tensor) -> Tensor:
        """Compare `segments` (N, n) pair by pair; returns (N, n, n)."""
        return (segments[:, :, None] == segments[:, None, :]) & (segments != 0)[:, None, :]
