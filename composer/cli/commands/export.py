"""`netcomposer export`."""

from pathlib import Path
from typing import Annotated

from composer.cli import PROBLEMS
from composer.cli.options import DesignFile, ForceWeights, Option
from composer.core.errors import UserError
from composer.core.export_targets import DRAWING, export_targets

# The formats of the drawing, which the window's canvas writes.
IMAGES = tuple(suffix.removeprefix(".") for suffix in DRAWING.suffixes)


def run(
    design: DesignFile,
    *,
    to: Annotated[str, Option("--to", choices=(*export_targets(), *IMAGES), help="what to write")],
    output: Annotated[Path, Option("-o", "--output", metavar="FILE", help="file to write, - for standard output")],
    package: Annotated[bool, Option("--package", help="with --to python: the same as --to package")] = False,
    verify: Annotated[
        bool, Option("--verify", help="compare the written file with the drawn network, exit code 1 if they differ")
    ] = False,
    run: Annotated[
        Path | None,
        Option("--run", metavar="RUN", help="export the trained weights of this run, or of a .safetensors or .pt file"),
    ] = None,
    force: ForceWeights = False,
) -> int:
    """Write a design as code, weights, a diagram, a table or a drawing."""
    if to in IMAGES:
        flags = {"--verify": verify, "--run": run, "--package": package}
        _export_drawing(design, to, output, force, [flag for flag, value in flags.items() if value])
        return 0
    from composer.core.files.design_file import load_stamped
    from composer.engine.export import check_provable, export, export_text, verify_text
    from composer.engine.inference.infer import Inferrer

    loaded, stamp = load_stamped(design)
    target = "package" if package and to == "python" else to
    if verify:
        check_provable(target)  # before anything is written
    inferrer = Inferrer.with_disk_cache()
    weights = None
    if run is not None:
        from composer.engine.training.storage.weights import load_weights

        weights = load_weights(run, loaded, inferrer.catalog, force=force)
    if str(output) == "-":
        text = export_text(loaded, target, inferrer)
        print(text, end="")
        proof = verify_text(loaded, target, text, weights=weights, inferrer=inferrer) if verify else None
    else:
        exported = export(
            loaded,
            target,
            output,
            weights=weights,
            inferrer=inferrer,
            verify=verify,
            source=design,
            stamp=stamp,
            force=force,
        )
        print(exported.message)
        proof = exported.proof
    if proof is None:
        return 0
    print(proof.message)
    return 0 if proof.ok else PROBLEMS


def _export_drawing(design: Path, kind: str, output: Path, force: bool, refused: list[str]) -> None:
    """Draw a design; unlike `screenshot`, the format is given and the suffix must agree with it."""
    if refused:
        raise UserError(f"a drawing holds no code and no weights; leave out {refused[0]}")
    if str(output) == "-":
        raise UserError(f"a {kind} export is not text; name a file with -o")
    if output.suffix.lower() != f".{kind}":
        raise UserError(f"{output}: expected a file name that ends in .{kind}")
    from composer.cli.commands import screenshot

    screenshot.run(design, output=output, force=force)
