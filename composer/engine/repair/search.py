"""Search for repairs of one item: try candidates by inference and keep those that help.

A candidate helps if the item has no error of its own after it and no item that was fine before has one. Candidates that
leave no error at all come first, then those that uncover the error of a node that was waiting. Trying is cheap:
inference with the memo of the engine computes only what the candidate changes.
"""

from collections.abc import Callable, Iterator
from itertools import chain, islice

from composer.core.errors import UserError
from composer.core.facts import Repair
from composer.core.graph import Design
from composer.core.repairs import apply_repair
from composer.engine.inference.infer import Inferrer
from composer.engine.repair.candidates import Stage, generators
from composer.engine.repair.context import ErrorContext, find_error, find_misread
from composer.engine.repair.misread import misread_repairs

MAX_TRIALS = 150
# Of these trials for likely candidates, so that the last ones get a turn too.
MAX_LIKELY = 90
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
    """Return repairs of one item that were tried and help, the smallest change first.

    Args:
        inferrer: its memo makes trying cheap.
        design: the design with the error.
        id: the item with the error or warning; empty for an error of the design as a whole.
        graph: name of the graph that holds it.
        limit: the maximal number of repairs.
        step: called before each trial; it may raise to cancel the search.

    Returns:
        Repairs for `core.repairs.apply_repair`; empty if none helps.
    """
    before = inferrer.infer(design)
    error = find_error(before, inferrer, id, graph)
    if error is None:
        misread = find_misread(before, inferrer, id, graph)
        return misread_repairs(misread, before, limit, step) if misread is not None else []
    fine = {path for path, facts in before.facts.nodes.items() if facts.ok}
    complete: list[Repair] = []
    partial: list[tuple[int, Repair]] = []
    tried: set[str] = set()
    for candidate in islice(_candidates(error), MAX_TRIALS):
        # 1. Different generators may have the same idea under different labels.
        effect = repr(candidate.edits)
        if effect in tried:
            continue
        tried.add(effect)
        if step is not None:
            step()

        # 2. Infer the changed design and count its errors.
        errors_left = _errors_left(error, candidate, fine)
        if errors_left == 0:
            complete.append(candidate)
            if len(complete) == limit:
                break
        elif errors_left is not None and errors_left <= len(before.errors):
            partial.append((errors_left, candidate))

    # 3. Complete repairs in the order of the generators, then the others by the number of errors that they leave.
    partial.sort(key=lambda pair: pair[0])
    return (complete + [repair for _, repair in partial])[:limit]


def _errors_left(error: ErrorContext, candidate: Repair, fine: set[str]) -> int | None:
    """Return the number of errors after a candidate is applied; None if it does not help.

    Args:
        error: the error.
        candidate: the candidate.
        fine: paths of the nodes that had no error before.
    """
    try:
        after = error.inferrer.infer(apply_repair(error.design, candidate, graph=error.graph_name))
    except UserError:
        return None
    if not after.errors:
        return 0
    remaining = find_error(after, error.inferrer, error.id, error.graph_name)
    # A design as a whole may have several errors, so there the message decides whether it is still the same one.
    if remaining is not None and (error.id or remaining.message == error.message):
        return None
    if any(path in fine for path in after.facts.errors):
        return None
    return len(after.errors)


def _candidates(error: ErrorContext) -> Iterator[Repair]:
    """Yield candidates stage by stage; see `Stage`."""
    by_stage = {stage: [g.generate(error) for g in generators() if g.stage == stage] for stage in Stage}
    yield from chain.from_iterable(by_stage[Stage.STATED])
    yield from islice(_in_turns(by_stage[Stage.LIKELY]), MAX_LIKELY)
    yield from _in_turns(by_stage[Stage.LAST])


def _in_turns(iterators: list[Iterator[Repair]]) -> Iterator[Repair]:
    """Yield one candidate of each iterator, again and again: no kind of repair may use up all trials."""
    while iterators:
        for iterator in list(iterators):
            try:
                yield next(iterator)
            except StopIteration:
                iterators.remove(iterator)
