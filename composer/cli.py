"""The command line: one function a command. Heavy imports stand inside the functions, so that `--help` answers at once."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from composer import __version__, paths
from composer.core.errors import UserError

PROBLEMS = 1
USAGE = 2


def gui(args: argparse.Namespace) -> int:
    """Open the window."""
    from composer.gui.app import run

    return run(args.design)


def demo(args: argparse.Namespace) -> int:
    """Walk through the whole main job in the real window and leave the results in a folder."""
    from composer.demo import run_demo

    return run_demo(Path(args.out))


def blocks(args: argparse.Namespace) -> int:
    """List the blocks."""
    from composer.core.catalog import read_catalog

    catalog = read_catalog()
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
    from composer.core.design_file import load

    rows = []
    for path in sorted(paths.TEMPLATES.glob("*.yaml")):
        design = load(path)
        rows.append({"name": path.stem, "description": design.description, "expected": dict(design.expected), "path": str(path)})
    if args.json:
        print(json.dumps(rows, indent=2))
    else:
        width = max((len(row["name"]) for row in rows), default=0)
        for row in rows:
            print(f"{row['name']:<{width}}  {row['description']}")
    return 0


def new(args: argparse.Namespace) -> int:
    """Copy a template to a file of one's own."""
    from composer.core.design_file import load, save

    target = Path(args.output)
    if target.exists() and not args.force:
        raise UserError(f"{target} exists already; choose another name or add --force to replace it")
    save(load(paths.template(args.template)), target)
    print(target)
    return 0


def check(args: argparse.Namespace) -> int:
    """Say what is wrong with a design, one line a problem."""
    from composer.core.design_file import load
    from composer.engine.infer import infer

    design = load(args.design)
    inference = infer(design)
    problems = inference.errors
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


def summary(args: argparse.Namespace) -> int:
    """Print shapes and costs."""
    from composer.core.design_file import load
    from composer.engine.infer import infer
    from composer.engine.summary import to_dict

    design = load(args.design)
    if args.layers:
        from composer.engine.layers import layer_table

        print(layer_table(design, args.batch))
        return 0
    inference = infer(design, args.batch)
    data = to_dict(inference)
    if args.json:
        print(json.dumps(data, indent=2))
    else:
        _print_summary(data, args.batch)
    return PROBLEMS if inference.errors else 0


def _print_summary(data: dict[str, Any], batch: int) -> None:
    rows = [("node", "block", "output", "params", "MACs", "activations")]

    def visit(nodes: list[dict[str, Any]], indent: str) -> None:
        for node in nodes:
            shape = " ".join("x".join(str(size) for size in port["shape"]) for port in node["outputs"]) or (node["error"] or "")
            times = f" x{node['repeat']}" if "repeat" in node else ""
            row = (indent + node["id"], node["block"] + times, shape, f"{node['params']:,}", f"{node['macs']:,}", f"{node['activation_bytes']:,} B")
            rows.append(row)
            visit(node.get("nodes", []), indent + "  ")

    visit(data["nodes"], "")
    totals = data["totals"]
    rows.append(("total", "", "", f"{totals['params']:,}", f"{totals['macs']:,}", f"{totals['activation_bytes']:,} B"))
    widths = [min(48, max(len(row[column]) for row in rows)) for column in range(6)]
    for row in rows:
        print("  ".join(cell.ljust(w) if i < 3 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))).rstrip())
    inputs = ", ".join(f"{item['id']} {'x'.join(str(size) for size in item['shape'])}" for item in data["inputs"])
    print(f"\ninputs: {inputs}; batch {batch}; 1 MAC = 1 multiply-add = 2 FLOPs ({totals['flops']:,} FLOPs)")


def export(args: argparse.Namespace) -> int:
    """Write a design as Python or YAML."""
    from composer.core.design_file import dumps, load, write_atomically

    design = load(args.design)
    if args.to == "yaml":
        text = dumps(design)
    else:
        from composer.engine.codegen import source

        text = source(design, inline=not args.package)
    if args.output == "-":
        print(text, end="")
    else:
        write_atomically(Path(args.output), lambda file: file.write(text.encode()))
        print(args.output)
    return 0


def train(args: argparse.Namespace) -> int:
    """Train a design on real data."""
    from composer.engine.train import run_command

    return run_command(
        args.design,
        data=args.data,
        epochs=args.epochs,
        out=args.out,
        device=args.device,
        resume=args.resume,
        parent_pipe=args.parent_pipe,
        batch_size=args.batch_size,
        lr=args.lr,
        seed=args.seed,
    )


def inspect(args: argparse.Namespace) -> int:
    """Look at the attention of a trained run."""
    from composer.engine.capture import inspect_run

    for line in inspect_run(Path(args.run), Path(args.image) if args.image else None, args.sample, Path(args.out)):
        print(line)
    return 0


def screenshot(args: argparse.Namespace) -> int:
    """Draw a design to a picture."""
    from composer.core.design_file import load
    from composer.gui.pictures import render_design
    from composer.oneshot import facts_of

    design = load(args.design)
    render_design(design, facts_of(design), Path(args.output), theme=args.theme)
    print(args.output)
    return 0


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="netcomposer", description="Compose vision networks: draw, see shapes and costs, train, look inside, export.")
    top.add_argument("--version", action="version", version=f"netcomposer {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")

    def command(function: Any, *arguments: tuple[tuple[str, ...], dict[str, Any]]) -> None:
        found = commands.add_parser(function.__name__, help=function.__doc__, description=function.__doc__)
        for flags, options in arguments:
            found.add_argument(*flags, **options)
        found.set_defaults(function=function)

    design = (("design",), {"metavar": "DESIGN", "help": "design file (YAML)"})
    as_json = (("--json",), {"action": "store_true", "help": "print JSON"})
    output = (("-o", "--output"), {"required": True, "metavar": "FILE", "help": "file to write"})
    command(gui, (("design",), {"metavar": "DESIGN", "nargs": "?", "help": "design file to open"}))
    command(demo, (("--out",), {"default": "demo_out", "metavar": "DIR", "help": "folder for the results"}))
    command(blocks, as_json)
    command(templates, as_json)
    command(new, (("template",), {"metavar": "TEMPLATE"}), output, (("--force",), {"action": "store_true", "help": "replace an existing file"}))
    command(check, design)
    command(
        summary,
        design,
        (("--batch",), {"type": _positive, "default": 1, "metavar": "N", "help": "batch size"}),
        as_json,
        (("--layers",), {"action": "store_true", "help": "print torchinfo's table of layers"}),
    )
    command(
        export,
        design,
        (("--to",), {"choices": ("python", "yaml"), "required": True}),
        (("-o", "--output"), {"required": True, "metavar": "FILE", "help": "file to write, - for standard output"}),
        (("--package",), {"action": "store_true", "help": "import the blocks instead of inlining them"}),
    )
    command(
        train,
        design,
        (("--data",), {"metavar": "NAME", "help": "data set; the design's own setting by default"}),
        (("--epochs",), {"type": _positive, "metavar": "N"}),
        (("--out",), {"required": True, "metavar": "RUN", "help": "folder of the run"}),
        (("--device",), {"default": "auto", "help": "auto, cpu, cuda, cuda:1, mps"}),
        (("--batch-size",), {"type": _positive, "metavar": "N"}),
        (("--lr",), {"type": float}),
        (("--seed",), {"type": int}),
        (("--resume",), {"action": "store_true", "help": "go on with a run that was stopped or killed"}),
        (("--parent-pipe",), {"action": "store_true", "help": "speak JSON lines with the process that started this one"}),
    )
    command(
        inspect,
        (("run",), {"metavar": "RUN", "help": "folder of a run"}),
        (("--image",), {"metavar": "FILE", "help": "an image of your own"}),
        (("--sample",), {"type": int, "metavar": "N", "help": "number of a validation image"}),
        (("--out",), {"required": True, "metavar": "DIR", "help": "folder for the pictures"}),
    )
    command(screenshot, design, output, (("--theme",), {"choices": ("light", "dark"), "default": "light"}))
    return top


def _positive(text: str) -> int:
    value = int(text) if text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return value


COMMANDS = ("gui", "demo", "blocks", "templates", "new", "check", "summary", "export", "train", "inspect", "screenshot")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: the words after the program's name; those of the process by default.

    Returns:
        Exit code: 0 done, 1 the design has problems, 2 the command could not be carried out.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (not words[0].startswith("-") and words[0] not in COMMANDS):
        words = ["gui", *words]  # `netcomposer my_design.yaml` opens it
    args = parser().parse_args(words)
    try:
        return int(args.function(args))
    except UserError as error:
        print(f"netcomposer: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:  # `netcomposer blocks | head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
