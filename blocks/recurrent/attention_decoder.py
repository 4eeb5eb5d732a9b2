"""Bahdanau's attention decoder run over a whole target sequence (teacher forcing).

Bahdanau, Cho, Bengio, "Neural Machine Translation by Jointly Learning to Align and Translate", ICLR 2015,
arXiv:1409.0473; for images Xu et al., "Show, Attend and Tell", ICML 2015, arXiv:1502.03044. Each step is that of
AttentionDecoderStep.
"""

import torch
from torch import Tensor, nn

from blocks._shared.alignment import Alignment
from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b t input_dim, b state_dim, b n annotation_dim, b n -> b t state_dim, b t annotation_dim",
    tokens={"queries": "lost step", "keys": "keep annotations"},
    paper=(
        "Neural Machine Translation by Jointly Learning to Align and Translate, Bahdanau et al., 2014, arXiv:1409.0473"
    ),
    maps={"softmax": "token_pairs"},
    tags=("bahdanau", "additive attention", "seq2seq", "captioning", "recurrent"),
    outputs=("states", "contexts"),
    dtypes={"mask": "bool"},
    exceptions={"token_positions": "the context of a step is computed before the step reads its token"},
)
class AttentionDecoder(nn.Module):
    """Decode token by token, attending to the annotations at each step.

    Args:
        input_dim: width of the embedding of a target token.
        state_dim: width of the state.
        annotation_dim: width of the annotations.
        attention_dim: width of the alignment network.

    Shape: y (N, t, input_dim), the targets shifted by one; state (N, state_dim), the initial one; annotations (N, n,
    annotation_dim); optional: a bool mask (N, n), True for the annotations that are read; outputs: states (N, t,
    state_dim) and contexts (N, t, annotation_dim).

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
        """Decode `y` from `state`; returns all states (N, t, state_dim) and contexts (N, t, annotation_dim)."""
        keys = self.attention.key(annotations)
        states, contexts = [], []
        for word in y.unbind(1):
            context = self.attention(state, annotations, keys, mask)
            state = self.cell(torch.cat((word, context), dim=1), state)
            states.append(state)
            contexts.append(context)
        return torch.stack(states, dim=1), torch.stack(contexts, dim=1)

    def meta_forward(
        self, y: Tensor, state: Tensor, annotations: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return what `forward` would, without a step for each output."""
        del mask
        return y.new_empty(*y.shape[:2], state.shape[1]), y.new_empty(*y.shape[:2], annotations.shape[2])

    def meta_macs(self, y: Tensor, state: Tensor, annotations: Tensor, mask: Tensor | None = None) -> int:
        """Return the multiply-adds of `forward`."""
        del state, mask
        n = annotations.shape[1]
        query, key, score = (
            layer.weight.numel() for layer in (self.attention.query, self.attention.key, self.attention.score)
        )
        cell = self.cell.weight_ih.numel() + self.cell.weight_hh.numel()
        return y.shape[0] * (n * key + y.shape[1] * (query + n * (score + annotations.shape[2]) + cell))
