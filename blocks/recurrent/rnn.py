"""The vanilla recurrent network: h_t = tanh(W x_t + U h_(t-1) + b).

Elman, "Finding Structure in Time", Cognitive Science 14, 1990. PyTorch keeps two biases where one would do.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice
from blocks._shared.recurrence import all_layers, check_recurrent, recurrent_macs
from blocks.spec import block


@block(
    shape="b n dim, b hidden_dim -> b n hidden_dim, b hidden_dim",
    paper="Finding Structure in Time, Elman, 1990",
    tags=("elman", "recurrent", "sequence"),
    outputs=("sequence", "state"),
    exceptions={"compiles": "torch.compile breaks the graph at torch.nn.RNNBase, which it does not trace"},
)
class RNN(nn.Module):
    """Read tokens one after the other into a hidden state.

    Args:
        dim: token width.
        hidden_dim: width of the hidden state.
        num_layers: number of layers, each reading the states of the one below.
        act: activation of the hidden state.
        drop: dropout rate between the layers.

    Shape: x (N, n, dim); optional: the state (N, hidden_dim) before the first token, of every layer, instead of zeros;
    outputs: the last layer's states (N, n, hidden_dim) and its last state (N, hidden_dim).

    Raises:
        ValueError: if a size is not positive or `act` is unknown.
    """

    def __init__(
        self,
        dim: int,
        hidden_dim: int = 128,
        num_layers: Annotated[int, (1, 16)] = 1,
        act: Literal["tanh", "relu"] = "tanh",
        drop: Annotated[float, (0, 1)] = 0.0,
    ) -> None:
        super().__init__()
        check_recurrent(hidden_dim, num_layers, drop)
        check_choice("act", act, "tanh", "relu")
        self.rnn = nn.RNN(dim, hidden_dim, num_layers, batch_first=True, dropout=drop, nonlinearity=act)

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
