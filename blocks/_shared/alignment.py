"""Additive attention step by step: the alignment of a recurrent decoder with the annotations that it reads."""

from torch import Tensor, nn


class Alignment(nn.Module):
    """Weigh annotations by v tanh(W state + U annotation), after Bahdanau et al., 2015."""

    def __init__(self, state_dim: int, annotation_dim: int, attention_dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(state_dim, attention_dim)
        self.key = nn.Linear(annotation_dim, attention_dim, bias=False)
        self.score = nn.Linear(attention_dim, 1, bias=False)

    def forward(self, state: Tensor, annotations: Tensor, keys: Tensor) -> Tensor:
        """Return the context (N, annotation_dim) of `state`; `keys` is `self.key(annotations)`, the same at every
        step.
        """
        scores = self.score((self.query(state).unsqueeze(1) + keys).tanh())
        weights = scores.view(scores.shape[0], 1, 1, -1).softmax(-1)
        return (weights.squeeze(1) @ annotations).squeeze(1)
