"""Ways out: one file a target. `TARGETS` names them all; each writes one file atomically and says in one line what it wrote.

Text targets need no weights; weight targets take those of a run, or fresh ones.
"""

from pathlib import Path

from torch import Tensor

from composer.core.errors import DesignError, UserError
from composer.core.files.atomic import check_target, write_atomically
from composer.core.files.design_file import dumps
from composer.core.graph import Design
from composer.engine.codegen.proof import Proof
from composer.engine.inference.infer import Inference, Inferrer

TEXT = ("python", "package", "yaml", "markdown", "latex", "dot", "mermaid")
BINARY = ("onnx", "pt2", "safetensors")
TARGETS = (*TEXT, *BINARY)
PROVABLE = ("python", "package")


def export(
    design: Design,
    target: str,
    path: Path,
    *,
    weights: dict[str, Tensor] | None = None,
    inferrer: Inferrer | None = None,
) -> str:
    """Write a design to a file.

    Args:
        design: the design; all targets but ``yaml`` need it free of errors.
        target: one of `TARGETS`.
        path: file to write.
        weights: a trained state_dict for the targets that hold weights.
        inferrer: keeps its memo.

    Returns:
        One line on what was written and checked.

    Raises:
        UserError: if the target is unknown, the design has errors, or the file cannot be written; nothing is left half.
    """
    if target not in TARGETS:
        raise UserError(f"target {target!r} is unknown; choose one of: {', '.join(TARGETS)}")
    check_target(path)
    if target in TEXT:
        body = text(design, target, inferrer)
        write_atomically(path, lambda file: file.write(body.encode()))
        return f"{path}: {len(body.splitlines())} lines"
    inference = _inference(design, inferrer)
    if target == "onnx":
        from composer.engine.export.onnx_file import write_onnx

        return write_onnx(inference, path, weights)
    from composer.engine.export.torch_file import write_pt2, write_safetensors

    return (write_pt2 if target == "pt2" else write_safetensors)(inference, path, weights)


def check_provable(target: str) -> None:
    """Refuse a target whose file cannot be compared with the drawn network.

    Raises:
        UserError: for such a target.
    """
    if target not in PROVABLE:
        raise UserError(f"a {target} export cannot be verified; leave out --verify or choose: {', '.join(PROVABLE)}")


def verify(
    design: Design,
    target: str,
    source: Path | str,
    *,
    weights: dict[str, Tensor] | None = None,
    inferrer: Inferrer | None = None,
) -> Proof:
    """Compare an exported file with the drawn network.

    Args:
        design: the design that was exported.
        target: the target of the export.
        source: the written file, or the text of a text target that is in no file.
        weights: the weights of the export; fresh weights by default.
        inferrer: its memo is used; a new one by default.

    Raises:
        UserError: if the target cannot be proved or the file does not run.
    """
    check_provable(target)
    from composer.engine.codegen.verify import verify_source

    return verify_source(design, source, package=target == "package", weights=weights, inferrer=inferrer)


def text(design: Design, target: str, inferrer: Inferrer | None = None) -> str:
    """The text of a text target."""
    if target == "yaml":
        return dumps(design)
    inference = _inference(design, inferrer)
    if target in ("python", "package"):
        from composer.engine.codegen.generate import generate

        return generate(inference, inline=target == "python")
    from composer.engine.export import diagrams, tables

    writers = {"markdown": tables.markdown, "latex": tables.latex, "dot": diagrams.dot, "mermaid": diagrams.mermaid}
    return writers[target](inference)


def _inference(design: Design, inferrer: Inferrer | None) -> Inference:
    inference = (inferrer or Inferrer()).infer(design)
    if inference.errors:
        raise DesignError(inference.errors[0])
    return inference
