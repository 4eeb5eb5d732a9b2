"""Versions of one design sent through a pipe: only the changes are sent, and the reader reuses the objects of unchanged
parts.

An edit changes one or two nodes. To send all of a thousand would take longer than to infer the effect of the edit.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from composer.core.files.design_json import (
    PARTS,
    from_json,
    read_design,
    read_node,
    read_parts,
    write_head,
    write_node,
    write_parts,
)
from composer.core.graph import Design, Graph


class OutOfSync(Exception):
    """A delta is based on a version that the reader does not have; the writer must `reset`."""


class DeltaWriter:
    """Writes versions for one reader, which must receive every one."""

    def __init__(self) -> None:
        self._last: Design | None = None
        self._number = 0

    def reset(self) -> None:
        """Write the next version as a whole: for a new reader, or one that missed a version."""
        self._last = None

    def write(self, design: Design) -> dict[str, Any]:
        """Return a version as JSON values; a whole one is that of `design_json.to_json` with a number."""
        before, self._last = self._last, design
        last_graphs = dict(before.all_graphs()) if before is not None else {}
        self._number += 1
        graphs = {name: _write_delta(last_graphs.get(name), graph) for name, graph in design.all_graphs()}
        return {
            **write_head(design),
            "number": self._number,
            "whole": before is None,
            "main": graphs.pop(""),
            "graphs": graphs,
        }


class DeltaReader:
    """Reads what a `DeltaWriter` wrote."""

    def __init__(self) -> None:
        self._graphs: dict[str, Graph] = {}
        self._number = 0

    def read(self, data: Mapping[str, Any]) -> Design:
        """Read the next version, or a complete design that `design_json.to_json` wrote.

        Raises:
            OutOfSync: if the version before it is missing.
        """
        if "number" not in data:
            return from_json(data)
        if not data["whole"] and data["number"] != self._number + 1:
            raise OutOfSync
        last_graphs = {} if data["whole"] else self._graphs
        updates = {"": data["main"], **data["graphs"]}
        self._graphs = {name: _read_delta(last_graphs.get(name), update) for name, update in updates.items()}
        self._number = data["number"]
        return read_design(data, self._graphs[""], {name: graph for name, graph in self._graphs.items() if name})


def _write_delta(before: Graph | None, graph: Graph) -> dict[str, Any] | None:
    """Return what is new in a graph; None if nothing is."""
    if before is graph:
        return None
    if before is None:
        return write_parts(graph)
    parts = [part for part in PARTS if getattr(graph, part) is not getattr(before, part)]
    if "nodes" not in parts or list(before.nodes) != list(graph.nodes):
        return write_parts(graph, parts)
    parts.remove("nodes")
    # Compared by identity: equal nodes may hold 1, 1.0 or True, which are different values for a block.
    changed = [write_node(node) for id, node in graph.nodes.items() if node is not before.nodes[id]]
    return {"changed": changed, **write_parts(graph, parts)}


def _read_delta(before: Graph | None, update: Mapping[str, Any] | None) -> Graph:
    if update is None:
        assert before is not None
        return before
    parts = read_parts({part: rows for part, rows in update.items() if part != "changed"})
    if before is None:
        return Graph(**parts)
    if "changed" in update:
        parts["nodes"] = {**before.nodes, **{row[0]: read_node(*row) for row in update["changed"]}}
    return replace(before, **parts).share_caches_with(before)
