"""Write a Design as YAML text: one line for each node and each wire, in drawing order."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from composer.core import training_settings
from composer.core.graph import (
    FORMAT,
    Design,
    Each,
    Graph,
    Ramp,
    Training,
)

# Plain words that YAML 1.1 does not read as texts.
_NO_TEXTS = frozenset(("yes", "no", "on", "off", "true", "false", "null", "y", "n"))
# Characters that YAML needs escaped; lone surrogates cannot be written to a file at all.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def _quoted(text: str) -> str:
    """Return a text as a double-quoted scalar: that of JSON, with further characters escaped."""
    whole = _SURROGATES.sub("\ufffd", text)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(whole, ensure_ascii=False))


def _word(text: str) -> str:
    """Return a text, plain if every reader takes it for a text, else quoted."""
    plain = re.fullmatch(r"(graph:)?[A-Za-z][A-Za-z0-9_]*", text) and text.lower() not in _NO_TEXTS
    return text if plain else _quoted(text)


def _yaml_scalar(value: Any) -> str:
    """Return a value in flow style on one line."""
    if isinstance(value, Each):
        return f"{{each: {_yaml_scalar(value.values)}}}"
    if isinstance(value, Ramp):
        return f"{{ramp: {_yaml_scalar((value.start, value.stop))}}}"
    if isinstance(value, Mapping):
        return _flow({_word(name): _yaml_scalar(item) for name, item in value.items()})
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
    # YAML 1.1 reads 1e-05 as a text; a number needs a dot and a signed exponent.
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
    section(
        "wires",
        [f"- {wire}: [{', '.join(map(_at, wire.bends))}]" if wire.bends else f"- {wire}" for wire in graph.wires],
    )
    frames = []
    for frame in graph.frames:
        parts = {"title": _quoted(frame.title), "rect": _at(frame.rect), "nodes": _yaml_scalar(frame.nodes)}
        frames.append(f"{frame.id}: {_flow(parts)}")
    section("frames", frames)
    return lines


def dumps(design: Design) -> str:
    """Return a Design as YAML text, which `loads` reads as an equal Design."""
    lines = [f"format: {FORMAT}", f"name: {_quoted(design.name)}"]
    if design.description:
        lines.append(f"description: {_quoted(design.description)}")
    if design.expected:
        lines.append(f"expected: {_yaml_scalar(design.expected)}")
    if design.variables:
        lines.append("variables:")
        lines.extend(f"  {name}: {_yaml_scalar(value)}" for name, value in design.variables.items())
    if design.variants:
        lines.append("variants:")
        for name, variant in design.variants.items():
            row = {
                **({"title": _quoted(variant.title)} if variant.title else {}),
                **{key: _yaml_scalar(value) for key, value in variant.values.items()},
                **({"expected": _yaml_scalar(variant.expected)} if variant.expected else {}),
            }
            lines.append(f"  {name}: {_flow(row)}")
    lines.extend(_graph_lines(design.main, main=True))
    if design.graphs:
        lines.append("graphs:")
        for name, graph in design.graphs.items():
            lines.append(f"  {name}:")
            lines.extend(f"    {line}" for line in _graph_lines(graph))
    defaults = training_settings.to_plain(Training())
    settings = {
        key: _yaml_scalar(value)
        for key, value in training_settings.to_plain(design.training).items()
        if value != defaults[key]
    }
    if settings:
        lines.append("training:")
        lines.extend(f"  {key}: {value}" for key, value in settings.items())
    return "\n".join(lines) + "\n"
