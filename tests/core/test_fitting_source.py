"""The source that fits a design as it is."""

import pytest

from composer.core.errors import UserError
from composer.core.facts import DesignFacts, NodeFacts, PortSpec
from composer.core.files.design_file import loads
from composer.core.fitting_source import fitting_training
from composer.core.graph import ExtensionRef


def fit(inputs: str, *output: int) -> tuple[ExtensionRef, str]:
    design = loads(f"format: 1\ninputs: {{{inputs}}}\noutputs: {{y: {{}}}}\n")
    facts = DesignFacts({"y": NodeFacts("", outputs=(PortSpec("", (1, *output)),))})
    training = fitting_training(design, facts)
    assert (training.epochs, training.lr) == (design.training.epochs, design.training.lr)
    return training.data, training.objective.name


@pytest.mark.parametrize(
    ("inputs", "output", "data", "objective"),
    [
        ("image: {shape: [1, 16, 16]}", (10,), ExtensionRef("digits"), "classification"),
        ("x: {shape: [3, 224, 224]}", (1000,), ExtensionRef("shapes", {"classes": 1000}), "classification"),
        ("image: {shape: [1, 32, 32]}", (5,), ExtensionRef("shapes", {"classes": 5}), "classification"),
        (
            "image: {shape: [784]}, context: {shape: [784]}",
            (10,),
            ExtensionRef("permuted", {"source": "digits", "tasks": 10}),
            "classification",
        ),
        (
            "context: {shape: [4]}, image: {shape: [3, 32, 32]}",
            (20,),
            ExtensionRef("permuted", {"source": "shapes:20", "tasks": 4}),
            "classification",
        ),
        (
            "tokens: {shape: [9], dtype: int64}, previous: {shape: [9], dtype: int64}",
            (9, 30),
            ExtensionRef("sequences", {"vocabulary": 30}),
            "sequence",
        ),
    ],
)
def test_fields_and_classes_are_those_of_the_design(
    inputs: str, output: tuple[int, ...], data: ExtensionRef, objective: str
) -> None:
    assert fit(inputs, *output) == (data, objective)


@pytest.mark.parametrize(
    ("inputs", "output", "message"),
    [
        ("image: {shape: [1, 16, 16]}", (100,), "scores 100 classes, but generated images have 2 to 8"),
        ("image: {shape: [3, 16, 16]}", (1001,), "scores 1001 classes, but generated images have 2 to 1000"),
        ("image: {shape: [3, 16, 16]}", (8, 4), r"makes \[8, 4\] of \[3, 16, 16\], expected one score a class"),
        ("image: {shape: [3, 16, 16]}, words: {shape: [5]}", (8,), "no source has the fields image, words"),
        ("tokens: {shape: [9], dtype: int64}", (30,), r"the output is \[30\], expected a score for each token"),
    ],
)
def test_designs_that_no_source_fits_are_told_why(inputs: str, output: tuple[int, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        fit(inputs, *output)
