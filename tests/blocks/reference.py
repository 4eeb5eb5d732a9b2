"""Numbers that blocks are held to: those of other packages, and our own, so that no result changes unseen.

They lie in `reference/<category>.yaml`, each with the setting that it belongs to; parameters and inputs are filled by the rule of
`tests/blocks/probe.py`. An entry with a `source` is the number of an independent package, got by the same rule, and is never
rewritten. The others are our own, for the settings of the contract test:

    python -m tests.blocks.reference                    # writes what has no numbers yet, and drops settings that are gone
    python -m tests.blocks.reference SwinBlock CBAM     # writes these anew: after a change that is meant to change results
    python -m tests.blocks.reference --all              # writes all of our own anew

What another package computes with a norm in front, or in another order of axes, stands in the tests of the block, with its reason.
"""

import argparse
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import Catalog, read_catalog
from composer.engine.library import block_class
from tests.blocks.cases import Case, case, outputs_of
from tests.blocks.probe import fill, probe_input, statistics

FOLDER = Path(__file__).parent / "reference"
DIGITS = 7  # of our own numbers; they are compared to 5
HEAD = (
    "# Written by `python -m tests.blocks.reference`, but for the entries with a source; "
    "tests/blocks/reference.py says how to read them.\n"
)


def parameter_count(module: nn.Module) -> int:
    """Return the number of parameters of `module`."""
    return sum(parameter.numel() for parameter in module.parameters())


def assert_probe(
    module: nn.Module,
    shapes: Iterable[Iterable[int]],
    expected: dict,
    order: Iterable[str] | None = None,
    before: Callable[[Tensor], Tensor] | None = None,
    after: Callable[[Tensor], Tensor] | None = None,
) -> None:
    """Fill `module` and its inputs by the probe rule and compare the output's statistics with `expected`.

    `before` turns an input into the module's layout, `after` the output into that of the other implementation.
    """
    inputs = [probe_input(shape, j) for j, shape in enumerate(shapes)]
    inputs = [before(x) for x in inputs] if before else inputs
    with torch.no_grad():
        output = fill(module, order)(*inputs)
    found = statistics(after(output) if after else output)
    assert {name: found[name] for name in expected} == {
        name: pytest.approx(value, rel=1e-7, abs=1e-8) for name, value in expected.items()
    }


@dataclass(frozen=True)
class Entry:
    """One setting of a block and what must come out.

    Args:
        block: constructor arguments that differ from the defaults.
        inputs: shapes by port, None for an optional port that stays open.
        params: number of parameters.
        outputs: statistics of each output (of the first, where the numbers are another package's).
        source: package and module that gave the numbers; empty for our own.
        order: our parameters in the order of the other package, if that is another.
        layout: "channels_last" where the other package's maps are (N, H, W, C).
    """

    block: Mapping[str, Any]
    inputs: list[list[int] | None]
    params: int
    outputs: list[dict[str, Any]]
    source: str = ""
    order: str = ""
    layout: str = ""

    @property
    def setting(self) -> str:
        """What tells this entry from the others of its block."""
        return f"{dict(self.block)} {self.inputs}"

    def lines(self) -> str:
        """Its YAML, one line a field."""
        parts = {
            "source": self.source,
            "block": dict(self.block),
            "inputs": self.inputs,
            "order": self.order,
            "layout": self.layout,
        }
        shown = {name: value for name, value in parts.items() if value or name == "block"}
        shown |= {"params": self.params, "outputs": self.outputs}
        found = [f"{name}: {_inline(value)}" for name, value in shown.items()]
        return "  - " + "\n    ".join(found) + "\n"


def _inline(value: Any) -> str:
    # A plain value alone is followed by a mark for the end of the document.
    return yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False).split("\n")[0]


@functools.cache
def catalog() -> Catalog:
    """The known blocks."""
    return read_catalog()


def read(category: str) -> dict[str, list[Entry]]:
    """The entries of a category by block."""
    path = FOLDER / f"{category}.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: [Entry(**entry) for entry in entries] for name, entries in (found or {}).items()}


def run(spec: BlockSpec, entry: Entry) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """The module and outputs of an entry's setting."""
    torch.manual_seed(0)  # of what is drawn and is no parameter, such as masks
    made = {
        param.name: tuple(value) if isinstance(value := entry.block[param.name], list) else value
        for param in spec.params
        if param.name in entry.block
    }
    module = fill(block_class(spec)(**made), entry.order.split() or None)
    ports = [port for port in spec.inputs for _ in range(len(entry.inputs) if port.variadic else 1)]
    inputs = [
        None if shape is None else _input(shape, j, port.dtype)
        for j, (shape, port) in enumerate(zip(entry.inputs, ports, strict=True))
    ]
    turned = entry.layout == "channels_last"
    if turned:
        inputs = [x if x is None else x.permute(0, 3, 1, 2) for x in inputs]
    with torch.no_grad():
        outputs = outputs_of(module(*inputs))
    return module, tuple(output.permute(0, 2, 3, 1) for output in outputs) if turned else outputs


def _input(shape: list[int], j: int, dtype: str) -> Tensor:
    probe = probe_input(shape, j)
    if not dtype or getattr(torch, dtype).is_floating_point:
        return probe
    return (probe > 0).to(getattr(torch, dtype))  # an index: of a class, a token, a task


def own(made: Case) -> Entry:
    """Our own entry for a setting of the contract test."""
    given = {
        param.name: made.params[param.name]
        for param in made.spec.params
        if param.required or made.params[param.name] != param.default
    }
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    inputs = [
        None if shape is None else list(shape)
        for port, shape in zip(made.spec.inputs, made.shapes, strict=True)
        for _ in range(2 if port.variadic else 1)
    ]
    return Entry(given, inputs, 0, [])


def measured(spec: BlockSpec, entry: Entry) -> Entry:
    """The entry with its numbers."""
    module, outputs = run(spec, entry)
    found = []
    for output in outputs:
        numbers = statistics(output)
        found.append(
            {
                "shape": list(output.shape),
                **{name: float(f"{numbers[name]:.{DIGITS}g}") for name in ("mean", "std", "mean_abs")},
            }
        )
    return Entry(entry.block, entry.inputs, parameter_count(module), found)


def settings(spec: BlockSpec) -> list[Entry]:
    """The settings that a block's own numbers belong to: two, and the third where the block gives examples of its own."""
    entries = [own(case(spec, index)) for index in range(3 if spec.examples else 2)]
    return list({entry.setting: entry for entry in entries}.values())


def write(anew: Callable[[str], bool]) -> list[str]:
    """Bring the files up to date; returns which blocks got numbers."""
    changed = []
    categories: dict[str, list[BlockSpec]] = {}
    for spec in sorted(catalog(), key=lambda spec: spec.name):
        categories.setdefault(spec.category, []).append(spec)
    FOLDER.mkdir(exist_ok=True)
    for category, specs in categories.items():
        known = read(category)
        text = HEAD
        for spec in specs:
            before = known.get(spec.name, [])
            kept = {entry.setting: entry for entry in before if not entry.source}
            entries = [entry for entry in before if entry.source]
            for entry in settings(spec):
                if entry.setting not in kept or anew(spec.name):
                    entries.append(measured(spec, entry))
                    changed.append(spec.name)
                else:
                    entries.append(kept[entry.setting])
            text += f"{spec.name}:\n" + "".join(entry.lines() for entry in entries)
        (FOLDER / f"{category}.yaml").write_text(text, encoding="utf-8")
    return list(dict.fromkeys(changed))


def main() -> None:
    """Write numbers, and say of which blocks."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.blocks.reference", description="Write our own reference numbers of blocks."
    )
    parser.add_argument("blocks", nargs="*", metavar="BLOCK", help="blocks whose numbers are written anew")
    parser.add_argument("--all", action="store_true", help="write all anew")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.blocks if catalog().get(name) is None]:
        parser.error(f"no such block: {', '.join(unknown)}")
    torch.set_num_threads(1)
    changed = write(lambda name: arguments.all or name in arguments.blocks)
    print("written: " + ", ".join(changed) if changed else "nothing to write")


if __name__ == "__main__":
    main()
