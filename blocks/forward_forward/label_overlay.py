"""The label written into the input: how forward-forward makes positive data (true label) and negative data (a wrong
one).

Hinton, "The Forward-Forward Algorithm: Some Preliminary Investigations", 2022, arXiv:2212.13345, section 3.3: the first
pixels of the image are replaced by a one-hot code of the label. Without a label they hold the neutral label, 1 / N
each.
"""

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b features, b -> b features",
    paper="The Forward-Forward Algorithm: Some Preliminary Investigations, Hinton, 2022, arXiv:2212.13345",
    tags=("ff", "hinton", "one hot", "label"),
    dtypes={"label": "int64"},
)
class LabelOverlay(nn.Module):
    """Replace the first elements of a vector by a one-hot code of its label.

    Args:
        num_classes: number of classes, and of elements replaced.
        value: value at the index of the label.

    Shape: x (N, features) and label (N,); output (N, features).

    Raises:
        ValueError: if `num_classes` is not positive or larger than the vector.
    """

    classes: Tensor

    def __init__(self, num_classes: int = 10, value: float = 1.0) -> None:
        super().__init__()
        check_positive(num_classes=num_classes)
        self.value = value
        self.register_buffer("classes", torch.arange(num_classes), persistent=False)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Write `label` (N,) into `x` (N, features); returns the same shape."""
        n = len(self.classes)
        if x.shape[1] < n:
            raise ValueError(f"num_classes: {n} numbers do not fit into a vector of {x.shape[1]}")
        code = x.new_full((x.shape[0], n), 1 / n) if label is None else (label.unsqueeze(1) == self.classes).to(x.dtype)
        return torch.cat((code * self.value, x[:, n:]), dim=1)
