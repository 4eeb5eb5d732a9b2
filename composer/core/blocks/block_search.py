"""Finding a block by a few letters. Knows no Qt."""

from collections.abc import Iterable
from dataclasses import dataclass

from composer.core.blocks.catalog import Catalog
from composer.core.blocks.ports import declared_kind, fits
from composer.core.graph import SUBGRAPH, Design


@dataclass(frozen=True, slots=True)
class BlockChoice:
    """One thing that can be added.

    Args:
        block: what `Document.add_block` takes.
        name: as it is shown.
        family: category, for the color.
        shape: one line on what goes in and out.
        tags: further words under which it is found.
        takes: layout at its first input, ``any`` if open, empty if it has none.
        gives: layout at its first output.
    """

    block: str
    name: str
    family: str
    shape: str
    tags: tuple[str, ...] = ()
    takes: str = "any"
    gives: str = "any"


def block_choices(design: Design, catalog: Catalog, graph: str) -> list[BlockChoice]:
    """Everything that can be added to a graph."""
    found = [
        BlockChoice(
            spec.name,
            spec.name,
            spec.category,
            spec.shape,
            (*spec.tags, spec.category.replace("_", " ")),
            declared_kind(spec, 0) if spec.inputs else "",
            declared_kind(spec, 0, output=True) if spec.outputs else "",
        )
        for specs in catalog.categories().values()
        for spec in specs
    ]
    found += [
        BlockChoice(SUBGRAPH + name, name, "graph", "sub-graph of this design")
        for name in design.graphs
        if name != graph
    ]
    found.append(BlockChoice("Input", "Input", "io", "a tensor that enters", takes=""))
    found.append(BlockChoice("Output", "Output", "io", "a tensor that leaves", gives=""))
    return found


def filter_choices(found: Iterable[BlockChoice], kind: str, *, from_output: bool) -> list[BlockChoice]:
    """Those to which a wire can lead.

    Args:
        found: the choices.
        kind: layout at the end of the wire that is fixed.
        from_output: whether the wire comes from an output, so that an input is sought.
    """
    return [c for c in found if (c.takes and fits(kind, c.takes) if from_output else c.gives and fits(c.gives, kind))]


def search(found: Iterable[BlockChoice], text: str) -> list[BlockChoice]:
    """The choices that match, best first; all of them for an empty text.

    A match at the start of the name beats one at the start of a word, then one inside, then letters in order, then tags.
    """
    wanted = text.lower().replace(" ", "").replace("_", "")
    if not wanted:
        return list(found)
    ranked = [
        (rank, index, choice) for index, choice in enumerate(found) if (rank := score(choice, wanted)) is not None
    ]
    return [choice for _, _, choice in sorted(ranked, key=lambda entry: entry[:2])]


def score(choice: BlockChoice, wanted: str) -> tuple[int, int] | None:
    """How well a choice fits, less is better; None if it does not. `wanted` is in lower case without blanks."""
    name = choice.name
    plain = name.lower().replace("_", "")
    capitals = "".join(
        letter for index, letter in enumerate(name) if letter.isupper() or index == 0 or letter.isdigit()
    ).lower()
    if plain.startswith(wanted):
        return 0, len(plain)
    if capitals.startswith(wanted):
        return 1, len(plain)
    place = plain.find(wanted)
    if place >= 0:
        at_word = name[place : place + 1].isupper()
        return (2 if at_word else 3), len(plain)
    tags = [tag.lower().replace(" ", "").replace("_", "").replace("-", "") for tag in choice.tags]
    if any(tag.startswith(wanted) for tag in tags):
        return 4, len(plain)
    if any(wanted in tag for tag in tags):
        return 5, len(plain)
    letters = iter(plain)
    return (6, len(plain)) if len(wanted) > 1 and all(letter in letters for letter in wanted) else None
