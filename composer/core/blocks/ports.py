"""The ports of all items: inputs, outputs, blocks and instances of sub-graphs."""

from collections.abc import Sequence

from composer.core.blocks.block_file import BlockSpec, Port
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.roles import LAYOUTS
from composer.core.blocks.shapes import ELLIPSIS
from composer.core.graph import Design, Input, Node, Output, Wire
from composer.core.units import declared_shape

ARROW = "\N{RIGHTWARDS ARROW}"
KIND_OF_RANK = {axes: layout for layout, axes in LAYOUTS.items()}


def input_ports(design: Design, catalog: Catalog, graph: str, id: str) -> tuple[Port, ...]:
    """Return the ports at which wires end.

    Args:
        design: the design.
        catalog: the available blocks.
        graph: name of the graph that holds the item; empty for the main graph.
        id: id of an input, node or output.

    Returns:
        The ports in order; none for an unknown block or a missing sub-graph.
    """
    match design.graph(graph).item(id):
        case Output():
            return (Port(""),)
        case Node(subgraph=str(name)):
            inner = design.graphs.get(name)
            return tuple(Port(port, dtype=item.dtype) for port, item in inner.inputs.items()) if inner else ()
        case Node(block=block):
            spec = catalog.get(block)
            return spec.inputs if spec else ()
    return ()


def output_ports(design: Design, catalog: Catalog, graph: str, id: str) -> tuple[Port, ...]:
    """Return the ports at which wires start; the arguments are those of `input_ports`."""
    match design.graph(graph).item(id):
        case Input(dtype=dtype):
            return (Port("", dtype=dtype),)
        case Node(subgraph=str(name)):
            inner = design.graphs.get(name)
            return tuple(Port(port) for port in inner.outputs) if inner else ()
        case Node(block=block):
            spec = catalog.get(block)
            return spec.outputs if spec else ()
    return ()


def index_of(ports: Sequence[Port], name: str) -> int | None:
    """Return the index of a port by its name on a wire (the empty name is the first port); None if there is no such
    port.
    """
    if not name:
        return 0 if ports else None
    return next((index for index, port in enumerate(ports) if port.name == name), None)


def canonical(ports: Sequence[Port], index: int) -> str:
    """Return the name of a port on wires: empty for the first one."""
    return ports[index].name if index else ""


def is_variadic(design: Design, catalog: Catalog, graph: str, wire: Wire) -> bool:
    """Return whether the port at which a wire ends takes any number of wires."""
    ports = input_ports(design, catalog, graph, wire.target)
    index = index_of(ports, wire.target_port)
    return index is not None and ports[index].variadic


def kind(shape: Sequence[int]) -> str:
    """Return the layout of a tensor by its shape, batch axis first: ``map``, ``tokens``, ``vector``, or ``other``.

    >>> kind((1, 64, 56, 56)), kind((1, 196, 768)), kind((1, 1000))
    ('map', 'tokens', 'vector')
    """
    return KIND_OF_RANK.get(len(shape), "other")


def declared_kind(spec: BlockSpec, port: int, *, output: bool = False) -> str:
    """Return the layout that a block declares for a port: as `kind`, or ``any`` if its shape string has an ellipsis."""
    sides = spec.shapes.outputs if output else spec.shapes.inputs
    axes = sides[min(port, len(sides) - 1)]
    return "any" if ELLIPSIS in axes else KIND_OF_RANK.get(len(axes), "other")


def declared_flow(spec: BlockSpec) -> str:
    """Return what a block turns into what, in words: ``map → tokens``; its shapes where words do not tell.

    Layouts that occur several times are named once.
    """
    sides: list[str] = []
    for output, ports in ((False, spec.shapes.inputs), (True, spec.shapes.outputs)):
        kinds = dict.fromkeys(declared_kind(spec, port, output=output) for port in range(len(ports)))
        if "other" in kinds:
            return declared_shape(spec.shape)
        sides.append(", ".join(kinds))
    return "any shape" if set(sides) == {"any"} else f" {ARROW} ".join(sides)


def fits(layout: str, expected: str) -> bool:
    """Return whether a tensor of one layout can enter a port that expects another; ``any`` fits all."""
    return layout == expected or "any" in (layout, expected)
