"""Searching for a block by a few letters of its name or tags."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from composer.core.blocks.catalog import Catalog
from composer.core.blocks.ports import declared_kind, fits
from composer.core.blocks.token_meaning import reads_as_channels
from composer.core.graph import SUBGRAPH, Design


@dataclass(frozen=True, slots=True)
class BlockChoice:
    """One thing that can be added to a graph: a block, a sub-graph, an input or an output.

    Attributes:
        block: a block, ``graph:NAME``, ``Input`` or ``Output``.
        name: the name that is shown.
        family: category, which gives the color.
        shape: its shapes in one line.
        tags: further words that a search matches.
        takes: tensor layout at its first input, ``any`` if undeclared, empty if it has no input.
        gives: tensor layout at its first output, likewise.
        reads_channels: whether its first input takes the number of tokens for the number of channels.
        misreads: whether it would do so with the tensor at hand; such choices come last.
        needs_more: whether inputs beside the first must be wired.
    """

    block: str
    name: str
    family: str
    shape: str
    tags: tuple[str, ...] = ()
    takes: str = "any"
    gives: str = "any"
    reads_channels: bool = False
    misreads: bool = False
    needs_more: bool = False


def block_choices(design: Design, catalog: Catalog, graph: str) -> list[BlockChoice]:
    """Return everything that can be added to a graph, in the order of the catalog.

    Args:
        design: the design.
        catalog: the blocks.
        graph: name of the graph; a sub-graph cannot contain itself.
    """
    choices = [
        BlockChoice(
            spec.name,
            spec.name,
            spec.category,
            spec.shape,
            (*spec.tags, spec.category.replace("_", " ")),
            declared_kind(spec, 0) if spec.inputs else "",
            declared_kind(spec, 0, output=True) if spec.outputs else "",
            reads_channels=bool(spec.inputs) and reads_as_channels(spec, 0),
            needs_more=sum(not port.optional for port in spec.inputs) > 1,
        )
        for specs in catalog.categories().values()
        for spec in specs
    ]
    choices += [
        BlockChoice(SUBGRAPH + name, name, "graph", "sub-graph of this design")
        for name in design.graphs
        if name != graph
    ]
    choices.append(BlockChoice("Input", "Input", "io", "a tensor that enters", takes=""))
    choices.append(BlockChoice("Output", "Output", "io", "a tensor that leaves", gives=""))
    return choices


def filter_choices(
    choices: Iterable[BlockChoice], kind: str, *, from_output: bool, tokens: bool = False
) -> list[BlockChoice]:
    """Return the choices that a wire can connect to, those that would misread the tensor on it last.

    Args:
        choices: the choices.
        kind: tensor layout at the fixed end of the wire.
        from_output: whether that end is an output, so that the other one is an input.
        tokens: whether the tensor is known to hold tokens.
    """
    if from_output:
        return mark_misreading([choice for choice in choices if choice.takes and fits(kind, choice.takes)], tokens)
    return [choice for choice in choices if choice.gives and fits(choice.gives, kind)]


def mark_misreading(choices: Iterable[BlockChoice], tokens: bool) -> list[BlockChoice]:
    """Mark the choices that would misread a tensor, and put them last.

    Args:
        choices: the choices.
        tokens: whether the tensor is known to hold tokens.
    """
    marked = [replace(choice, misreads=True) if tokens and choice.reads_channels else choice for choice in choices]
    return sorted(marked, key=lambda choice: choice.misreads)


def search(choices: Iterable[BlockChoice], text: str) -> list[BlockChoice]:
    """Return the choices that match a text, best first; all of them for an empty text.

    Matches rank in this order: start of the name, capitals, start of a word, inside the name, start of a tag, inside a
    tag, letters in the same order. Of equal matches those that one wire completes come first, then shorter names.
    Choices that misread the tensor on the wire come after all others.
    """
    query = _normalized(text)
    if not query:
        return list(choices)
    ranked = [
        ((choice.misreads, score[0], choice.needs_more, score[1], index), choice)
        for index, choice in enumerate(choices)
        if (score := _score(choice, query))
    ]
    return [choice for _, choice in sorted(ranked, key=lambda entry: entry[0])]


def _score(choice: BlockChoice, query: str) -> tuple[int, int] | None:
    """Return how well a choice matches a normalized query, lower is better; None if it does not."""
    name, plain = choice.name, choice.name.lower().replace("_", "")
    capitals = "".join(
        letter for index, letter in enumerate(name) if letter.isupper() or index == 0 or letter.isdigit()
    )
    if plain.startswith(query):
        return 0, len(plain)
    if capitals.lower().startswith(query):
        return 1, len(plain)
    start = plain.find(query)
    if start >= 0:
        return (2 if name[start : start + 1].isupper() else 3), len(plain)
    tags = [_normalized(tag).replace("-", "") for tag in choice.tags]
    if any(tag.startswith(query) for tag in tags):
        return 4, len(plain)
    if any(query in tag for tag in tags):
        return 5, len(plain)
    letters = iter(plain)
    return (6, len(plain)) if len(query) > 1 and all(letter in letters for letter in query) else None


def _normalized(text: str) -> str:
    """Return a text in lower case without blanks and underscores."""
    return text.lower().replace(" ", "").replace("_", "")
