"""The network to look into: a trained run or an untrained design, with its dataset."""

from dataclasses import dataclass

from torch import nn

from composer.core import edits, training_settings
from composer.core.errors import UserError
from composer.core.files.run_folder import BEST, LAST
from composer.core.graph import Design
from composer.engine.codegen.build import build
from composer.engine.inference.infer import Inferrer
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.inputs import load_for
from composer.engine.training.run import Run


@dataclass(frozen=True)
class Subject:
    """A network to look into.

    Args:
        design: its design.
        model: the built model in evaluation mode.
        data: its dataset.
        trained: whether its weights are those of a run.
    """

    design: Design
    model: nn.Module
    data: LoadedDataset
    trained: bool

    @property
    def blocks_by_path(self) -> dict[str, str]:
        """Block name of each node of the main graph, by module path."""
        return {id: node.block for id, node in self.design.main.nodes.items() if node.subgraph is None}


def open_run(run: Run, inferrer: Inferrer) -> Subject:
    """Build the network of a run with its best weights; the code in the run's folder is never executed.

    Raises:
        UserError: if there are no weights yet, or they do not fit the network.
    """
    checkpoint = run.load(BEST) or run.load(LAST)
    if checkpoint is None:
        raise UserError(f"{run.path} has no weights yet: its first epoch is not finished")
    design = run.design()
    model = build(design, inferrer=inferrer)
    try:
        model.load_state_dict(checkpoint["model"])
    except RuntimeError as error:
        reason = str(error).strip().split("\n")[-1].strip()
        raise UserError(
            f"{run.path}: the saved weights do not fit the network: {reason:.200}; were its blocks changed?"
        ) from None
    settings = training_settings.from_plain(run.settings().get("training", {}))
    data = load_for(edits.set_training(design, settings))
    return Subject(design, model.eval(), data, trained=True)


def open_design(design: Design, inferrer: Inferrer) -> Subject:
    """Build the network of a design with the weights that its training would start from."""
    data = load_for(design)
    model = build(design, seed=design.training.seed, inferrer=inferrer)
    return Subject(design, model.eval(), data, trained=False)
