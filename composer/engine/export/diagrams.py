"""The drawing as text that other tools draw: Graphviz dot and Mermaid. Ids are identifiers, so only labels need quoting."""

from composer.core.graph import Graph, Node
from composer.engine.inference.infer import Inference


def _label(inference: Inference, graph: Graph, id: str) -> list[str]:
    item = graph.item(id)
    lines = [id]
    if isinstance(item, Node):
        result = inference.root.nodes[id]
        lines.append(
            item.block.removeprefix("graph:") + (f" x{len(result.iterations)}" if len(result.iterations) > 1 else "")
        )
        if result.facts.params:
            lines.append(f"{result.facts.params:,} params")
    return lines


def _shape(inference: Inference, source: str, port: str) -> str:
    value = inference.root.values.get((source, port)) or inference.root.values.get((source, ""))
    return "x".join(str(size) for size in value.shape[1:]) if value is not None else ""


def dot(inference: Inference) -> str:
    """Graphviz dot; draw it with ``dot -Tsvg``."""
    graph = inference.design.main
    title = inference.design.name.replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        f'digraph "{title}" {{',
        "  rankdir=LR;",
        '  node [shape=box, style="rounded", fontname="Helvetica", fontsize=11];',
        "  edge [fontsize=9];",
    ]
    for id in graph.ids():
        shape = ", shape=ellipse" if id not in graph.nodes else ""
        lines.append(f'  "{id}" [label="{_joined(_label(inference, graph, id))}"{shape}];')
    lines += [
        f'  "{wire.source}" -> "{wire.target}" [label="{_shape(inference, wire.source, wire.source_port)}"];'
        for wire in graph.wires
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _joined(lines: list[str]) -> str:
    return "\\n".join(lines)


def mermaid(inference: Inference) -> str:
    """A Mermaid flowchart, as GitHub draws it in Markdown."""
    graph = inference.design.main
    lines = ["flowchart LR"]
    for id in graph.ids():
        label = "<br/>".join(_label(inference, graph, id))
        lines.append(f'  n_{id}["{label}"]' if id in graph.nodes else f'  n_{id}(["{label}"])')
    for wire in graph.wires:
        shape = _shape(inference, wire.source, wire.source_port)
        arrow = f'-- "{shape}" -->' if shape else "-->"
        lines.append(f"  n_{wire.source} {arrow} n_{wire.target}")
    return "\n".join(lines) + "\n"
