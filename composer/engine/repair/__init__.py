"""Repairs for an item with an error: candidates are made from what is known of it, tried, and offered only if they help.

A candidate helps when the item has no error of its own after it and nothing that was fine before has one; those after which nothing at
all is wrong come first, then those that lay bare an error of a node that was waiting. Trying is cheap: inference on the meta
device with the memo of the engine computes only what the candidate changes. `case` says what is known, the other modules
hold the candidates.
"""

from collections.abc import Callable, Iterator
from itertools import chain, islice

from composer.core.errors import UserError
from composer.core.facts import Repair
from composer.core.graph import Design
from composer.core.repairs import apply_repair
from composer.engine.inference.infer import Inferrer
from composer.engine.repair import layout, sources, values, variables, wiring
from composer.engine.repair.context import Case, causes, find_case, first_errors

MAX_TRIALS = 150
MAX_PLAIN = 90  # of these trials for what most people would do
MAX_OFFERS = 6


def find_repairs(
    inferrer: Inferrer,
    design: Design,
    id: str,
    graph: str = "",
    *,
    limit: int = MAX_OFFERS,
    step: Callable[[], object] | None = None,
) -> list[Repair]:
    """Repairs of one item that were tried and work, the smallest change first.

    Args:
        inferrer: its memo makes trying cheap.
        design: the design with the error.
        id: the item with the error; empty or None for an error of the design as a whole.
        graph: name of the graph that holds it.
        limit: how many to offer at most.
        step: called before each trial; it may raise to give up.

    Returns:
        Repairs for `core.repairs.apply_repair`; empty if none helps.
    """
    before = inferrer.infer(design)
    case = find_case(before, inferrer, id or "", graph)
    if case is None:
        return []
    fine = {path for path, facts in before.facts.nodes.items() if facts.ok}
    offers: list[Repair] = []
    partial: list[tuple[int, Repair]] = []
    seen: set[str] = set()
    for candidate in islice(_candidates(case), MAX_TRIALS):
        effect = repr((candidate.action, candidate.arguments))
        if effect in seen:
            continue
        seen.add(effect)
        if step is not None:
            step()
        left = _errors_left(case, candidate, fine)
        if left == 0:
            offers.append(candidate)
            if len(offers) == limit:
                break
        elif left is not None and left < len(before.errors) + 1:
            partial.append((left, candidate))
    partial.sort(key=lambda pair: pair[0])
    return (offers + [repair for _, repair in partial])[:limit]


def _errors_left(case: Case, candidate: Repair, fine: set[str]) -> int | None:
    """How many errors are left once a candidate is applied; None if it does not help."""
    try:
        after = case.inferrer.infer(apply_repair(case.design, candidate, case.graph_name))
    except (UserError, KeyError, ValueError):
        return None
    if not after.errors:
        return 0
    still = find_case(after, case.inferrer, case.id, case.graph_name)
    same = still is not None and (bool(case.id) or still.error == case.error)  # a design may lack several things
    if same or any(path in fine for path in after.facts.errors):
        return None
    return len(after.errors)


def _candidates(case: Case) -> Iterator[Repair]:
    """Candidates: first what the error says outright, then in turns what may be behind it, the smaller changes first."""
    yield from wiring.unknown_block(case)
    yield from wiring.ends(case)
    yield from wiring.wires(case)
    yield from values.unknown_params(case)
    yield from case.facts.repairs
    yield from sources.input_shape(case)
    yield from sources.dtypes(case)
    if "repeat" in case.error:
        yield from values.repeat(case)
    yield from values.impossible(case)
    plain = (
        values.parameters(case),
        layout.layouts(case),
        layout.projections(case),
        values.resets(case),
        variables.uses(case),
        sources.upstream(case),
        sources.strides(case),
        variables.variables(case),
    )
    # What a person tied to a variable, to a parameter of the sub-graph or to the round stays so where anything else helps, and what
    # the error does not speak of stays as it is.
    last = (
        values.parameters(case, named=False),
        values.parameters(case, tied=True),
        sources.upstream(case, tied=True),
        values.resets(case, tied=True),
        values.repeat(case),
        variables.literal_sizes(case),
    )
    yield from islice(_in_turns(*plain), MAX_PLAIN)
    yield from _in_turns(*last)


def _in_turns(*iterators: Iterator[Repair]) -> Iterator[Repair]:
    """One candidate of each, again and again: no way of repairing may use up all trials."""
    open_ = [chain(iterator) for iterator in iterators]
    while open_:
        for iterator in list(open_):
            try:
                yield next(iterator)
            except StopIteration:
                open_.remove(iterator)


__all__ = ["Case", "causes", "find_case", "find_repairs", "first_errors"]
