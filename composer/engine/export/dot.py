"""A diagram for Graphviz."""

from composer.engine.export.diagram import label_lines, wire_shape
from composer.engine.export.target import ExportSource, TextTarget, export_target


@export_target(title="Graphviz", suffixes=(".dot", ".gv"), order=90)
class DotTarget(TextTarget):
    """The graph in the dot language, for Graphviz and other drawing tools."""

    def text(self, source: ExportSource) -> str:
        """Write the main graph; ``dot -Tsvg`` draws it."""
        inference = source.inference
        graph = inference.design.main
        title = inference.design.name.replace("\\", "\\\\").replace('"', '\\"')
        lines = [
            f'digraph "{title}" {{',
            "  rankdir=LR;",
            '  node [shape=box, style="rounded", fontname="Helvetica", fontsize=11];',
            "  edge [fontsize=9];",
        ]
        for id in graph.ids():
            label = "\\n".join(label_lines(inference, id))
            shape = ", shape=ellipse" if id not in graph.nodes else ""
            lines.append(f'  "{id}" [label="{label}"{shape}];')
        for wire in graph.wires:
            shape = wire_shape(inference, wire)
            lines.append(f'  "{wire.source}" -> "{wire.target}" [label="{shape}"];')
        return "\n".join([*lines, "}"]) + "\n"
