"""Bahdanau's encoder: one recurrent network reads forwards, one backwards, and a token's annotation is both states.

Bahdanau, Cho, Bengio, "Neural Machine Translation by Jointly Learning to Align and Translate", ICLR 2015,
arXiv:1409.0473. The decoder starts from tanh(W h) of the backward state at the first token.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice
from blocks._shared.precision import run_recurrent
from blocks._shared.recurrence import check_recurrent, recurrent_macs
from blocks.spec import block


@block(
    shape="b n dim -> b n 2*hidden_dim, b hidden_dim",
    paper=(
        "Neural Machine Translation by Jointly Learning to Align and Translate, Bahdanau et al., 2014, arXiv:1409.0473"
    ),
    tags=("bahdanau", "birnn", "bilstm", "bigru", "seq2seq", "recurrent"),
    outputs=("annotations", "state"),
    exceptions={"compiles": "torch.compile breaks the graph at torch.nn.RNNBase, which it does not trace"},
)
class BidirectionalEncoder(nn.Module):
    """Read tokens in both directions.

    Args:
        dim: token width.
        hidden_dim: width of the hidden state of each direction.
        cell: kind of recurrent network.
        num_layers: number of layers, each reading the annotations of the one below.
        drop: dropout rate between the layers.

    Shape: input (N, n, dim); outputs: annotations (N, n, 2 * hidden_dim) and a decoder's first state (N, hidden_dim).

    Raises:
        ValueError: if a size is not positive or `cell` is unknown.
    """

    def __init__(
        self,
        dim: int,
        hidden_dim: int = 128,
        cell: Literal["gru", "lstm", "rnn"] = "gru",
        num_layers: Annotated[int, (1, 16)] = 1,
        drop: Annotated[float, (0, 1)] = 0.0,
    ) -> None:
        super().__init__()
        check_recurrent(hidden_dim, num_layers, drop)
        check_choice("cell", cell, "gru", "lstm", "rnn")
        kind = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}[cell]
        self.rnn = kind(dim, hidden_dim, num_layers, batch_first=True, dropout=drop, bidirectional=True)
        self.start = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Read `x` (N, n, dim); returns annotations (N, n, 2 * hidden_dim) and a first state (N, hidden_dim)."""
        annotations, _ = run_recurrent(self.rnn, x)
        return annotations, self.start(annotations[:, 0, self.rnn.hidden_size :]).tanh()

    def meta_forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what `forward` would, without a step for each token."""
        width = self.rnn.hidden_size
        return x.new_empty(*x.shape[:2], 2 * width), x.new_empty(x.shape[0], width)

    def meta_macs(self, x: Tensor) -> int:
        """Return the multiply-adds of `forward`."""
        return recurrent_macs(self.rnn, x.shape[0] * x.shape[1]) + x.shape[0] * self.start.weight.numel()
