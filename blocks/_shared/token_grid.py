"""The grid of positions that a sequence of tokens was flattened from."""

import math


def token_grid(n: int, height: int = 0, width: int = 0, prefix_tokens: int = 0) -> tuple[int, int]:
    """Return height and width of the grid of `n` tokens, of which the first `prefix_tokens` are outside it.

    Args:
        n: number of tokens.
        height: rows; 0: follows from `width`, or the grid is square.
        width: columns; 0: follows from `height`, or the grid is square.
        prefix_tokens: leading class, distillation and register tokens.

    Raises:
        ValueError: if the tokens do not fill the grid.
    """
    cells = n - prefix_tokens
    note = f"{n} tokens" if not prefix_tokens else f"{n} tokens less {prefix_tokens} in front"
    if prefix_tokens < 0 or height < 0 or width < 0:
        raise ValueError(f"height {height}, width {width}, prefix_tokens {prefix_tokens}: expected 0 or more")
    if not height and not width:
        side = math.isqrt(max(cells, 0))
        if cells < 1 or side * side != cells:
            raise ValueError(f"n: {note} are no square; give height and width")
        return side, side
    rows = height or cells // width
    columns = width or cells // height
    if cells < 1 or rows * columns != cells:
        raise ValueError(f"height {height or 'any'}, width {width or 'any'}: {note} do not fill such a grid")
    return rows, columns
