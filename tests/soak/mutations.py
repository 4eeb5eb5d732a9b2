"""Damaged and hostile designs, pictures, data and runs through the commands that read them: one sentence, no code."""

import gzip
import io
import pickle
import random
import shutil
from pathlib import Path

from composer.core.files import design_file
from composer.core.files.run_folder import BEST, DESIGN, LAST, METRICS, PREDICTIONS, SETTINGS, SOURCE, STATE, WEIGHTS
from composer.core.files.run_notes import NOTES, RunNotes, write_notes
from composer.core.files.templates import template
from tests.soak import mutants, scenarios
from tests.soak.plan import Soak
from tests.soak.readers import Case, problems_of, read_all

DESIGNS, PICTURES, DATASETS, RUNS = 2000, 500, 300, 200
SMALL = ("hybrid_digits", "dendritic_mlp", "hybrid_dendritic")
LARGE = ("swin_tiny", "efficientnet_b0", "coatnet_0")
TEXT_TARGETS = ("python", "package", "yaml", "mermaid", "dot", "latex", "markdown")


def run(soak: Soak) -> None:
    """Read all damaged files."""
    canary = soak.folder / "canary"
    figures = soak.figures
    cases = [
        *design_cases(soak, canary),
        *picture_cases(soak),
        *dataset_cases(soak, canary),
        *run_cases(soak, canary),
    ]
    soak.planned += len(cases)
    for reading in read_all(cases, soak.scratch("readings"), soak.deadline):
        soak.cases += 1
        figures["refused"] = figures.get("refused", 0) + (reading.code == 2)
        figures["slowest s"] = max(figures.get("slowest s", 0.0), round(reading.seconds, 1))
        figures["peak MB"] = max(figures.get("peak MB", 0), round(reading.peak / 1e6))
        for problem in problems_of(reading, canary):
            soak.expect(False, f"{reading.label}: {problem}")


# -- designs -----------------------------------------------------------------------------------------------------------


def design_cases(soak: Soak, canary: Path) -> list[Case]:
    """Return mutated designs, each through `check` and one other command."""
    folder, generator = soak.scratch("designs"), soak.random("designs")
    sources = [template(name).read_bytes() for name in SMALL]
    sources.append(design_file.dumps(scenarios.before()).encode())
    large = [template(name).read_bytes() for name in LARGE]
    hostile = mutants.hostile_designs(str(canary))
    cases: list[Case] = []
    for number in range(max(soak.count(DESIGNS), len(hostile))):
        path = folder / f"design_{number}.yaml"
        if number < len(hostile):
            path.write_bytes(hostile[number])
        else:
            source = generator.choice(large if generator.random() < 0.1 else sources)
            path.write_bytes(mutants.mutate(source, generator))
        label = f"design {number} (seed {soak.seed})"
        cases.append(Case(f"{label}, check", "command", ("check", str(path))))
        words, small = design_command(number, path, folder / f"out_{number}", generator)
        cases.append(Case(f"{label}, {words[0]}", "command", words, small))
    return cases


def design_command(number: int, path: Path, out: Path, generator: random.Random) -> tuple[tuple[str, ...], bool]:
    """Return the next command that reads designs, and whether it builds or runs the network."""
    name, target = str(path), generator.choice(TEXT_TARGETS)
    suffix = ".py" if target in ("python", "package") else ".yaml" if target == "yaml" else ".txt"
    commands: tuple[tuple[tuple[str, ...], bool], ...] = (
        (("summary", name), False),
        (("summary", name, "--json"), False),
        (("summary", name, "--layers"), True),
        (("diff", name, str(template("hybrid_digits"))), False),
        (("diff", str(template("hybrid_digits")), name), False),
        (("export", name, "--to", target, "-o", f"{out}{suffix}"), False),
        (("export", name, "--to", "safetensors", "-o", f"{out}.safetensors"), True),
        (("replace", name, "--block", "Conv2d", "--by", "ConvNormAct", "-o", f"{out}.yaml"), False),
        (("fit", name, "--params", "100K"), True),
        (("profile", name), True),
        (("check", name, "--fix", "-o", f"{out}.yaml"), False),
        (("train", name, "--out", f"{out}_run", "--epochs", "1", "--device", "cpu"), True),
    )
    return commands[number % len(commands)]


# -- pictures ----------------------------------------------------------------------------------------------------------


def picture_cases(soak: Soak) -> list[Case]:
    """Return mutated pictures, through the engine's capture; every tenth through `inspect`."""
    folder, generator = soak.scratch("pictures"), soak.random("pictures")
    sources, run_folder = pictures(), trained_run(soak)
    cases = []
    for number in range(soak.count(PICTURES)):
        suffix = generator.choice(sorted(sources))
        path = folder / f"picture_{number}{suffix}"
        path.write_bytes(mutants.mutate_bytes(generator.choice(sources[suffix]), generator))
        label = f"picture {number} (seed {soak.seed})"
        if number % 10 == 0:
            words = ("inspect", str(run_folder), "--image", str(path), "--out", str(folder / f"maps_{number}"))
            cases.append(Case(f"{label}, inspect", "command", words))
        else:
            cases.append(Case(f"{label}, capture", "capture", (str(path),)))
    return cases


def pictures() -> dict[str, list[bytes]]:
    """Return whole pictures by suffix, of several modes."""
    import numpy as np
    from PIL import Image

    values = np.random.default_rng(0).integers(0, 255, (24, 20, 4), dtype=np.uint8)
    color, clear = Image.fromarray(values[..., :3]), Image.fromarray(values)
    grey, deep = color.convert("L"), Image.fromarray(values[..., 0].astype(np.uint16) * 200)
    floats, palette = Image.fromarray(values[..., 0].astype(np.float32)), color.convert("P")
    kinds = {
        ".png": (color, clear, grey, deep, palette),
        ".jpg": (color, grey),
        ".gif": (palette,),
        ".webp": (color, clear),
        ".bmp": (color, grey),
        ".tiff": (color, deep, floats),
    }
    files: dict[str, list[bytes]] = {}
    for suffix, images in kinds.items():
        for image in images:
            buffer = io.BytesIO()
            image.save(buffer, {".jpg": "JPEG", ".tiff": "TIFF"}.get(suffix, suffix[1:].upper()))
            files.setdefault(suffix, []).append(buffer.getvalue())
    return files


# -- datasets ----------------------------------------------------------------------------------------------------------


def dataset_cases(soak: Soak, canary: Path) -> list[Case]:
    """Return data files with one of them mutated, through `datasets`; some pickles would write the canary."""
    folder, generator = soak.scratch("datasets"), soak.random("datasets")
    sources = datasets(canary)
    cases = []
    for number in range(soak.count(DATASETS)):
        source, files = generator.choice(sources)
        path = folder / f"data_{number}"
        path.mkdir()
        for name, content in files.items():
            (path / name).write_bytes(content)
        mutated = path / generator.choice(sorted(files))
        mutated.write_bytes(mutants.mutate_bytes(mutated.read_bytes(), generator))
        words = ("datasets", source.format(folder=path), "--json")
        cases.append(Case(f"dataset {number} (seed {soak.seed}), {source.partition(':')[0]}", "command", words))
    return cases


def datasets(canary: Path) -> list[tuple[str, dict[str, bytes]]]:
    """Return whole data files by name, each set with the source that reads it."""
    import numpy as np

    values = np.random.default_rng(0).integers(0, 255, (40, 8, 8), dtype=np.uint8)
    labels = (np.arange(40) % 4).astype(np.uint8)
    idx = {
        f"{part}-{content}-ubyte": bytes([0, 0, 8, array.ndim])
        + b"".join(size.to_bytes(4, "big") for size in array.shape)
        + array.tobytes()
        for part in ("train", "t10k")
        for content, array in (("images-idx3", values), ("labels-idx1", labels))
    }
    packed = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in idx.items()}
    archive = io.BytesIO()
    np.savez_compressed(archive, x=values, y=labels)
    batch = {"data": np.zeros((20, 3072), np.uint8), "labels": [number % 10 for number in range(20)]}
    names = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
    hostile = {"data": Writer(canary), "labels": []}
    return [
        ("idx:{folder}", idx),
        ("idx:{folder}", packed),
        ("npz:{folder}/data.npz", {"data.npz": archive.getvalue()}),
        ("cifar:{folder}", {name: pickle.dumps(batch, 2) for name in names}),
        ("cifar:{folder}", {name: pickle.dumps(hostile, protocol) for protocol, name in enumerate(names)}),
    ]


class Writer:
    """Writes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return open, (str(self.file), "w")


# -- runs --------------------------------------------------------------------------------------------------------------


def trained_run(soak: Soak) -> Path:
    """Return a run that was stopped after its first epoch; trained once."""
    folder = soak.folder / "trained"
    if not folder.is_dir():
        scenarios.train_first(soak.scratch("trained"))
    return folder / "run"


def run_cases(soak: Soak, canary: Path) -> list[Case]:
    """Return runs with one damaged file each, through the commands that read runs and through the window's list."""
    folder, generator = soak.scratch("runs"), soak.random("runs")
    source = trained_run(soak)
    write_notes(source, RunNotes("a second line\nwith a wider head", ("paper", "ablation")))
    hostile = [(name, data) for name in (LAST, BEST) for data in mutants.hostile_checkpoints(str(canary))]
    hostile += [(WEIGHTS, data) for data in mutants.hostile_weights()]
    hostile += [(DESIGN, data) for data in mutants.hostile_designs(str(canary))[:6]]
    hostile.append((SOURCE, mutants.canary_code(str(canary)).encode()))
    names = (LAST, BEST, WEIGHTS, LAST, BEST, WEIGHTS, SETTINGS, STATE, METRICS, DESIGN, SOURCE, PREDICTIONS, NOTES)
    number_of_runs = max(soak.count(RUNS), 12)
    if number_of_runs < len(hostile):
        hostile = generator.sample(hostile, number_of_runs // 2)
    cases = []
    for number in range(number_of_runs):
        copy = folder / f"{number}" / "run"
        shutil.copytree(source, copy)
        if number < len(hostile):
            name, data = hostile[number]
        else:
            name = generator.choice(names)
            mutation = mutants.mutate if name.endswith((".json", ".jsonl", ".yaml", ".py")) else mutants.mutate_bytes
            data = mutation((copy / name).read_bytes(), generator)
        (copy / name).write_bytes(data)
        label, run_folder = f"run {number} ({name}, seed {soak.seed})", str(copy)
        design = str(copy / DESIGN)
        commands = (
            ("inspect", run_folder, "--sample", "0", "--out", str(copy.parent / "maps")),
            ("export", design, "--to", "safetensors", "--run", run_folder, "-o", str(copy.parent / "out.safetensors")),
            ("evaluate", run_folder, "--device", "cpu", "--mistakes", "2"),
            ("runs", str(copy.parent), "--group"),
            ("train", design, "--out", run_folder, "--resume", "--device", "cpu"),
        )
        cases.append(Case(f"{label}, list of runs", "run", (run_folder,)))
        cases += [Case(f"{label}, {words[0]}", "command", words) for words in commands]
    return cases
