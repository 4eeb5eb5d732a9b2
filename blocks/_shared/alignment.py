"""Additive attention step by step: the alignment of a recurrent decoder with the annotations that it reads."""

from torch import Tensor, nn

from blocks._shared.scaled_dot_product import masked_softmax


class Alignment(nn.Module):
    """Weigh annotations by v tanh(W state + U annotation), after Bahdanau et al., 2015."""

    def __init__(self, state_dim: int, annotation_dim: int, attention_dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(state_dim, attention_dim)
        self.key = nn.Linear(annotation_dim, attention_dim, bias=False)
        self.score = nn.Linear(attention_dim, 1, bias=False)

    def forward(self, state: Tensor, annotations: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the context (N, annotation_dim) of `state` from the annotations where `mask` (N, n) is True; `keys` is
        `self.key(annotations)`, the same at every step.
        """
        scores = self.score((self.query(state).unsqueeze(1) + keys).tanh())
        pairs = None if mask is None else mask[:, None, None]
        weights = masked_softmax(scores.view(scores.shape[0], 1, 1, -1), pairs)
        return (weights.squeeze(1) @ annotations).squeeze(1)
