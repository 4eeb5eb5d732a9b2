"""Every block against its reference numbers, from independent packages and our own."""

import pytest

from composer.core.blocks.block_file import BlockSpec
from tests.blocks.probe import statistics
from tests.blocks.reference import FOLDER, Entry, catalog, parameter_count, read, run, settings

SPECS = sorted(catalog(), key=lambda spec: (spec.category, spec.name))
ENTRIES = {
    name: entries
    for category in dict.fromkeys(spec.category for spec in SPECS)
    for name, entries in read(category).items()
}
REWRITE = "python -m tests.blocks.reference"


def label(value: object) -> str:
    return value.name if isinstance(value, BlockSpec) else getattr(value, "source", "")


@pytest.mark.parametrize(
    ("spec", "entry"), [(spec, entry) for spec in SPECS for entry in ENTRIES.get(spec.name, [])], ids=label
)
def test_numbers(spec: BlockSpec, entry: Entry) -> None:
    module, outputs = run(spec, entry)
    assert parameter_count(module) == entry.params
    # Our own may vary with the CPU and the torch version; another package's must agree to its digits.
    relative, absolute = (1e-7, 1e-8) if entry.source else (1e-5, 1e-7)
    for output, expected in zip(outputs, entry.outputs, strict=not entry.source):
        measured = {"shape": list(output.shape), **statistics(output)}
        assert {name: measured[name] for name in expected} == {
            name: value if name == "shape" else pytest.approx(value, rel=relative, abs=absolute)
            for name, value in expected.items()
        }, f"if this change is intended: {REWRITE} {spec.name}"


def test_every_block_has_numbers_for_its_settings() -> None:
    for spec in SPECS:
        stored = {entry.setting for entry in ENTRIES.get(spec.name, []) if not entry.source}
        assert stored == {entry.setting for entry in settings(spec)}, f"{spec.name}: run {REWRITE}"
    assert {path.stem for path in FOLDER.iterdir()} == {spec.category for spec in SPECS}
    assert set(ENTRIES) == {spec.name for spec in SPECS}
