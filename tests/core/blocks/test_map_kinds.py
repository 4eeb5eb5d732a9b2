"""Kinds of map: read from source text; a broken kind and an unknown kind are messages, not tracebacks."""

from pathlib import Path

import pytest

from composer.core.blocks.block_file import read_block
from composer.core.blocks.catalog import read_catalog
from composer.core.blocks.map_kinds import map_kinds
from composer.core.errors import UserError
from composer.paths import BLOCKS

KIND = """
@map_kind({})
def draw(captured, index):
    pass
"""


def test_every_kind_has_words_of_its_own() -> None:
    kinds = map_kinds()
    assert {"token_pairs", "windows", "channel", "segment"} <= set(kinds)
    assert len({kind.words for kind in kinds.values()}) == len(kinds)


def test_the_kinds_of_the_library_exist() -> None:
    catalog = read_catalog([])
    used = {kind for spec in catalog for kind in spec.maps.values()}
    assert len(used) > 5 and used <= set(map_kinds()) and not catalog.broken


def test_a_kind_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "units.py").write_text(KIND.format('words="gate of each unit", values="gate", shape="n units ..."'))
    kind = map_kinds(tmp_path)["units"]
    assert (kind.name, kind.words, kind.attribute) == ("units", "gate of each unit", "draw")
    assert [kind.fits(dims) for dims in (1, 2, 3)] == [False, True, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('words="a", values="colour", shape="n c"', "values is 'colour', expected one of: weights, signed"),
        ('words="a", values="gate", shape="n c", layout="rows"', "layout is 'rows', expected one of: tokens, windows"),
        ('words="a", shape="n c"', "values is None, expected one of"),
        ('values="gate", shape="n c"', "@map_kind has no words"),
        ('words="a", values="gate"', "@map_kind has no shape"),
        ('words=3, values="gate", shape="n c"', "expected a text"),
    ],
)
def test_a_broken_kind_is_one_message(arguments: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "units.py").write_text(KIND.format(arguments))
    with pytest.raises(UserError, match=r"^map kind units\.py") as error:
        map_kinds(tmp_path)
    assert message in str(error.value)


def test_a_block_with_an_unknown_kind_is_one_broken_entry(tmp_path: Path) -> None:
    folder = tmp_path / "custom" / "gates"
    folder.mkdir(parents=True)
    source = (BLOCKS / "channel_attention" / "eca.py").read_text()
    assert "channel" in read_block(BLOCKS / "channel_attention" / "eca.py").maps.values()
    (folder / "eca.py").write_text(source.replace('"gate": "channel"', '"gate": "chanel"'))
    catalog = read_catalog([tmp_path / "custom"])
    assert list(catalog.broken) == [folder / "eca.py"]
    assert catalog.broken[folder / "eca.py"].startswith("eca.py: map kind 'chanel' is unknown; choose one of: branch,")
