"""Classification: cross entropy with label smoothing, accuracy.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, arXiv:1512.00567 (label smoothing).
"""

from torch import Tensor
from torch.nn import functional as F
from torchmetrics.classification import MulticlassAccuracy

from composer.core.errors import UserError


class Classification:
    """Learn the class of an image.

    Args:
        classes: label texts by class number.
        label_smoothing: share of the target that is spread over all classes.

    Raises:
        UserError: if label_smoothing is not in [0, 1).
    """

    def __init__(self, classes: tuple[str, ...], label_smoothing: float = 0.0) -> None:
        if not 0 <= label_smoothing < 1:
            raise UserError(f"label_smoothing is {label_smoothing}, expected a number from 0 to below 1")
        self.classes = classes
        self.label_smoothing = label_smoothing

    def check(self, output: object, data: str) -> None:
        """Refuse an output that is not one score a class.

        Args:
            output: what the network gave for a batch.
            data: name of the data set, for the message.

        Raises:
            UserError: if it is not a tensor (N, classes).
        """
        if not isinstance(output, Tensor):
            raise UserError(
                f"the design has several outputs, but {data} trains exactly one: logits (N, {len(self.classes)})"
            )
        if output.ndim != 2 or output.shape[1] != len(self.classes):
            sizes = tuple(output.shape[1:])
            raise UserError(
                f"the output has shape {sizes} for each image, but {data} has {len(self.classes)} classes; "
                f"end the design with a classifier head with num_classes {len(self.classes)}"
            )

    def loss(self, output: Tensor, target: Tensor, *, smooth: bool = True) -> Tensor:
        """Mean cross entropy of logits (N, classes) and class numbers (N,); `smooth` applies the label smoothing."""
        return F.cross_entropy(output, target, label_smoothing=self.label_smoothing if smooth else 0.0)

    def accuracy(self) -> MulticlassAccuracy:
        """A fresh accuracy metric: the share of images whose highest score is the right class."""
        # Checking arguments would read values back from the device in every step.
        return MulticlassAccuracy(num_classes=len(self.classes), average="micro", validate_args=False)
