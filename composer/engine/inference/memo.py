"""Everything that inference computed before, so that an edit costs only what it changes.

Three levels, from the cheapest look-up to the most general: the last visit to a node, the results of nodes by their
parameters and inputs, and the costs of blocks, which a `CostStore` also keeps between processes.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias, TypeVar

from composer import paths
from composer.core.blocks.block_file import BlockSpec
from composer.core.graph import Literal
from composer.engine.inference.cost_store import CostStore
from composer.engine.inference.gc_freeze import imports_without_gc
from composer.engine.inference.node_memo import CachedVisit, NodeMemo
from composer.engine.inference.results import BlockCost, Signature, TensorSpec

# More entries than a design has different nodes: a walk over more of them than the memo holds would never find one
# again.
MAX_ENTRIES = 20_000

# The block's file, its parameters as text, and the signatures of its inputs.
CostKey: TypeAlias = tuple[Path, str, tuple[Signature | None, ...]]

K = TypeVar("K")
V = TypeVar("V")


class Memo:
    """The memo of one inferrer.

    Args:
        store: keeps costs of blocks between processes; None keeps them in this object only.

    Attributes:
        costs: costs of blocks by file, parameters and input signatures.
        nodes: results of nodes by block, parameters and input signatures.
        visits: the last visit to each node by graph and id.
        blocks_run: number of blocks that were run because nothing held their cost.
    """

    def __init__(self, store: CostStore | None = None) -> None:
        self.store = store
        self.costs: OrderedDict[CostKey, BlockCost] = OrderedDict()
        self.nodes: OrderedDict[Hashable, NodeMemo] = OrderedDict()
        self.visits: dict[tuple[str, str], CachedVisit] = {}
        self.blocks_run = 0

    def block_cost(self, spec: BlockSpec, params: dict[str, Literal], inputs: Sequence[TensorSpec | None]) -> BlockCost:
        """Return the cost of a block, which is run only if neither this object nor the store holds it.

        Args:
            spec: the block.
            params: its resolved parameters.
            inputs: its inputs; None for an optional input without a wire.
        """
        # Parameters as text, because 1, 1.0 and True are equal as keys but not as parameters.
        key = (spec.path, repr(_normalize_rates(spec, params)), tuple(value and value.signature for value in inputs))
        cost = self.costs.get(key) or self._stored_cost(repr(key), spec, params, inputs)
        _put(self.costs, key, cost)
        return cost

    def put_node(self, key: Hashable, memo: NodeMemo) -> None:
        """Cache the result of a node."""
        _put(self.nodes, key, memo)

    def trim(self) -> None:
        """Drop the visits once there are too many: those of deleted nodes are never replayed."""
        if len(self.visits) > MAX_ENTRIES:
            self.visits.clear()

    def flush(self) -> None:
        """Write new costs to the store."""
        if self.store is not None:
            self.store.flush()

    def forget_custom_blocks(self) -> None:
        """Drop everything that may depend on custom blocks, after their files or the trust in them changed."""
        self.nodes.clear()
        self.visits.clear()
        for key in [key for key in self.costs if not key[0].is_relative_to(paths.BLOCKS)]:
            del self.costs[key]

    def _stored_cost(
        self, key: str, spec: BlockSpec, params: dict[str, Literal], inputs: Sequence[TensorSpec | None]
    ) -> BlockCost:
        """Return a cost from the store, or run the block and store its cost; custom blocks are never stored."""
        store = self.store if spec.path.is_relative_to(paths.BLOCKS) else None
        stored = store.get(key) if store is not None else None
        if stored is not None:
            return stored
        self.blocks_run += 1
        cost = _runner()(spec, params, inputs)
        if store is not None:
            store.put(key, cost)
        return cost


def _put(entries: OrderedDict[K, V], key: K, value: V) -> None:
    """Insert an entry as the most recent one, and drop the least recent one if there are too many."""
    entries[key] = value
    entries.move_to_end(key)
    if len(entries) > MAX_ENTRIES:
        entries.popitem(last=False)


@cache
def _runner() -> Callable[[BlockSpec, dict[str, Literal], Sequence[TensorSpec | None]], BlockCost]:
    """Import the function that runs a block, and with it torch, which takes a second, for the first unknown cost."""
    with imports_without_gc():
        from composer.engine.inference.run_block import run_block

    return run_block


def _normalize_rates(spec: BlockSpec, params: dict[str, Literal]) -> dict[str, Literal]:
    """Replace each declared rate by one value: it differs between nodes, and costs depend only on whether it is 0."""
    rates = {name: 0.5 for name in spec.rates if isinstance(rate := params.get(name), float) and 0 < rate < 1}
    return {**params, **rates} if rates else params
