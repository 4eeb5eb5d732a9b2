"""A short vector for retrieval: linear, dropout, length 1.

As in the winning entry of the Google Universal Image Embedding challenge: Shao, Cui, "1st Place Solution in Google
Universal Images Embedding", 2022, arXiv:2210.08473: 64 numbers, dropout 0.2 in front of an ArcFace head.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.precision import unit_length
from blocks.spec import block


@block(
    shape="b dim -> b embed_dim",
    paper="1st Place Solution in Google Universal Images Embedding, Shao and Cui, 2022, arXiv:2210.08473",
    tags=("metric learning", "retrieval", "projection", "knn"),
)
class EmbeddingHead(nn.Module):
    """Project a feature vector to an embedding.

    Args:
        dim: width of the feature vector.
        embed_dim: width of the embedding.
        drop: dropout rate on the embedding.
        normalize: whether embeddings are scaled to length 1.

    Shape: input (N, dim), output (N, embed_dim).

    Raises:
        ValueError: if `embed_dim` is not positive.
    """

    def __init__(
        self, dim: int, embed_dim: int = 64, drop: Annotated[float, (0, 1)] = 0.2, normalize: bool = True
    ) -> None:
        super().__init__()
        check_positive(embed_dim=embed_dim)
        self.normalize = normalize
        self.proj = nn.Linear(dim, embed_dim)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        """Embed `x` (N, dim); returns (N, embed_dim)."""
        x = self.drop(self.proj(x))
        return unit_length(x) if self.normalize else x
