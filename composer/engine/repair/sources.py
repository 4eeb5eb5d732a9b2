"""Candidates at what feeds an item: sizes and strides of the nodes above it, shapes and dtypes of the main inputs."""

import re
from collections.abc import Iterator

from composer.core.blocks.params import problem
from composer.core.facts import Repair
from composer.engine.repair.context import Case, set_param, set_shape
from composer.engine.repair.values import is_tied, multiples


def upstream(case: Case, *, tied: bool = False) -> Iterator[Repair]:
    """Change the size that the wire brings, at the node or input that made it: multiples that a divisor asks for.

    Args:
        case: an item with an error.
        tied: as in `parameters`.
    """
    numbers = sorted({int(text) for text in re.findall(r"\b\d+\b", case.error)} - {0, 1})
    for wire in case.graph.in_wires(case.id):
        origin: str | None = wire.source
        for _ in range(8):  # through nodes that hand the size on
            if origin in case.graph.inputs and not case.graph_name and not tied:
                yield from _input_shape(case, origin or "", numbers)
            source = case.graph.nodes.get(origin or "")
            spec = case.inferrer.catalog.get(source.block) if source is not None else None
            if source is None or spec is None:
                break
            resolved = case.result.nodes[source.id].facts.resolved if source.id in case.result.nodes else {}
            for param in spec.params:
                value = resolved.get(param.name)
                if is_tied(source.params.get(param.name)) is not tied:
                    continue
                if param.type == "int" and not param.inferred and isinstance(value, int) and value in numbers:
                    for near in multiples(value, numbers):
                        if problem(param, near) is None:
                            yield set_param(f"Set {param.name} of {source.id} to {near}", source.id, param.name, near)
            incoming = case.graph.in_wires(source.id)
            origin = incoming[0].source if incoming else None


def strides(case: Case) -> Iterator[Repair]:
    """Where maps of unequal size meet: a stride of 1 at the node that made one of them smaller."""
    if len({shape[2:] for shape in case.shapes()}) < 2:
        return
    for wire in case.graph.in_wires(case.id):
        source = case.graph.nodes.get(wire.source)
        if source is not None and isinstance(stride := source.params.get("stride"), int) and stride > 1:
            yield set_param(f"Set stride of {source.id} to 1", source.id, "stride", 1)


def _input_shape(case: Case, id: str, numbers: list[int]) -> Iterator[Repair]:
    """Other shapes of a main input: with an axis more or less, or with sizes that numbers of the error divide."""
    item = case.design.main.inputs[id]
    if len(item.shape) == 2:
        if item.shape[0] in (1, 3):  # channels and one side of a square
            yield set_shape(item, (*item.shape, item.shape[1]))
        for channels in (3, 1):
            yield set_shape(item, (channels, *item.shape))
    elif len(item.shape) == 1:
        yield set_shape(item, (3, item.shape[0], item.shape[0]))
    elif len(item.shape) > 3:
        yield set_shape(item, item.shape[-3:])
    fixed = [size if isinstance(size, int) else 0 for size in item.shape]
    if len(fixed) == 3 and fixed[1] and fixed[2]:
        for number in (*numbers, 8, 16, 32):
            down = tuple(max(size // number, 1) * number for size in fixed[1:])
            up = tuple(-(-size // number) * number for size in fixed[1:])
            for tiled in sorted(
                {down, up} - {tuple(fixed[1:])}, key=lambda tiled: abs(tiled[0] - fixed[1]) + abs(tiled[1] - fixed[2])
            ):
                yield set_shape(item, (item.shape[0], *tiled))
        for size in (32, 64, 224):
            yield set_shape(item, (item.shape[0], size, size))


def input_shape(case: Case) -> Iterator[Repair]:
    """A main input whose shape cannot be: sizes that are no whole numbers above 0."""
    item = case.graph.inputs.get(case.id)
    if item is None or case.graph_name:
        return
    good = [size for size in item.shape if isinstance(size, int) and size > 0]
    for size in dict.fromkeys((*good[-1:], 224, 32, 3, 1)):
        yield set_shape(item, tuple(s if isinstance(s, int) and s > 0 else size for s in item.shape))


def dtypes(case: Case) -> Iterator[Repair]:
    """Another dtype of the main inputs, where the error is that a wire brings the wrong one."""
    found = re.search(r"(?:wire brings|compute with) (\w+), expected (\w+)", case.error)
    for item in case.design.main.inputs.values() if found is not None else ():
        if found is not None and item.dtype == found[1]:
            changes = {"dtype": found[2]}
            yield Repair(
                f"Set the dtype of {item.id} to {found[2]}", "update", {"id": item.id, "changes": changes, "graph": ""}
            )
