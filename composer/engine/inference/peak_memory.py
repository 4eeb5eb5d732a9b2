"""Peak memory of a forward pass that frees every tensor after its last reader."""

from collections import Counter
from collections.abc import Callable

from composer.core.graph import Wire
from composer.engine.inference.results import GraphResult, TensorSpec


def peak_bytes(result: GraphResult, carried: Callable[[Wire], TensorSpec | None]) -> int:
    """Return the maximal number of bytes that inference holds at the same time, without parameters.

    Args:
        result: one instance of a graph.
        carried: returns the tensor on a wire of that graph.
    """
    # 1. Nodes run in topological order; those that lead to no output do not run.
    live = result.graph.live_nodes()
    order = [id for id in result.nodes if id in live]
    step_of = {id: step for step, id in enumerate(order)}

    # 2. A storage lives until the last node that reads it; one that an output reads lives to the end.
    reads = {id: [carried(wire) for wire in result.graph.in_wires(id)] for id in (*order, *result.graph.outputs)}
    last_read: dict[int, int] = {}
    for id, tensors in reads.items():
        for tensor in tensors:
            if tensor is not None:
                step = step_of.get(id, len(order))
                last_read[tensor.storage] = max(last_read.get(tensor.storage, -1), step)
    freed_after: dict[int, list[int]] = {}
    for storage, step in last_read.items():
        freed_after.setdefault(step, []).append(storage)
    outputs: dict[str, list[TensorSpec]] = {}
    for (id, _), tensor in result.values.items():
        outputs.setdefault(id, []).append(tensor)

    # 3. Simulate the pass: `held` are the bytes of each live storage, `total` their sum.
    held = {tensor.storage: tensor.stored for id in result.graph.inputs if (tensor := result.values.get((id, "")))}
    total = sum(held.values())
    peak = total
    for step, id in enumerate(order):
        # While a node runs, its working bytes include the tensors that it reads. Of a storage of which it reads only a
        # part, the rest is held in addition.
        own: Counter[int] = Counter()
        for tensor in reads[id]:
            if tensor is not None:
                own[tensor.storage] += tensor.nbytes
        others = total - sum(min(size, held.get(storage, 0)) for storage, size in own.items())
        peak = max(peak, others + result.nodes[id].facts.working_bytes)

        # After it, its outputs are held if anything reads them, and what it was the last to read is freed.
        for tensor in outputs.get(id, ()):
            if tensor.storage not in held and tensor.storage in last_read:
                held[tensor.storage] = tensor.stored
                total += tensor.stored
        for storage in freed_after.get(step, ()):
            total -= held.pop(storage, 0)
    return peak
