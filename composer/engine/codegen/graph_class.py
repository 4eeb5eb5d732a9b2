"""A graph as a class while it is written: its constructor arguments, the lines of its methods, and its text."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from composer.core.graph import Graph, Literal
from composer.engine.codegen.lines import WIDTH
from composer.engine.codegen.literals import annotation, identical
from composer.engine.inference.results import GraphResult

BODY_INDENT = "    "
QUOTES = '"""'


@dataclass
class Argument:
    """A constructor argument of a class.

    Attributes:
        name: its name.
        values: its value in each instance of the graph.
    """

    name: str
    values: list[Literal]


@dataclass
class GraphClass:
    """A class that is written for a graph.

    Attributes:
        name: name of the class.
        graph: the graph.
        instances: results of every instance of the graph, in the order in which the model makes them.
        reserved: names that no constructor argument may have, because lines of the constructor use them.
        arguments: the constructor arguments so far.
        init: lines of the constructor.
        forward: lines of the forward method.
    """

    name: str
    graph: Graph
    instances: list[GraphResult]
    reserved: set[str] = field(default_factory=set)
    arguments: list[Argument] = field(default_factory=list)
    init: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)

    def argument(self, name: str, fallback: str, values: list[Literal], *, exposed: bool) -> str:
        """Return the name of the argument with these values, which is added unless an existing one agrees.

        Args:
            name: the name that it should have.
            fallback: the name that it has where that one is reserved.
            values: its value in each instance.
            exposed: whether the graph exposes a parameter of that name, so that another argument cannot stand for it.
        """
        for argument in self.arguments:
            agrees = len(argument.values) == len(values) and all(map(identical, argument.values, values))
            if agrees and (argument.name == name or not exposed):
                return argument.name
        if name in self.reserved:
            name = fallback
        while name in self.reserved:
            name += "_"
        self.reserved.add(name)
        self.arguments.append(Argument(name, values))
        return name

    def text(self) -> str:
        """Return the source of the class."""
        arguments = [f"{argument.name}: {annotation(argument.values)}" for argument in self.arguments]
        inputs = "".join(f", {id}: Tensor" for id in self.graph.inputs)
        outputs = ["Tensor"] * len(self.graph.outputs)
        returns = outputs[0] if len(outputs) == 1 else f"tuple[{', '.join(outputs)}]"
        signature = f"    def __init__({', '.join(['self', *arguments])}) -> None:"
        if len(signature) > WIDTH:
            rows = "".join(f"        {argument},\n" for argument in arguments)
            signature = f"    def __init__(\n        self,\n{rows}    ) -> None:"
        return "\n".join(
            [
                f"class {self.name}(nn.Module):",
                f"{BODY_INDENT}{self._docstring()}",
                "",
                signature,
                "        super().__init__()",
                *(f"        {line}" for line in self.init),
                "",
                f"    def forward(self{inputs}) -> {returns}:",
                *(f"        {line}" for line in self.forward),
            ]
        )

    def _docstring(self) -> str:
        """Return the shapes of the first instance as a docstring."""
        first = self.instances[0]
        inputs = [
            f"{id} {shape_text(value.shape)}" for id in self.graph.inputs if (value := first.values.get((id, "")))
        ]
        outputs = [
            f"{id} {shape_text(value.shape)}" for id, value in zip(self.graph.outputs, first.outputs, strict=False)
        ]
        note = " (first instance)" if len(self.instances) > 1 else ""
        text = f"{', '.join(inputs)} -> {', '.join(outputs)}{note}."
        if len(text) + len(BODY_INDENT) + 2 * len(QUOTES) <= WIDTH:
            return f"{QUOTES}{text}{QUOTES}"
        # The shapes of many ports take several lines.
        lines = textwrap.wrap(text, WIDTH - len(BODY_INDENT) - len(QUOTES), break_long_words=False)
        return f"\n{BODY_INDENT}".join([f"{QUOTES}{lines[0]}", *lines[1:], QUOTES])


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape with the batch axis as N.

    >>> shape_text((1, 3, 224, 224))
    '(N, 3, 224, 224)'
    """
    return f"({', '.join(['N', *(str(size) for size in shape[1:])])})"
