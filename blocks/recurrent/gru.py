"""The gated recurrent unit: h_t = z_t h_(t-1) + (1 - z_t) n_t.

Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation", 2014,
arXiv:1406.1078.
Differs from the paper: the reset gate is applied after the recurrent matrix, as in cuDNN and PyTorch.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.recurrence import all_layers, check_recurrent, recurrent_macs
from blocks.spec import block


@block(
    shape="b n dim, b hidden_dim -> b n hidden_dim, b hidden_dim",
    paper="Learning Phrase Representations using RNN Encoder-Decoder, Cho et al., 2014, arXiv:1406.1078",
    tags=("recurrent", "sequence", "gate"),
    outputs=("sequence", "state"),
    exceptions={"compiles": "torch.compile breaks the graph at torch.nn.RNNBase, which it does not trace"},
)
class GRU(nn.Module):
    """Read tokens one after the other into a gated hidden state.

    Args:
        dim: token width.
        hidden_dim: width of the hidden state.
        num_layers: number of layers, each reading the states of the one below.
        drop: dropout rate between the layers.

    Shape: x (N, n, dim); optional: the state (N, hidden_dim) before the first token, of every layer, instead of zeros;
    outputs: the last layer's states (N, n, hidden_dim) and its last state (N, hidden_dim).

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
        self.rnn = nn.GRU(dim, hidden_dim, num_layers, batch_first=True, dropout=drop)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read `x` (N, n, dim), starting from `state` (N, hidden_dim); returns all states (N, n, hidden_dim) and the
        last (N, hidden_dim).
        """
        states, _ = self.rnn(x, all_layers(self.rnn, state, x))
        return states, states[:, -1]

    def meta_forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return what `forward` would, without a step for each token."""
        states = x.new_empty(*x.shape[:2], self.rnn.hidden_size)
        return states, states[:, -1]

    def meta_macs(self, x: Tensor, state: Tensor | None = None) -> int:
        """Return the multiply-adds of `forward`."""
        return recurrent_macs(self.rnn, x.shape[0] * x.shape[1])
