"""Layered layout of a graph: the longest path is straight, branches are in lanes beside it, skips have space to pass
lanes.

Positions are the centers of the items, so that cards and the small circles of merges line up whatever their sizes. The
steps are those of Sugiyama, Tagawa and Toda (1981). Lanes of whole chains replace crossing minimization, because
networks are long chains with few branches, and a straight main path is what the reader looks for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from composer.core.graph import Graph, Point, Wire
from composer.core.layout.boxes import Size
from composer.core.layout.row_breaks import row_breaks

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances in pixels.

    Args:
        layer: between layers, along the flow.
        lane: between lanes, across the flow.
        track: added between lanes for each skip that passes there.
        part: between unconnected parts, and between rows.
        grid: positions are multiples of it.
    """

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
    min_gap: Mapping[Wire, float] | None = None,
    only: Collection[str] | None = None,
    row: float | None = None,
    spacing: Spacing | None = None,
) -> dict[str, Point]:
    """Compute positions for the items of a graph.

    Args:
        graph: the graph; wires that close a cycle are ignored.
        sizes: width and height of each item in pixels.
        direction: ``right`` or ``down``, the way the wires run.
        min_gap: least distance in pixels between the ends of single wires whose label needs more than the usual gap.
        only: ids to lay out; the others stay, and these keep their common top left corner.
        row: length in pixels at which a long network continues in a next row, where a single wire passes; None for
            never.
        spacing: distances.

    Returns:
        The center of each item, on the grid.
    """
    gaps = spacing or Spacing()
    down = direction == "down"
    extent = {id: sizes[id][::-1] if down else sizes[id] for id in graph.ids() if only is None or id in only}
    if not extent:
        return {}
    topology = _acyclic(graph, extent)
    # Positions are (along, across) until the end, whatever the direction. Unconnected parts are stacked across the
    # flow.
    positions: dict[str, Point] = {}
    across = 0.0
    for part in _parts(topology):
        in_part, depth = _lay_out_part(topology.subgraph(part), extent, min_gap or {}, row, gaps)
        positions |= {id: (along, across + c) for id, (along, c) in in_part.items()}
        across += depth + gaps.part
    shift = _anchor_shift(graph, positions, extent, down) if only is not None else (0.0, 0.0)

    def snapped(value: float) -> float:
        return round(value / gaps.grid) * gaps.grid

    centers = {id: (snapped(a + shift[0]), snapped(c + shift[1])) for id, (a, c) in positions.items()}
    return {id: (c, a) for id, (a, c) in centers.items()} if down else centers


def direction_of(graph: Graph) -> str | None:
    """Return the direction in which most wires of a drawn graph run, ``right`` or ``down``; None if as many run in
    both.
    """
    rightward = downward = 0
    for wire in graph.wires:
        source, target = graph.item(wire.source), graph.item(wire.target)
        if source is not None and target is not None:
            along, across = target.position[0] - source.position[0], target.position[1] - source.position[1]
            rightward += along > abs(across)
            downward += across > abs(along)
    return None if rightward == downward else "right" if rightward > downward else "down"


def _anchor_shift(graph: Graph, positions: Mapping[str, Point], extent: Mapping[str, Size], down: bool) -> Point:
    """Return the shift that moves the first corner of a partial layout to where it was before."""

    def corner(points: Mapping[str, Point]) -> Point:
        return min(a - extent[id][0] / 2 for id, (a, _) in points.items()), min(
            c - extent[id][1] / 2 for id, (_, c) in points.items()
        )

    old = {}
    for id in positions:
        item = graph.item(id)
        assert item is not None
        old[id] = item.position[::-1] if down else item.position
    before, after = corner(old), corner(positions)
    return before[0] - after[0], before[1] - after[1]


def _acyclic(graph: Graph, ids: Collection[str]) -> "nx.DiGraph[str]":
    """Return the topology without cycles and parallel edges; each edge has the list of its wires as ``wires``."""
    import networkx as nx  # as in `graph`: only where it is needed

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
    """Return the ids of the unconnected parts, the largest first."""
    import networkx as nx

    rank = {id: index for index, id in enumerate(topology)}
    parts = [sorted(part, key=rank.__getitem__) for part in nx.weakly_connected_components(topology)]
    return sorted(parts, key=lambda part: (-len(part), rank[part[0]]))


def _lay_out_part(
    part: "nx.DiGraph[str]", extent: Mapping[str, Size], min_gap: Mapping[Wire, float], row: float | None, gaps: Spacing
) -> tuple[dict[str, Point], float]:
    """Return the centers (along, across) of one connected part, and its depth across the flow."""
    # 1. Layers along the flow, and chains of items that should be on one line.
    chains, layer = _chains(part)
    # 2. Lanes across the flow: one for each chain.
    lane = _lanes(part, chains, layer)
    # 3. Coordinates of the layers along the flow, and breaks into rows.
    columns = _columns(part, layer, extent, min_gap, gaps)
    rows = _rows(part, layer, columns, row)
    # 4. Coordinates of the lanes across the flow, row by row.
    depth = 0.0
    positions: dict[str, Point] = {}
    for first, last in rows:
        members = [id for id in part if first <= layer[id] <= last]
        centers, depth_of_row = _lane_centers(part, members, layer, lane, extent, gaps)
        start = columns[first][0] - columns[first][1] / 2
        for id in members:
            positions[id] = (columns[layer[id]][0] - start, depth + centers[lane[id]])
        depth += depth_of_row + gaps.part
    return positions, depth - gaps.part


def _chains(part: "nx.DiGraph[str]") -> tuple[list[list[str]], dict[str, int]]:
    """Cut a part into chains, the longest path first, and return them with the layer of each item."""
    import networkx as nx

    order = list(
        nx.lexicographical_topological_sort(part, key={id: index for index, id in enumerate(part)}.__getitem__)
    )
    # The layer of an item is the length of the longest path to it, its height that of the longest path from it.
    layer: dict[str, int] = {}
    for id in order:
        layer[id] = max((layer[p] + 1 for p in part.predecessors(id)), default=0)
    height: dict[str, int] = {}
    for id in reversed(order):
        height[id] = max((height[s] + 1 for s in part.successors(id)), default=0)
    # Each chain follows the highest successor that is still free, so that the first chain is the longest path.
    chains: list[list[str]] = []
    taken: set[str] = set()
    for head in sorted(order, key=lambda id: (layer[id], -height[id])):
        if head in taken:
            continue
        chain = [head]
        taken.add(head)
        while ahead := [s for s in part.successors(chain[-1]) if s not in taken]:
            chain.append(max(ahead, key=height.__getitem__))  # among equals that of the wire that was drawn first
            taken.add(chain[-1])
        chains.append(chain)
    _pull_to_consumers(part, order, set(chains[0]), layer)
    return chains, layer


def _pull_to_consumers(part: "nx.DiGraph[str]", order: list[str], main: set[str], layer: dict[str, int]) -> None:
    """Move side inputs, such as a context and its embedding, to the layer before the item that they feed."""
    side: set[str] = set()
    for id in order:
        if id not in main and all(p in side and part.out_degree(p) == 1 for p in part.predecessors(id)):
            side.add(id)
    for id in reversed(order):
        if id in side and part.out_degree(id):
            layer[id] = max(min(layer[s] for s in part.successors(id)) - 1, layer[id])


def _lanes(part: "nx.DiGraph[str]", chains: list[list[str]], layer: Mapping[str, int]) -> dict[str, int]:
    """Return the lane of each item: 0 for the longest path, the nearest free one for every other chain, below before
    above.
    """
    lane: dict[str, int] = {}
    busy: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for chain in chains:
        # The chain occupies its lane from where it branches off to where it joins again, its wires included.
        first, last = layer[chain[0]], layer[chain[-1]]
        before = [p for p in part.predecessors(chain[0]) if p in lane]
        after = [s for s in part.successors(chain[-1]) if s in lane]
        if before:
            first = min(first, max(layer[p] for p in before) + 1)
        if after:
            last = max(last, min(layer[s] for s in after) - 1)
        base = lane[(before or after)[0]] if before or after else 0
        index = next(c for c in _outward(base) if all(last < b or first > e for b, e in busy[c]))
        busy[index].append((first, last))
        lane |= dict.fromkeys(chain, index)
    return lane


def _outward(base: int) -> Iterator[int]:
    """Yield lanes by their distance from one of them."""
    yield base
    for step in count(1):
        yield base + step
        yield base - step


def _columns(
    part: "nx.DiGraph[str]",
    layer: Mapping[str, int],
    extent: Mapping[str, Size],
    min_gap: Mapping[Wire, float],
    gaps: Spacing,
) -> list[tuple[float, float]]:
    """Return center and width of each layer along the flow."""
    widths = [0.0] * (max(layer.values()) + 1)
    for id, index in layer.items():
        widths[index] = max(widths[index], extent[id][0])
    gap = [gaps.layer] * len(widths)
    for source, target, wires in part.edges(data="wires"):
        if layer[target] == layer[source] + 1:
            gap[layer[source]] = max(gap[layer[source]], *(min_gap.get(wire, 0.0) for wire in wires))
    columns = []
    edge = 0.0
    for width, after in zip(widths, gap, strict=True):
        columns.append((edge + width / 2, width))
        edge += width + after
    return columns


def _rows(
    part: "nx.DiGraph[str]", layer: Mapping[str, int], columns: list[Size], row: float | None
) -> list[tuple[int, int]]:
    """Return the first and last layer of each row."""
    if row is None:
        return [(0, len(columns) - 1)]
    passing: list[list[str]] = [[] for _ in columns]
    for source, target in part.edges:
        for index in range(layer[source], layer[target]):
            passing[index].append(source)
    return row_breaks(columns, passing, row)


def _lane_centers(
    part: "nx.DiGraph[str]",
    members: list[str],
    layer: Mapping[str, int],
    lane: Mapping[str, int],
    extent: Mapping[str, Size],
    gaps: Spacing,
) -> tuple[dict[int, float], float]:
    """Return the center of each lane across the flow, with space above it for skips that pass it, and the depth of all
    lanes.
    """
    tracks = _tracks(part, members, layer, lane)
    centers: dict[int, float] = {}
    edge = 0.0
    for index in sorted({lane[id] for id in members}):
        height = max(extent[id][1] for id in members if lane[id] == index)
        edge += tracks.get(index, 0) * gaps.track + (gaps.lane if centers else 0.0)
        centers[index] = edge + height / 2
        edge += height
    return centers, edge


def _tracks(
    part: "nx.DiGraph[str]", members: list[str], layer: Mapping[str, int], lane: Mapping[str, int]
) -> dict[int, int]:
    """Return how many skips pass each lane side by side."""
    inside = set(members)
    steps: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for source, target in part.edges:
        if source in inside and target in inside and lane[source] == lane[target] and layer[target] - layer[source] > 1:
            steps[lane[source]] += [(layer[source] + 1, 1), (layer[target], -1)]
    deepest = {}
    for index, marks in steps.items():
        # Skips start and end at these marks; the most that are open at once need a track each.
        open_skips, most = 0, 0
        for _, step in sorted(marks):
            open_skips += step
            most = max(most, open_skips)
        deepest[index] = most
    return deepest
