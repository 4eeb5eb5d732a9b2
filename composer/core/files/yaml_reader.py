"""Read a Design from YAML text: safe loading with limits; messages name file, line, node and what was expected."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from composer.core import names, training_settings, training_table
from composer.core.errors import DesignError, UserError
from composer.core.files.yaml_loader import LineList, LineMapping, empty_list, parse_yaml
from composer.core.graph import (
    FORMAT,
    MAX_REPEAT,
    SUBGRAPH,
    Design,
    Each,
    Frame,
    Graph,
    Input,
    Literal,
    Node,
    Output,
    Point,
    Ramp,
    Training,
    Value,
    Variant,
    Wire,
    is_expression,
    is_repeat,
)
from composer.core.limits import nesting_problem
from composer.core.topology import find_cycle, format_cycle

MAX_NODES = 100_000
MAX_BENDS = 100  # of one wire
_WIRE = re.compile(r"\s*(\w+)(?:\.(\w+))?\s*->\s*(\w+)(?:\.(\w+))?\s*")
DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool")


class _Reader:
    """Turns parsed YAML into a Design; messages name the file, the line, the node and what was expected."""

    def __init__(self, file: str) -> None:
        self.file = file

    def fail(self, line: int, message: str, node: str | None = None) -> DesignError:
        return DesignError(f"{self.file}, line {line}: {message}", node)

    def mapping(self, value: Any, line: int, what: str, allowed: tuple[str, ...] | None = None) -> LineMapping:
        if value is None:
            value = LineMapping()
            value.lines, value.line, value.texts = {}, line, {}
        if not isinstance(value, LineMapping):
            raise self.fail(line, f"{what} is {_kind(value)}, expected a mapping (name: value)")
        if allowed is not None:
            for key in value:
                if key not in allowed:
                    raise self.fail(
                        value.lines[key], f"{what} has an unknown key {key!r}; known keys: {', '.join(allowed)}"
                    )
        return value

    def text(self, row: LineMapping, key: str, default: str, line: int, what: str) -> str:
        """Read a text; a number or a word such as `yes` is one where a text is meant, as it is written."""
        value = row.get(key, default)
        if isinstance(value, bool | int | float):
            return row.texts[key]
        if not isinstance(value, str):
            raise self.fail(line, f"{what} is {_kind(value)}, expected a text")
        return value

    def point(self, value: Any, line: int, what: str) -> tuple[float, float]:
        numbers = self.numbers(value, line, what, 2)
        return (numbers[0], numbers[1])

    def numbers(self, value: Any, line: int, what: str, count: int) -> tuple[float, ...]:
        good = isinstance(value, list) and len(value) == count
        if not good or not all(
            isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) and abs(v) < 1e9 for v in value
        ):
            raise self.fail(line, f"{what} is {value!r:.60}, expected {count} numbers such as [120, 40]")
        return tuple(float(v) for v in value)

    def id(self, value: str, line: int, what: str) -> str:
        if reason := names.problem(value):
            raise self.fail(line, f"{what} {value!r:.80} {reason}", value)
        return value

    def value(self, value: Any, line: int, what: str) -> Value:
        """Read a parameter value: literal, expression, or a value per iteration."""
        if isinstance(value, LineMapping):
            if list(value) == ["each"] and isinstance(value["each"], list) and value["each"]:
                return Each(tuple(self.literal(item, line, what) for item in value["each"]))
            if list(value) == ["ramp"] and isinstance(value["ramp"], list) and len(value["ramp"]) == 2:
                start, stop = (self.literal(item, line, what) for item in value["ramp"])
                if _is_end(start) and _is_end(stop):
                    return Ramp(start, stop)
            raise self.fail(line, f"{what} is a mapping; expected a value, {{each: [a, b]}} or {{ramp: [from, to]}}")
        return self.literal(value, line, what)

    def literal(self, value: Any, line: int, what: str) -> Literal:
        if isinstance(value, list):
            return tuple(self.literal(item, line, what) for item in value)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise self.fail(line, f"{what} is {_kind(value)}, expected a number, a text, true, false or a list of them")

    def design(self, data: Any) -> Design:
        root = self.mapping(data, 1, "the design", (*_HEAD, *_SECTIONS, "graphs", "training"))
        version = root.get("format")
        if version is None:
            raise self.fail(1, f"format is missing, expected 'format: {FORMAT}'; is this a Netcomposer design?")
        if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= FORMAT:
            newer = (
                "; the file is from a newer version of Netcomposer, please update"
                if isinstance(version, int) and version > FORMAT
                else ""
            )
            raise self.fail(root.lines["format"], f"format is {version!r:.60}, expected {FORMAT}{newer}")
        graphs = {}
        subs = self.mapping(root.get("graphs"), root.lines.get("graphs", 1), "graphs")
        for name, value in subs.items():
            self.id(name, subs.lines[name], "sub-graph")
            part = self.mapping(value, subs.lines[name], f"sub-graph {name!r}", ("params", *_SECTIONS))
            graphs[name] = self.graph(part, f"sub-graph {name!r}")
        variables = self.mapping(root.get("variables"), root.lines.get("variables", 1), "variables")
        values = {name: self.variable(name, variables[name], variables.lines[name]) for name in variables}
        design = Design(
            name=self.text(root, "name", Path(self.file).stem, root.lines.get("name", 1), "name"),
            main=self.graph(root, "the design", main=True),
            graphs=graphs,
            variables=values,
            training=self.training(root),
            description=self.text(root, "description", "", root.lines.get("description", 1), "description"),
            expected=self.expected(root, root.lines.get("expected", 1), ""),
            variants=self.variants(root, values),
        )
        self.check_subgraphs(design, root, subs)
        return design

    def variable(self, name: str, value: Any, line: int) -> Literal:
        """Read the value of a variable: a number, a text, or a list of them."""
        self.id(name, line, "variable")
        literal = self.literal(value, line, f"variable {name!r}")
        if isinstance(literal, tuple) and any(isinstance(item, tuple) for item in literal):
            raise self.fail(line, f"variable {name!r} is a list of lists, expected a list of numbers or texts")
        return literal

    def expected(self, data: LineMapping, line: int, owner: str) -> dict[str, int]:
        """Read the counts that the author states of the design or of a variant."""
        counts = self.mapping(data.get("expected"), line, f"expected{owner}", ("params", "macs"))
        for name, count in counts.items():
            if not isinstance(count, int) or isinstance(count, bool):
                raise self.fail(counts.lines[name], f"expected {name}{owner} is {_kind(count)}, expected an integer")
        return dict(counts)

    def variants(self, root: LineMapping, variables: Mapping[str, Literal]) -> dict[str, Variant]:
        """Read the named settings of the variables."""
        rows = self.mapping(root.get("variants"), root.lines.get("variants", 1), "variants")
        variants = {}
        for name, value in rows.items():
            line = rows.lines[name]
            self.id(name, line, "variant")
            row = self.mapping(value, line, f"variant {name!r}")
            values = {}
            for key, item in row.items():
                if key not in _VARIANT_KEYS:
                    if key not in variables:
                        others = ", ".join((*variables, *_VARIANT_KEYS))
                        raise self.fail(
                            line, f"variant {name!r} sets {key!r}, which is not a variable; known: {others}"
                        )
                    values[key] = self.variable(key, item, line)
            title = self.text(row, "title", "", line, f"title of variant {name!r}")
            variants[name] = Variant(values, title, self.expected(row, line, f" of variant {name!r}"))
        return variants

    def check_subgraphs(self, design: Design, root: LineMapping, subs: LineMapping) -> None:
        uses: list[tuple[str, str]] = []
        for name, graph in design.all_graphs():
            home = subs[name] if name else root
            for node in graph.nodes.values():
                if node.subgraph is not None:
                    if node.subgraph not in design.graphs:
                        others = ", ".join(design.graphs) or "none"
                        missing = f"sub-graph {node.subgraph!r}, which does not exist; the design has: {others}"
                        message = f"node {node.id!r} uses {missing}"
                        raise self.fail(home["nodes"].lines[node.id], message, node.id)
                    uses.append((name, node.subgraph))
        if cycle := find_cycle(uses):
            raise self.fail(root.lines["graphs"], f"sub-graphs contain each other: {format_cycle(cycle)}")
        if too_deep := nesting_problem(design):
            raise self.fail(root.lines["graphs"], too_deep)

    def training(self, root: LineMapping) -> Training:
        allowed = (*training_table.names(), *training_settings.MOVED)
        values = self.mapping(root.get("training"), root.lines.get("training", 1), "training", allowed)
        for name, value in values.items():
            try:  # one at a time, so that the message names the line
                training_settings.from_plain({name: value})
            except UserError as error:
                raise self.fail(values.lines[name], str(error)) from None
        return training_settings.from_plain(values)

    def graph(self, data: LineMapping, what: str, *, main: bool = False) -> Graph:
        inputs, nodes, outputs = {}, {}, {}
        seen: dict[str, int] = {}

        def section(key: str) -> list[tuple[str, Any, int]]:
            values = self.mapping(data.get(key), data.lines.get(key, data.line), f"{key} of {what}")
            rows = []
            for id, value in values.items():
                line = values.lines[id]
                self.id(id, line, key.removesuffix("s"))
                if id in seen:
                    raise self.fail(
                        line, f"{id!r} is used twice in {what} (first in line {seen[id]}); ids must be unique", id
                    )
                seen[id] = line
                rows.append((id, value, line))
            return rows

        for id, value, line in section("inputs"):
            inputs[id] = self.input(id, value, line, main)
        for id, value, line in section("nodes"):
            nodes[id] = self.node(id, value, line)
        for id, value, line in section("outputs"):
            row = self.mapping(value, line, f"output {id!r}", ("at",))
            outputs[id] = Output(id, self.point(row.get("at", [0, 0]), line, f"place (at) of output {id!r}"))
        if len(nodes) > MAX_NODES:
            raise self.fail(data.lines["nodes"], f"{what} has {len(nodes)} nodes, expected at most {MAX_NODES}")
        params = self.mapping(data.get("params"), data.line, f"params of {what}")
        for name in params:
            self.id(name, params.lines[name], "parameter")
        graph = Graph(
            inputs=inputs,
            nodes=nodes,
            outputs=outputs,
            wires=self.wires(data, what, seen),
            params={
                name: self.value(value, params.lines[name], f"parameter {name!r}") for name, value in params.items()
            },
            frames=self.frames(data, what),
        )
        if cycle := graph.cycle:
            raise self.fail(
                data.lines["wires"],
                f"wires of {what} form a cycle: {format_cycle(cycle)}; remove one of them",
                cycle[0],
            )
        return graph

    def input(self, id: str, value: Any, line: int, main: bool) -> Input:
        row = self.mapping(value, line, f"input {id!r}", ("shape", "dtype", "at"))
        # In a sub-graph each instance takes the shape from its wires; an empty one in the main graph is one number.
        shape: Any = row.get("shape", None if main else [])
        good = isinstance(shape, list) and all(is_expression(s) or (type(s) is int and s > 0) for s in shape)
        if not good:
            raise self.fail(
                line,
                f"input {id!r} has shape {shape!r:.60}, expected sizes without the batch, such as [3, 224, 224]",
                id,
            )
        dtype = row.get("dtype", "float32")
        if dtype not in DTYPES:
            raise self.fail(line, f"input {id!r} has dtype {dtype!r:.40}, expected one of {', '.join(DTYPES)}", id)
        return Input(id, tuple(shape), dtype, self.point(row.get("at", [0, 0]), line, f"place (at) of input {id!r}"))

    def node(self, id: str, value: Any, line: int) -> Node:
        row = self.mapping(value, line, f"node {id!r}", ("block", "params", "repeat", "at", "note"))
        block = row.get("block")
        if not isinstance(block, str) or not (block.removeprefix(SUBGRAPH)).isidentifier():
            raise self.fail(
                line, f"node {id!r} has block {block!r:.60}, expected the name of a block, or {SUBGRAPH}NAME", id
            )
        repeat = row.get("repeat", 1)
        if not is_repeat(repeat):
            raise self.fail(
                line, f"node {id!r} has repeat {repeat!r:.40}, expected an integer from 1 to {MAX_REPEAT}", id
            )
        params = self.mapping(row.get("params"), line, f"params of node {id!r}")
        for name in params:
            if not name.isidentifier():
                raise self.fail(
                    params.lines[name], f"node {id!r} has a parameter {name!r:.60}, expected an identifier", id
                )
        return Node(
            id,
            block,
            {
                name: self.value(v, params.lines[name], f"parameter {name!r} of node {id!r}")
                for name, v in params.items()
            },
            self.point(row.get("at", [0, 0]), line, f"place (at) of node {id!r}"),
            repeat,
            self.text(row, "note", "", line, f"note of node {id!r}"),
        )

    def wires(self, data: LineMapping, what: str, seen: Mapping[str, int]) -> tuple[Wire, ...]:
        rows = data.get("wires") or empty_list()
        if not isinstance(rows, LineList):
            raise self.fail(
                data.lines.get("wires", data.line),
                f"wires of {what} are {_kind(rows)}, expected a list of 'source -> target'",
            )
        inputs, outputs = data.get("inputs") or {}, data.get("outputs") or {}
        wires: dict[Wire, None] = {}
        for row, line in zip(rows, rows.lines, strict=True):
            bends: tuple[Point, ...] = ()
            if isinstance(row, dict) and len(row) == 1:
                ((row, points),) = row.items()
                bends = self.bends(points, line, row)
            match = _WIRE.fullmatch(row) if isinstance(row, str) else None
            if match is None:
                raise self.fail(
                    line, f"wire {row!r:.80} is not of the form 'source -> target' or 'source.port -> target.port'"
                )
            source, source_port, target, target_port = match.groups(default="")
            for id in (source, target):
                if id not in seen:
                    raise self.fail(
                        line, f"wire {row!r:.160} names {id!r:.80}, which is not an input, node or output of {what}", id
                    )
            wire = Wire(source, target, source_port, target_port, bends)
            if target in inputs or source in outputs:
                why = "an input has no port to wire into, an output none to wire from"
                raise self.fail(line, f"wire '{wire}' runs the wrong way: {why}", target)
            if wire in wires:
                raise self.fail(line, f"wire '{wire}' appears twice in {what}")
            wires[wire] = None
        return tuple(wires)

    def bends(self, value: Any, line: int, wire: object) -> tuple[Point, ...]:
        if not isinstance(value, list) or len(value) > MAX_BENDS:
            raise self.fail(
                line,
                f"bends of wire {wire!r:.80} are {_kind(value)}, expected a list of at most {MAX_BENDS} points [x, y]",
            )
        return tuple(self.point(place, line, f"bend of wire {wire!r:.80}") for place in value)

    def frames(self, data: LineMapping, what: str) -> tuple[Frame, ...]:
        line = data.lines.get("frames", data.line)
        rows = self.mapping(data.get("frames"), line, f"frames of {what}")
        frames = []
        for id, value in rows.items():
            row = self.mapping(value, rows.lines[id], f"frame {id!r}", ("title", "rect", "nodes"))
            rect = self.numbers(row.get("rect", [0, 0, 200, 100]), rows.lines[id], f"rect of frame {id!r}", 4)
            members = row.get("nodes") or []
            if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
                raise self.fail(rows.lines[id], f"nodes of frame {id!r} are {members!r:.60}, expected a list of ids")
            title = self.text(row, "title", "", rows.lines[id], f"title of frame {id!r}")
            frames.append(Frame(id, title, (rect[0], rect[1], rect[2], rect[3]), tuple(members)))
        return tuple(frames)


_HEAD = ("format", "name", "description", "expected", "variables", "variants")
# What a variant states besides the values of variables.
_VARIANT_KEYS = ("title", "expected")
_SECTIONS = ("inputs", "nodes", "outputs", "wires", "frames")


def _is_end(value: Literal) -> TypeGuard[float | str]:
    """Return whether a literal can be an end of a ramp: a number or an expression."""
    return isinstance(value, int | float) or is_expression(value)


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"{value!r:.60}"


def loads(text: str, file: str = "design") -> Design:
    """Read a Design from YAML text.

    Args:
        text: the text.
        file: name used in error messages.

    Raises:
        DesignError: if it is not a valid design; the message names file, line, node and what was expected.
    """
    try:
        return _Reader(file).design(parse_yaml(text, file))
    except RecursionError:
        raise DesignError(f"{file}: lists are nested too deeply; expected a Netcomposer design") from None
