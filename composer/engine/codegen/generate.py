"""The one generator: a Design as Python text that needs only torch.

The text holds imports, the sources of the used blocks (or imports of them), one class for each sub-graph, and the
model. A node is one attribute and one line of forward; a repeat is a loop. What differs between the instances of a
sub-graph, or between the iterations of a repeat, becomes a constructor argument named after the parameter; arguments
that always agree are one; what never differs is a literal.

Nothing in a design can inject code: ids are identifiers, values are literals written by `repr`, and texts of the user
appear only in the docstring, escaped.
"""

import builtins
import re
from collections.abc import Collection

from composer.core import names
from composer.core.blocks.ports import input_ports, output_ports
from composer.core.errors import DesignError
from composer.core.graph import Design, Node
from composer.engine.codegen.constructor import ModuleArguments, constructor_lines
from composer.engine.codegen.forward import forward_lines, is_sequential, local_names
from composer.engine.codegen.graph_class import GraphClass
from composer.engine.codegen.header import docstring
from composer.engine.codegen.inline import Inlined
from composer.engine.codegen.literals import identical
from composer.engine.inference.infer import Inference, Inferrer
from composer.engine.inference.results import GraphResult, NodeResult

# Names that the text binds or imports, so that no class may have them.
_RESERVED = {"Tensor", "Literal", "Annotated", "Module", "Parameter", "F", "nn", "torch", "math"}
# Names that the lines of a constructor use.
_CONSTRUCTOR_NAMES = {"self", "layer", "i"}
MAX_NAME = 60


def source(design: Design, *, inline: bool = True, inferrer: Inferrer | None = None) -> str:
    """Return the Python source of a design.

    Args:
        design: a design without errors.
        inline: True puts the block sources into the text, so that it needs only torch; False imports them from
            `blocks`.
        inferrer: its memo is used; a new one by default.

    Returns:
        The text of a module; its last class is the model.

    Raises:
        DesignError: if the design has errors; the message is the first of them.
    """
    return generate((inferrer or Inferrer()).infer(design), inline=inline)


def generate(inference: Inference, *, inline: bool = True) -> str:
    """Return the Python source of an inferred design; see `source`."""
    if inference.errors:
        raise DesignError(inference.errors[0])
    return _Generator(inference, inline).text()


class _Generator:
    """Writes the module of one inferred design."""

    def __init__(self, inference: Inference, inline: bool) -> None:
        self.inference = inference
        self.design = inference.design
        self.catalog = inference.catalog
        self.inline = inline
        self.sources = Inlined()
        self.classes: dict[str, GraphClass] = {}

    def text(self) -> str:
        # 1. The instances of each graph; a graph comes after the sub-graphs that it uses.
        instances: dict[str, list[GraphResult]] = {}
        _collect_instances(self.inference.root, instances)

        # 2. The sources of the used blocks come before names are chosen: no class may be named like one of them.
        for name in instances:
            self._collect_sources(name)
        defined = {*_RESERVED, *self.sources.definitions, *self.sources.imports.values()}
        model = _model_name(self.design, defined)
        titles = _class_names(instances, model, defined)

        # 3. A class for each graph, the model last.
        for name, results in instances.items():
            graph = self.design.graph(name)
            reserved = {*_CONSTRUCTOR_NAMES, *defined, *titles.values(), *graph.inputs}
            self.classes[name] = GraphClass(titles[name], graph, results, reserved)
            self._write_class(name, self.classes[name])
        imports = "\n".join(self.sources.import_lines((("torch", "Tensor"), ("torch", "nn"))))
        definitions = [*self.sources.definitions.values(), *(cls.text() for cls in self.classes.values())]
        return f"{docstring(self.inference)}\n\n{imports}\n\n\n" + "\n\n\n".join(definitions) + "\n"

    def _collect_sources(self, name: str) -> None:
        """Collect the sources of the blocks that a graph uses, or the imports of them."""
        for node in self._built_nodes(name):
            if node.subgraph is None:
                spec = self.catalog[node.block]
                if self.inline:
                    self.sources.add(spec.path, spec.name)
                else:
                    self.sources.imports[spec.module, spec.name] = spec.name

    def _built_nodes(self, name: str) -> list[Node]:
        """Return the nodes of a graph that lead to an output, in topological order."""
        graph = self.design.graph(name)
        live = graph.live_nodes()
        return [graph.nodes[id] for id in graph.to_networkx() if id in live and id in graph.nodes]

    def _write_class(self, name: str, cls: GraphClass) -> None:
        """Write the constructor and forward lines of a class."""
        graph = cls.graph
        inputs = {id: input_ports(self.design, self.catalog, name, id) for id in graph.nodes}
        outputs = {id: output_ports(self.design, self.catalog, name, id) for id in (*graph.inputs, *graph.nodes)}
        variables = local_names(graph, outputs)
        for node in self._built_nodes(name):
            arguments = self._module_arguments(node, [instance.nodes[node.id] for instance in cls.instances])
            sequential = is_sequential(graph, node, inputs[node.id], outputs[node.id])
            cls.init += constructor_lines(self.design, cls, node, arguments, sequential=sequential)
            cls.forward += forward_lines(graph, node, inputs[node.id], outputs[node.id], variables)
        last_wires = [graph.in_wires(id)[0] for id in graph.outputs]
        returned = ", ".join(variables[wire.source, wire.source_port] for wire in last_wires)
        # The last call is returned directly where it makes just the outputs.
        if cls.forward and cls.forward[-1].startswith(f"{returned} = "):
            cls.forward[-1] = f"return {cls.forward[-1].removeprefix(f'{returned} = ')}"
        else:
            cls.forward.append(f"return {returned}")

    def _module_arguments(self, node: Node, results: list[NodeResult]) -> ModuleArguments:
        """Return the constructor arguments of a node's module, by instance of its graph and by iteration."""
        if node.subgraph is not None:
            inner = self.classes[node.subgraph]
            index_of = {id(instance): index for index, instance in enumerate(inner.instances)}
            rows = [
                [
                    {argument.name: argument.values[index_of[id(part)]] for argument in inner.arguments}
                    for part in result.iterations
                ]
                for result in results
            ]
            return ModuleArguments(inner.name, rows)
        spec = self.catalog[node.block]
        tables = [[part for part in result.iterations if isinstance(part, dict)] for result in results]
        # A parameter that has its default in all iterations of all instances is left out.
        written = [
            param.name
            for param in spec.params
            if param.required or any(not identical(row[param.name], param.default) for table in tables for row in table)
        ]
        return ModuleArguments(
            spec.name, [[{name: row[name] for name in written} for row in table] for table in tables]
        )


def _collect_instances(result: GraphResult, instances: dict[str, list[GraphResult]]) -> None:
    """Collect the instances of every graph by name, inner graphs first."""
    for node_result in result.nodes.values():
        for part in node_result.iterations:
            if isinstance(part, GraphResult):
                _collect_instances(part, instances)
    instances.setdefault(result.name, []).append(result)


def _model_name(design: Design, reserved: Collection[str]) -> str:
    """Return the name of the model class: the design's name in camel case, with a suffix if it is reserved."""
    name = names.camel(re.sub(r"[^0-9A-Za-z_]+", "_", design.name))[:MAX_NAME] or "Net"
    graphs = {names.camel(graph) for graph in design.graphs}
    while name in reserved or name in graphs or hasattr(builtins, name):
        name += "Net"
    return name


def _class_names(graphs: Collection[str], model: str, reserved: Collection[str]) -> dict[str, str]:
    """Return the class name of each graph: the model's for the main graph, else the graph's name in camel case."""
    titles = {"": model}
    for graph in graphs:
        if graph:
            title = names.camel(graph)
            while title in reserved or title in titles.values():
                title += "Graph"
            titles[graph] = title
    return titles
