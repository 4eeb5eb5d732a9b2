"""Values of a node's parameters: what the node sets, else what its wires determine, else the defaults."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from composer.core.blocks.block_file import BlockSpec
from composer.core.errors import DesignError, UserError
from composer.core.expressions import resolve
from composer.core.facts import EditCall, Repair
from composer.core.graph import Literal, Node
from composer.core.param_check import problem


class ParamError(DesignError):
    """A parameter that does not fit, with changes that would make it fit."""

    def __init__(self, message: str, node: str, repairs: tuple[Repair, ...] = ()) -> None:
        super().__init__(message, node)
        self.repairs = repairs


@dataclass(frozen=True, slots=True)
class Resolved:
    """Values of all parameters in the order of the constructor, and which of them came from wires."""

    values: dict[str, Literal]
    inferred: tuple[str, ...]


def resolve_params(
    spec: BlockSpec,
    node: Node,
    variables: Mapping[str, Literal],
    sizes: Mapping[str, int],
    iteration: int = 0,
    iterations: int = 1,
) -> Resolved:
    """Compute the values of all parameters of a node.

    Args:
        spec: the block.
        node: the node; what it sets comes first, then the wires, then the defaults.
        variables: resolved variables (inside a sub-graph: its parameters too).
        sizes: axis sizes that the wires bring.
        iteration: index of the iteration of a repeat.
        iterations: number of iterations.

    Raises:
        ParamError: if a parameter is unknown, does not fit, or contradicts the wire; it offers repairs.
    """
    for name in node.params:
        if spec.param(name) is None:
            near = difflib.get_close_matches(name, [param.name for param in spec.params], 1)
            hint = (
                f"did you mean {near[0]}?"
                if near
                else f"it has: {', '.join(param.name for param in spec.params) or 'none'}"
            )
            raise ParamError(
                f"{node.id}: {spec.name} has no parameter {name!r}; {hint}",
                node.id,
                (_reset(node, name, f"Remove {name}"),),
            )
    values: dict[str, Literal] = {}
    inferred = []
    for param in spec.params:
        from_wire = sizes.get(param.axis) if param.axis is not None else None
        if param.name in node.params:
            try:
                value = resolve(node.params[param.name], variables, iteration, iterations)
            except UserError as error:
                raise ParamError(f"{node.id}: {param.name}: {error}", node.id) from None
            if param.type == "int" and isinstance(value, float) and value.is_integer():
                value = int(value)
            if from_wire is not None and value is not None and value != from_wire:
                raise ParamError(
                    f"{node.id}: {param.name} is set to {value!r:.60} by hand, but the wire brings {from_wire};"
                    " take it from the wire",
                    node.id,
                    (_reset(node, param.name, f"Reset {param.name} from {value!r:.60} to {from_wire} of the wire"),),
                )
        elif from_wire is not None:
            value = from_wire
            inferred.append(param.name)
        elif param.required:
            raise ParamError(
                f"{node.id}: {param.name} comes from the wire, and none brings it; wire the input or set it by hand",
                node.id,
            )
        else:
            value = param.default
        if reason := problem(param, value):
            raise ParamError(f"{node.id}: {reason}", node.id)
        values[param.name] = value
    return Resolved(values, tuple(inferred))


def _reset(node: Node, name: str, label: str) -> Repair:
    return Repair(label, (EditCall("reset_params", {"id": node.id, "params": [name]}),))
