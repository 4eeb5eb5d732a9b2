"""A diagram in Mermaid."""

from composer.engine.export.diagram import label_lines, wire_shape
from composer.engine.export.target import ExportSource, TextTarget, export_target


@export_target(title="Mermaid", suffixes=(".mmd",), order=100)
class MermaidTarget(TextTarget):
    """The graph as a flowchart that GitHub draws in Markdown."""

    def text(self, source: ExportSource) -> str:
        """Write the main graph."""
        inference = source.inference
        graph = inference.design.main
        lines = ["flowchart LR"]
        for id in graph.ids():
            label = "<br/>".join(label_lines(inference, id))
            lines.append(f'  n_{id}["{label}"]' if id in graph.nodes else f'  n_{id}(["{label}"])')
        for wire in graph.wires:
            shape = wire_shape(inference, wire)
            arrow = f'-- "{shape}" -->' if shape else "-->"
            lines.append(f"  n_{wire.source} {arrow} n_{wire.target}")
        return "\n".join(lines) + "\n"
