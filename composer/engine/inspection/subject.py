"""The network to look into: a trained run or an untrained design, with its dataset."""

from dataclasses import dataclass, replace

from torch import nn

from composer.core import edits, training_settings
from composer.core.errors import UserError
from composer.core.graph import Design
from composer.core.training_inputs import field_shapes
from composer.engine.codegen.build import build, instantiate
from composer.engine.inference.infer import Inferrer
from composer.engine.training.data.inputs import load_for
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.recorded import recorded_data, with_recorded_format
from composer.engine.training.storage.run import Run
from composer.engine.training.storage.weights import Weights, load_weights


@dataclass(frozen=True)
class Subject:
    """A network to look into.

    Args:
        design: its design.
        model: the built model in evaluation mode.
        data: its dataset.
        weights: the weights of its run; None if it is not trained.
        scores: number of scores of its only output; None if its output is something else.
        missing: why its dataset has no samples; empty if it has.
    """

    design: Design
    model: nn.Module
    data: LoadedDataset
    weights: Weights | None = None
    scores: int | None = None
    missing: str = ""

    @property
    def image_format(self) -> ImageFormat:
        """How a user's image becomes its input: the way of its dataset only if the network belongs to that dataset.

        Every design has a dataset in its training settings, by default the digits. A network that gives 1,000 scores
        was not made for them, and a photograph must not be cut to its ink for it.
        """
        belongs = self.trained or self.scores == len(self.data.classes)
        form = self.data.image_format()
        return form if belongs or form.fit != "ink" else replace(form, fit="crop")

    @property
    def trained(self) -> bool:
        """Whether its weights are those of a run."""
        return self.weights is not None

    @property
    def blocks_by_path(self) -> dict[str, str]:
        """Block name of each node of the main graph, by module path."""
        return {id: node.block for id, node in self.design.main.nodes.items() if node.subgraph is None}


def open_run(run: Run, inferrer: Inferrer, *, force: bool = False) -> Subject:
    """Build the network of a run with its best weights; the code in the run's folder is never executed.

    Args:
        run: the run.
        inferrer: its memo is used.
        force: whether the weights are taken although the design or the blocks have changed since the training.

    Raises:
        UserError: if there are no weights yet, or they belong to another network or do not fit.
    """
    design = run.design()
    weights = load_weights(run.path, design, inferrer.catalog, force=force)
    model = build(design, inferrer=inferrer)
    weights.load_into(model)
    settings = training_settings.from_plain(run.settings().get("training", {}))
    design_of_run, record = edits.set_training(design, settings), run.settings().get("data")
    shapes = field_shapes(design_of_run)
    try:
        data, missing = with_recorded_format(load_for(design_of_run, streamed=True), record, shapes), ""
    except UserError as error:  # moved or deleted since the training: files of the user's can still be looked at
        recorded = recorded_data(record, shapes)
        if recorded is None:
            raise
        data, missing = recorded, str(error)
    return Subject(design, model.eval(), data, weights, missing=missing)


def open_design(design: Design, inferrer: Inferrer) -> Subject:
    """Build the network of a design with the weights that its training would start from."""
    data = load_for(design, streamed=True)
    inference = inferrer.infer(design)
    model = instantiate(inference, seed=design.training.seed)
    shapes = [port.shape for id in design.main.outputs for port in inference.facts.nodes[id].outputs]
    scores = shapes[0][1] if len(shapes) == 1 and len(shapes[0]) == 2 else None
    return Subject(design, model.eval(), data, scores=scores)
