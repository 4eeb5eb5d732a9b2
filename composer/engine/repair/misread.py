"""Repairs of a block that misreads what a wire brings although the shapes fit; see `core.blocks.token_meaning`."""

from collections.abc import Callable, Iterator

from composer.core import edits
from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.ports import declared_kind
from composer.core.blocks.token_meaning import is_tokens, reads_as_channels, reads_as_tokens
from composer.core.errors import UserError
from composer.core.facts import EditCall, Repair
from composer.core.graph import Wire
from composer.core.names import snake
from composer.core.repairs import apply_repair, call
from composer.engine.inference.infer import Inference
from composer.engine.repair.actions import insert, set_param
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.layouts import converters


def misread_repairs(
    misread: ErrorContext, before: Inference, limit: int, step: Callable[[], object] | None = None
) -> list[Repair]:
    """Return changes after which a block means what it reads, and nothing else is wrong that was right.

    Args:
        misread: the node; the message is its warning.
        before: inference of the design.
        limit: the maximal number of repairs.
        step: called before each trial; it may raise to cancel the search.
    """
    repairs: list[Repair] = []
    for candidate in _candidates(misread):
        if step is not None:
            step()
        try:
            after = misread.inferrer.infer(apply_repair(misread.design, candidate, graph=misread.graph_name))
        except UserError:
            continue
        if len(after.errors) <= len(before.errors) and _warnings(after) < _warnings(before):
            repairs.append(candidate)
            if len(repairs) == limit:
                break
    return repairs


def _warnings(inference: Inference) -> int:
    return sum(facts.warning is not None for facts in inference.facts.nodes.values())


def _candidates(misread: ErrorContext) -> Iterator[Repair]:
    spec, wires = misread.spec, misread.wires
    if spec is None or misread.node is None or not wires:
        return
    value = misread.value(wires[0])
    if value is None or value.layout is None:
        return
    front = sum(run.length for run in value.layout.front)
    for expectation in spec.token_rules.expects:
        # 1. A parameter that counts the tokens in front, or another way to sum the tokens up.
        if expectation.kind == "prefix" and spec.param(expectation.count) is not None:
            yield set_param(f"Set {expectation.count} to {front}", misread.id, expectation.count, front)
        yield from _other_settings(misread.id, spec, expectation.when)
    if reads_as_channels(spec, 0) and is_tokens(value.shape, value.layout):
        # 2. The block of the same family that takes tokens, in each of its modes.
        for other in misread.inferrer.catalog:
            if _takes_tokens_instead(spec, other):
                yield from _replacements(misread, spec, other)
        # 3. The tokens as a map, in front of the same block.
        for block in converters(misread, 3, 4):
            yield _as_map(misread, wires[0], block, front)


def _other_settings(id: str, spec: BlockSpec, when: tuple[tuple[str, str], ...]) -> Iterator[Repair]:
    """Yield the other values of the settings under which a block expects something."""
    for name, value in when:
        param = spec.param(name)
        for choice in param.choices if param is not None else ():
            if choice != value:
                yield set_param(f"Set {name} to {choice}", id, name, choice)


def _takes_tokens_instead(spec: BlockSpec, other: BlockSpec) -> bool:
    """Return whether a block does for tokens what another one does for maps, as far as declarations tell."""
    return (
        other.category == spec.category
        and _required(other) == _required(spec)
        and reads_as_tokens(other, 0)
        and declared_kind(other, 0, output=True) in (declared_kind(spec, 0, output=True), "tokens")
    )


def _required(spec: BlockSpec) -> int:
    return sum(not port.optional for port in spec.inputs)


def _replacements(misread: ErrorContext, spec: BlockSpec, other: BlockSpec) -> Iterator[Repair]:
    """Yield a node with the other block, with its defaults and with each other value of a choice."""
    assert misread.node is not None
    lost = [name for name in misread.node.params if other.param(name) is None]
    change = [call(edits.update_item, id=misread.id, block=other.name)]
    if lost:
        change.insert(0, call(edits.reset_params, id=misread.id, params=lost))
    yield Repair(f"Use {other.name}", (*change, *_renamed(misread, spec, other)))
    for expectation in other.token_rules.expects:
        for setting in _other_settings(misread.id, other, expectation.when):
            label = setting.label.removeprefix("Set ").replace(" to ", " ")
            yield Repair(f"Use {other.name} with {label}", (*change, *setting.edits, *_renamed(misread, spec, other)))


def _renamed(misread: ErrorContext, spec: BlockSpec, other: BlockSpec) -> tuple[EditCall, ...]:
    """Return the edit that renames a node whose name is that of its block."""
    if misread.id != snake(spec.name) or snake(other.name) in misread.graph.ids():
        return ()
    return (call(edits.rename, old=misread.id, new=snake(other.name)),)


def _as_map(misread: ErrorContext, wire: Wire, block: str, front: int) -> Repair:
    """Return the insertion of a block that converts tokens to a map, and leaves out the tokens in front of it."""
    spec = misread.inferrer.catalog[block]
    params = {"prefix_tokens": front} if front and spec.param("prefix_tokens") is not None else {}
    value = misread.value(wire)
    placed = value.layout.grid_run if value is not None and value.layout is not None else None
    if placed is not None and placed[1].grid is not None and placed[1].grid[0] != placed[1].grid[1]:
        sizes = dict(zip(("height", "width"), placed[1].grid, strict=True))
        params |= {name: size for name, size in sizes.items() if spec.param(name) is not None}
    return insert(misread, f"Insert {block} on {wire}", wire, block, **params)
