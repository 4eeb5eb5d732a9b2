"""Long short-term memory: a memory cell with forget, input and output gates.

Hochreiter, Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997, with the forget gate of Gers et al.,
2000. PyTorch keeps two biases where one would do.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.precision import run_recurrent
from blocks._shared.recurrence import all_layers, check_recurrent, recurrent_macs
from blocks.spec import block


@block(
    shape="b n dim, b hidden_dim, b hidden_dim -> b n hidden_dim, b hidden_dim, b hidden_dim",
    paper="Long Short-Term Memory, Hochreiter and Schmidhuber, 1997",
    tags=("memory", "recurrent", "sequence", "gate"),
    outputs=("sequence", "state", "cell"),
    exceptions={"compiles": "torch.compile breaks the graph at torch.nn.RNNBase, which it does not trace"},
)
class LSTM(nn.Module):
    """Read tokens one after the other into a gated memory cell and its hidden state.

    Args:
        dim: token width.
        hidden_dim: width of the hidden state.
        num_layers: number of layers, each reading the states of the one below.
        drop: dropout rate between the layers.

    Shape: x (N, n, dim); optional: state and memory cell (N, hidden_dim) before the first token, of every layer,
    instead of zeros; outputs: the last layer's states (N, n, hidden_dim), its last state and its last cell (N,
    hidden_dim).

    Raises:
        ValueError: if a size is not positive.
    """

    def __init__(
        self,
        dim: int,
        hidden_dim: int = 128,
        num_layers: Annotated[int, (1, 16)] = 1,
        drop: Annotated[float, (0, 1)] = 0.0,
    ) -> None:
        super().__init__()
        check_recurrent(hidden_dim, num_layers, drop)
        self.rnn = nn.LSTM(dim, hidden_dim, num_layers, batch_first=True, dropout=drop)

    def forward(
        self, x: Tensor, state: Tensor | None = None, cell: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read `x` (N, n, dim), starting from `state` and `cell` (N, hidden_dim); returns all states (N, n,
        hidden_dim), the last state and the last cell (N, hidden_dim).
        """
        initial = None
        if state is not None or cell is not None:
            zeros = x.new_zeros(x.shape[0], self.rnn.hidden_size)
            initial = tuple(all_layers(self.rnn, zeros if part is None else part, x) for part in (state, cell))
        states, (_, cells) = run_recurrent(self.rnn, x, initial)
        return states, states[:, -1], cells[-1]

    def meta_forward(
        self, x: Tensor, state: Tensor | None = None, cell: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return what `forward` would, without a step for each token."""
        states = x.new_empty(*x.shape[:2], self.rnn.hidden_size)
        return states, states[:, -1], x.new_empty(x.shape[0], self.rnn.hidden_size)

    def meta_macs(self, x: Tensor, state: Tensor | None = None, cell: Tensor | None = None) -> int:
        """Return the multiply-adds of `forward`."""
        return recurrent_macs(self.rnn, x.shape[0] * x.shape[1])
