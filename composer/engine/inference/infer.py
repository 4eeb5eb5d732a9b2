"""Shapes and costs of a whole design on the meta device: no weights and no memory, whatever the size of the model.

`Inferrer` keeps a `Memo`, so that only an edited node and what its new shapes reach is computed. `walk` visits the
nodes, `block_node` infers one node of a block, `run_block` runs one block, `peak_memory` and `flatten` summarize. The
resulting tree (`GraphResult`) is the input of code generation; `DesignFacts` is its flat form for the window.
"""

from dataclasses import dataclass

from composer.core import rules
from composer.core.blocks.catalog import Catalog
from composer.core.facts import DesignFacts
from composer.core.graph import Design
from composer.engine import library
from composer.engine.inference.cost_store import CostStore
from composer.engine.inference.memo import Memo
from composer.engine.inference.results import GraphResult
from composer.engine.inference.walk import Walk


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
        structural = [problem.message for problem in self.structural if problem.level == "error"]
        return list(dict.fromkeys([*structural, *self.facts.errors.values()]))


class Inferrer:
    """Infers designs and keeps the memo between them.

    Args:
        catalog: the available blocks; those of the library and the user's folders by default.
        store: keeps costs of blocks between processes; None keeps them in this object only.

    Attributes:
        catalog: the available blocks.
        memo: what was computed before.
    """

    def __init__(self, catalog: Catalog | None = None, store: CostStore | None = None) -> None:
        self.catalog = catalog if catalog is not None else library.catalog()
        self.memo = Memo(store)

    @classmethod
    def with_disk_cache(cls) -> "Inferrer":
        """Return an inferrer that keeps costs of blocks on disk, for the commands and for the engine of the window."""
        return cls(store=CostStore.of_user())

    def reload(self) -> None:
        """Read custom blocks again after a change; cached costs of library blocks stay."""
        self.catalog = library.reload()
        self.memo.forget_custom_blocks()

    def infer(self, design: Design, batch: int = 1) -> Inference:
        """Infer a design.

        Args:
            design: any design, also one with errors.
            batch: size of the batch axis.

        Returns:
            The `Inference`; errors are reported in it and not raised.
        """
        self.memo.trim()
        structural = tuple(rules.check(design, self.catalog))
        root, facts = Walk(self.memo, self.catalog, design, batch, structural).run()
        self.memo.flush()
        return Inference(design, self.catalog, root, facts, structural)


def infer(design: Design, batch: int = 1, catalog: Catalog | None = None) -> Inference:
    """Infer a design with a memo of its own; see `Inferrer.infer`."""
    return Inferrer(catalog).infer(design, batch)
