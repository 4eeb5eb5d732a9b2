"""What a real forward pass keeps for its backward."""

import torch
from torch import Tensor, nn


def saved_bytes(model: nn.Module, inputs: list[Tensor]) -> int:
    """Bytes of the unique storages that a real forward pass saves for backward, without parameters and buffers."""
    constants = {tensor.untyped_storage()._cdata for tensor in (*model.parameters(), *model.buffers())}
    saved: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        key = tensor.untyped_storage()._cdata
        if key not in constants:
            saved.setdefault(key, tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = model(*inputs)
    del output
    return sum(tensor.untyped_storage().nbytes() for tensor in saved.values())
