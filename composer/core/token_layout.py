"""Where the tokens of a tensor are in the image: runs of tokens of one kind, in the order of the tensor.

The positions of a map (b, c, h, w) are its cells row by row, those of tokens (b, n, c) are the tokens. A layout follows
from what each block declares (see `token_rules`), never from the number of tokens.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

Grid = tuple[int, int]
WHOLE = (1.0, 1.0)

# Roles of tokens that have no position, each with its name for one token and for several.
ROLES = {
    "class": ("class token", "class tokens"),
    "distillation": ("distillation token", "distillation tokens"),
    "register": ("register", "registers"),
    "memory": ("memory token", "memory tokens"),
    "merged": ("merged token", "merged tokens"),
    "sampled": ("sampled token", "sampled tokens"),
    "pooled": ("pooled token", "pooled tokens"),
    "word": ("word", "words"),
    "step": ("step", "steps"),
    "input": ("token of an input", "tokens of an input"),
    "tube": ("tube of frames", "tubes of frames"),
    "channel": ("channel", "channels"),
    "": ("token without a position", "tokens without a position"),
}


class TokenRun(NamedTuple):
    """Consecutive tokens of one kind.

    Attributes:
        length: number of tokens.
        role: what they are if they have no position, a key of `ROLES`; empty if that is unknown.
        grid: height and width of the grid whose cells they are, row by row; None for tokens without a position.
        start: the cell of the first token.
        cover: height and width of the grid as multiples of the image's; above 1 where the map was padded at the bottom
            or the right.
    """

    length: int
    role: str = ""
    grid: Grid | None = None
    start: int = 0
    cover: tuple[float, float] = WHOLE

    @property
    def whole(self) -> bool:
        """Whether the run is a complete grid."""
        return self.grid is not None and self.start == 0 and self.length == self.grid[0] * self.grid[1]


class TokenLayout(NamedTuple):
    """The positions of a tensor.

    Attributes:
        runs: the runs of tokens in the order of the tensor.
    """

    runs: tuple[TokenRun, ...]

    @property
    def length(self) -> int:
        """Number of tokens."""
        return sum(run.length for run in self.runs)

    @property
    def grid_run(self) -> tuple[int, TokenRun] | None:
        """The largest run of cells of a grid and the number of tokens before it; None if no token has a position."""
        largest, offset = None, 0
        for run in self.runs:
            if run.grid is not None and (largest is None or run.length > largest[1].length):
                largest = (offset, run)
            offset += run.length
        return largest

    @property
    def front(self) -> tuple[TokenRun, ...]:
        """The runs without positions in front of the first run of cells; all runs if there is none."""
        index = next((index for index, run in enumerate(self.runs) if run.grid is not None), len(self.runs))
        return self.runs[:index]

    def only(self, role: str) -> bool:
        """Return whether all tokens have one role."""
        return all(run.grid is None and run.role == role for run in self.runs)

    def take(self, start: int | None, stop: int | None) -> "TokenLayout":
        """Return the layout of the tokens of a slice."""
        first, last, _ = slice(start, stop).indices(self.length)
        runs, offset = [], 0
        for run in self.runs:
            begin, end = max(first, offset), min(last, offset + run.length)
            if begin < end:
                skipped = begin - offset if run.grid is not None else 0
                runs.append(run._replace(length=end - begin, start=run.start + skipped))
            offset += run.length
        return TokenLayout(tuple(runs))

    def describe(self) -> str:
        """Return the layout for people: ``1 class token, 14 x 14 positions, 4 registers``."""
        return ", ".join(_describe(run) for run in self.runs)

    def to_json(self) -> list[Any]:
        """Return the layout as plain JSON values."""
        return [[run.length, run.role, run.grid, run.start, run.cover] for run in self.runs]

    @classmethod
    def from_json(cls, rows: Iterable[Any]) -> "TokenLayout":
        """Read what `to_json` wrote."""
        return cls(
            tuple(
                TokenRun(length, role, None if grid is None else (grid[0], grid[1]), start, (cover[0], cover[1]))
                for length, role, grid, start, cover in rows
            )
        )


def cells(grid: Grid, cover: tuple[float, float] = WHOLE) -> TokenLayout:
    """Return the layout of a map, or of tokens that are all cells of a grid in their order."""
    return TokenLayout((TokenRun(grid[0] * grid[1], "", grid, 0, cover),))


def unplaced(count: int, role: str = "") -> TokenLayout:
    """Return the layout of tokens without positions."""
    return TokenLayout((TokenRun(count, role),))


def join(layouts: Iterable[TokenLayout]) -> TokenLayout:
    """Return the layout of tokens one after the other; runs that continue each other become one."""
    merged: list[TokenRun] = []
    for run in (run for layout in layouts for run in layout.runs if run.length):
        last = merged[-1] if merged else None
        continues = last is not None and (
            (last.grid, last.cover, last.role) == (run.grid, run.cover, run.role)
            and (run.grid is None or last.start + last.length == run.start)
        )
        if last is not None and continues:
            merged[-1] = last._replace(length=last.length + run.length)
        else:
            merged.append(run)
    return TokenLayout(tuple(merged))


def role_names(layout: TokenLayout) -> Iterator[tuple[str, int, int]]:
    """Yield the name, first token and number of tokens of each run without positions."""
    offset = 0
    for run in layout.runs:
        if run.grid is None:
            yield ROLES[run.role][run.length > 1], offset, run.length
        offset += run.length


def _describe(run: TokenRun) -> str:
    if run.grid is None:
        return f"{run.length} {ROLES[run.role][run.length > 1]}"
    height, width = run.grid
    size = f"{height} x {width} positions"
    return size if run.whole else f"{run.length} of {size}"
