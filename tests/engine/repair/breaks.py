"""Break a design in one place at random: a slip of the mouse, a wrong number, an outdated file."""

import random
from collections.abc import Callable
from dataclasses import replace

from composer.core import edits
from composer.core.blocks.catalog import Catalog
from composer.core.declarations import ParamSpec
from composer.core.errors import DesignError
from composer.core.graph import SUBGRAPH, Design, Each, Graph, Node, Value, Wire, frozen

Break = Callable[[random.Random, Design, Catalog], Design | None]


def _pick_node(rng: random.Random, design: Design) -> tuple[str, Graph, Node] | None:
    places = [(name, graph, node) for name, graph in design.all_graphs() for node in graph.nodes.values()]
    return rng.choice(places) if places else None


def _wrong_value(rng: random.Random, param: ParamSpec, present: object) -> Value:
    """Return a value as a person might type it: most of the time of the right type."""
    match param.type:
        case "int":
            near = present if isinstance(present, int) and not isinstance(present, bool) else 8
            return rng.choice(
                (
                    near + 1,
                    near - 1,
                    near * 2 + 1,
                    3,
                    5,
                    7,
                    11,
                    0,
                    -1,
                    100,
                    1000,
                    2.5,
                    "many",
                    "=no_such_variable",
                    "=1 / 0",
                    "=(",
                    True,
                )
            )
        case "float":
            return rng.choice((-0.5, 1.5, 7.0, -3, "half", "=no_such_variable", "=2 **"))
        case "bool":
            return rng.choice((2, "maybe", None))
        case "choice":
            return rng.choice(
                (*(choice for choice in param.choices if choice != present), f"{present}x", "no such", None)
            )
        case "tuple":
            return rng.choice(((1,), (2, 2, 2), 3, ("a", "b"), (0, 0)))
    return rng.choice((3, None, "=no_such_variable"))


def change_parameter(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Change one parameter of one node."""
    place = _pick_node(rng, design)
    if place is None:
        return None
    name, _, node = place
    spec = catalog.get(node.block)
    if spec is None or not spec.params:
        return None
    param = (
        rng.choice([param for param in spec.params if param.name in node.params] or spec.params)
        if rng.random() < 0.6
        else rng.choice(spec.params)
    )
    present = node.params.get(param.name, param.default)
    return edits.set_params(design, node.id, {param.name: _wrong_value(rng, param, present)}, graph=name)


def rename_parameter(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Misspell the name of a parameter."""
    place = _pick_node(rng, design)
    if place is None or not place[2].params:
        return None
    name, _, node = place
    old = rng.choice(list(node.params))
    cut = rng.randrange(len(old))
    new = rng.choice((old[:cut] + old[cut + 1 :], old + "s", old[:cut] + old[cut] + old[cut:], old.upper()))
    if not new.isidentifier():
        return None
    params = {new if key == old else key: value for key, value in node.params.items()}
    return edits.update_item(design, node.id, graph=name, params=frozen(params))


def misspell_block(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Misspell the name of a block, as in a file written by hand."""
    place = _pick_node(rng, design)
    if place is None or place[2].subgraph is not None:
        return None
    name, _, node = place
    cut = rng.randrange(1, len(node.block))
    return edits.update_item(
        design,
        node.id,
        graph=name,
        block=rng.choice((node.block[:cut] + node.block[cut + 1 :], node.block.lower(), node.block + "s")),
    )


def remove_wire(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Remove a wire."""
    name, graph = rng.choice([place for place in design.all_graphs() if place[1].wires])
    return edits.disconnect(design, [rng.choice(graph.wires)], graph=name)


def move_wire(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Move the start of a wire to another node."""
    name, graph = rng.choice([place for place in design.all_graphs() if place[1].wires])
    wire = rng.choice(graph.wires)
    source = rng.choice([*graph.inputs, *graph.nodes])
    try:
        return edits.connect(
            edits.disconnect(design, [wire], graph=name), replace(wire, source=source, source_port=""), graph=name
        )
    except DesignError:
        return None


def add_wire(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Add a wire."""
    name, graph = rng.choice([place for place in design.all_graphs() if place[1].wires])
    wire = rng.choice(graph.wires)
    source = rng.choice([*graph.inputs, *graph.nodes])
    if Wire(source, wire.target, "", wire.target_port) in graph.wires:
        return None
    try:
        return edits.connect(design, Wire(source, wire.target, "", wire.target_port), graph=name, variadic=True)
    except DesignError:
        return None


def delete_node(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Delete a node, with or without a wire over the gap."""
    place = _pick_node(rng, design)
    if place is None:
        return None
    return edits.remove(design, [place[2].id], graph=place[0], reconnect=rng.random() < 0.5)


def change_input(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Change the shape of the image: other channels, another size, no channels."""
    item = rng.choice(list(design.main.inputs.values()))
    sizes = list(item.shape)
    match rng.randrange(4):
        case 0:
            at = rng.randrange(len(sizes))
            sizes[at] = rng.choice((1, 3, 7, 10, 13, 31, 33, "=no_such_variable", "=0"))
        case 1:
            sizes = sizes[1:]
        case 2:
            sizes = [*sizes[:1], *(size + 1 if isinstance(size, int) else size for size in sizes[1:])]
        case 3:
            sizes = [*sizes[:1], *(rng.choice((2, 5, 9)) for _ in sizes[1:])]
    return edits.update_item(design, item.id, shape=tuple(sizes))


def change_variable(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Change a variable, or remove it while parameters still use it."""
    if not design.variables:
        return None
    name = rng.choice(list(design.variables))
    value = design.variables[name]
    if rng.random() < 0.3:
        return edits.remove_variable(design, name)
    near = value if isinstance(value, int) else 8
    new = rng.choice((near + 1, near - 1, 7, 0, -2, 2.5, "wide", "=no_such_variable", f"={name}"))
    return replace(design, variables=frozen({**design.variables, name: new}))


def change_repeat(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Set an impossible repeat."""
    place = _pick_node(rng, design)
    if place is None:
        return None
    return edits.update_item(
        design, place[2].id, graph=place[0], repeat=rng.choice(("=0", "=-1", "=no_such_variable", "=2.5", 3))
    )


def change_iterations(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Set a value for each iteration, one of which is wrong."""
    place = _pick_node(rng, design)
    if place is None:
        return None
    name, _, node = place
    spec = catalog.get(node.block)
    numbers = [param for param in spec.params if param.type == "int" and not param.inferred] if spec is not None else []
    if not numbers:
        return None
    param = rng.choice(numbers)
    each = Each((node.params.get(param.name, param.default), rng.choice((0, 3, 7))))  # type: ignore[arg-type]
    return edits.set_params(design, node.id, {param.name: each}, graph=name)


def change_instance(rng: random.Random, design: Design, catalog: Catalog) -> Design | None:
    """Set a parameter of an instance that its sub-graph does not have, or to an impossible value."""
    instances = [(name, node) for name, graph in design.all_graphs() for node in graph.nodes.values() if node.subgraph]
    if not instances:
        return None
    name, node = rng.choice(instances)
    exposed = list(design.graphs[node.subgraph or ""].params)
    if not exposed:
        return None
    key = rng.choice(exposed)
    if rng.random() < 0.3:
        misspelt = replace(node, block=f"{SUBGRAPH}{node.subgraph}s")
        graph = design.graph(name)
        return design.with_graph(name, replace(graph, nodes=frozen({**graph.nodes, node.id: misspelt})))
    if rng.random() < 0.4:
        params = {key + "s" if old == key else old: value for old, value in node.params.items()}
        return edits.update_item(design, node.id, graph=name, params=frozen(params))
    return edits.set_params(
        design, node.id, {key: rng.choice((0, -1, 7, 13, "x", None, "=no_such_variable"))}, graph=name
    )


BREAKS: tuple[Break, ...] = (
    change_parameter,
    change_parameter,
    change_parameter,
    rename_parameter,
    misspell_block,
    remove_wire,
    move_wire,
    add_wire,
    delete_node,
    delete_node,
    change_input,
    change_variable,
    change_repeat,
    change_iterations,
    change_instance,
)
