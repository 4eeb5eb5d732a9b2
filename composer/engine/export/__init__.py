"""Export: write a design to a file, and prove that the file is the drawn network. Each target is a file here."""

import tempfile
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from composer.core.errors import UserError
from composer.core.export_targets import export_targets, find_target
from composer.core.files.atomic import check_target
from composer.core.files.replacing import FileStamp, check_replace, write_output
from composer.core.graph import Design
from composer.engine.codegen.proof import Proof
from composer.engine.export.target import FRESH, ExportSource, Target
from composer.engine.inference.infer import Inferrer
from composer.engine.training.storage.weights import Weights


@dataclass(frozen=True, slots=True)
class Exported:
    """Result of an export.

    Args:
        message: one line on what was written.
        proof: the comparison of the written file with the drawn network; None unless it was requested.
    """

    message: str
    proof: Proof | None = None


def export(
    design: Design,
    key: str,
    path: Path,
    *,
    weights: Weights | None = None,
    inferrer: Inferrer | None = None,
    verify: bool = False,
    source: Path | None = None,
    stamp: FileStamp | None = None,
    force: bool = False,
) -> Exported:
    """Write a design to a file, completely or not at all.

    Args:
        design: the design; all targets but ``yaml`` need it free of errors.
        key: a key of `export_targets`.
        path: file to write.
        weights: trained weights for targets that hold weights, and for the comparison; fresh ones by default.
        inferrer: its memo is used; a new one by default.
        verify: whether to compare the written file with the drawn network.
        source: the file of the design; an export from it may be written again.
        stamp: the version of the source that was read, for an export to the same file.
        force: whether to replace a file of the user; see `composer.core.files.replacing`.

    Raises:
        UserError: if the target is unknown or cannot be verified, the design has errors, or the file may not be
            replaced or cannot be written.
    """
    target = load_target(key)
    if verify:
        check_provable(key)
    if key != "yaml":
        stamp = None  # only a target that writes designs may replace the design that it reads
    if find_target(key).binary:  # before the work, which takes up to a minute
        check_replace(path, kind=key, source=source, stamp=stamp, force=force)
    else:
        check_target(path)
    exported = ExportSource(design, weights, inferrer or Inferrer())
    rendered = target.render(exported)
    write_output(path, rendered.content, kind=key, source=source, stamp=stamp, force=force)
    note = rendered.note
    if find_target(key).needs_weights:
        note += f"; {weights.message if weights is not None else FRESH}"
    return Exported(f"{path}: {note}", _prove(key, path, exported) if verify else None)


def export_text(design: Design, key: str, inferrer: Inferrer | None = None) -> str:
    """Return what a text target would write.

    Raises:
        UserError: if the target is unknown or not text, or the design has errors.
    """
    target = load_target(key)
    if find_target(key).binary:
        raise UserError(f"a {key} export is not text; name a file with -o")
    return target.render(ExportSource(design, None, inferrer or Inferrer())).content.decode()


def verify_text(
    design: Design,
    key: str,
    text: str,
    *,
    weights: Weights | None = None,
    inferrer: Inferrer | None = None,
) -> Proof:
    """Compare exported text that is in no file with the drawn network; arguments as in `export`.

    Raises:
        UserError: if the target cannot be verified or the text does not run.
    """
    check_provable(key)
    with tempfile.TemporaryDirectory(prefix="netcomposer-verify-") as folder:
        path = Path(folder) / f"model{find_target(key).suffix}"
        path.write_text(text, encoding="utf-8")
        return _prove(key, path, ExportSource(design, weights, inferrer or Inferrer()))


def _prove(key: str, path: Path, source: ExportSource) -> Proof:
    """Compare a written file with the drawn network; the proof tells how far it reaches."""
    subject = "the file" if find_target(key).needs_weights else "the code"
    if (weights := source.weights) is None:
        scope = f"proves {subject}, with fresh weights"
    elif weights.trained_here:
        scope = f"proves {subject} with these weights, which were trained in this network ({weights.source})"
    else:
        reason = weights.difference or "the network they were trained in is not recorded"
        scope = f"proves {subject} with these weights, not that they were trained in this network ({reason})"
    trained = weights.trained_here if weights is not None else None
    return replace(load_target(key).verify(path, source), scope=scope, trained_here=trained)


def check_provable(key: str) -> None:
    """Refuse a target whose file cannot be compared with the drawn network.

    Raises:
        UserError: for such a target.
    """
    if not find_target(key).provable:
        provable = ", ".join(target.key for target in export_targets().values() if target.provable)
        raise UserError(f"a {key} export cannot be verified; leave out --verify or choose one of: {provable}")


def load_target(key: str) -> Target:
    """Import a target.

    Raises:
        UserError: if there is no such target.
    """
    declaration = find_target(key)
    target: Target = getattr(import_module(f"{__name__}.{key}"), declaration.attribute)()
    return target
