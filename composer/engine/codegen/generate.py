"""The one generator: a Design as Python text that needs only torch.

Imports, the sources of the used blocks (or imports of them), one class for each sub-graph, then the model: one attribute and one
line a node; repeats are loops. What differs between the uses of a sub-graph, or between the rounds of a repeat, becomes a constructor
argument named after the parameter; arguments that always agree are one; what never differs is a literal.

Nothing of a design can inject code: ids are identifiers, values are literals written by `repr`, texts of the user stand only
in the docstring, escaped.
"""

import builtins
import re
import textwrap
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from composer.core import names
from composer.core.blocks.ports import input_ports, output_ports
from composer.core.errors import DesignError
from composer.core.files.design_file import design_hash
from composer.core.graph import Design, Graph, Input, Literal, Node, is_expression
from composer.engine.codegen.inline import Inlined
from composer.engine.inference.infer import Inference, Inferrer
from composer.engine.inference.results import GraphResult, NodeResult

WIDTH = 140  # the line length of the block sources
_LIKE_DIGITS = {"l", "O", "I"}  # pycodestyle E741: as names of variables they read as 1 and 0
# Names the text may bind itself or needs from its imports; a model class must not be called like one of them.
_TAKEN = {"Tensor", "Literal", "Annotated", "Module", "Parameter", "F", "nn", "torch", "math"}


def source(design: Design, *, inline: bool = True, inferrer: Inferrer | None = None) -> str:
    """Python source of a design.

    Args:
        design: a design without errors.
        inline: True puts the block sources into the text, so that it needs only torch; False imports them from `blocks`.
        inferrer: its memo is used; a new one by default.

    Returns:
        The text of a module; its last class is the model.

    Raises:
        DesignError: if the design has errors; the message is the first of them.
    """
    return generate((inferrer or Inferrer()).infer(design), inline=inline)


def _model_name(design: Design, reserved: Collection[str]) -> str:
    """Return the name of the model class: the design's name in camel case, with a suffix where that name is reserved."""
    name = names.camel(re.sub(r"[^0-9A-Za-z_]+", "_", design.name))[:60] or "Net"
    graphs = {names.camel(graph) for graph in design.graphs}
    while name in reserved or name in graphs or hasattr(builtins, name):
        name += "Net"
    return name


@dataclass
class _Arg:
    """A constructor argument of a sub-graph class: its value in each use."""

    name: str
    values: list[Literal]


@dataclass
class _Class:
    """A graph as a class in the making."""

    name: str
    graph: Graph
    uses: list[GraphResult]
    args: list[_Arg] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    init: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)

    def argument(self, wanted: str, fallback: str, values: list[Literal], *, exposed: bool) -> str:
        """The argument with these values: an existing one that always agrees, or a new one."""
        for arg in self.args:
            same = len(arg.values) == len(values) and all(_same(a, b) for a, b in zip(arg.values, values, strict=True))
            if same and (arg.name == wanted or not exposed):
                return arg.name
        name = wanted if wanted not in self.taken else fallback
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        self.args.append(_Arg(name, values))
        return name


def generate(inference: Inference, *, inline: bool = True) -> str:
    """Python source from what inference found out.

    Args:
        inference: of a design without errors.
        inline: see `source`.

    Raises:
        DesignError: if the inference has errors.
    """
    if inference.errors:
        raise DesignError(inference.errors[0])
    return _Generator(inference, inline).text()


class _Generator:
    def __init__(self, inference: Inference, inline: bool) -> None:
        self.design = inference.design
        self.facts = inference.facts
        self.root = inference.root
        self.catalog = inference.catalog
        self.inline = inline
        self.sources = Inlined()
        self.classes: dict[str, _Class] = {}

    def text(self) -> str:
        uses: dict[str, list[GraphResult]] = {}
        order: list[str] = []

        def visit(result: GraphResult) -> None:
            for found in result.nodes.values():
                for part in found.iterations:
                    if isinstance(part, GraphResult):
                        visit(part)
            if result.name not in order:
                order.append(result.name)
            uses.setdefault(result.name, []).append(result)

        visit(self.root)
        self.collect_sources(order)
        defined = {*_TAKEN, *self.sources.definitions, *self.sources.imports.values()}
        self.model = _model_name(self.design, defined)
        taken = {self.model, *defined}
        for name in order:
            title = self.model if not name else names.camel(name)
            if name:
                while title in taken:
                    title += "Graph"
                taken.add(title)
            made = self.classes[name] = _Class(title, self.design.graph(name), uses[name])
            # An argument must not hide a name that the constructor's lines use.
            made.taken = {"self", "layer", "i", *taken, *made.graph.inputs}
            self.fill(made)
        body = [self.class_text(self.classes[name]) for name in order]
        parts = [self.docstring(), "\n".join(self.sources.import_lines((("torch", "Tensor"), ("torch", "nn"))))]
        parts += [*self.sources.definitions.values(), *body]
        return f"{parts[0]}\n\n{parts[1]}\n\n\n" + "\n\n\n".join(parts[2:]) + "\n"

    def collect_sources(self, order: Iterable[str]) -> None:
        """Take up the sources of the used blocks, before names are given: a class must not be called like one of them."""
        for name in order:
            graph = self.design.graph(name)
            live = graph.live_nodes()
            for id in graph.to_networkx():
                node = graph.nodes.get(id)
                if node is None or id not in live or node.subgraph is not None:
                    continue
                spec = self.catalog[node.block]
                if self.inline:
                    self.sources.add(spec.path, spec.name)
                else:
                    self.sources.imports[spec.module, spec.name] = spec.name

    # -- one class ------------------------------------------------------------------------------------------------------

    def fill(self, made: _Class) -> None:
        """Write the constructor and forward lines of one graph."""
        used = made.graph.live_nodes()
        first = made.uses[0]
        local = self.locals(made.graph, first)
        for id in made.graph.to_networkx():
            if id not in used or id not in made.graph.nodes:
                continue
            node = made.graph.nodes[id]
            results = [use.nodes[id] for use in made.uses]
            made.init.extend(self.constructor(made, node, results))
            made.forward.extend(self.call(made, node, first, local))
        outputs = ", ".join(local[self.source_key(made, id)] for id in made.graph.outputs)
        if made.forward and made.forward[-1].startswith(f"{outputs} = "):
            made.forward[-1] = f"return {made.forward[-1].removeprefix(f'{outputs} = ')}"
        else:
            made.forward.append(f"return {outputs}")

    def locals(self, graph: Graph, result: GraphResult) -> dict[tuple[str, str], str]:
        """The local variable of each output port: the id where a node has one output, else id_port."""
        found: dict[tuple[str, str], str] = {}
        taken = set(graph.ids())
        for id in (*graph.inputs, *graph.nodes):
            ports = output_ports(self.design, self.catalog, result.name, id)
            for index, port in enumerate(ports):
                local = id
                if len(ports) > 1 or (id in _LIKE_DIGITS and id in graph.nodes):
                    local = names.fresh(f"{id}_{port.name}", taken)
                    taken.add(local)
                found[id, port.name] = local
                if index == 0:
                    found[id, ""] = local
        return found

    def source_key(self, made: _Class, output: str) -> tuple[str, str]:
        wire = made.graph.in_wires(output)[0]
        return wire.source, wire.source_port

    def call(self, made: _Class, node: Node, result: GraphResult, local: dict[tuple[str, str], str]) -> list[str]:
        ports = input_ports(self.design, self.catalog, made.uses[0].name, node.id)
        by_port: dict[str, list[str]] = {port.name: [] for port in ports}
        for wire in made.graph.in_wires(node.id):
            by_port[wire.target_port or ports[0].name].append(local[wire.source, wire.source_port])
        arguments: list[str] = []
        gap = False
        for port in ports:
            given = by_port[port.name]
            if not given:
                gap = True
            elif gap:
                arguments.append(f"{port.name}={given[0]}")
            else:
                arguments.extend(given)
        outputs = [
            local[node.id, port.name] for port in output_ports(self.design, self.catalog, made.uses[0].name, node.id)
        ]
        target = ", ".join(outputs)
        if not self.repeated(made, node) or self.sequential(node, ports, outputs):
            return [f"{target} = self.{node.id}({', '.join(arguments)})"]
        if len(outputs) > len(arguments):  # there is one round, or its outputs could not be the next one's inputs
            return [f"{target} = self.{node.id}[0]({', '.join(arguments)})"]
        # Several ports: the outputs of a round are the first inputs of the next, the other inputs stay.
        start = [f"{output} = {given}" for output, given in zip(outputs, arguments, strict=False)]
        kept = arguments[len(outputs) :]
        layer = "layer"
        while layer in made.graph.inputs or layer in local.values():
            layer += "_"
        return [*start, f"for {layer} in self.{node.id}:", f"    {target} = {layer}({', '.join([*outputs, *kept])})"]

    def repeated(self, made: _Class, node: Node) -> bool:
        """Whether a node is a loop; one written as ``repeat: 1`` by an expression is one, so that its state_dict path is stable."""
        return node.repeat != 1

    def sequential(self, node: Node, ports: Sequence[object], outputs: Sequence[str]) -> bool:
        variadic = any(getattr(port, "variadic", False) for port in ports)
        return len(outputs) == 1 and len(ports) == 1 and not variadic

    def constructor(self, made: _Class, node: Node, results: list[NodeResult]) -> list[str]:
        cls, tables = self.arguments(node, results)
        keys = list(dict.fromkeys(key for table in tables for row in table for key in row))
        repeated = self.repeated(made, node)
        texts: dict[str, str] = {}
        each: dict[str, str] = {}  # arguments that change from round to round, and the values' text
        for key in keys:
            columns = [[row[key] for row in table] for table in tables]
            if all(_all_same(column) for column in columns):
                texts[key] = self.expression(made, node, key, [column[0] for column in columns])
            else:
                values: list[Literal] = [tuple(column) for column in columns]
                each[key] = self.expression(made, node, key, values, suffix="_each")
        # The variable of a loop must not hide an argument that the same line uses.
        hidden = {arg.name for arg in made.args}
        variables = {
            key: key if key not in hidden else names.fresh(f"{key}_of_round", hidden | each.keys()) for key in each
        }
        arguments = [f"{key}={variables.get(key) or texts[key]}" for key in keys]
        looped = [(variables[key], text) for key, text in each.items()]
        if not repeated:
            return _call_lines(f"self.{node.id} = {cls}", arguments)
        ports = input_ports(self.design, self.catalog, made.uses[0].name, node.id)
        outputs = output_ports(self.design, self.catalog, made.uses[0].name, node.id)
        holder = "nn.Sequential" if self.sequential(node, ports, [port.name for port in outputs]) else "nn.ModuleList"
        if not looped:
            count = self.expression(made, node, "repeat", [len(table) for table in tables])
            clause = f"for _ in range({count})"
        elif len(looped) == 1:
            clause = f"for {looped[0][0]} in {looped[0][1]}"
        else:
            clause = f"for {', '.join(key for key, _ in looped)} in zip({', '.join(text for _, text in looped)}, strict=True)"
        star = "*" if holder == "nn.Sequential" else ""
        item = f"{star}[{cls}({', '.join(arguments)}) {clause}]"
        if len(line := f"self.{node.id} = {holder}({item})") + 8 <= WIDTH:
            return [line]
        if len(item) + 12 <= WIDTH:
            return [f"self.{node.id} = {holder}(", f"    {item}", ")"]
        make = _call_lines(cls, arguments)
        loop = [clause]
        if len(clause) + 16 > WIDTH and len(looped) > 1:
            heads = ", ".join(key for key, _ in looped)
            loop = [
                f"for {heads} in zip(",
                *(f"    {row}" for _, text in looped for row in _item_lines(text, 20)),
                "    strict=True,",
                ")",
            ]
        return [
            f"self.{node.id} = {holder}(",
            f"    {star}[",
            *(f"        {line}" for line in [*make, *loop]),
            "    ]",
            ")",
        ]

    def arguments(self, node: Node, results: list[NodeResult]) -> tuple[str, list[list[dict[str, Literal]]]]:
        """Class name, and for each use of the graph and each round the constructor arguments."""
        if node.subgraph is not None:
            inner = self.classes[node.subgraph]
            place = {id(use): index for index, use in enumerate(inner.uses)}
            rows = [
                [{arg.name: arg.values[place[id(part)]] for arg in inner.args} for part in found.iterations]
                for found in results
            ]
            return inner.name, rows
        spec = self.catalog[node.block]
        tables = [[part for part in found.iterations if isinstance(part, dict)] for found in results]
        wanted = [
            param.name
            for param in spec.params
            if param.required or any(not _same(row[param.name], param.default) for table in tables for row in table)
        ]
        return spec.name, [[{name: row[name] for name in wanted} for row in table] for table in tables]

    def expression(self, made: _Class, node: Node, key: str, values: list[Literal], suffix: str = "") -> str:
        """A literal where all uses of the graph agree, else the constructor argument that carries the difference."""
        if made.graph is self.design.main or _all_same(values):
            return _literal(values[0])
        raw = node.repeat if key == "repeat" else node.params.get(key)
        exposed = isinstance(raw, str) and is_expression(raw) and raw[1:].strip() in made.graph.params
        wanted = raw[1:].strip() if exposed and isinstance(raw, str) else ("depth" if key == "repeat" else key)
        return made.argument(wanted + suffix, f"{node.id}_{key}{suffix}", values, exposed=exposed)

    # -- text -----------------------------------------------------------------------------------------------------------

    def class_text(self, made: _Class) -> str:
        arguments = "".join(f", {arg.name}: {_annotation(arg.values)}" for arg in made.args)
        inputs = "".join(f", {id}: Tensor" for id in made.graph.inputs)
        returns = (
            "Tensor" if len(made.graph.outputs) == 1 else f"tuple[{', '.join(['Tensor'] * len(made.graph.outputs))}]"
        )
        init = f"    def __init__(self{arguments}) -> None:"
        if len(init) > WIDTH:
            rows = "".join(f"        {arg.name}: {_annotation(arg.values)},\n" for arg in made.args)
            init = f"    def __init__(\n        self,\n{rows}    ) -> None:"
        lines = [
            f"class {made.name}(nn.Module):",
            f"    {self.class_doc(made)}",
            "",
            init,
            "        super().__init__()",
        ]
        lines += [f"        {line}" for line in made.init]
        lines += ["", f"    def forward(self{inputs}) -> {returns}:", *(f"        {line}" for line in made.forward)]
        return "\n".join(lines)

    def class_doc(self, made: _Class) -> str:
        inputs = ", ".join(
            f"{id} {_shape(value.shape)}" for id in made.graph.inputs if (value := made.uses[0].values.get((id, "")))
        )
        outputs = ", ".join(
            f"{id} {_shape(value.shape)}" for id, value in zip(made.graph.outputs, made.uses[0].outputs, strict=False)
        )
        first = " (first use)" if len(made.uses) > 1 else ""
        return f'"""{inputs} -> {outputs}{first}."""'

    def docstring(self) -> str:
        title = _plain(self.design.name)
        rows = [("node", "block", "output", "params", "MACs")]
        used = self.design.main.live_nodes()
        for id, found in self.root.nodes.items():
            if id in used:
                shape = " ".join(_shape(port.shape) for port in found.facts.outputs)
                times = f" x{len(found.iterations)}" if len(found.iterations) > 1 else ""
                block = found.node.block.removeprefix("graph:") + times
                rows.append((id, block, shape, f"{found.facts.params:,}", f"{found.facts.macs // self.facts.batch:,}"))
        totals = self.facts.totals
        rows.append(("total", "", "", f"{totals.params:,}", f"{totals.macs // self.facts.batch:,}"))
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        table = [
            "  ".join(
                cell.ljust(width) if column < 3 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        inputs = ", ".join(
            _input(item, self.root.values[item.id, ""].shape) for item in self.design.main.inputs.values()
        )
        lines = [f'"""{title}.', ""]
        if self.design.description:
            lines += [*textwrap.wrap(f"{_plain(self.design.description)}.", WIDTH - 4), ""]
        note = f"Inputs: {inputs}. N is the batch; MACs are multiply-adds of one sample. Design {design_hash(self.design)}."
        lines += [*textwrap.wrap(note, WIDTH - 4), ""]
        lines += [*(f"    {line}" for line in table), '"""']
        return "\n".join(lines)


def _plain(text: str) -> str:
    """A text of the user as it may stand in a docstring: nothing that could end it or that no editor shows."""
    shown = "".join(c if c.isprintable() else " " for c in text.replace("\\", "/").replace('"', "'"))
    return " ".join(shown.split()).rstrip(".") or "Untitled"


def _input(item: Input, shape: Sequence[int]) -> str:
    return f"{item.id} {_shape(shape)}" + (f" {item.dtype}" if item.dtype != "float32" else "")


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(['N', *(str(size) for size in shape[1:])])})"


def _same(a: Literal, b: Literal) -> bool:
    """Equality that tells 1, 1.0 and True apart."""
    return type(a) is type(b) and a == b and (not isinstance(a, tuple) or repr(a) == repr(b))


def _all_same(values: Sequence[Literal]) -> bool:
    return all(_same(value, values[0]) for value in values)


def _literal(value: Literal) -> str:
    if isinstance(value, tuple):
        inner = ", ".join(_literal(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, str):
        text = ascii(value)
        return '"' + text[1:-1].replace('"', '\\"') + '"' if text[0] == "'" else text
    return repr(value)


def _annotation(values: Iterable[Literal]) -> str:
    kinds = []
    for value in values:
        if isinstance(value, tuple):
            inner = sorted({_annotation([item]) for item in value})
            kinds.append(f"tuple[{' | '.join(inner)}, ...]")
        else:
            kinds.append("None" if value is None else type(value).__name__)
    found = sorted(dict.fromkeys(kinds), key=lambda kind: kind == "None")
    if "float" in found and "int" in found:
        found.remove("int")  # PEP 484: an int is welcome where a float is expected
    return " | ".join(found)


def _call_lines(head: str, arguments: list[str]) -> list[str]:
    line = f"{head}({', '.join(arguments)})"
    if len(line) + 8 <= WIDTH:
        return [line]
    return [f"{head}(", *(f"    {row}" for argument in arguments for row in _item_lines(argument, 12)), ")"]


def _item_lines(text: str, indent: int) -> list[str]:
    """An argument with its comma; a tuple too long for a line has a line for each value."""
    flat = re.fullmatch(r"(\w+=)?\(([^()]*)\)", text)
    if len(text) + 1 + indent <= WIDTH or flat is None:
        return [f"{text},"]
    values = flat[2].rstrip(",").split(", ")
    return [f"{flat[1] or ''}(", *(f"    {value}," for value in values), "),"]
