"""A captured map: the numbers as the block computed them, and where they belong in the image."""

from dataclasses import dataclass

from torch import Tensor

from composer.core.token_layout import Grid, TokenLayout


@dataclass(frozen=True)
class CapturedMap:
    """A map as the block computed it.

    Args:
        node: id of the node of the main graph.
        layer: path of the module that declared the map.
        name: the softmax, or the submodule or method within the layer.
        call: number of maps of this name that the layer had computed before in the same pass.
        kind: name of the `MapKind`.
        data: float32 on the CPU, batch first; matrices between tokens are (N, heads, queries, keys), those of windows
            (N * windows, heads, tokens, tokens).
        batch: N.
        shape: shape before anything was averaged or left out.
        queries: where the queries are in the image; None where that is unknown, or only some of them are stored.
        keys: the same of the keys.
        size: height and width of the map that was cut into windows, or whose neighbourhoods are weighted.
        window: height and width of a window.
        shift: by how much the map was rolled before it was cut.
        stride: only every n-th query is stored.
        notes: what the viewer should know.
    """

    node: str
    layer: str
    name: str
    call: int
    kind: str
    data: Tensor
    batch: int
    shape: tuple[int, ...]
    queries: TokenLayout | None = None
    keys: TokenLayout | None = None
    size: Grid = (0, 0)
    window: Grid = (0, 0)
    shift: Grid = (0, 0)
    stride: int = 1
    notes: tuple[str, ...] = ()
