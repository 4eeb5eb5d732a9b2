"""Swap one block for another: wires stay, parameters go over by name."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass, replace

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import Catalog
from composer.core.errors import DesignError
from composer.core.graph import Design, Each, Graph, Node, Ramp, Value, Wire, frozen, is_expression
from composer.core.param_check import problem

# Parameters that say the same under another name in another family of blocks.
_SAME = (
    {"in_channels", "channels", "dim", "in_features"},
    {"out_channels", "dim", "out_features", "units"},
    {"heads", "num_heads"},
)


@dataclass(frozen=True, slots=True)
class Swap:
    """What a swap did: the design, the nodes it touched, and the parameters that had no place in the new block."""

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
    """Put another block in the place of nodes.

    Args:
        design: the design.
        catalog: the known blocks.
        by: name of the new block.
        block: only nodes of this block.
        ids: only these ids.
        graph: only in this graph (the empty name is the main graph); everywhere by default.

    Returns:
        A `Swap`.

    Raises:
        DesignError: if a block or an id is unknown, no node fits, or the new block has too few ports for a node's wires.
    """
    new = catalog.get(by)
    if new is None:
        raise DesignError(f"block {by!r} is unknown; see `netcomposer blocks`")
    if block is not None and block not in catalog:
        raise DesignError(f"block {block!r} is unknown; see `netcomposer blocks`")
    if ids is not None:
        there = {id for name, home in design.all_graphs() if graph is None or name == graph for id in home.nodes}
        for id in ids:
            if id not in there:
                near = difflib.get_close_matches(id, there, 1)
                raise DesignError(f"no node is called {id!r}" + (f"; did you mean {near[0]}?" if near else ""))
    touched: list[tuple[str, str]] = []
    dropped: list[str] = []
    for name, home in design.all_graphs():
        if graph is not None and name != graph:
            continue
        for id, node in home.nodes.items():
            wanted = node.subgraph is None and (block is None or node.block == block) and (ids is None or id in ids)
            if not wanted or node.block == by:
                continue
            old = catalog.get(node.block)
            params, lost = _params(node, old, new)
            home = _rewire(
                replace(home, nodes=frozen({**home.nodes, id: replace(node, block=by, params=params)})), id, old, new
            )
            touched.append((name, id))
            dropped.extend(f"{id}.{param}" for param in lost)
        design = design.with_graph(name, home) if home is not design.graph(name) else design
    if not touched:
        asked = [node for _, home in design.all_graphs() for id, node in home.nodes.items() if ids is None or id in ids]
        which = "no node" if ids is None else "none of the named nodes"
        what = f"{which} uses {block}" if block else f"{which} can be replaced"
        raise DesignError(f"{what}; used are: {', '.join(sorted({node.block for node in asked})) or 'none'}")
    return Swap(design, tuple(touched), tuple(dropped))


def _params(node: Node, old: BlockSpec | None, new: BlockSpec) -> tuple[dict[str, Value], list[str]]:
    kept: dict[str, Value] = {}
    lost = []
    for name, value in node.params.items():
        target = new.param(name)
        if target is None and old is not None:
            family = next((names for names in _SAME if name in names), set())
            target = next((param for param in new.params if param.name in family and not param.inferred), None)
        open_ = is_expression(value) or isinstance(value, Each | Ramp)
        # A size that the new block takes from its wire must not be pinned by hand.
        if target is None or target.inferred or (not open_ and problem(target, value)):  # type: ignore[arg-type]
            lost.append(name)
        else:
            kept[target.name] = value
    return kept, lost


def _rewire(home: Graph, id: str, old: BlockSpec | None, new: BlockSpec) -> Graph:
    """Port names of the wires at a swapped node: the same name where the new block has it, else the same place."""

    def port(name: str, before: list[str], after: list[str], what: str) -> str:
        if not name or name in after:
            return "" if name and after and after[0] == name else name
        place = before.index(name) if name in before else len(after)
        if place >= len(after):
            raise DesignError(f"{id}: {new.name} has no {what} for the wire at {name!r}; it has {', '.join(after)}", id)
        return after[place] if place else ""

    inputs = [p.name for p in new.inputs]
    outputs = [p.name for p in new.outputs]
    old_inputs = [p.name for p in old.inputs] if old else []
    old_outputs = [p.name for p in old.outputs] if old else []
    many = bool(new.inputs and new.inputs[0].variadic)
    wires: list[Wire] = []
    arriving: list[str] = []
    for wire in home.wires:
        if wire.target == id:
            target = "" if many else port(wire.target_port, old_inputs, inputs, "input")
            if not many and target in arriving:
                raise DesignError(
                    f"{id}: {new.name} takes one wire at {target or inputs[0]!r}, and several end there", id
                )
            arriving.append(target)
            wire = replace(wire, target_port=target)
        if wire.source == id:
            wire = replace(wire, source_port=port(wire.source_port, old_outputs, outputs, "output"))
        wires.append(wire)
    return replace(home, wires=tuple(wires))
