"""Reference numbers of blocks, from other packages and our own, so that no result changes unnoticed.

They are in `reference/<category>.yaml`, each with its setting; parameters and inputs are filled by the rule of
`tests/blocks/probe.py`. An entry with a `source` has the numbers of an independent package, computed by the same rule,
and is never rewritten. The others are our own, for the settings of the contract test:

    python -m tests.blocks.reference                    # adds missing numbers and removes those of removed settings
    python -m tests.blocks.reference SwinBlock CBAM     # rewrites these, after an intended change of results
    python -m tests.blocks.reference --all              # rewrites all of our own

Comparisons that need a norm in front or another order of axes are in the tests of the block, with the reason.
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
DIGITS = 7  # of our own numbers, which are compared to 5
HEAD = (
    "# Written by `python -m tests.blocks.reference`, but for the entries with a source; "
    "tests/blocks/reference.py explains them.\n"
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
    measured = statistics(after(output) if after else output)
    assert {name: measured[name] for name in expected} == {
        name: pytest.approx(value, rel=1e-7, abs=1e-8) for name, value in expected.items()
    }


@dataclass(frozen=True)
class Entry:
    """One setting of a block with its expected results.

    Args:
        block: constructor arguments that differ from the defaults.
        inputs: shapes by port, None for an optional port that stays open.
        params: number of parameters.
        outputs: statistics of each output (of the first, where the numbers are another package's).
        source: package and module that computed the numbers; empty for our own.
        order: our parameters in the order of the other package, if it differs.
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
        """The settings that distinguish this entry from others of its block."""
        return f"{dict(self.block)} {self.inputs}"

    def lines(self) -> str:
        """The entry as YAML, one line per field."""
        parts = {
            "source": self.source,
            "block": dict(self.block),
            "inputs": self.inputs,
            "order": self.order,
            "layout": self.layout,
        }
        shown = {name: value for name, value in parts.items() if value or name == "block"}
        shown |= {"params": self.params, "outputs": self.outputs}
        fields = [f"{name}: {_inline(value)}" for name, value in shown.items()]
        return "  - " + "\n    ".join(fields) + "\n"


def _inline(value: Any) -> str:
    # safe_dump appends an end-of-document mark to a plain value.
    return yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False).split("\n")[0]


@functools.cache
def catalog() -> Catalog:
    """Return the catalog of blocks."""
    return read_catalog()


def read(category: str) -> dict[str, list[Entry]]:
    """Return the entries of a category by block."""
    path = FOLDER / f"{category}.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: [Entry(**entry) for entry in entries] for name, entries in (document or {}).items()}


def run(spec: BlockSpec, entry: Entry) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """Return the module and the outputs of an entry's setting."""
    torch.manual_seed(0)  # for random state that is not a parameter, such as masks
    arguments = {
        param.name: tuple(value) if isinstance(value := entry.block[param.name], list) else value
        for param in spec.params
        if param.name in entry.block
    }
    module = fill(block_class(spec)(**arguments), entry.order.split() or None)
    ports = [port for port in spec.inputs for _ in range(len(entry.inputs) if port.variadic else 1)]
    # Optional ports that an entry does not list stay open.
    shapes = [*entry.inputs, *[None for port in ports[len(entry.inputs) :] if port.optional]]
    inputs = [
        None if shape is None else _input(shape, j, port.dtype)
        for j, (shape, port) in enumerate(zip(shapes, ports, strict=True))
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


def own(setting: Case) -> Entry:
    """Return our own entry for a setting of the contract test, without numbers."""
    arguments = {
        param.name: setting.params[param.name]
        for param in setting.spec.params
        if param.required or setting.params[param.name] != param.default
    }
    arguments = {name: list(value) if isinstance(value, tuple) else value for name, value in arguments.items()}
    inputs = [
        None if shape is None else list(shape)
        for port, shape in zip(setting.spec.inputs, setting.shapes, strict=True)
        for _ in range(2 if port.variadic else 1)
    ]
    return Entry(arguments, inputs, 0, [])


def measured(spec: BlockSpec, entry: Entry) -> Entry:
    """Return the entry with its numbers."""
    module, outputs = run(spec, entry)
    numbers = []
    for output in outputs:
        exact = statistics(output)
        rounded = {name: float(f"{exact[name]:.{DIGITS}g}") for name in ("mean", "std", "mean_abs")}
        numbers.append({"shape": list(output.shape), **rounded})
    return Entry(entry.block, entry.inputs, parameter_count(module), numbers)


def settings(spec: BlockSpec) -> list[Entry]:
    """Return the settings of our own numbers: two, and a third where the block declares examples."""
    entries = [own(case(spec, index)) for index in range(3 if spec.examples else 2)]
    return list({entry.setting: entry for entry in entries}.values())


def write(is_renewed: Callable[[str], bool]) -> list[str]:
    """Update the files; returns the blocks that got new numbers."""
    changed = []
    categories: dict[str, list[BlockSpec]] = {}
    for spec in sorted(catalog(), key=lambda spec: spec.name):
        categories.setdefault(spec.category, []).append(spec)
    FOLDER.mkdir(exist_ok=True)
    for category, specs in categories.items():
        stored = read(category)
        text = HEAD
        for spec in specs:
            before = stored.get(spec.name, [])
            own_entries = {entry.setting: entry for entry in before if not entry.source}
            entries = [entry for entry in before if entry.source]
            for entry in settings(spec):
                if entry.setting not in own_entries or is_renewed(spec.name):
                    entries.append(measured(spec, entry))
                    changed.append(spec.name)
                else:
                    entries.append(own_entries[entry.setting])
            text += f"{spec.name}:\n" + "".join(entry.lines() for entry in entries)
        (FOLDER / f"{category}.yaml").write_text(text, encoding="utf-8")
    return list(dict.fromkeys(changed))


def main() -> None:
    """Write the numbers and print the blocks that got new ones."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.blocks.reference", description="Write our own reference numbers of blocks."
    )
    parser.add_argument("blocks", nargs="*", metavar="BLOCK", help="blocks whose numbers are rewritten")
    parser.add_argument("--all", action="store_true", help="rewrite all")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.blocks if catalog().get(name) is None]:
        parser.error(f"no such block: {', '.join(unknown)}")
    torch.set_num_threads(1)
    changed = write(lambda name: arguments.all or name in arguments.blocks)
    print("written: " + ", ".join(changed) if changed else "nothing to write")


if __name__ == "__main__":
    main()
