"""Selects a range of tokens: the class token, the patches without registers, the first half."""

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b n dim -> b selected dim",
    tokens="select start stop",
    tags=("slice", "remove", "take", "registers", "class token"),
)
class SelectTokens(nn.Module):
    """Return the tokens from one index up to another.

    Args:
        start: index of the first token.
        stop: index after the last token; None: the end; a negative one counts from the end.

    Shape: input (N, n, dim), output (N, selected, dim).

    Raises:
        ValueError: if `start` is negative, or no token is left.
    """

    def __init__(self, start: int = 1, stop: int | None = None) -> None:
        super().__init__()
        if start < 0:
            raise ValueError(f"start: {start} is negative, expected 0 or more")
        self.start = start
        self.stop = stop

    def forward(self, x: Tensor) -> Tensor:
        """Select from `x` (N, n, dim); returns (N, selected, dim)."""
        if not range(x.shape[1])[self.start : self.stop]:
            raise ValueError(f"start {self.start}, stop {self.stop}: none of {x.shape[1]} tokens is left")
        return x[:, self.start : self.stop]
