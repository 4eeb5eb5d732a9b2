"""One step of Bahdanau's attention decoder: align, gather a context, update the state.

Bahdanau, Cho, Bengio, "Neural Machine Translation by Jointly Learning to Align and Translate", ICLR 2015,
arXiv:1409.0473: e_ti = v tanh(W s_(t-1) + U h_i), a_t = softmax(e_t), c_t = sum_i a_ti h_i, s_t = GRU([y_(t-1); c_t],
s_(t-1)).
"""

import torch
from torch import Tensor, nn

from blocks._shared.alignment import Alignment
from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b input_dim, b state_dim, b n annotation_dim, b n -> b state_dim, b annotation_dim",
    tokens={"queries": "lost step", "keys": "keep annotations"},
    paper=(
        "Neural Machine Translation by Jointly Learning to Align and Translate, Bahdanau et al., 2014, arXiv:1409.0473"
    ),
    maps={"softmax": "token_pairs"},
    tags=("bahdanau", "additive attention", "seq2seq", "captioning", "recurrent"),
    outputs=("next_state", "context"),
    dtypes={"mask": "bool"},
)
class AttentionDecoderStep(nn.Module):
    """Attend to the annotations and update the decoder's state.

    Args:
        input_dim: width of the embedding of the previous output.
        state_dim: width of the state.
        annotation_dim: width of the annotations.
        attention_dim: width of the alignment network.

    Shape: y (N, input_dim), state (N, state_dim), annotations (N, n, annotation_dim); optional: a bool mask (N, n),
    True for the annotations that are read, not the padding; outputs: the new state and the context (N, annotation_dim).

    Raises:
        ValueError: if `attention_dim` is not positive.
    """

    def __init__(self, input_dim: int, state_dim: int, annotation_dim: int, attention_dim: int = 128) -> None:
        super().__init__()
        check_positive(attention_dim=attention_dim)
        self.attention = Alignment(state_dim, annotation_dim, attention_dim)
        self.cell = nn.GRUCell(input_dim + annotation_dim, state_dim)

    def forward(
        self, y: Tensor, state: Tensor, annotations: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Step from `state` with the previous output `y`; returns the new state and the context."""
        context = self.attention(state, annotations, self.attention.key(annotations), mask)
        return self.cell(torch.cat((y, context), dim=1), state), context
