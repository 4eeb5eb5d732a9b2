"""The order of a graph and its circles."""

from graphlib import CycleError

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.core.topology import find_cycle, in_words, ordered

IDS = st.integers(0, 11)
EDGES = st.lists(st.tuples(IDS, IDS).filter(lambda edge: edge[0] != edge[1]), max_size=25)


@given(st.permutations(range(12)), EDGES)
def test_the_order_is_that_of_networkx_and_exists_where_no_circle_does(
    ids: list[int], edges: list[tuple[int, int]]
) -> None:
    names = [str(id) for id in ids]
    wires = [(str(source), str(target)) for source, target in edges]
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(wires)
    circle = find_cycle(wires)
    assert (circle is None) == nx.is_directed_acyclic_graph(graph)
    if circle is None:
        assert ordered(names, wires) == tuple(nx.lexicographical_topological_sort(graph, key=names.index))
    else:
        assert all(graph.has_edge(*pair) for pair in zip(circle, [*circle[1:], circle[0]], strict=True))
        with pytest.raises(CycleError):
            ordered(names, wires)


def test_a_long_circle_is_shortened_in_words() -> None:
    assert in_words(["a", "b"]) == "a -> b -> a"
    assert in_words(list("abcdefghij")) == "a -> b -> c -> d -> ... -> h -> i -> j -> a"
