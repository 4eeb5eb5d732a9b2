"""Steps that autocast must not run in half precision: their range does not allow it, or the CPU has no kernel for
it.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def full_precision(device_type: str) -> AbstractContextManager[object]:
    """Return a context without autocast on devices of this type; a meta tensor's device has no autocast to disable."""
    return torch.autocast(device_type, enabled=False) if torch.amp.is_autocast_available(device_type) else nullcontext()


def unit_length(x: Tensor) -> Tensor:
    """Return `x` (..., d) with every vector scaled to length 1, and zero vectors left at zero.

    Computed in float32 at least: in float16 the smallest length that `normalize` divides by is rounded to 0, and a zero
    vector, such as one of padding, becomes NaN.
    """
    return F.normalize(x.to(torch.promote_types(x.dtype, torch.float32)), dim=-1).to(x.dtype)


def run_recurrent(rnn: nn.RNNBase, x: Tensor, initial: Any = None) -> tuple[Tensor, Any]:
    """Return the states (N, n, directions * hidden_dim) of the last layer of `rnn` over the tokens `x` (N, n, dim), and
    what torch returns of the last step: the states of all layers, for an LSTM with their memory cells.

    `initial` is the same of the step before the first; None: zeros. Under CPU autocast, an LSTM for which the CPU has
    no low-precision kernel runs in the precision of its weights.
    """
    if x.device.type == "cpu" and rnn.mode == "LSTM" and _cpu_autocast_lacks_lstm():
        with full_precision("cpu"):
            dtype = rnn.all_weights[0][0].dtype
            if initial is not None:
                initial = tuple(part.to(dtype) for part in initial)
            states, last = rnn(x.to(dtype), initial)
    else:
        states, last = rnn(x, initial)
    return states, last


def _cpu_autocast_lacks_lstm() -> bool:
    """Return whether autocast would make an LSTM fail on this CPU.

    torch hands an LSTM to oneDNN, which raises "could not create a primitive descriptor" where the CPU lacks the
    instructions for the precision (bfloat16 needs AVX-512); its matrix products, and so GRU and RNN, fall back.
    """
    if not torch.is_autocast_enabled("cpu") or not torch.backends.mkldnn.is_available():
        return False
    if torch.get_autocast_dtype("cpu") == torch.float16:
        # oneDNN's float16 LSTM has no backward pass on any CPU.
        return torch.is_grad_enabled() or not torch.ops.mkldnn._is_mkldnn_fp16_supported()
    return not torch.ops.mkldnn._is_mkldnn_bf16_supported()
