"""Named settings of a design's variables: the sizes of a family of networks in one drawing."""

from collections.abc import Mapping
from dataclasses import replace

from composer.core.errors import UserError
from composer.core.graph import Design, Literal, Variant, frozen


def variant(design: Design, name: str) -> Variant:
    """Return a variant by name.

    Raises:
        UserError: if the design has no such variant.
    """
    if name not in design.variants:
        known = f"its variants are: {', '.join(design.variants)}" if design.variants else "it has no variants"
        raise UserError(f"{design.name} has no variant {name!r}; {known}")
    return design.variants[name]


def apply_variant(design: Design, name: str) -> Design:
    """Set the variables to those of a variant, with its title and the counts that it states.

    Raises:
        UserError: if the design has no such variant.
    """
    chosen_variant = variant(design, name)
    return replace(
        design,
        name=chosen_variant.title or design.name,
        variables=frozen({**design.variables, **chosen_variant.values}),
        expected=chosen_variant.expected,
    )


def current_variant(design: Design) -> str:
    """Return the name of the variant whose values the variables have; empty if there is none."""
    return next((name for name, item in design.variants.items() if _holds(design.variables, item.values)), "")


def _holds(variables: Mapping[str, Literal], values: Mapping[str, Literal]) -> bool:
    return all(name in variables and variables[name] == value for name, value in values.items())
