"""Memory of a forward pass in which every value is let go after its last reader."""

from collections import Counter
from collections.abc import Callable

from composer.core.graph import Wire
from composer.engine.inference.results import GraphResult, TensorSpec


def peak_bytes(result: GraphResult, carried: Callable[[Wire], TensorSpec | None]) -> int:
    """Most bytes that inference holds at once: what a node works on and every value that a later one still wants.

    Args:
        result: one use of a graph.
        carried: what a wire of that graph carries.
    """
    built = result.graph.live_nodes()
    order = [id for id in result.nodes if id in built]
    place = {id: index for index, id in enumerate(order)}
    needs = {id: [carried(wire) for wire in result.graph.in_wires(id)] for id in (*order, *result.graph.outputs)}
    last: dict[int, int] = {}  # storage -> place of the last node that reads it
    for id, values in needs.items():
        for value in values:
            if value is not None:
                last[value.storage] = max(last.get(value.storage, -1), place.get(id, len(order)))
    held = {value.storage: value.stored for id in result.graph.inputs if (value := result.values.get((id, "")))}
    total = sum(held.values())
    most = total
    ending: dict[int, list[int]] = {}
    for storage, index in last.items():
        ending.setdefault(index, []).append(storage)
    made: dict[str, list[TensorSpec]] = {}
    for (id, _), value in result.values.items():
        made.setdefault(id, []).append(value)
    for index, id in enumerate(order):
        own: Counter[int] = Counter()
        for value in needs[id]:
            if value is not None:
                own[value.storage] += value.nbytes
        # What it works on counts what it reads; the rest of a storage of which it reads a part is held beside that.
        beside = total - sum(min(size, held.get(storage, 0)) for storage, size in own.items())
        most = max(most, beside + result.nodes[id].facts.working_bytes)
        for value in made.get(id, ()):
            if value.storage not in held and value.storage in last:
                held[value.storage] = value.stored
                total += value.stored
        for storage in ending.get(index, ()):
            total -= held.pop(storage, 0)
    return most
