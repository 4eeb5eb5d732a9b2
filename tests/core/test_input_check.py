"""Fields of data against the inputs of a design, with the edit that fits them."""

from dataclasses import replace

import pytest

from composer.core.data_facts import DataFacts, FieldFacts, PartFacts
from composer.core.files.design_file import loads
from composer.core.graph import Design, ExtensionRef
from composer.core.input_check import input_obstacle
from composer.core.repairs import apply_repair
from composer.core.training_check import training_obstacle
from tests.core.test_training_check import CATALOG, facts
from tests.gui.tiny import tiny

PHOTOS = DataFacts(
    "images:photos",
    {"image": FieldFacts("image"), "label": FieldFacts("label", (), "int64")},
    ("cat", "dog"),
    {"train": PartFacts(8, (4, 4)), "val": PartFacts(2, (1, 1))},
    channels=3,
)


def with_input(text: str, variables: str = "{}") -> Design:
    return loads(f"format: 1\nvariables: {variables}\ninputs: {{{text}}}\n")


@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_any_size_fit_grey_and_colour(channels):
    design = with_input(f"image: {{shape: [{channels}, 30, 50]}}")
    assert input_obstacle(design, PHOTOS) is None
    assert input_obstacle(design, replace(PHOTOS, channels=1)) is None


def test_other_channels_are_repaired_for_colour_and_repeated_for_grey():
    design = with_input('a: {shape: [5, "=side", 50]}', "{side: 30}")
    obstacle = input_obstacle(design, PHOTOS)
    assert obstacle is not None
    assert obstacle.message == (
        "the input a takes 5 channels, but the images of images:photos have 3; make the input 3 x 30 x 50"
    )
    assert obstacle.repair is not None
    repaired = apply_repair(design, obstacle.repair)
    assert repaired.main.inputs["a"].shape == (3, "=side", 50)
    assert input_obstacle(repaired, PHOTOS) is None
    assert input_obstacle(design, replace(PHOTOS, channels=1)) is None


def test_images_of_one_size_and_other_fields_are_repaired_at_variables():
    fields = {"image": FieldFacts("image", (3, 64, 64)), "context": FieldFacts("vector", (16,))}
    fixed = replace(PHOTOS, source="photos", fields=fields)
    design = with_input('image: {shape: [3, "=side", "=side"]}, context: {shape: [4]}', "{side: 32}")
    design = replace(design, training=replace(design.training, data=ExtensionRef("permuted")))
    labels = []
    while (obstacle := input_obstacle(design, fixed)) is not None:
        assert obstacle.repair is not None
        labels.append((obstacle.message, obstacle.repair.label))
        design = apply_repair(design, obstacle.repair)
    assert labels == [
        (
            "the input image is 3 x 32 x 32, but the images of photos are 3 x 64 x 64; make the input 3 x 64 x 64",
            "Make the input 3 x 64 x 64",
        ),
        (
            "the input context is 4, but the field context of photos is 16; make the input 16",
            "Make the input 16",
        ),
    ]
    assert design.variables["side"] == 64
    assert design.main.inputs["image"].shape == (3, "=side", "=side")


def test_the_number_format_of_a_field_is_compared():
    tokens = DataFacts("words", {"tokens": FieldFacts("tokens", (7,), "int64")})
    design = with_input("tokens: {shape: [7]}")
    assert field_of(design, tokens) == "Make the input int64"
    assert field_of(with_input("tokens: {shape: [9], dtype: int64}"), tokens) == "Make the input 7"
    assert field_of(with_input("tokens: {shape: [7], dtype: int64}"), tokens) == ""


def field_of(design: Design, data: DataFacts) -> str:
    """The label of the repair of the design's only input, as the first field of sequences."""
    design = replace(design, training=replace(design.training, data=ExtensionRef("sequences")))
    obstacle = input_obstacle(design, data)
    if obstacle is None:
        return ""
    assert obstacle.repair is not None
    assert input_obstacle(apply_repair(design, obstacle.repair), data) is None
    return obstacle.repair.label


def test_the_classes_of_the_data_count_where_they_are_known():
    obstacle = training_obstacle(tiny(), facts(10), CATALOG, PHOTOS)
    assert obstacle is not None and obstacle.repair is not None
    assert obstacle.repair.label == "Set num_classes of head to 2"
    assert training_obstacle(tiny(), facts(2), CATALOG, PHOTOS) is None
    unlabelled = replace(PHOTOS, classes=())
    obstacle = training_obstacle(tiny(), facts(2), CATALOG, unlabelled)
    assert obstacle is not None
    assert obstacle.message == "digits has no classes, which classification learns; choose another objective"
