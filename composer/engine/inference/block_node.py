"""Infer one node of a block: look its result up or run the block once for each iteration of its repeat."""

from collections import Counter
from collections.abc import Mapping, Sequence

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.params import Resolved, resolve_params
from composer.core.blocks.ports import declared_kind, kind
from composer.core.blocks.token_meaning import layout_warning
from composer.core.blocks.token_rules import TokenInputs, output_layouts
from composer.core.errors import UserError
from composer.core.facts import SUMMED, NodeFacts, PortSpec, summed
from composer.core.graph import Literal, Node
from composer.core.token_layout import TokenLayout
from composer.engine.inference.memo import Memo
from composer.engine.inference.node_memo import NodeCall, NodeMemo
from composer.engine.inference.results import BlockCost, TensorSpec
from composer.engine.inference.storages import Storages

# Activations are counted where the node is visited, because a storage that two nodes save counts once.
_SUMMED_IN_NODE = [name for name in SUMMED if name != "activation_bytes"]


class BlockError(UserError):
    """A block cannot run.

    Attributes:
        resolved: its resolved parameters, from which repairs start.
    """

    def __init__(self, message: str, resolved: Resolved) -> None:
        super().__init__(message)
        self.resolved = resolved


def depends_on_variables(node: Node) -> bool:
    """Return whether the result of a node may change with the variables while the node itself does not."""
    text = repr(node.params)
    return "'=" in text or '"=' in text or isinstance(node.repeat, str)


def lookup_or_infer(call: NodeCall, memo: Memo, storages: Storages) -> NodeMemo:
    """Return the result of a node, computed only if the memo does not hold it.

    Raises:
        UserError: see `infer_node`.
    """
    node = call.node
    signatures = tuple(value and (value.signature, value.layout) for value in call.inputs)
    key = (node.block, repr(node.params), repr(call.variables), call.repeat, signatures)
    result = memo.nodes.get(key) or infer_node(call, memo, storages)
    memo.put_node(key, result)
    return result


def infer_node(call: NodeCall, memo: Memo, storages: Storages) -> NodeMemo:
    """Compute a node iteration by iteration.

    Raises:
        ParamError: if a parameter is not legal.
        BlockError: if the block cannot run with its parameters.
        UserError: if its inputs do not have the declared layout, or its outputs cannot be the inputs of the next
            iteration.
    """
    node, spec = call.node, call.spec
    iterations: list[tuple[dict[str, Literal], BlockCost]] = []
    inferred: tuple[str, ...] = ()
    outputs: list[TensorSpec] = []
    working = 0
    warning: str | None = None
    inputs, first_inputs = list(call.inputs), list(call.first_inputs)
    for index in range(call.repeat):
        # 1. Sizes on the wires and variables give the parameters of this iteration.
        try:
            sizes = spec.shapes.bind([None if value is None else value.shape for value in first_inputs])
        except UserError as error:
            raise UserError(f"{node.id}: {error}; {_layout_hint(spec, first_inputs)}") from None
        resolved = resolve_params(spec, node, call.variables, sizes, index, call.repeat)
        inferred = inferred if index else resolved.inferred

        # 2. Cost and output shapes: from the memo, or by running the block.
        cost = memo.block_cost(spec, resolved.values, inputs)
        if cost.error is not None:
            raise BlockError(prefix_node_id(node, cost.error), resolved)
        iterations.append((resolved.values, cost))
        outputs = storages.outputs(cost, inputs)

        # 3. Where the tokens of the outputs are, and whether the block means the tokens that it gets.
        values = {**sizes, **resolved.values}
        layouts = _layouts(spec, inputs, values, outputs)
        outputs = _with_layouts(outputs, layouts)
        warning = warning or layout_warning(
            spec, [value and (value.shape, value.layout) for value in first_inputs], values
        )

        # 4. Inference holds at least inputs and outputs, and at most what the largest operation works on.
        held = sum(value.nbytes for value in inputs if value is not None) + sum(value.nbytes for value in outputs)
        working = max(working, held, cost.working_bytes)

        # 5. The outputs are the first inputs of the next iteration; the other inputs stay.
        if index + 1 < call.repeat:
            if len(outputs) > len(inputs) or None in inputs[: len(outputs)]:
                raise repeat_error(node, call.repeat, spec.name)
            inputs = [*outputs, *inputs[len(outputs) :]]
            first_inputs = [*outputs, *first_inputs[len(outputs) :]]
    ports = tuple(
        PortSpec(port.name, value.shape, value.dtype, value.layout)
        for port, value in zip(spec.outputs, outputs, strict=False)
    )
    uncounted: Counter[str] = Counter()
    for _, cost in iterations:
        uncounted.update(cost.uncounted)
    facts = NodeFacts(
        node.block,
        resolved=iterations[0][0],
        inferred=inferred,
        outputs=ports,
        **summed((cost for _, cost in iterations), _SUMMED_IN_NODE),
        working_bytes=working,
        uncounted=dict(uncounted),
        warning=warning,
        repeat=call.repeat,
    )
    return NodeMemo(tuple(iterations), facts, tuple(value.layout for value in outputs))


def replay(memo: NodeMemo, inputs: Sequence[TensorSpec | None], storages: Storages) -> tuple[list[TensorSpec], int]:
    """Return the output tensors of a computed node in the current walk, and the bytes that it is the first to save."""
    outputs: list[TensorSpec] = []
    saved = 0
    for _, cost in memo.iterations:
        outputs = storages.outputs(cost, inputs)
        saved += storages.count_saved(cost, inputs, outputs)
        inputs = [*outputs, *inputs[len(outputs) :]]
    return _with_layouts(outputs, memo.layouts), saved


def _layouts(
    spec: BlockSpec,
    inputs: Sequence[TensorSpec | None],
    values: Mapping[str, Literal],
    outputs: Sequence[TensorSpec],
) -> list[TokenLayout | None]:
    """Return the token layouts of the outputs of a block."""
    layouts = [value and value.layout for value in inputs]
    shapes = [value and value.shape for value in inputs]
    return output_layouts(spec.token_rules, TokenInputs(layouts, shapes, values), [value.shape for value in outputs])


def _with_layouts(outputs: list[TensorSpec], layouts: Sequence[TokenLayout | None]) -> list[TensorSpec]:
    """Return output tensors with their token layouts."""
    return [
        value if layout is None else value._replace(layout=layout)
        for value, layout in zip(outputs, layouts, strict=False)
    ]


def repeat_error(node: Node, repeat: int, name: str) -> UserError:
    """Return the error of a node whose outputs cannot be the inputs of its next iteration."""
    return UserError(f"{node.id}: repeat {repeat} needs as many inputs as outputs; {name} has more outputs")


def prefix_node_id(node: Node, message: str) -> str:
    """Return a message that begins with the id of its node."""
    return message if message.startswith((f"{node.id}:", f"{node.id} ")) else f"{node.id}: {message}"


def _layout_hint(spec: BlockSpec, inputs: Sequence[TensorSpec | None]) -> str:
    """Return what to do where the number of axes does not fit."""
    first = inputs[0] if inputs else None
    wired, declared = kind(first.shape) if first is not None else "other", declared_kind(spec, 0)
    if {wired, declared} == {"map", "tokens"}:
        return f"insert a block that converts {wired} to {declared}"
    return f"{spec.name} takes {spec.shape.split('->')[0].strip()}"
