"""Some of the tokens: the class token, the patches without registers, the first half."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b n dim -> b kept dim", tags=("slice", "remove", "take", "registers", "class token"))
class SelectTokens(nn.Module):
    """Keep the tokens from one place up to another.

    Args:
        start: place of the first token that is kept.
        stop: place behind the last; None: up to the end; negative counts from the end.

    Shape: input (N, n, dim), output (N, kept, dim).

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
        """Cut `x` (N, n, dim); returns (N, kept, dim)."""
        if not range(x.shape[1])[self.start : self.stop]:
            raise ValueError(f"start {self.start}, stop {self.stop}: none of {x.shape[1]} tokens is left")
        return x[:, self.start : self.stop]
