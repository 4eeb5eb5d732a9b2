"""An error inside a sub-graph: other parameters of its instances, or other defaults of the sub-graph."""

from collections.abc import Iterator
from itertools import islice

from composer.core import subgraphs
from composer.core.expressions import value_names
from composer.core.facts import Repair
from composer.core.repairs import call
from composer.engine.repair.actions import reset_label, reset_params, set_param
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext, InstanceContext
from composer.engine.repair.nearby_values import named_params, near_integers

MAX_VALUES, MAX_DEFAULTS = 6, 4


@candidates(Stage.LIKELY, rank=50)
def instance_params(error: ErrorContext) -> Iterator[Repair]:
    """Yield values of the parameters of each instance, the innermost first."""
    for instance in error.instances:
        yield from _params(error, instance)
        yield from _defaults(error, instance)


def _params(error: ErrorContext, instance: InstanceContext) -> Iterator[Repair]:
    """Yield values of the parameters of one instance; those that the message is about come first."""
    node, resolved = instance.result.node, instance.result.facts.resolved
    params = error.node.params if error.node is not None else {}
    behind = set().union(*(value_names(params.get(param.name)) for param in named_params(error)))
    positions = {name: index for index, name in enumerate(resolved)}
    names = sorted({*node.params, *resolved}, key=lambda name: (name not in behind, positions.get(name, 0)))
    for name in names:
        current = resolved.get(name)
        values: list[int] = []
        if isinstance(current, int) and not isinstance(current, bool):
            values = [v for v in near_integers(current, error.sizes()) if v != current and v > 0][:MAX_VALUES]
        sets = [set_param(f"Set {name} of {node.id} to {v}", node.id, name, v, instance.graph) for v in values]
        yield from sets[:2]
        if name in node.params:
            graph = error.design.graphs.get(node.subgraph or "")
            default = graph.params.get(name) if graph is not None else None
            label = reset_label(f"{name} of {node.id}", node.params[name], default)
            yield reset_params(label, node.id, [name], instance.graph)
        yield from sets[2:]


def _defaults(error: ErrorContext, instance: InstanceContext) -> Iterator[Repair]:
    """Yield defaults of the parameters that the instance does not set."""
    node = instance.result.node
    graph = error.design.graphs.get(node.subgraph or "")
    if graph is None or node.subgraph is None:
        return
    for name, default in graph.params.items():
        if isinstance(default, int) and not isinstance(default, bool) and name not in node.params:
            near = (v for v in near_integers(default, error.sizes()) if v != default and v > 0)
            for value in islice(near, MAX_DEFAULTS):
                edit = call(subgraphs.set_exposed, graph=node.subgraph, params={**graph.params, name: value})
                yield Repair(f"Set the default of {name} to {value}", (edit,))
