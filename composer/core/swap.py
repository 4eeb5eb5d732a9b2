"""Swap one block for another: wires stay, parameters are taken over by name."""

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import Catalog
from composer.core.errors import DesignError
from composer.core.expressions import value_parts
from composer.core.graph import Design, Graph, Node, Value, Wire, frozen, is_expression
from composer.core.param_check import problem

# Parameters with the same meaning under different names in different families of blocks.
_SYNONYMS = (
    {"in_channels", "channels", "dim", "in_features"},
    {"out_channels", "dim", "out_features", "units"},
    {"heads", "num_heads"},
)


@dataclass(frozen=True, slots=True)
class Swap:
    """Result of a swap.

    Attributes:
        design: the new design.
        nodes: graph and id of each node with the new block.
        dropped: parameters that the new block does not have, as ``node.param``.
    """

    design: Design
    nodes: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]


def swap(
    design: Design,
    catalog: Catalog,
    by: str,
    *,
    block: str | None = None,
    ids: Collection[str] | None = None,
    graph: str | None = None,
) -> Swap:
    """Replace the block of nodes by another one.

    Args:
        design: the design.
        catalog: the available blocks.
        by: name of the new block.
        block: only nodes with this block.
        ids: only these ids.
        graph: only in this graph (the empty name is the main graph); everywhere by default.

    Raises:
        DesignError: if a block or an id is unknown, no node matches, or the new block has too few ports for a node's
            wires.
    """
    new = catalog.get(by)
    for name in (by, block):
        if name is not None and name not in catalog:
            raise DesignError(f"block {name!r} is unknown; see `netcomposer blocks`")
    assert new is not None
    if ids is not None:
        _check_ids(design, ids, graph)
    swapped: list[tuple[str, str]] = []
    dropped: list[str] = []
    for name, home in list(design.all_graphs()):
        if graph is not None and name != graph:
            continue
        for id in _matching(home, by, block, ids):
            home, lost = _swap_node(home, id, catalog.get(home.nodes[id].block), new)
            swapped.append((name, id))
            dropped.extend(f"{id}.{param}" for param in lost)
        design = design.with_graph(name, home) if home is not design.graph(name) else design
    if not swapped:
        raise _no_match(design, block, ids)
    return Swap(design, tuple(swapped), tuple(dropped))


def _check_ids(design: Design, ids: Collection[str], graph: str | None) -> None:
    all_ids = {id for name, home in design.all_graphs() if graph is None or name == graph for id in home.nodes}
    for id in ids:
        if id not in all_ids:
            near = difflib.get_close_matches(id, all_ids, 1)
            raise DesignError(f"node {id!r} does not exist" + (f"; did you mean {near[0]}?" if near else ""))


def _matching(home: Graph, by: str, block: str | None, ids: Collection[str] | None) -> list[str]:
    """Return the ids of the nodes whose block is to be replaced."""
    return [
        id
        for id, node in home.nodes.items()
        if node.subgraph is None
        and node.block != by
        and (block is None or node.block == block)
        and (ids is None or id in ids)
    ]


def _no_match(design: Design, block: str | None, ids: Collection[str] | None) -> DesignError:
    nodes = [node for _, home in design.all_graphs() for id, node in home.nodes.items() if ids is None or id in ids]
    which = "no node" if ids is None else "none of the named nodes"
    reason = f"{which} uses {block}" if block else f"{which} can be replaced"
    used = ", ".join(sorted({node.block for node in nodes})) or "none"
    return DesignError(f"{reason}; used are: {used}")


def _swap_node(home: Graph, id: str, old: BlockSpec | None, new: BlockSpec) -> tuple[Graph, list[str]]:
    """Return the graph with the new block in one node, and the parameters that the new block does not have."""
    node = home.nodes[id]
    params, lost = _transfer_params(node, old, new)
    swapped = replace(node, block=new.name, params=params)
    home = replace(home, nodes=frozen({**home.nodes, id: swapped}))
    return replace(home, wires=tuple(_rename_ports(home, id, old, new))), lost


def _transfer_params(node: Node, old: BlockSpec | None, new: BlockSpec) -> tuple[dict[str, Value], list[str]]:
    """Return the parameters that the new block takes over, by their names there, and those that it does not."""
    params: dict[str, Value] = {}
    lost = []
    for name, value in node.params.items():
        target = new.param(name)
        if target is None and old is not None:
            synonyms = next((names for names in _SYNONYMS if name in names), set())
            target = next((param for param in new.params if param.name in synonyms and not param.inferred), None)
        literal = value_parts(value) == (value,) and not is_expression(value)
        # A size that the new block takes from its wire must not be fixed by a value.
        if target is None or target.inferred or (literal and problem(target, value)):  # type: ignore[arg-type]
            lost.append(name)
        else:
            params[target.name] = value
    return params, lost


def _rename_ports(home: Graph, id: str, old: BlockSpec | None, new: BlockSpec) -> Iterator[Wire]:
    """Yield all wires, those at a swapped node with the port of the same name, or else of the same position."""
    inputs, outputs = [port.name for port in new.inputs], [port.name for port in new.outputs]
    old_inputs = [port.name for port in old.inputs] if old else []
    old_outputs = [port.name for port in old.outputs] if old else []
    variadic = bool(new.inputs and new.inputs[0].variadic)
    wired: set[str] = set()
    for wire in home.wires:
        if wire.target == id:
            target = "" if variadic else _new_port(id, new.name, wire.target_port, old_inputs, inputs, "input")
            if not variadic and target in wired:
                port = target or inputs[0]
                raise DesignError(f"{id}: {new.name} takes one wire at {port!r}, and several end there", id)
            wired.add(target)
            wire = replace(wire, target_port=target)
        if wire.source == id:
            source = _new_port(id, new.name, wire.source_port, old_outputs, outputs, "output")
            wire = replace(wire, source_port=source)
        yield wire


def _new_port(id: str, block: str, name: str, before: list[str], after: list[str], kind: str) -> str:
    """Return the name under which a wire reaches the port of a new block; empty for its first one."""
    if not name or name in after:
        return "" if name and after and after[0] == name else name
    index = before.index(name) if name in before else len(after)
    if index >= len(after):
        ports = ", ".join(after)
        raise DesignError(f"{id}: {block} has no {kind} for the wire at {name!r}; it has {ports}", id)
    return after[index] if index else ""
