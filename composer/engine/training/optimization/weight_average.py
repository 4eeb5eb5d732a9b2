"""The exponential moving average of the weights, which is validated and stored as the best epoch.

Polyak, Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; Tan, Le, "EfficientNet", 2019 (decay
0.9999 for image classification).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

# Weights in half precision would lose the small differences that an average adds up.
_HALF = (torch.float16, torch.bfloat16)


class WeightAverage:
    """Average weights of a network; buffers, such as the statistics of batch norms, are those of the network.

    Args:
        network: the network, on its device.
        decay: what is left of the average after an update.

    Attributes:
        updates: number of updates so far.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        # A weight with several names is averaged once.
        self._weights = {
            name: parameter for name, parameter in network.named_parameters() if parameter.is_floating_point()
        }
        self._average = {name: _wide(weight).clone() for name, weight in self._weights.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the weights: little in the end, and more at the start, when they change fast."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        torch._foreach_lerp_(
            list(self._average.values()), [_wide(weight) for weight in self._weights.values()], 1 - decay
        )

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the network the average weights for the time of a context."""
        before = {name: weight.detach().clone() for name, weight in self._weights.items()}
        self._write(self._average)
        try:
            yield
        finally:
            self._write(before)

    @torch.no_grad()
    def _write(self, values: Mapping[str, Tensor]) -> None:
        for name, weight in self._weights.items():
            weight.copy_(values[name])

    def state_dict(self) -> dict[str, Any]:
        """Return the average and the number of updates, on the CPU."""
        return {"updates": self.updates, "weights": {name: tensor.cpu() for name, tensor in self._average.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Return to what `state_dict` returned.

        Raises:
            KeyError, RuntimeError: if it is that of another network.
        """
        self.updates = int(state["updates"])
        for name, average in self._average.items():
            average.copy_(state["weights"][name])


def _wide(tensor: Tensor) -> Tensor:
    """Return a tensor in a format that holds small differences; the tensor itself if it does already."""
    tensor = tensor.detach()
    return tensor.float() if tensor.dtype in _HALF else tensor
