"""A sum with one learned weight per input.

Tan, Pang, Le, "EfficientDet: Scalable and Efficient Object Detection", CVPR 2020, arXiv:1911.09070, section 3.3: "fast"
is relu(w_i) / (eps + sum_j relu(w_j)) with eps 1e-4, "softmax" is its softmax form, "free" leaves the weights
unbounded.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_choice, check_positive
from blocks.spec import block


@block(
    shape="b ... -> b ...",
    paper="EfficientDet: Scalable and Efficient Object Detection, Tan et al., 2019, arXiv:1911.09070",
    tags=("bifpn", "fusion", "add", "learned"),
    role="merge",
    sign="Σ",
    no_decay=("weight",),
)
class WeightedSum(nn.Module):
    """Add tensors of one shape, each multiplied by a learned weight.

    Args:
        num_inputs: number of inputs.
        weighting: how weights are bounded: fast and softmax make them positive with sum 1, free leaves them unbounded.

    Shape: inputs of one shape (N, ...), output (N, ...).

    Raises:
        ValueError: if a parameter is out of its range, there is another number of inputs, or their shapes differ.
    """

    def __init__(
        self, num_inputs: Annotated[int, (1, 32)] = 2, weighting: Literal["fast", "softmax", "free"] = "fast"
    ) -> None:
        super().__init__()
        check_positive(num_inputs=num_inputs)
        check_choice("weighting", weighting, "fast", "softmax", "free")
        self.weighting = weighting
        self.weight = nn.Parameter(torch.ones(num_inputs))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Add `inputs` with their weights; returns their shape."""
        if len(inputs) != len(self.weight):
            raise ValueError(f"num_inputs: {len(self.weight)} is set, but the number of wires is {len(inputs)}")
        if any(x.shape != inputs[0].shape for x in inputs):
            raise ValueError(
                f"inputs: shapes {', '.join(str(tuple(x.shape)) for x in inputs)} differ; a sum needs equal shapes"
            )
        weight: Tensor = self.weight
        if self.weighting == "fast":
            weight = weight.relu()
            weight = weight / (weight.sum() + 1e-4)
        elif self.weighting == "softmax":
            weight = weight.softmax(0)
        return sum(w * x for w, x in zip(weight.to(inputs[0].dtype), inputs, strict=True))
