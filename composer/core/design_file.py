"""Designs as YAML: one line a node and a wire, order kept, errors with line numbers, saved atomically, never executed."""

import hashlib
import json
import math
import os
import re
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeGuard

import networkx as nx
import yaml

from composer.core import names
from composer.core.errors import DesignError
from composer.core.graph import (
    FORMAT,
    SUBGRAPH,
    Design,
    Each,
    Frame,
    Graph,
    Input,
    Literal,
    Node,
    Output,
    Ramp,
    Training,
    Value,
    Wire,
    as_literal,
    describe_cycle,
    is_expression,
)

MAX_BYTES = 20_000_000  # a design of 5,000 nodes is under 1 MB
MAX_NODES = 100_000
MAX_VALUES = 2_000_000  # what 100,000 nodes need; parsing more takes longer than anyone waits
MAX_DEPTH = 40
_TOO_LONG = "a whole number is longer than 18 digits"
_WIRE = re.compile(r"\s*(\w+)(?:\.(\w+))?\s*->\s*(\w+)(?:\.(\w+))?\s*")
# Plain words that YAML 1.1 reads as something else than a text.
_NO_TEXTS = frozenset(("yes", "no", "on", "off", "true", "false", "null", "y", "n"))
# Characters that YAML does not take as they are; lone surrogates have no form in a file at all.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool")


class _Line(dict[str, Any]):
    """A mapping that knows the line of each of its keys."""

    lines: dict[str, int]
    line: int


class _Rows(list[Any]):
    """A list that knows the line of each of its items."""

    lines: list[int]


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Safe loading: builds plain values only, and says the line of what it cannot build."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Build one value; PyYAML itself lets numbers and dates that cannot be escape as a ValueError without a line."""
        try:
            value = super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            what = _TOO_LONG if node.tag == "tag:yaml.org,2002:int" else f"a value cannot be read: {error}"
            raise yaml.constructor.ConstructorError(None, None, what, node.start_mark) from None
        if type(value) is int and value.bit_length() > 63:
            raise yaml.constructor.ConstructorError(None, None, _TOO_LONG, node.start_mark)
        return value


def _compose_mapping(loader: _Loader, node: yaml.MappingNode) -> _Line:
    found = _Line()
    found.lines, found.line = {}, node.start_mark.line + 1
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key is a list or a mapping", key_node.start_mark)
        key = key_node.value  # as it is written: a node may be called on, yes or null
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r:.80} appears twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
        found.lines[key] = key_node.start_mark.line + 1
    return found


def _compose_list(loader: _Loader, node: yaml.SequenceNode) -> _Rows:
    found = _Rows(loader.construct_object(item, deep=True) for item in node.value)
    found.lines = [item.start_mark.line + 1 for item in node.value]
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _compose_mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _compose_list)


class _Reader:
    """Turns parsed YAML into a Design; every complaint names the file, the line, the node and what was expected."""

    def __init__(self, file: str) -> None:
        self.file = file

    def fail(self, line: int, message: str, node: str | None = None) -> DesignError:
        return DesignError(f"{self.file}, line {line}: {message}", node)

    def mapping(self, value: Any, line: int, what: str, allowed: tuple[str, ...] | None = None) -> _Line:
        if value is None:
            value = _Line()
            value.lines, value.line = {}, line
        if not isinstance(value, _Line):
            raise self.fail(line, f"{what} is {_kind(value)}, expected a mapping (name: value)")
        if allowed is not None:
            for key in value:
                if key not in allowed:
                    raise self.fail(value.lines[key], f"{what} has an unknown key {key!r}; known keys: {', '.join(allowed)}")
        return value

    def text(self, value: Any, line: int, what: str) -> str:
        if not isinstance(value, str):
            raise self.fail(line, f"{what} is {_kind(value)}, expected a text")
        return value

    def point(self, value: Any, line: int, what: str) -> tuple[float, float]:
        numbers = self.numbers(value, line, what, 2)
        return (numbers[0], numbers[1])

    def numbers(self, value: Any, line: int, what: str, count: int) -> tuple[float, ...]:
        good = isinstance(value, list) and len(value) == count
        if not good or not all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) and abs(v) < 1e9 for v in value):
            raise self.fail(line, f"{what} is {value!r:.60}, expected {count} numbers such as [120, 40]")
        return tuple(float(v) for v in value)

    def id(self, value: str, line: int, what: str) -> str:
        if reason := names.problem(value):
            raise self.fail(line, f"{what} {value!r:.80} {reason}", value)
        return value

    def value(self, value: Any, line: int, what: str) -> Value:
        """A parameter value: literal, expression, or a per-round value."""
        if isinstance(value, _Line):
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
            newer = "; it was made by a newer Netcomposer, please update" if isinstance(version, int) and version > FORMAT else ""
            raise self.fail(root.lines["format"], f"format is {version!r}, expected {FORMAT}{newer}")
        graphs = {}
        subs = self.mapping(root.get("graphs"), root.lines.get("graphs", 1), "graphs")
        for name, value in subs.items():
            self.id(name, subs.lines[name], "sub-graph")
            part = self.mapping(value, subs.lines[name], f"sub-graph {name!r}", ("params", *_SECTIONS))
            graphs[name] = self.graph(part, f"sub-graph {name!r}")
        variables = self.mapping(root.get("variables"), root.lines.get("variables", 1), "variables")
        for name in variables:
            self.id(name, variables.lines[name], "variable")
            value = self.literal(variables[name], variables.lines[name], f"variable {name!r}")
            if isinstance(value, tuple):
                raise self.fail(variables.lines[name], f"variable {name!r} is a list, expected a number or a text")
        expected = self.mapping(root.get("expected"), root.lines.get("expected", 1), "expected", ("params", "macs"))
        for name, count in expected.items():
            if not isinstance(count, int) or isinstance(count, bool):
                raise self.fail(expected.lines[name], f"expected {name} is {_kind(count)}, expected a whole number")
        design = Design(
            name=self.text(root.get("name", Path(self.file).stem), root.lines.get("name", 1), "name"),
            main=self.graph(root, "the design", main=True),
            graphs=graphs,
            variables=dict(variables),
            training=self.training(root),
            description=self.text(root.get("description", ""), root.lines.get("description", 1), "description"),
            expected=dict(expected),
        )
        self.check_subgraphs(design, root, subs)
        return design

    def check_subgraphs(self, design: Design, root: _Line, subs: _Line) -> None:
        uses: nx.DiGraph[str] = nx.DiGraph()
        for name, graph in design.all_graphs():
            home = subs[name] if name else root
            for node in graph.nodes.values():
                if node.subgraph is not None:
                    if node.subgraph not in design.graphs:
                        known = ", ".join(design.graphs) or "none"
                        message = f"node {node.id!r} uses sub-graph {node.subgraph!r}, which does not exist; known: {known}"
                        raise self.fail(home["nodes"].lines[node.id], message, node.id)
                    uses.add_edge(name, node.subgraph)
        if not nx.is_directed_acyclic_graph(uses):
            raise self.fail(root.lines["graphs"], f"sub-graphs contain each other in a circle: {describe_cycle(uses)[1]}")

    def training(self, root: _Line) -> Training:
        line = root.lines.get("training", 1)
        given = self.mapping(root.get("training"), line, "training", tuple(f.name for f in fields(Training)))
        defaults = Training()
        for name, value in given.items():
            kind = type(getattr(defaults, name))
            good = isinstance(value, kind) if kind is not float else isinstance(value, int | float)
            if not good or (isinstance(value, bool) and kind is not bool):
                raise self.fail(given.lines[name], f"training {name} is {value!r:.60}, expected {_TYPE_WORDS[kind]}")
        settings: dict[str, Any] = {
            name: float(value) if isinstance(getattr(defaults, name), float) else value for name, value in given.items()
        }
        return Training(**settings)

    def graph(self, data: _Line, what: str, *, main: bool = False) -> Graph:
        inputs, nodes, outputs = {}, {}, {}
        seen: dict[str, int] = {}

        def section(key: str) -> list[tuple[str, Any, int]]:
            values = self.mapping(data.get(key), data.lines.get(key, data.line), f"{key} of {what}")
            found = []
            for id, value in values.items():
                line = values.lines[id]
                self.id(id, line, key.removesuffix("s"))
                if id in seen:
                    raise self.fail(line, f"{id!r} is used twice in {what} (first in line {seen[id]}); ids must be unique", id)
                seen[id] = line
                found.append((id, value, line))
            return found

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
            params={name: self.value(value, params.lines[name], f"parameter {name!r}") for name, value in params.items()},
            frames=self.frames(data, what),
        )
        try:
            graph.order()
        except nx.NetworkXUnfeasible:
            first, path = describe_cycle(graph.to_networkx())
            raise self.fail(data.lines["wires"], f"wires of {what} form a cycle: {path}; remove one of them", first) from None
        return graph

    def input(self, id: str, value: Any, line: int, main: bool) -> Input:
        row = self.mapping(value, line, f"input {id!r}", ("shape", "dtype", "at"))
        # Inside a sub-graph the wires of each use say the shape; an empty one in the main graph is a number for each sample.
        shape: Any = row.get("shape", None if main else [])
        good = isinstance(shape, list) and all(is_expression(s) or (type(s) is int and s > 0) for s in shape)
        if not good:
            raise self.fail(line, f"input {id!r} has shape {shape!r:.60}, expected sizes without the batch, such as [3, 224, 224]", id)
        dtype = row.get("dtype", "float32")
        if dtype not in DTYPES:
            raise self.fail(line, f"input {id!r} has dtype {dtype!r:.40}, expected one of {', '.join(DTYPES)}", id)
        return Input(id, tuple(shape), dtype, self.point(row.get("at", [0, 0]), line, f"place (at) of input {id!r}"))

    def node(self, id: str, value: Any, line: int) -> Node:
        row = self.mapping(value, line, f"node {id!r}", ("block", "params", "repeat", "at", "note"))
        block = row.get("block")
        if not isinstance(block, str) or not (block.removeprefix(SUBGRAPH)).isidentifier():
            raise self.fail(line, f"node {id!r} has block {block!r:.60}, expected the name of a block, or {SUBGRAPH}NAME", id)
        repeat = row.get("repeat", 1)
        if not is_expression(repeat) and not (isinstance(repeat, int) and not isinstance(repeat, bool) and 1 <= repeat <= 10_000):
            raise self.fail(line, f"node {id!r} has repeat {repeat!r:.40}, expected a whole number from 1 to 10000", id)
        params = self.mapping(row.get("params"), line, f"params of node {id!r}")
        for name in params:
            if not name.isidentifier():
                raise self.fail(params.lines[name], f"node {id!r} has a parameter {name!r:.60}, expected an identifier", id)
        return Node(
            id,
            block,
            {name: self.value(v, params.lines[name], f"parameter {name!r} of node {id!r}") for name, v in params.items()},
            self.point(row.get("at", [0, 0]), line, f"place (at) of node {id!r}"),
            repeat,
            self.text(row.get("note", ""), line, f"note of node {id!r}"),
        )

    def wires(self, data: _Line, what: str, seen: Mapping[str, int]) -> tuple[Wire, ...]:
        rows = data.get("wires") or _compose_empty()
        if not isinstance(rows, _Rows):
            raise self.fail(data.lines.get("wires", data.line), f"wires of {what} are {_kind(rows)}, expected a list of 'source -> target'")
        inputs, outputs = data.get("inputs") or {}, data.get("outputs") or {}
        wires: dict[Wire, None] = {}
        for row, line in zip(rows, rows.lines, strict=True):
            match = _WIRE.fullmatch(row) if isinstance(row, str) else None
            if match is None:
                raise self.fail(line, f"wire {row!r:.80} is not of the form 'source -> target' or 'source.port -> target.port'")
            source, source_port, target, target_port = match.groups(default="")
            for id in (source, target):
                if id not in seen:
                    raise self.fail(line, f"wire {row!r:.160} names {id!r:.80}, which is no input, node or output of {what}", id)
            wire = Wire(source, target, source_port, target_port)
            if target in inputs or source in outputs:
                why = "an input has no port to wire into, an output none to wire from"
                raise self.fail(line, f"wire '{wire}' runs the wrong way: {why}", target)
            if wire in wires:
                raise self.fail(line, f"wire '{wire}' appears twice in {what}")
            wires[wire] = None
        return tuple(wires)

    def frames(self, data: _Line, what: str) -> tuple[Frame, ...]:
        line = data.lines.get("frames", data.line)
        rows = self.mapping(data.get("frames"), line, f"frames of {what}")
        frames = []
        for id, value in rows.items():
            row = self.mapping(value, rows.lines[id], f"frame {id!r}", ("title", "rect", "nodes"))
            rect = self.numbers(row.get("rect", [0, 0, 200, 100]), rows.lines[id], f"rect of frame {id!r}", 4)
            members = row.get("nodes") or []
            if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
                raise self.fail(rows.lines[id], f"nodes of frame {id!r} are {members!r:.60}, expected a list of ids")
            title = self.text(row.get("title", ""), rows.lines[id], f"title of frame {id!r}")
            frames.append(Frame(id, title, (rect[0], rect[1], rect[2], rect[3]), tuple(members)))
        return tuple(frames)


_HEAD = ("format", "name", "description", "expected", "variables")
_SECTIONS = ("inputs", "nodes", "outputs", "wires", "frames")
def _is_end(value: Literal) -> TypeGuard[float | str]:
    """Whether a literal may be an end of a ramp: a number or an expression."""
    return isinstance(value, int | float) or is_expression(value)


_TYPE_WORDS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _compose_empty() -> _Rows:
    rows = _Rows()
    rows.lines = []
    return rows


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"{value!r:.60}"


def loads(text: str, file: str = "design") -> Design:
    """A Design from YAML text.

    Args:
        text: the text.
        file: name used in error messages.

    Raises:
        DesignError: if it is not a valid design; the message names file, line, node and what was expected.
    """
    try:
        _refuse_bombs(text, file)
        data = yaml.load(text, Loader=_Loader)  # a SafeLoader: builds plain values only
        return _Reader(file).design(data)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = " ".join(str(getattr(error, "problem", None) or "is not YAML").split())
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise DesignError(f"{file}{where}: {what}; expected a Netcomposer design in YAML") from None
    except RecursionError:
        raise DesignError(f"{file}: lists are nested too deeply; expected a Netcomposer design") from None


def _refuse_bombs(text: str, file: str) -> None:
    """Read the events of a text without building anything, and stop at what would cost more than a design ever does."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        complaint = None
        if isinstance(event, yaml.AliasEvent):
            complaint = f"aliases (*{event.anchor}) are not allowed in a design; write the value out"
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                complaint = f"nested more than {MAX_DEPTH} deep; expected a Netcomposer design"
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if count > MAX_VALUES:
            complaint = f"holds more than {MAX_VALUES:,} values; expected a Netcomposer design"
        if complaint:
            mark = event.start_mark
            raise DesignError(f"{file}, line {mark.line + 1 if mark else 1}: {complaint}")


def load(path: str | os.PathLike[str]) -> Design:
    """Read a design file.

    Args:
        path: a YAML file.

    Returns:
        The Design.

    Raises:
        DesignError: if the file cannot be read or is not a valid design.
    """
    path = Path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DesignError(f"{path}: is not a regular file; expected a Netcomposer design")
        if status.st_size > MAX_BYTES:
            size = f"{status.st_size / 1e6:.0f} MB"
            raise DesignError(f"{path.name}: {size} is too large for a design, expected at most {MAX_BYTES // 1_000_000} MB")
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise DesignError(f"{path}: file not found") from None
    except UnicodeDecodeError as error:
        raise DesignError(f"{path.name}: byte {error.start} is not UTF-8 text; expected a Netcomposer design in YAML") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise DesignError(f"{_shown(path)}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return loads(text, path.name)


def _shown(path: Path) -> str:
    return str(path) if str(path).isprintable() else repr(str(path))


def _quoted(text: str) -> str:
    """A text as a double-quoted scalar: JSON's form is YAML's too, but for characters that YAML wants escaped."""
    whole = _SURROGATES.sub("\ufffd", text)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(whole, ensure_ascii=False))


def _word(text: str) -> str:
    """A text, plain where no reader could take it for anything else."""
    plain = re.fullmatch(r"(graph:)?[A-Za-z][A-Za-z0-9_]*", text) and text.lower() not in _NO_TEXTS
    return text if plain else _quoted(text)


def _yaml_scalar(value: Any) -> str:
    """One value in flow style on one line."""
    if isinstance(value, Each):
        return f"{{each: {_yaml_scalar(value.values)}}}"
    if isinstance(value, Ramp):
        return f"{{ramp: {_yaml_scalar((value.start, value.stop))}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_yaml_scalar(item) for item in value)}]"
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, float):
        return _float(value)
    return json.dumps(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if value.is_integer() and abs(value) < 1e15:
        return f"{value:.1f}"
    text = repr(value)
    if "e" not in text:
        return text
    # YAML 1.1 reads 1e-05 as a text: it wants a dot and a signed exponent.
    mantissa, exponent = text.split("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def _flow(pairs: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in pairs.items())}}}"


def _at(position: tuple[float, ...]) -> str:
    return "[" + ", ".join(str(int(v)) if float(v).is_integer() else _float(v) for v in position) + "]"


def _graph_lines(graph: Graph, *, main: bool = False) -> list[str]:
    lines: list[str] = []

    def section(title: str, rows: list[str]) -> None:
        if rows:
            lines.append(f"{title}:")
            lines.extend(f"  {row}" for row in rows)

    section("params", [f"{name}: {_yaml_scalar(value)}" for name, value in graph.params.items()])
    inputs = []
    for item in graph.inputs.values():
        parts = {"shape": _yaml_scalar(item.shape)} if item.shape or main else {}
        if item.dtype != "float32":
            parts["dtype"] = item.dtype
        inputs.append(f"{item.id}: {_flow({**parts, 'at': _at(item.position)})}")
    section("inputs", inputs)
    nodes = []
    for node in graph.nodes.values():
        parts = {"block": _word(node.block)}
        if node.params:
            parts["params"] = _flow({name: _yaml_scalar(value) for name, value in node.params.items()})
        if node.repeat != 1:
            parts["repeat"] = _yaml_scalar(node.repeat)
        parts["at"] = _at(node.position)
        if node.note:
            parts["note"] = _quoted(node.note)
        nodes.append(f"{node.id}: {_flow(parts)}")
    section("nodes", nodes)
    section("outputs", [f"{item.id}: {_flow({'at': _at(item.position)})}" for item in graph.outputs.values()])
    section("wires", [f"- {wire}" for wire in graph.wires])
    frames = []
    for frame in graph.frames:
        parts = {"title": _quoted(frame.title), "rect": _at(frame.rect), "nodes": _yaml_scalar(frame.nodes)}
        frames.append(f"{frame.id}: {_flow(parts)}")
    section("frames", frames)
    return lines


def dumps(design: Design) -> str:
    """A Design as YAML text that `loads` reads back to an equal Design."""
    lines = [f"format: {FORMAT}", f"name: {_quoted(design.name)}"]
    if design.description:
        lines.append(f"description: {_quoted(design.description)}")
    if design.expected:
        lines.append(f"expected: {_flow({key: str(value) for key, value in design.expected.items()})}")
    if design.variables:
        lines.append("variables:")
        lines.extend(f"  {name}: {_yaml_scalar(value)}" for name, value in design.variables.items())
    lines.extend(_graph_lines(design.main, main=True))
    if design.graphs:
        lines.append("graphs:")
        for name, graph in design.graphs.items():
            lines.append(f"  {name}:")
            lines.extend(f"    {line}" for line in _graph_lines(graph))
    defaults = asdict(Training())
    settings = {key: _yaml_scalar(value) for key, value in asdict(design.training).items() if value != defaults[key]}
    if settings:
        lines.append("training:")
        lines.extend(f"  {key}: {value}" for key, value in settings.items())
    return "\n".join(lines) + "\n"


def write_atomically(path: Path, write: Callable[[Any], None]) -> None:
    """Write a file beside the target, flush it to the disk, then put it in the target's place: a kill leaves the old or the new whole.

    Args:
        path: target; a symbolic link is followed, so that the file it points to is replaced.
        write: gets the open binary file.

    Raises:
        DesignError: if the folder cannot be written; the target is untouched.
    """
    temporary: Path | None = None
    try:
        path = path.resolve()
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
        temporary = None
        _sync_folder(path.parent)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise DesignError(f"{_shown(path)}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):  # not on Windows, where a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def save(design: Design, path: str | os.PathLike[str]) -> None:
    """Write a design file atomically; the old version stays until the new one is whole.

    Args:
        design: what to write.
        path: the YAML file.

    Raises:
        DesignError: if the file cannot be written.
    """
    text = dumps(design)
    write_atomically(Path(path), lambda file: file.write(text.encode("utf-8")))


def design_hash(design: Design) -> str:
    """A short digest of the parts that decide the network: not its place on the canvas, not its title."""
    bare = Design(main=_bare(design.main), graphs={name: _bare(graph) for name, graph in design.graphs.items()}, variables=design.variables)
    return hashlib.sha256(dumps(bare).encode()).hexdigest()[:16]


def _bare(graph: Graph) -> Graph:
    return Graph(
        inputs={id: Input(id, item.shape, item.dtype) for id, item in graph.inputs.items()},
        nodes={id: Node(id, node.block, node.params, repeat=node.repeat) for id, node in graph.nodes.items()},
        outputs={id: Output(id) for id in graph.outputs},
        wires=graph.wires,
        params=graph.params,
    )


__all__ = ["as_literal", "design_hash", "dumps", "load", "loads", "save", "write_atomically"]
