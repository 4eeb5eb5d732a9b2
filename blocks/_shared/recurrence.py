"""Checks of recurrent blocks, and their costs without running a step for each token."""

from torch import Tensor, nn

from blocks._shared.choices import check_positive


def check_recurrent(hidden_dim: int, num_layers: int = 1, drop: float = 0.0) -> None:
    """Raise ValueError unless the sizes are positive and `drop` is a rate."""
    check_positive(hidden_dim=hidden_dim, num_layers=num_layers)
    if not 0 <= drop <= 1:
        raise ValueError(f"drop: {drop} is not from 0 to 1")


def all_layers(rnn: nn.RNNBase, state: Tensor | None, x: Tensor) -> Tensor | None:
    """Return `state` (N, hidden_dim) as the initial state of every layer: (layers, N, hidden_dim), in the dtype of the
    tokens `x`; None if there is none.
    """
    return None if state is None else state.to(x.dtype).expand(rnn.num_layers, -1, -1).contiguous()


def recurrent_macs(rnn: nn.RNNBase, steps: int) -> int:
    """Return the multiply-adds of `rnn` for `steps` steps, counted over the batch: every matrix once a step."""
    return steps * sum(weight.numel() for name, weight in rnn.named_parameters() if name.startswith("weight"))
