"""ArcFace: logits are scaled cosines, and in training the angle to the true class is made harder by a margin.

Deng, Guo, Xue, Zafeiriou, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019,
arXiv:1801.07698: s cos(theta_y + m) for the true class y, s cos(theta_j) for the others. Beyond theta = pi - m, where
cos(theta + m) would rise again, cos(theta) - m sin(m) is used instead, as in the authors' code.
"""

import math
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks._shared.precision import unit_length
from blocks.spec import block


@block(
    shape="b dim, b -> b num_classes",
    paper="ArcFace: Additive Angular Margin Loss for Deep Face Recognition, Deng et al., 2018, arXiv:1801.07698",
    tags=("metric learning", "margin", "cosine", "embedding", "retrieval", "classifier"),
    dtypes={"label": "int64"},
)
class ArcFaceHead(nn.Module):
    """Classify embeddings by their angle to a learned centre of each class; train it with cross entropy.

    Args:
        dim: width of the embedding.
        num_classes: number of classes.
        scale: factor s of the cosines.
        margin: angle m in radians added to the true class in training.

    Shape: x (N, dim) and label (N,), which is used only in training; output (N, num_classes).

    Raises:
        ValueError: if `num_classes` or `scale` is not positive, or `margin` is not from 0 to pi / 2.
    """

    classes: Tensor

    def __init__(
        self,
        dim: int,
        num_classes: int = 10,
        scale: Annotated[float, (1, 128)] = 64.0,
        margin: Annotated[float, (0, 1.57)] = 0.5,
    ) -> None:
        super().__init__()
        check_positive(num_classes=num_classes)
        if scale <= 0:
            raise ValueError(f"scale: {scale} is not positive")
        if not 0 <= margin <= math.pi / 2:
            raise ValueError(f"margin: {margin} is not from 0 to pi / 2")
        self.scale = scale
        self.margin = margin
        self.weight = nn.Parameter(nn.init.xavier_normal_(torch.empty(num_classes, dim)))
        self.register_buffer("classes", torch.arange(num_classes), persistent=False)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Classify `x` (N, dim), in training against the true `label` (N,); returns logits (N, num_classes)."""
        cos = F.linear(unit_length(x), unit_length(self.weight))
        if label is not None and self.training:
            # The square root has an infinite slope where an embedding equals its centre.
            sin = (1 - cos * cos).clamp_min(1e-7).sqrt()
            harder = cos * math.cos(self.margin) - sin * math.sin(self.margin)
            harder = torch.where(cos > -math.cos(self.margin), harder, cos - self.margin * math.sin(self.margin))
            cos = torch.where(label.unsqueeze(1) == self.classes, harder, cos)
        return self.scale * cos
