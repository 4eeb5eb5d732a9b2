"""Layered placement of a graph: the longest path runs straight, branches lie in lanes beside it, skips have room to arc around.

Positions are the centres of the items, so cards and the small circles of merges line up whatever their sizes.
The steps are those of Sugiyama, Tagawa and Toda (1981); lanes made of whole chains take the place of crossing minimisation,
because networks are long chains with few branches and a straight main path is what the reader looks for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from composer.core.graph import Graph, Point, Wire
from composer.core.layout.row_breaks import row_breaks

if TYPE_CHECKING:
    import networkx as nx

Size = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances in pixels: between layers, between lanes, for each skip that passes a lane, between separate parts, and the grid."""

    layer: float = 40.0
    lane: float = 40.0
    track: float = 16.0
    part: float = 64.0
    grid: float = 4.0


def layout(
    graph: Graph,
    sizes: Mapping[str, Size],
    direction: str = "right",
    *,
    room: Mapping[Wire, float] | None = None,
    only: Collection[str] | None = None,
    row: float | None = None,
    spacing: Spacing | None = None,
) -> dict[str, Point]:
    """Place the items of a graph.

    Args:
        graph: the graph; wires that close a cycle are ignored.
        sizes: width and height of each item in pixels.
        direction: ``right`` or ``down``, the way the wires run.
        room: least distance between the two ends of single wires, where a label needs more than the usual gap.
        only: ids to place; the others stay, and the placed ones keep their common top left corner.
        row: length at which a long network goes on in a next row, at places where a single wire passes; None for never.
        spacing: distances.

    Returns:
        The centre of each placed item, on the grid.
    """
    gaps = spacing or Spacing()
    turned = direction == "down"
    extent = {id: sizes[id][::-1] if turned else sizes[id] for id in graph.ids() if only is None or id in only}
    if not extent:
        return {}
    topology = _acyclic(graph, extent)
    places: dict[str, Point] = {}
    across = 0.0
    for part in _parts(topology):
        placed, depth = _place(topology.subgraph(part), extent, room or {}, row, gaps)
        places |= {id: (along, across + c) for id, (along, c) in placed.items()}
        across += depth + gaps.part
    shift = _anchor(graph, places, extent, turned) if only is not None else (0.0, 0.0)

    def snapped(value: float) -> float:
        return round(value / gaps.grid) * gaps.grid

    centres = {id: (snapped(a + shift[0]), snapped(c + shift[1])) for id, (a, c) in places.items()}
    return {id: (c, a) for id, (a, c) in centres.items()} if turned else centres


def direction_of(graph: Graph) -> str | None:
    """The way in which most wires of a placed graph run: ``right`` or ``down``; None where that cannot be told."""
    right = down = 0
    for wire in graph.wires:
        source, target = graph.item(wire.source), graph.item(wire.target)
        if source is not None and target is not None:
            along, across = target.position[0] - source.position[0], target.position[1] - source.position[1]
            right += along > abs(across)
            down += across > abs(along)
    return None if right == down else "right" if right > down else "down"


def _anchor(graph: Graph, places: Mapping[str, Point], extent: Mapping[str, Size], turned: bool) -> Point:
    """The shift that puts the first corner of a partial layout where it was before."""

    def corner(points: Mapping[str, Point]) -> Point:
        return min(a - extent[id][0] / 2 for id, (a, _) in points.items()), min(
            c - extent[id][1] / 2 for id, (_, c) in points.items()
        )

    old = {}
    for id in places:
        item = graph.item(id)
        assert item is not None
        old[id] = item.position[::-1] if turned else item.position
    before, after = corner(old), corner(places)
    return before[0] - after[0], before[1] - after[1]


def _acyclic(graph: Graph, ids: Collection[str]) -> "nx.DiGraph[str]":
    """The topology without parallel wires and without the wires that would close a cycle; wires hang on the edges."""
    import networkx as nx  # as in `graph`: only when it is needed

    topology: nx.DiGraph[str] = nx.DiGraph()
    topology.add_nodes_from(ids)
    for wire in graph.wires:
        if wire.source in topology and wire.target in topology and wire.source != wire.target:
            topology.add_edge(wire.source, wire.target)
            topology.edges[wire.source, wire.target].setdefault("wires", []).append(wire)
    while not nx.is_directed_acyclic_graph(topology):
        topology.remove_edge(*nx.find_cycle(topology)[-1][:2])
    return topology


def _parts(topology: "nx.DiGraph[str]") -> list[list[str]]:
    """Ids of the separate parts, the largest first."""
    import networkx as nx

    rank = {id: index for index, id in enumerate(topology)}
    parts = [sorted(part, key=rank.__getitem__) for part in nx.weakly_connected_components(topology)]
    return sorted(parts, key=lambda part: (-len(part), rank[part[0]]))


def _place(
    part: "nx.DiGraph[str]", extent: Mapping[str, Size], room: Mapping[Wire, float], row: float | None, gaps: Spacing
) -> tuple[dict[str, Point], float]:
    """Centres (along, across) of one connected part, and its depth across."""
    chains, layer = _chains(part)
    lane = _lanes(part, chains, layer)
    columns = _columns(part, layer, extent, room, gaps)
    rows = _rows(part, layer, columns, row)
    depth = 0.0
    places: dict[str, Point] = {}
    for first, last in rows:
        members = [id for id in part if first <= layer[id] <= last]
        heights, depth_of_row = _lane_centres(part, members, layer, lane, extent, gaps)
        start = columns[first][0] - columns[first][1] / 2
        for id in members:
            places[id] = (columns[layer[id]][0] - start, depth + heights[lane[id]])
        depth += depth_of_row + gaps.part
    return places, depth - gaps.part


def _chains(part: "nx.DiGraph[str]") -> tuple[list[list[str]], dict[str, int]]:
    """The part cut into chains, the longest path first, and the layer of each item."""
    import networkx as nx

    order = list(
        nx.lexicographical_topological_sort(part, key={id: index for index, id in enumerate(part)}.__getitem__)
    )
    layer: dict[str, int] = {}
    for id in order:
        layer[id] = max((layer[p] + 1 for p in part.predecessors(id)), default=0)
    height: dict[str, int] = {}
    for id in reversed(order):
        height[id] = max((height[s] + 1 for s in part.successors(id)), default=0)
    chains: list[list[str]] = []
    taken: set[str] = set()
    for head in sorted(order, key=lambda id: (layer[id], -height[id])):
        if head in taken:
            continue
        chain = [head]
        taken.add(head)
        while ahead := [s for s in part.successors(chain[-1]) if s not in taken]:
            chain.append(max(ahead, key=height.__getitem__))  # the first of equals: the wire drawn first
            taken.add(chain[-1])
        chains.append(chain)
    _pull(part, order, set(chains[0]), layer)
    return chains, layer


def _pull(part: "nx.DiGraph[str]", order: list[str], main: set[str], layer: dict[str, int]) -> None:
    """Move what only feeds a later item (a context input, its embedding) next to that item."""
    loose: set[str] = set()
    for id in order:
        if id not in main and all(p in loose and part.out_degree(p) == 1 for p in part.predecessors(id)):
            loose.add(id)
    for id in reversed(order):
        if id in loose and part.out_degree(id):
            layer[id] = max(min(layer[s] for s in part.successors(id)) - 1, layer[id])


def _lanes(part: "nx.DiGraph[str]", chains: list[list[str]], layer: Mapping[str, int]) -> dict[str, int]:
    """A lane for each item: 0 for the longest path, the nearest free one for every other chain, below before above."""
    lane: dict[str, int] = {}
    busy: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for chain in chains:
        first, last = layer[chain[0]], layer[chain[-1]]
        before = [p for p in part.predecessors(chain[0]) if p in lane]
        after = [s for s in part.successors(chain[-1]) if s in lane]
        if before:
            first = min(first, max(layer[p] for p in before) + 1)
        if after:
            last = max(last, min(layer[s] for s in after) - 1)
        base = lane[(before or after)[0]] if before or after else 0
        choice = next(c for c in _outward(base) if all(last < b or first > e for b, e in busy[c]))
        busy[choice].append((first, last))
        lane |= dict.fromkeys(chain, choice)
    return lane


def _outward(base: int) -> Iterator[int]:
    yield base
    for step in count(1):
        yield base + step
        yield base - step


def _columns(
    part: "nx.DiGraph[str]",
    layer: Mapping[str, int],
    extent: Mapping[str, Size],
    room: Mapping[Wire, float],
    gaps: Spacing,
) -> list[tuple[float, float]]:
    """Centre and width of each layer along the flow."""
    widths = [0.0] * (max(layer.values()) + 1)
    for id, index in layer.items():
        widths[index] = max(widths[index], extent[id][0])
    gap = [gaps.layer] * len(widths)
    for source, target, wires in part.edges(data="wires"):
        if layer[target] == layer[source] + 1:
            gap[layer[source]] = max(gap[layer[source]], *(room.get(wire, 0.0) for wire in wires))
    columns = []
    edge = 0.0
    for width, after in zip(widths, gap, strict=True):
        columns.append((edge + width / 2, width))
        edge += width + after
    return columns


def _rows(
    part: "nx.DiGraph[str]", layer: Mapping[str, int], columns: list[Size], row: float | None
) -> list[tuple[int, int]]:
    """First and last layer of each row."""
    if row is None:
        return [(0, len(columns) - 1)]
    passing: list[list[str]] = [[] for _ in columns]
    for source, target in part.edges:
        for index in range(layer[source], layer[target]):
            passing[index].append(source)
    return row_breaks(columns, passing, row)


def _lane_centres(
    part: "nx.DiGraph[str]",
    members: list[str],
    layer: Mapping[str, int],
    lane: Mapping[str, int],
    extent: Mapping[str, Size],
    gaps: Spacing,
) -> tuple[dict[int, float], float]:
    """Centre of each lane across the flow, with room above it for the skips that pass it, and the depth of all lanes."""
    tracks = _tracks(part, members, layer, lane)
    centres: dict[int, float] = {}
    edge = 0.0
    for index in sorted({lane[id] for id in members}):
        height = max(extent[id][1] for id in members if lane[id] == index)
        edge += tracks.get(index, 0) * gaps.track + (gaps.lane if centres else 0.0)
        centres[index] = edge + height / 2
        edge += height
    return centres, edge


def _tracks(
    part: "nx.DiGraph[str]", members: list[str], layer: Mapping[str, int], lane: Mapping[str, int]
) -> dict[int, int]:
    """How many skips pass each lane side by side."""
    inside = set(members)
    steps: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for source, target in part.edges:
        if source in inside and target in inside and lane[source] == lane[target] and layer[target] - layer[source] > 1:
            steps[lane[source]] += [(layer[source] + 1, 1), (layer[target], -1)]
    deepest = {}
    for index, marks in steps.items():
        open_, most = 0, 0
        for _, step in sorted(marks):
            open_ += step
            most = max(most, open_)
        deepest[index] = most
    return deepest
