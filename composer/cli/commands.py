"""The commands: one function each, taking the parsed arguments and returning the exit code. Heavy imports stand inside."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from composer.cli import training_flags
from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.files.templates import template

PROBLEMS = 1
PICTURES = ("png", "svg", "pdf")  # targets of `export` that the window's canvas draws


def gui(args: argparse.Namespace) -> int:
    """Open the window."""
    from composer.gui.app import run

    return run(args.design)


def demo(args: argparse.Namespace) -> int:
    """Walk through the whole main job in the real window and leave the results in a folder."""
    from composer.cli.demo import run_demo

    return run_demo(Path(args.out))


def blocks(args: argparse.Namespace) -> int:
    """List the blocks."""
    from composer.core.blocks import block_folders
    from composer.core.blocks.catalog import read_catalog

    catalog = read_catalog([folder.path for folder in block_folders.known()])
    if args.json:
        print(json.dumps([_block_row(spec) for spec in catalog], indent=2))
    else:
        for category, specs in catalog.categories().items():
            print(f"{category} ({len(specs)})")
            width = max(len(spec.name) for spec in specs)
            for spec in specs:
                print(f"  {spec.name:<{width}}  {spec.summary}")
    for path, reason in catalog.broken.items():
        print(f"netcomposer: {path.parent.name}/{reason}", file=sys.stderr)
    return PROBLEMS if catalog.broken else 0


def _block_row(spec: Any) -> dict[str, Any]:
    return {
        "name": spec.name,
        "category": spec.category,
        "summary": spec.summary,
        "shape": spec.shape,
        "inputs": [{"name": port.name, "optional": port.optional, "variadic": port.variadic} for port in spec.inputs],
        "outputs": [{"name": port.name} for port in spec.outputs],
        "parameters": [
            {
                "name": param.name,
                "type": param.type,
                "default": param.default,
                "choices": list(param.choices),
                "range": list(param.range) if param.range else None,
                "inferred": param.inferred,
                "help": param.help,
            }
            for param in spec.params
        ],
        "paper": spec.paper,
        "maps": dict(spec.maps),
    }


def templates(args: argparse.Namespace) -> int:
    """List the templates."""
    from composer.core.files.design_file import load
    from composer.core.files.templates import template_files

    rows = []
    for path in template_files():
        design = load(path)
        rows.append(
            {"name": path.stem, "description": design.description, "expected": dict(design.expected), "path": str(path)}
        )
    if args.json:
        print(json.dumps(rows, indent=2))
    else:
        width = max((len(row["name"]) for row in rows), default=0)
        for row in rows:
            print(f"{row['name']:<{width}}  {row['description']}")
    return 0


def new(args: argparse.Namespace) -> int:
    """Copy a template to a file of one's own."""
    from composer.core.files.design_file import load, save

    target = Path(args.output)
    if target.exists() and not args.force:
        raise UserError(f"{target} exists already; choose another name or add --force to replace it")
    save(load(template(args.template)), target)
    print(target)
    return 0


def check(args: argparse.Namespace) -> int:
    """Say what is wrong with a design, one line a problem."""
    from composer.core.files.design_file import load
    from composer.engine.inference.infer import Inferrer
    from composer.engine.repair.context import causes

    design = load(args.design)
    if args.fix:
        design = _fix(design, Path(args.output or args.design))
    inferrer = Inferrer.with_disk_cache()
    inference = inferrer.infer(design)
    problems = [*causes(inference, inferrer), *training_settings.problems(design.training)]
    totals = inference.facts.totals
    for name, wanted in design.expected.items():
        found = getattr(totals, name)
        if not problems and found != wanted:
            problems.append(f"{name}: the design states {wanted:,}, counted are {found:,}")
    warnings = [problem.message for problem in inference.structural if problem.level == "warning"]
    for line in problems:
        print(line)
    for line in warnings:
        print(f"warning: {line}")
    if not problems:
        print(f"{args.design}: no problems, {totals.params:,} parameters, {totals.macs:,} MACs")
    return PROBLEMS if problems else 0


def _fix(design: Any, target: Path) -> Any:
    """Apply the first repair of each error and write the result, saying what was done."""
    from composer.core.files.design_file import save
    from composer.engine.repair.fix import fix

    repaired, done = fix(design)
    for step in done:
        print(f"fixed {step.node}: {step.label}   ({step.error})")
    if done:
        save(repaired, target)
    return repaired


def summary(args: argparse.Namespace) -> int:
    """Print shapes and costs."""
    from composer.core.files.design_file import load
    from composer.engine.analysis.summary import to_dict
    from composer.engine.inference.infer import Inferrer

    design = load(args.design)
    if args.layers:
        from composer.engine.analysis.layers import layer_table

        print(layer_table(design, args.batch))
        return 0
    inference = Inferrer.with_disk_cache().infer(design, args.batch)
    data = to_dict(inference)
    if args.roofline:
        data["roofline"] = _roofline(inference, args.roofline, args.precision)
    if args.json:
        print(json.dumps(data, indent=2))
    else:
        _print_summary(data, args.batch)
        if args.roofline:
            _print_roofline(data["roofline"])
    return PROBLEMS if inference.errors else 0


def _roofline(inference: Any, device: str, precision: str) -> dict[str, Any]:
    from composer.core.roofline import find
    from composer.engine.analysis.summary import roofline_dict

    if device in ("this", "cpu", "cuda", "mps"):
        from composer.engine.analysis.device_benchmark import measure_profile

        profile = measure_profile("auto" if device == "this" else device)
    else:
        profile = find(device)
    return roofline_dict(inference, profile, precision)


def _print_roofline(data: dict[str, Any]) -> None:
    from composer.core.units import short_time

    print(f"\nat least {short_time(data['seconds'])} on {data['device']}, {data['precision']}, forward pass:")
    width = max((len(row["id"]) for row in data["nodes"]), default=4)
    for row in data["nodes"]:
        share = row["seconds"] / data["seconds"] if data["seconds"] else 0.0
        figures = f"{short_time(row['seconds']):>9}  {row['bound']:<7}  {row['intensity']:8.1f} FLOPs/byte"
        print(f"{row['id']:<{width}}  {figures}  {'#' * round(40 * share)}".rstrip())
    peak, bandwidth = data["peak_flops"] / 1e12, data["bandwidth"] / 1e9
    print(f"{peak:.3g} TFLOP/s, {bandwidth:.4g} GB/s, ridge at {data['ridge']:.1f} FLOPs/byte; {data['source']}")
    print("the larger of arithmetic at peak and bytes at full bandwidth; launches and imperfect kernels come on top")


def _print_summary(data: dict[str, Any], batch: int) -> None:
    from composer.core.units import memory

    rows = [("node", "block", "output", "params", "MACs", "activations")]

    def visit(nodes: list[dict[str, Any]], indent: str) -> None:
        for node in nodes:
            shape = " ".join("x".join(str(size) for size in port["shape"]) for port in node["outputs"]) or (
                node["error"] or ""
            )
            times = f" x{node['repeat']}" if "repeat" in node else ""
            costs = (f"{node['params']:,}", f"{node['macs']:,}", f"{node['activation_bytes']:,} B")
            mark = "" if node["counted"] else " *"
            rows.append((indent + node["id"] + mark, node["block"] + times, shape, *costs))
            visit(node.get("nodes", []), indent + "  ")

    visit(data["nodes"], "")
    totals = data["totals"]
    rows.append(("total", "", "", f"{totals['params']:,}", f"{totals['macs']:,}", f"{totals['activation_bytes']:,} B"))
    widths = [min(48, max(len(row[column]) for row in rows)) for column in range(6)]
    for row in rows:
        print(
            "  ".join(
                cell.ljust(w) if i < 3 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
        )
    if any(row[0].endswith(" *") for row in rows):
        print("* leads to no output: neither built nor part of the total")
    inputs = ", ".join(f"{item['id']} {'x'.join(str(size) for size in item['shape'])}" for item in data["inputs"])
    training = ", ".join(f"{memory(size)} with {name}" for name, size in totals["training_bytes"].items())
    frozen = f"; {totals['params_frozen']:,} parameters are frozen" if totals["params_frozen"] else ""
    print(f"\na training step holds {training} (weights, gradients, optimizer, activations){frozen}")
    working = f"{memory(totals['working_bytes'])} beside the weights"
    print(f"inference holds {working}; {totals['arithmetic_intensity']:.1f} FLOPs a byte moved")
    if totals["uncounted"]:
        print(f"not counted as MACs: {', '.join(f'{name} x{times}' for name, times in totals['uncounted'].items())}")
    print(f"inputs: {inputs}; batch {batch}; 1 MAC = 1 multiply-add = 2 FLOPs ({totals['flops']:,} FLOPs)")


def export(args: argparse.Namespace) -> int:
    """Write a design as code, weights, a diagram, a table or a picture."""
    if args.to in PICTURES:
        return _export_picture(args)
    from composer.core.files.design_file import load
    from composer.engine.export import check_provable, export_text, verify_text
    from composer.engine.export import export as write
    from composer.engine.inference.infer import Inferrer

    design = load(args.design)
    target = "package" if args.package and args.to == "python" else args.to
    if args.verify:
        check_provable(target)  # before anything is written
    inferrer = Inferrer.with_disk_cache()
    weights = None
    if args.run:
        from composer.engine.training.run import Run

        weights = Run.open(args.run).best_weights()
    if args.output == "-":
        text = export_text(design, target, inferrer)
        print(text, end="")
        proof = verify_text(design, target, text, weights=weights, inferrer=inferrer) if args.verify else None
    else:
        exported = write(design, target, Path(args.output), weights=weights, inferrer=inferrer, verify=args.verify)
        print(exported.message)
        proof = exported.proof
    if proof is None:
        return 0
    print(proof.message)
    return 0 if proof.ok else PROBLEMS


def _export_picture(args: argparse.Namespace) -> int:
    """As `screenshot`, which takes the kind from the ending; here the two must agree."""
    if args.verify or args.run or args.package:
        raise UserError(
            f"a picture holds no code and no weights; leave out --{next(n for n in ('verify', 'run', 'package') if vars(args)[n])}"
        )
    if args.output == "-":
        raise UserError(f"{args.to} is no text; name a file with -o")
    if Path(args.output).suffix.lower() != f".{args.to}":
        raise UserError(f"{args.output}: a picture of the kind {args.to} ends in .{args.to}")
    return screenshot(argparse.Namespace(**vars(args), theme="light"))


def _listed(text: str | None) -> list[str]:
    """Names that commas part."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def fit(args: argparse.Namespace) -> int:
    """Find the largest setting of the design's variables under a budget."""
    from composer.core import edits
    from composer.core.files.design_file import load, save
    from composer.engine.analysis.fit import fit as search

    design = load(args.design)
    found = search(design, params=args.params, macs=args.macs, vary=_listed(args.vary))
    names = list(found.best.values)
    rows = [(*names, "params", "MACs")]
    rows += [(*(str(row.values[name]) for name in names), f"{row.params:,}", f"{row.macs:,}") for row in found.table]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for index, row in enumerate(rows):
        print(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            + ("  <- best" if index == 1 else "")
        )
    if args.output:
        for name, value in found.best.values.items():
            design = edits.set_variable(design, name, value)
        save(design, args.output)
        print(args.output)
    return 0


def replace(args: argparse.Namespace) -> int:
    """Swap a block for another everywhere, keeping wires and parameters of the same name."""
    from composer.core.files.design_file import load, save
    from composer.core.swap import swap
    from composer.engine import library
    from composer.engine.inference.infer import Inferrer
    from composer.engine.repair.context import causes

    design = load(args.design)
    ids = _listed(args.nodes) if args.nodes else None
    done = swap(design, library.catalog(), args.by, block=args.block, ids=ids)
    inferrer = Inferrer.with_disk_cache()
    before, after = inferrer.infer(design), inferrer.infer(done.design)
    fresh = [error for error in causes(after, inferrer) if error not in before.errors]
    for error in fresh:
        print(error)
    if fresh:
        raise UserError(f"{args.by} does not fit here; nothing was written")
    save(done.design, args.output)
    old, new = before.facts.totals, after.facts.totals
    many = f"{len(done.nodes)} node" + ("s" if len(done.nodes) > 1 else "")
    print(f"{args.output}: {many}, {old.params:,} -> {new.params:,} parameters, {old.macs:,} -> {new.macs:,} MACs")
    if done.dropped:
        print(f"not carried over: {', '.join(done.dropped)}")
    return 0


def diff(args: argparse.Namespace) -> int:
    """Say what differs between two designs; exit code 0 if nothing does, 1 if something does."""
    from composer.core import diff_report
    from composer.core.files.design_file import load
    from composer.engine.inference.infer import Inferrer

    inferrer = Inferrer.with_disk_cache()
    before, after = load(args.before), load(args.after)
    old, new = inferrer.infer(before).facts, inferrer.infer(after).facts
    lines = diff_report.report(before, after, old, new)
    if args.json:
        print(json.dumps(diff_report.as_json(lines, old, new), indent=2))
    elif lines or not args.quiet:
        print((diff_report.as_markdown if args.markdown else diff_report.as_text)(lines, old, new))
    return 1 if lines else 0


def profile(args: argparse.Namespace) -> int:
    """Measure time and memory of every node on a device."""
    from composer.core.files.design_file import load
    from composer.engine.analysis.profile import profile as measure
    from composer.engine.device import choose

    found = measure(load(args.design), device=choose(args.device).name, batch=args.batch).to_depth(args.depth)
    if args.json:
        from dataclasses import asdict

        print(json.dumps(asdict(found), indent=2))
        return 0
    labels = ["  " * (row.depth - 1) + row.id.split("/")[-1] for row in found.nodes]
    width = max(map(len, ("whole", *labels)))
    for label, row in zip(labels, found.nodes, strict=True):
        bar = "#" * round(40 * row.share)
        print(f"{label:<{width}}  {row.milliseconds:9.3f} ms  {row.share:6.1%}{_peak(row.peak_bytes)}  {bar}".rstrip())
    whole = f"{'whole':<{width}}  {found.milliseconds:9.3f} ms  {'':6}{_peak(found.peak_bytes)}"
    print(
        f"{whole}  forward, batch {found.batch}, on {found.device}; {found.overhead:+.3f} ms while nodes are measured"
    )
    return 0


def _peak(size: int | None) -> str:
    return f"  {size / 2**20:10.1f} MiB" if size is not None else ""


def train(args: argparse.Namespace) -> int:
    """Train a design on real data."""
    # Before torch is loaded: threads that wait for each other should not hold a core that others (the window) need.
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")
    from composer.engine.training.command import run_command

    overrides = {flag.key: getattr(args, flag.dest) for flag in training_flags.FLAGS}
    return run_command(
        args.design,
        args.out,
        device=args.device,
        resume=args.resume,
        parent_pipe=args.parent_pipe,
        overrides={key: value for key, value in overrides.items() if value is not None},
    )


def inspect(args: argparse.Namespace) -> int:
    """Look at the attention of a trained run."""
    from composer.engine.inspection.run_report import inspect_run

    for line in inspect_run(Path(args.run), Path(args.image) if args.image else None, args.sample, Path(args.out)):
        print(line)
    return 0


def screenshot(args: argparse.Namespace) -> int:
    """Draw a design to a picture."""
    from composer.cli.engine_call import infer_facts
    from composer.core.files.design_file import load
    from composer.gui.pictures import render_design

    design = load(args.design)
    render_design(design, infer_facts(design), Path(args.output), theme=args.theme)
    print(args.output)
    return 0
