"""The order of a graph and its cycles."""

from graphlib import CycleError

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.core.topology import find_cycle, format_cycle, reachable, topological_order

IDS = st.integers(0, 11)
EDGES = st.lists(st.tuples(IDS, IDS).filter(lambda edge: edge[0] != edge[1]), max_size=25)


@given(st.permutations(range(12)), EDGES)
def test_the_order_is_that_of_networkx_and_exists_where_no_cycle_does(
    ids: list[int], edges: list[tuple[int, int]]
) -> None:
    names = [str(id) for id in ids]
    wires = [(str(source), str(target)) for source, target in edges]
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(wires)
    cycle = find_cycle(wires)
    assert (cycle is None) == nx.is_directed_acyclic_graph(graph)
    if cycle is None:
        assert topological_order(names, wires) == tuple(nx.lexicographical_topological_sort(graph, key=names.index))
    else:
        assert all(graph.has_edge(*pair) for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        with pytest.raises(CycleError):
            topological_order(names, wires)


def test_a_long_cycle_is_shortened_format_cycle() -> None:
    assert format_cycle(["a", "b"]) == "a -> b -> a"
    assert format_cycle(list("abcdefghij")) == "a -> b -> c -> d -> ... -> h -> i -> j -> a"


@given(IDS, EDGES)
def test_what_is_reached_is_that_of_networkx_by_shortest_paths(start: int, edges: list[tuple[int, int]]) -> None:
    graph = nx.MultiDiGraph(edges)
    graph.add_node(start)
    origins = reachable([start], graph.successors)
    assert origins.keys() == nx.descendants(graph, start) | {start}
    for item in origins:
        path = [item]
        while (origin := origins[path[-1]]) is not None:
            assert graph.has_edge(origin, path[-1])
            path.append(origin)
        assert len(path) - 1 == nx.shortest_path_length(graph, start, item)
