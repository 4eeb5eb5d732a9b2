"""The table of layers for a paper: Markdown and LaTeX."""

from composer.engine.inference.infer import Inference

_HEAD = ("node", "block", "output", "params", "MACs")


def rows(inference: Inference) -> list[tuple[str, str, str, str, str]]:
    """One row a node of the main graph, in topological order, and the totals; shapes without the batch, MACs of one sample."""
    batch = inference.facts.batch
    found = []
    for id, result in inference.root.nodes.items():
        times = f" x{len(result.iterations)}" if len(result.iterations) > 1 else ""
        block = result.node.block.removeprefix("graph:") + times
        shape = ", ".join("x".join(str(size) for size in port.shape[1:]) for port in result.facts.outputs)
        found.append((id, block, shape, f"{result.facts.params:,}", f"{result.facts.macs // batch:,}"))
    totals = inference.facts.totals
    return [*found, ("total", "", "", f"{totals.params:,}", f"{totals.macs // batch:,}")]


def markdown(inference: Inference) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(_HEAD)} |", "|---|---|---|---:|---:|"]
    lines += [f"| {' | '.join(row)} |" for row in rows(inference)]
    return "\n".join(lines) + "\n"


def latex(inference: Inference) -> str:
    """A LaTeX tabular with the rules of the booktabs package."""
    *body, totals = rows(inference)
    lines = [r"\begin{tabular}{lllrr}", r"\toprule", " & ".join(_HEAD) + r" \\", r"\midrule"]
    lines += [" & ".join(_escape(cell) for cell in row) + r" \\" for row in body]
    lines += [r"\midrule", " & ".join(_escape(cell) for cell in totals) + r" \\", r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    for character in "&%$#_{}":
        text = text.replace(character, f"\\{character}")
    return text.replace("x", r"$\times$") if text.replace("x", "").replace(", ", "").isdigit() and "x" in text else text
