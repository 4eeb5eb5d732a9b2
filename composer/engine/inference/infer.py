"""Shapes and costs of a whole design, on the meta device: no weights, no memory, whatever the size of the model.

`Inferrer` keeps a memo by (block, parameters, input specs), so that only an edited node and what its new shapes reach is computed:
`walk` goes through the graph, `run_block` runs one block, `peak` and `flatten` draw the sums. The tree that comes out
(`GraphResult`) is what `codegen` reads, and `DesignFacts` is its flat form for the window.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from composer import paths
from composer.core import rules
from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import Catalog
from composer.core.facts import DesignFacts
from composer.core.graph import Design, Literal
from composer.engine import library
from composer.engine.inference.cost_store import CostStore
from composer.engine.inference.gc_freeze import imports_without_gc
from composer.engine.inference.node_memo import Known, Step
from composer.engine.inference.results import BlockCost, GraphResult, TensorSpec
from composer.engine.inference.walk import Walk

MEMO_SIZE = (
    20_000  # more than a design has different nodes: walking more entries than the memo holds would never find one
)


@dataclass(frozen=True, slots=True)
class Inference:
    """What inference computed for a design.

    Attributes:
        design: the design.
        catalog: the blocks it was inferred with.
        root: the results as a tree, which code generation reads.
        facts: the same in flat form, for the window and the commands.
        structural: problems that follow from the wiring alone.
    """

    design: Design
    catalog: Catalog
    root: GraphResult
    facts: DesignFacts
    structural: tuple[rules.Problem, ...]

    @property
    def errors(self) -> list[str]:
        """Every reason why the design cannot be built, the structural ones first."""
        own = [problem.message for problem in self.structural if problem.level == "error"]
        return list(dict.fromkeys([*own, *self.facts.errors.values()]))


class Inferrer:
    """Keeps the memo between edits.

    Args:
        catalog: the known blocks.
        store: keeps costs between processes; without one, whatever this object has not seen is run.
    """

    def __init__(self, catalog: Catalog | None = None, store: CostStore | None = None) -> None:
        self.catalog = catalog if catalog is not None else library.catalog()
        self.store = store
        self.memo: OrderedDict[Any, BlockCost] = OrderedDict()
        self.known: OrderedDict[Any, Known] = OrderedDict()
        self.steps: dict[tuple[str, str], Step] = {}
        self.computed = 0

    def reload(self) -> None:
        """Take notice of changes in the user's own blocks; what is known of the library's stays."""
        self.catalog = library.reload()
        self.known.clear()
        self.steps.clear()
        for key in [key for key in self.memo if not key[0].is_relative_to(paths.BLOCKS)]:
            del self.memo[key]

    def infer(self, design: Design, batch: int = 1) -> Inference:
        """Facts of a design.

        Args:
            design: any design, also a broken one.
            batch: size of the batch axis.

        Returns:
            The `Inference`; errors are in it, not raised.
        """
        structural = tuple(rules.check(design, self.catalog))
        if len(self.steps) > MEMO_SIZE:
            self.steps.clear()
        root, facts = Walk(self, design, batch, structural).run()
        if self.store is not None:
            self.store.flush()
        return Inference(design, self.catalog, root, facts, structural)

    def block(self, spec: BlockSpec, params: dict[str, Literal], inputs: Sequence[TensorSpec | None]) -> BlockCost:
        """Memo entry of one block instance; None stands for an optional input without a wire."""
        # As text, because 1, 1.0 and True are equal as keys but not as parameters.
        key = (spec.path, repr(_normalize_rates(spec, params)), tuple(v and v.spec for v in inputs))
        if key in self.memo:
            self.memo.move_to_end(key)
            return self.memo[key]
        entry = self.memo[key] = self._found(repr(key), spec, params, inputs)
        if len(self.memo) > MEMO_SIZE:
            self.memo.popitem(last=False)
        return entry

    def _found(
        self, key: str, spec: BlockSpec, params: dict[str, Literal], inputs: Sequence[TensorSpec | None]
    ) -> BlockCost:
        store = self.store if spec.path.is_relative_to(paths.BLOCKS) else None
        kept = store.get(key) if store is not None else None
        if kept is not None:
            return kept
        self.computed += 1
        cost = _runner()(spec, params, inputs)
        if store is not None:
            store.put(key, cost)
        return cost

    def keep(self, key: Any, known: Known) -> None:
        """Remember what a node became."""
        self.known[key] = known
        self.known.move_to_end(key)
        if len(self.known) > MEMO_SIZE:
            self.known.popitem(last=False)


@cache
def _runner() -> Callable[[BlockSpec, dict[str, Literal], Sequence[TensorSpec | None]], BlockCost]:
    """The function that runs a block: torch, which takes a second to import, only for what is not known."""
    with imports_without_gc():
        from composer.engine.inference.run_block import run_block

    return run_block


def _normalize_rates(spec: BlockSpec, params: dict[str, Literal]) -> dict[str, Literal]:
    """Replace each rate that the block declares by one value: costs depend only on whether a rate is zero, and it often differs by node."""
    rates = {name: 0.5 for name in spec.rates if isinstance(rate := params.get(name), float) and 0 < rate < 1}
    return {**params, **rates} if rates else params


def infer(design: Design, batch: int = 1, catalog: Catalog | None = None) -> Inference:
    """Facts of a design, with a memo of its own.

    Args:
        design: any design.
        batch: size of the batch axis.
        catalog: the known blocks; the library by default.
    """
    return Inferrer(catalog).infer(design, batch)


def remembering() -> Inferrer:
    """An inferrer that keeps costs between processes, for commands and the engine of the window."""
    return Inferrer(store=CostStore.of_user())
