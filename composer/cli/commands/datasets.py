"""`netcomposer datasets`."""

import argparse
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from composer.cli.options import AsJson, Option

if TYPE_CHECKING:
    from composer.core.data_facts import DataFacts
    from composer.core.graph import ExtensionRef

SHOWN = 20  # classes and broken files that are listed


def image_size(text: str) -> tuple[int, int]:
    """Read a size such as 64 or 96x64, width first."""
    sides = text.lower().split("x")
    if len(sides) in (1, 2) and all(side.isdecimal() and 0 < int(side) <= 10_000 for side in sides):
        return int(sides[0]), int(sides[-1])
    raise argparse.ArgumentTypeError(f"{text!r} is no size, expected such as 64 or 96x64 (width x height)")


def run(
    source: Annotated[
        str | None, Option(metavar="SOURCE", help="a source to look into, such as images:photos, idx:mnist or shapes")
    ] = None,
    *,
    write: Annotated[
        Path | None,
        Option("--write", metavar="FOLDER", help="write its images as PNG files: a folder a part, in it one a class"),
    ] = None,
    size: Annotated[
        tuple[int, int] | None,
        Option("--size", type=image_size, metavar="N", help="size of these images, such as 64 or 96x64"),
    ] = None,
    fitting: Annotated[
        Path | None,
        Option("--for", metavar="DESIGN", help="name a source that this design can learn"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List the sources of data, or what is known of one."""
    from composer.core.errors import UserError

    if fitting is not None:
        if source is not None or write is not None or size is not None:
            raise UserError("--for DESIGN names a source itself; leave out the source, --write and --size")
        return _print_fitting(fitting, as_json)
    if source is None:
        if write is not None or size is not None:
            raise UserError("--write and --size need a source, such as: netcomposer datasets shapes --write shapes")
        return _list_sources(as_json)
    if size is not None and write is None:
        raise UserError("--size needs --write FOLDER")
    reference = _read_source(source)
    if write is not None:
        from composer.engine.training.datasets.folder_writer import write_folder

        counts = write_folder(reference, write, size)
        if as_json:
            print(json.dumps({"folder": str(write), "counts": counts}, indent=2))
        else:
            print(f"{write}: {', '.join(f'{count:,} {part}' for part, count in counts.items())} images")
        return 0
    from composer.engine.training.datasets import load_facts

    facts = load_facts(reference)
    print(json.dumps(facts.to_json(), indent=2) if as_json else "\n".join(_describe(facts)))
    return 0


def _print_fitting(path: Path, as_json: bool) -> int:
    """Print the settings by which a design can be trained as it is."""
    from composer.core.extension_text import plain_reference
    from composer.core.files.design_file import load
    from composer.core.fitting_source import fitting_training
    from composer.engine.inference.infer import Inferrer

    design = load(path)
    training = fitting_training(design, Inferrer().infer(design).facts)
    data, objective = plain_reference("data", training.data), plain_reference("objective", training.objective)
    if as_json:
        print(json.dumps({"data": data, "objective": objective}, indent=2))
        return 0
    options = f"--data {shlex.quote(_text(data))}"
    if training.objective.name != design.training.objective.name:
        options += f" --objective {shlex.quote(_text(objective))}"
    print(f"netcomposer train {shlex.quote(str(path))} {options} --out RUN")
    return 0


def _text(reference: str | dict[str, Any]) -> str:
    """Return an extension as `train` reads it."""
    if isinstance(reference, str):
        return reference
    return f"{{{', '.join(f'{name}: {value}' for name, value in reference.items())}}}"


def _read_source(text: str) -> "ExtensionRef":
    """Return the source that a text names, its paths relative to the working directory."""
    from composer.core.extension_text import absolute_reference, read_reference
    from composer.core.setting_text import read_text
    from composer.core.training_table import setting

    value = read_text(setting("data").spec, text)
    return absolute_reference("data", read_reference("data", value), Path.cwd())


def _list_sources(as_json: bool) -> int:
    from composer.cli.extension_list import extension_lines, extension_rows
    from composer.core.training_extensions import datasets

    if as_json:
        print(json.dumps(extension_rows(datasets()), indent=2))
    else:
        print("\n".join(extension_lines(datasets())))
        print("\nnetcomposer datasets SOURCE shows classes and counts; options: {name: SOURCE, OPTION: VALUE}")
    return 0


def _describe(facts: "DataFacts") -> list[str]:
    """Return what is known of a source, line by line."""
    from composer.core.text_table import align

    rows = [("source", facts.source)]
    rows.append(("fields", ", ".join(facts.fields)))
    rows += [(name, f"{part.count:,} samples") for name, part in facts.parts.items()]
    if facts.classes:
        rows.append(("classes", f"{len(facts.classes)}: {', '.join(facts.classes[:SHOWN])}"))
        if len(facts.classes) > SHOWN:
            rows[-1] = ("classes", rows[-1][1] + ", ...")
    if facts.channels:
        rows.append(("images", "grey" if facts.channels == 1 else "colour"))
    if facts.sizes:
        names = dict.fromkeys(f"{width} x {height}" for width, height in facts.sizes)
        rows.append(("sizes", ", ".join(names) + (" (smallest, median, largest)" if len(names) > 1 else "")))
    if facts.digest:
        rows.append(("digest", facts.digest))
    rows += [("note", note) for note in facts.notes]
    if facts.broken:
        rows.append(("broken", f"{len(facts.broken):,} of the files cannot be used:"))
    rows += [("", f"{name}: {reason}") for name, reason in facts.broken[:SHOWN]]
    if len(facts.broken) > SHOWN:
        rows.append(("", f"and {len(facts.broken) - SHOWN:,} more (--json has all)"))
    return [*align(rows), *_class_table(facts)]


def _class_table(facts: "DataFacts") -> list[str]:
    """Return the number of samples of each class and part, the first classes only."""
    from composer.core.text_table import align

    counts = {name: part.class_counts for name, part in facts.parts.items() if part.class_counts}
    if not counts:
        return []
    rows = [("class", *counts)]
    for number, label in enumerate(facts.classes[:SHOWN]):
        rows.append((label, *(f"{row[number]:,}" for row in counts.values())))
    return ["", *align(rows, right=range(1, len(counts) + 1))]
