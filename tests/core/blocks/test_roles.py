"""Roles: what a block file may declare, what the catalog answers, and that no file of the app names a block."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from composer import paths
from composer.core.blocks.block_file import BlockSpec, read_block
from composer.core.blocks.catalog import read_catalog
from composer.core.blocks.roles import parse_conversions
from composer.core.errors import UserError

CATALOG = read_catalog()
SOURCE = """
@block(shape="{shape}", {declared})
class Made(nn.Module):
    def __init__(self, rate: float = 0.5, multiple: int = 2) -> None: ...
    def forward(self, {inputs}): ...
"""


def read(folder: Path, declared: str, *, shape: str = "b c h w -> b c h w", inputs: str = "x") -> BlockSpec:
    """Read a block file with some declarations."""
    file = folder / "made.py"
    file.write_text(SOURCE.format(shape=shape, declared=declared, inputs=inputs), encoding="utf-8")
    return read_block(file)


def test_declarations_are_read(tmp_path: Path) -> None:
    spec = read(tmp_path, 'role="pad", converts="map -> tokens", windows=("side", "shift"), heads="n", rates=("rate",)')
    assert (spec.role, spec.converts, spec.windows) == ("pad", (("map", "tokens"),), ("side", "shift"))
    assert (spec.heads, spec.rates, spec.sign) == ("n", ("rate",), "")
    assert read(tmp_path, 'role="merge", sign="&"', inputs="*inputs").sign == "&"


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ('role="merges"', "made.py: role 'merges' is unknown; choose one of: merge, "),
        ('role="merge", sign="+"', "made.py: a merge needs an input that takes any number of wires"),
        ('role="merge"', "a merge needs a sign"),
        ('sign="+"', "only a merge has one"),
        ('role="upsample"', "made.py: role 'upsample' needs a parameter 'scale_factor'"),
        ("no_decay=(3,)", "made.py: no_decay is (3,), expected names of parameters"),
        ('rates=("speed",)', "made.py: rates names 'speed', which is not a parameter of Made"),
        (
            'converts="map -> words"',
            "made.py: converts='map -> words': 'map -> words' is not two of map, tokens, vector",
        ),
        ('converts="map"', "'map' is not two of"),
        ('converts="map -> map"', "'map -> map' is not two of"),
        ("role=1", "expected a text"),
    ],
)
def test_a_declaration_that_cannot_hold_is_refused(tmp_path: Path, declared: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        read(tmp_path, declared)
    assert message in str(error.value)


def test_conversions_are_pairs_of_layouts() -> None:
    assert parse_conversions("") == ()
    assert parse_conversions("map->tokens ,  tokens -> vector") == (("map", "tokens"), ("tokens", "vector"))


def test_the_catalog_lists_blocks_by_role_and_conversion(tmp_path: Path) -> None:
    assert {spec.name: spec.sign for spec in CATALOG.with_role("merge")} == {
        "Add": "+",
        "Concat": "C",
        "Multiply": "×",
        "WeightedSum": "Σ",
    }
    assert [spec.name for spec in CATALOG.converters("map", "tokens")] == ["MapToTokens", "PatchEmbed"]
    assert [spec.name for spec in CATALOG.converters("map", "vector")] == ["GlobalAvgPool", "Flatten"]
    read(tmp_path, 'converts="map -> tokens", role="pad"')
    own = read_catalog([tmp_path])
    assert [spec.name for spec in own.converters("map", "tokens")][-1] in {"Made", "PatchEmbed"}
    assert [spec.name for spec in own.with_role("pad")] == ["Pad2d", "Made"]


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yield the string literals of a module except annotations, where a quoted name is a type."""
    annotations = set()
    for node in ast.walk(tree):
        hints = [getattr(node, name, None) for name in ("annotation", "returns")]
        annotations.update(id(part) for hint in hints if isinstance(hint, ast.AST) for part in ast.walk(hint))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in annotations:
            yield node


@pytest.mark.parametrize("folder", ["core", "engine", "gui", "cli"])
def test_no_block_is_named_in_the_app(folder: str) -> None:
    names = {spec.name for spec in CATALOG}
    assert "MapToTokens" in names
    files = sorted((paths.PACKAGE / folder).rglob("*.py"))
    assert files
    assert [
        f"{file.relative_to(paths.ROOT)}:{literal.lineno}: {literal.value}"
        for file in files
        for literal in strings(ast.parse(file.read_text(encoding="utf-8")))
        if literal.value in names
    ] == []
