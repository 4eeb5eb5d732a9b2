"""Classifier on maps or vectors: pool, normalise, drop, linear. As in timm 1.0.31 `ClassifierHead` and
`NormMlpClassifierHead`.

Differs from timm: weights start at N(0, 0.02) truncated at +-2, biases at 0, which timm does in the models (ConvNeXt,
Swin).
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice, check_positive
from blocks.spec import block


@block(shape="b c ... -> b num_classes", tags=("classifier", "logits", "output", "fc"), aliases={"channels": "c"})
class ClassifierHead(nn.Module):
    """Turn a map (N, C, H, W), a volume or a pooled vector (N, C) into class logits; for tokens see
    TokenClassifierHead.

    Args:
        channels: number of input channels C.
        num_classes: number of classes.
        pooling: how positions are pooled: by their mean or their maximum.
        norm: normalisation of the pooled vector, none for ResNets, layer for ConvNeXt.
        drop: dropout rate before the linear layer.
        norm_eps: term under the root of the layer norm.

    Shape: input (N, C, ...), output (N, num_classes).

    Raises:
        ValueError: if `num_classes` is not positive, or `pooling` or `norm` is unknown.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int = 10,
        pooling: Literal["avg", "max"] = "avg",
        norm: Literal["none", "layer", "batch"] = "none",
        drop: Annotated[float, (0, 1)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
    ) -> None:
        super().__init__()
        check_positive(num_classes=num_classes)
        check_choice("pooling", pooling, "avg", "max")
        check_choice("norm", norm, "none", "layer", "batch")
        self.pooling = pooling
        self.norm: nn.Module = nn.Identity()
        if norm != "none":
            self.norm = nn.LayerNorm(channels, eps=norm_eps) if norm == "layer" else nn.BatchNorm1d(channels)
        self.drop = nn.Dropout(drop)
        self.fc = nn.Linear(channels, num_classes)
        nn.init.trunc_normal_(self.fc.weight, std=0.02)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Classify `x` (N, C, ...); returns logits (N, num_classes)."""
        if x.ndim > 2:
            x = x.flatten(2)
            x = x.mean(2) if self.pooling == "avg" else x.amax(2)
        return self.fc(self.drop(self.norm(x)))
