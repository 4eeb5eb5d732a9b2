"""Register tokens: extra tokens in which attention can store global information; remove them again with SelectTokens.

Darcet et al., "Vision Transformers Need Registers", ICLR 2024, arXiv:2309.16588.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.learned_tokens import check_after, insert_tokens, make_tokens
from blocks.spec import block


@block(
    shape="b n dim -> b n+num_tokens dim",
    tokens={"out": "front register after", "expects": "prefix after"},
    paper="Vision Transformers Need Registers, Darcet et al., 2023, arXiv:2309.16588",
    tags=("registers", "vit", "token"),
    no_decay=("tokens",),
)
class RegisterTokens(nn.Module):
    """Insert learned tokens after the class token.

    Args:
        dim: token width.
        num_tokens: number of registers.
        after: number of tokens in front of them: 1 for a class token, 0 for none.

    Shape: input (N, n, dim), output (N, n + num_tokens, dim).

    Raises:
        ValueError: if `num_tokens` is not positive, or `after` is negative or there are fewer tokens.
    """

    def __init__(self, dim: int, num_tokens: Annotated[int, (1, 64)] = 4, after: int = 1) -> None:
        super().__init__()
        check_positive(num_tokens=num_tokens)
        check_after(after)
        self.after = after
        self.tokens = make_tokens(num_tokens, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Insert the registers into `x` (N, n, dim); returns (N, n + num_tokens, dim)."""
        return insert_tokens(x, self.tokens, self.after)
