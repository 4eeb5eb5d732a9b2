"""From raw maps to pictures: which place of the image a number belongs to."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from composer.engine.inspection.capture import PAIRS, WINDOWED, CapturedMap, Grid

QUERY_BYTES = (
    16 * 2**20
)  # of the attention of all query positions of one map; beyond it heads are averaged, then queries thinned
SIGNED = "weights of either sign: shown is their size"


@dataclass(frozen=True)
class Pictures:
    """What can be seen of one map.

    Args:
        titles: one a picture.
        pictures: float32 (P, h, w), the most telling first.
        over_image: whether h x w lies over the image, or is a table (channels, branches, segments, a footprint).
        queries: attention paid by each query position (heads or 1, query rows, query columns, h, w); None where there is none.
        notes: what the viewer should know.
    """

    titles: tuple[str, ...]
    pictures: Tensor
    over_image: bool
    queries: Tensor | None = None
    notes: tuple[str, ...] = ()

    @property
    def grid(self) -> Grid:
        """Height and width of the pictures."""
        return self.pictures.shape[1], self.pictures.shape[2]


def pictures(found: CapturedMap, index: int = 0) -> Pictures:
    """The pictures of a map for one image of the batch.

    Args:
        found: the map.
        index: number of the image within the batch.

    Raises:
        ValueError: if the kind is not known.
    """
    if found.kind in PAIRS:
        return _pairs(found, index)
    if found.kind in WINDOWED:
        return _windows(found, index)
    if found.kind not in _TABLES:
        raise ValueError(
            f"kind: {found.kind!r} is not one of {', '.join(PAIRS)}, {', '.join(WINDOWED)}, {', '.join(_TABLES)}"
        )
    return _TABLES[found.kind](found.data[index], found.notes)


def _pairs(found: CapturedMap, index: int) -> Pictures:
    weights, notes = found.data[index], found.notes  # (heads, queries, keys)
    if found.kind == "signed_pairs":
        weights, notes = weights.abs(), (*notes, SIGNED)
    if found.keys is None:
        return _with_heads("queries × keys", weights, over_image=False, notes=notes)
    prefix, (height, width) = found.keys
    on_image = weights[..., prefix:].reshape(*weights.shape[:2], height, width)
    made = _with_heads("received", on_image.mean(1), over_image=True, notes=notes)
    titles, tables = list(made.titles), made.pictures
    leading = found.queries[0] if found.queries is not None else 0
    if leading or weights.shape[1] == 1:
        titles.insert(0, "class token")
        tables = torch.cat([on_image[:, 0].mean(0)[None], tables])
    queries = None
    if found.queries is not None:
        lead, (rows, columns) = found.queries
        stride, averaged = _thinning(weights.shape[0], rows, columns, height * width)
        chosen = on_image[:, lead:].reshape(-1, rows, columns, height, width)[
            :, stride // 2 :: stride, stride // 2 :: stride
        ]
        queries = (chosen.mean(0, keepdim=True) if averaged else chosen).contiguous()
    return Pictures(tuple(titles), tables, True, queries, notes)


def places(size: Grid, window: Grid, shift: Grid, kind: str) -> tuple[Tensor, Tensor]:
    """Where each place of a map went when it was padded, rolled and cut.

    Args:
        size: height and width of the map.
        window: side of the windows (``windows``), or how many places of each axis one part takes (``grid``).
        shift: by how much the map was rolled up and to the left.
        kind: ``windows``: parts are neighbours; ``grid``: parts are spread evenly over the whole map.

    Returns:
        Number of the part and of the token within it, each (height, width).
    """
    part: list[Tensor] = []
    token: list[Tensor] = []
    counts: list[int] = []
    for length, side, roll in zip(size, window, shift, strict=True):
        padded = length + -length % side
        place = (torch.arange(length) - roll) % padded
        other = padded // side
        counts.append(other)
        part.append(place // side if kind == "windows" else place % other)
        token.append(place % side if kind == "windows" else place // other)
    return part[0][:, None] * counts[1] + part[1], token[0][:, None] * window[1] + token[1]


def _windows(found: CapturedMap, index: int) -> Pictures:
    height, width = found.size
    weights = found.data.reshape(found.batch, -1, *found.data.shape[1:])[index]  # (parts, heads, tokens, tokens)
    part, token = (place.flatten() for place in places(found.size, found.window, found.shift, found.kind))
    received = weights.mean(2)[part, :, token].T.reshape(-1, height, width)
    stride, averaged = _thinning(weights.shape[1], height, width, height * width)
    if averaged:
        weights = weights.mean(1, keepdim=True)
    rows, columns = torch.arange(height)[stride // 2 :: stride], torch.arange(width)[stride // 2 :: stride]
    asked = (rows[:, None] * width + columns).flatten()
    paid = weights[part[asked], :, token[asked]][
        :, :, token
    ]  # (queries, heads, places), as if all places were in one window
    paid = torch.where(part[asked][:, None, None] == part, paid, 0.0)
    queries = paid.transpose(0, 1).reshape(-1, len(rows), len(columns), height, width)
    made = _with_heads("received", received, over_image=True, notes=found.notes)
    return Pictures(made.titles, made.pictures, True, queries, found.notes)


def _thinning(heads: int, rows: int, columns: int, keys: int) -> tuple[int, bool]:
    """By how much the grid of queries is thinned, and whether heads are averaged, so that all of it stays within bounds."""
    if heads * rows * columns * keys * 4 <= QUERY_BYTES:
        return 1, False
    stride = 1
    while stride < max(rows, columns) and -(-rows // stride) * -(-columns // stride) * keys * 4 > QUERY_BYTES:
        stride += 1
    return stride, True


def _with_heads(title: str, heads: Tensor, *, over_image: bool, notes: tuple[str, ...] = ()) -> Pictures:
    if len(heads) == 1:
        return Pictures((title,), heads.contiguous(), over_image, notes=notes)
    titles = (f"{title}, mean of heads", *(f"{title}, head {number}" for number in range(1, len(heads) + 1)))
    return Pictures(titles, torch.cat([heads.mean(0, keepdim=True), heads]), over_image, notes=notes)


def _channel(gate: Tensor, notes: tuple[str, ...]) -> Pictures:
    strip = gate.reshape(gate.shape[0], -1).mean(1)[None, None]
    return Pictures(("gate of each channel",), strip, False, notes=notes)


def _spatial(gate: Tensor, notes: tuple[str, ...]) -> Pictures:
    return Pictures(("gate of each place",), gate.reshape(-1, *gate.shape[-2:]).mean(0)[None], True, notes=notes)


def _branch(weights: Tensor, notes: tuple[str, ...]) -> Pictures:
    table = weights.reshape(weights.shape[0], -1)
    table = table.T if table.shape[1] == 1 else table
    return Pictures(
        ("weight of each branch (rows) in each channel" if len(table) > 1 else "weight of each branch",),
        table[None],
        False,
        notes=notes,
    )


def _local(weights: Tensor, notes: tuple[str, ...]) -> Pictures:
    side = round(weights.shape[-1] ** 0.5)
    mean = weights.reshape(-1, weights.shape[-1]).mean(0)
    footprint = mean.reshape(side, side) if side * side == len(mean) else mean[None]
    return Pictures(("mean footprint around a place",), footprint[None], False, notes=notes)


def _signed_local(weights: Tensor, notes: tuple[str, ...]) -> Pictures:
    return _local(weights.abs(), (*notes, SIGNED))


def _segment(responses: Tensor, notes: tuple[str, ...]) -> Pictures:
    table = responses.reshape(-1, responses.shape[-1])
    chosen = torch.bincount(table.argmax(1), minlength=table.shape[1])
    most = f"segment {int(chosen.argmax()) + 1} is the strongest for {int(chosen.max())} of {len(table)} units"
    return Pictures(
        ("response of each segment (columns) of each unit (rows)",), table[None], False, notes=(*notes, most)
    )


def _channel_pairs(weights: Tensor, notes: tuple[str, ...]) -> Pictures:
    return _with_heads("channels × channels", weights, over_image=False, notes=notes)


_TABLES: dict[str, Callable[[Tensor, tuple[str, ...]], Pictures]] = {
    "channel": _channel,
    "channel_pairs": _channel_pairs,
    "spatial": _spatial,
    "branch": _branch,
    "local": _local,
    "signed_local": _signed_local,
    "segment": _segment,
}
