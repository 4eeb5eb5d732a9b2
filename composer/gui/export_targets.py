"""What a design can be exported as: words, file endings, and whether weights go along."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One way out.

    Args:
        key: the engine's name for it; ``picture`` is drawn by the window itself.
        title: its name in the list.
        detail: one sentence on what comes out.
        suffix: ending of the file.
        kinds: filter of the file dialog.
        weights: whether the file holds weights.
    """

    key: str
    title: str
    detail: str
    suffix: str
    kinds: str
    weights: bool = False


TARGETS = (
    Target("python", "Python, one file", "The network as code that needs only torch.", ".py", "Python (*.py)"),
    Target(
        "package",
        "Python, with blocks",
        "Shorter code that imports its blocks from the installed package.",
        ".py",
        "Python (*.py)",
    ),
    Target("yaml", "Design", "A copy of the design itself, to be opened again.", ".yaml", "Designs (*.yaml *.yml)"),
    Target(
        "onnx",
        "ONNX",
        "For other runtimes; checked with onnxruntime before it is put in place.",
        ".onnx",
        "ONNX (*.onnx)",
        weights=True,
    ),
    Target(
        "pt2",
        "torch.export",
        "A program that torch loads without code.",
        ".pt2",
        "Exported programs (*.pt2)",
        weights=True,
    ),
    Target(
        "safetensors",
        "Weights",
        "Weights alone; such a file cannot run code.",
        ".safetensors",
        "Weights (*.safetensors)",
        weights=True,
    ),
    Target(
        "markdown", "Markdown table", "The table of layers for a README or a pull request.", ".md", "Markdown (*.md)"
    ),
    Target("latex", "LaTeX table", "The table of layers for a paper, with booktabs rules.", ".tex", "LaTeX (*.tex)"),
    Target("dot", "Graphviz", "The graph as dot, for other drawing tools.", ".dot", "Graphviz (*.dot *.gv)"),
    Target("mermaid", "Mermaid", "The graph as text that GitHub draws in Markdown.", ".mmd", "Mermaid (*.mmd)"),
    Target(
        "picture",
        "Picture",
        "The drawing as it is shown: .png, .svg or .pdf by the ending.",
        ".png",
        "Pictures (*.png *.svg *.pdf)",
    ),
)
