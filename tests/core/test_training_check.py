"""What training would refuse is known before a process starts, with the repair where one exists."""

from dataclasses import replace

import pytest

from composer.core.blocks.catalog import read_catalog
from composer.core.facts import DesignFacts, NodeFacts, PortSpec
from composer.core.graph import Design, ExtensionRef, Graph, Input, Output, Training, Wire
from composer.core.repairs import apply_repair
from composer.core.training_check import training_obstacle
from tests.gui.tiny import tiny

CATALOG = read_catalog()


def facts(*sizes: int) -> DesignFacts:
    """Facts in which the output has these sizes for each sample."""
    return DesignFacts({"logits": NodeFacts("", outputs=(PortSpec("", (1, *sizes)),))})


def classes(design: Design, value: object) -> Design:
    node = design.main.nodes["head"]
    params = {**node.params, "num_classes": value}
    nodes = {**design.main.nodes, "head": replace(node, params=params)}
    return replace(design, main=replace(design.main, nodes=nodes))


def test_a_design_that_fits_its_data_has_no_obstacle() -> None:
    assert training_obstacle(tiny(), facts(10), CATALOG) is None
    assert training_obstacle(tiny(), None, CATALOG) is None  # while the shapes are being computed


def test_another_number_of_classes_is_repaired_at_the_head() -> None:
    obstacle = training_obstacle(classes(tiny(), 1000), facts(1000), CATALOG)
    assert obstacle is not None
    assert "logits has 1000 scores for each sample, but digits has 10 classes" in obstacle.message
    assert obstacle.repair is not None
    assert obstacle.repair.label == "Set num_classes of head to 10"
    assert apply_repair(classes(tiny(), 1000), obstacle.repair) == tiny()


def test_another_number_of_classes_is_repaired_at_its_variable() -> None:
    design = replace(classes(tiny(), "=labels"), variables={"labels": 100})
    obstacle = training_obstacle(design, facts(100), CATALOG)
    assert obstacle is not None
    assert obstacle.repair is not None
    assert obstacle.repair.label == "Set labels to 10"
    assert apply_repair(design, obstacle.repair).variables["labels"] == 10


def test_an_output_that_is_no_scores_is_stated_with_its_shape() -> None:
    obstacle = training_obstacle(tiny(), facts(8, 4, 4), CATALOG)
    assert obstacle is not None
    assert "logits has the shape [8, 4, 4]" in obstacle.message
    assert obstacle.repair is None


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (Design(main=Graph()), "the design has no input"),
        (Design(main=Graph({"a": Input("a", (1, 8, 8)), "b": Input("b", (1, 8, 8))})), "has no field 'a'"),
        (Design(main=Graph({"image": Input("image", (65,))})), "expected an image"),
        (replace(tiny(), training=Training(data=ExtensionRef("nothing"))), "data 'nothing' is unknown"),
        (replace(tiny(), training=Training(epochs=0)), "epochs is 0"),
    ],
)
def test_inputs_and_settings_are_checked_without_facts(design: Design, words: str) -> None:
    obstacle = training_obstacle(design, None, CATALOG)
    assert obstacle is not None
    assert words in obstacle.message


def test_an_augmentation_that_does_not_fit_is_removed() -> None:
    augmented = Training(augment=(ExtensionRef("flip"), ExtensionRef("color")))
    design = replace(tiny(), training=augmented)
    image = next(iter(design.main.inputs))
    assert training_obstacle(design, None, CATALOG) is None
    item = replace(design.main.inputs[image], shape=(4, 8, 8))
    design = replace(design, main=replace(design.main, inputs={image: item}))
    obstacle = training_obstacle(design, None, CATALOG)
    assert obstacle is not None
    assert "color changes colours, so it needs 1 or 3 channels, but the images have 4" in obstacle.message
    assert obstacle.repair is not None
    assert apply_repair(design, obstacle.repair).training.augment == (ExtensionRef("flip"),)


def test_several_outputs_are_refused() -> None:
    main = tiny().main
    outputs = {**main.outputs, "aux": Output("aux")}
    design = replace(tiny(), main=replace(main, outputs=outputs, wires=(*main.wires, Wire("head", "aux"))))
    obstacle = training_obstacle(design, facts(10), CATALOG)
    assert obstacle is not None
    assert "2 outputs (logits, aux)" in obstacle.message
