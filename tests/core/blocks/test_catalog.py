"""The catalog: read from source text alone; whatever a file holds, the others stay usable."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from composer.core.blocks.block_file import read_block
from composer.core.blocks.catalog import read_catalog
from composer.core.declarations import MAX_SOURCE_BYTES
from composer.core.errors import UserError
from tests.patience import seconds

GOOD = '''"""A block of one's own.

Paper and all.
"""

from typing import Annotated, Literal

import nowhere_to_be_found
from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w, b n dim -> b c h w",
    maps={"gate": "channel"},
    tags=("own",),
    aliases={"in_channels": "c"},
    dtypes={"context": "int64"},
)
class Mine(nn.Module):
    """Does `this` and ``that``.

    Args:
        in_channels: number of channels,
            on two lines.
        dim: token width.
        heads (int): number of `heads`.
        act: activation.
        size: sizes.
        drop: rate.
        name: a text.
    """

    def __init__(
        self,
        in_channels: int,
        dim: int,
        heads: Annotated[int, (1, 64)] = 4,
        act: Literal["relu", "gelu"] = "relu",
        size: tuple[int, int] | None = None,
        *,
        drop: Annotated[float, (0, 1)] | None = None,
        name: str = "a",
    ) -> None:
        raise RuntimeError("never run")

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Do it."""
'''


def own(folder: Path, text: str, name: str = "mine.py", category: str = "conv") -> Path:
    path = folder / category / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_block_is_read(tmp_path: Path) -> None:
    spec = read_block(own(tmp_path, GOOD))
    assert (spec.name, spec.category, spec.summary) == ("Mine", "conv", "Does this and that.")
    assert spec.doc.startswith("A block of one's own.")
    assert dict(spec.maps) == {"gate": "channel"} and spec.tags == ("own",)
    by_name = {param.name: param for param in spec.params}
    assert list(by_name) == ["in_channels", "dim", "heads", "act", "size", "drop", "name"]
    assert (
        by_name["in_channels"].axis == "c"
        and by_name["in_channels"].required
        and by_name["in_channels"].help == "number of channels, on two lines."
    )
    assert by_name["dim"].axis == "dim" and by_name["dim"].inferred
    assert (
        by_name["heads"].range == (1, 64)
        and by_name["heads"].default == 4
        and by_name["heads"].help == "number of heads."
    )
    assert by_name["act"].type == "choice" and by_name["act"].choices == ("relu", "gelu")
    assert by_name["size"].type == "tuple" and by_name["size"].items == ("int", 2) and by_name["size"].optional
    assert by_name["drop"].type == "float" and by_name["drop"].optional and by_name["drop"].range == (0, 1)
    assert [(port.name, port.optional, port.dtype) for port in spec.inputs] == [
        ("x", False, None),
        ("context", True, "int64"),
    ]
    assert [port.name for port in spec.outputs] == ["out"]
    assert spec.shapes.predict({"b": 2, "c": 3, "h": 4, "w": 5}, {}) == [(2, 3, 4, 5)]


def swap(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


BROKEN = {
    "syntax": ("class Mine(:\n", "mine.py, line 1: invalid syntax"),
    "no block": ("x = 1\n", "holds 0 classes marked by @block"),
    "two blocks": (GOOD + GOOD.split("from blocks.spec import block")[1], "holds 2 classes marked by @block"),
    "not a literal": (swap('tags=("own",)', "tags=(OWN,)"), "@block(tags=...) must be a literal"),
    "a call": (swap('tags=("own",)', "tags=tuple('a')"), "@block(tags=...) must be a literal"),
    "no shape": (swap('    shape="b c h w, b n dim -> b c h w",\n', ""), "@block has no shape"),
    "shape is no text": (swap('shape="b c h w, b n dim -> b c h w"', "shape=3"), "shape"),
    "no arrow": (swap("-> b c h w", "to b c h w"), "needs one arrow"),
    "bad axis": (swap("-> b c h w", "-> b c h+ w"), "'h+' is neither a name nor arithmetic"),
    "two ellipses": (swap("-> b c h w", "-> b ... ..."), "two ellipses"),
    "too few ports": (swap(", context: Tensor | None = None", ""), "forward has 1 tensor inputs"),
    "no forward": (swap("def forward", "def backward"), "class Mine has no forward"),
    "outputs without names": (swap("-> b c h w", "-> b c h w, b n"), "2 outputs need as many names"),
    "no annotation": (swap("dim: int,", "dim,"), "line 38: parameter dim has no annotation"),
    "unknown annotation": (swap("dim: int,", "dim: complex,"), "annotation complex is not one of"),
    "unknown name": (
        swap("heads: Annotated[int, (1, 64)]", "heads: Annotated[int, (1, LIMIT)]"),
        "annotation Annotated[int, (1, LIMIT)]",
    ),
    "one limit": (swap("(1, 64)", "(1,)"), "annotation Annotated[int, (1,)]"),
    "choice by name": (swap('Literal["relu", "gelu"]', "Literal[RELU]"), "annotation Literal[RELU]"),
    "empty tuple": (swap("tuple[int, int]", "tuple[()]"), "annotation tuple[()]"),
    "tuple of anything": (swap("tuple[int, int]", "tuple[list, int]"), "annotation tuple[list, int]"),
    "default by name": (swap("= 4", "= HEADS"), "parameter heads has a default that is not a literal"),
    "no default": (
        swap("heads: Annotated[int, (1, 64)] = 4", "heads: int").replace('= "relu"', ""),
        "has no default and is not an axis",
    ),
    "aliases are none": (swap('aliases={"in_channels": "c"}', "aliases=None"), "parameter in_channels has no default"),
    "aliases are a list": (swap('aliases={"in_channels": "c"}', "aliases=[1]"), "aliases"),
    "examples are a number": (swap('tags=("own",)', "examples=3"), "examples"),
    "maps are a list": (swap('maps={"gate": "channel"}', "maps=[1]"), "maps"),
    "unknown argument": (swap('tags=("own",)', "colour=3"), "@block(colour=...)"),
    "stars": (swap('tags=("own",)', "**{'tags': 3}"), "@block"),
    "nul": (GOOD + "\x00", "null bytes"),
    "deep": ("x = " + "(" * 5000, "mine.py"),
    "deep sums": ("x = " + "+".join("1" * 30_000), "mine.py"),
    "deep minus": ("x = " + "-" * 90_000 + "1", "mine.py"),
    "large": ("#" * (MAX_SOURCE_BYTES + 1), "larger than 200 kB"),
}


@pytest.mark.parametrize(("text", "words"), list(BROKEN.values()), ids=list(BROKEN))
def test_a_broken_file_is_one_entry_and_the_others_stay(tmp_path: Path, text: str, words: str) -> None:
    path = own(tmp_path, text)
    catalog = read_catalog([tmp_path])
    assert "Conv2d" in catalog and "Mine" not in catalog
    assert words in catalog.broken[path], catalog.broken[path]
    assert catalog.broken[path].startswith("mine.py") and "\n" not in catalog.broken[path]
    with pytest.raises(UserError):
        read_block(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", bytes(range(256)) * 10, b""])
def test_bytes_that_are_no_text(tmp_path: Path, content: bytes) -> None:
    path = own(tmp_path, "")
    path.write_bytes(content)
    assert path in read_catalog([tmp_path]).broken


def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "conv").mkdir()
    path = tmp_path / "conv" / "mine.py"
    path.symlink_to(tmp_path / "nowhere.py")
    assert "cannot be read" in read_catalog([tmp_path]).broken[path]


def test_a_name_is_given_once(tmp_path: Path) -> None:
    path = own(tmp_path, GOOD.replace("class Mine", "class Conv2d"))
    catalog = read_catalog([tmp_path])
    assert catalog["Conv2d"].path != path
    assert "Conv2d is already defined in conv2d.py" in catalog.broken[path]


def test_helpers_are_no_blocks(tmp_path: Path) -> None:
    own(tmp_path, "x = 1\n", "_helper.py")
    own(tmp_path, "x = 1\n", "helper.py", "_shared")
    assert not read_catalog([tmp_path]).broken


def test_reading_runs_nothing_and_needs_no_torch(tmp_path: Path) -> None:
    own(tmp_path, GOOD + f"\nopen({str(tmp_path / 'ran')!r}, 'w')\n")
    code = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from composer.core.blocks.catalog import read_catalog
        catalog = read_catalog([Path({str(tmp_path)!r})])
        assert "Mine" in catalog and not catalog.broken, catalog.broken
        assert not {{"torch", "numpy", "blocks", "PySide6"}} & set(sys.modules)
    """)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=seconds(60), check=False
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()


def test_categories_come_in_the_order_of_the_house() -> None:
    names = list(read_catalog().categories())
    assert names[:3] == ["stems", "conv", "channel_attention"] and names[-2:] == ["basic", "head"]


def test_a_block_by_name_costs_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(
        "composer.core.blocks.catalog.read_block", lambda path: read.append(path.name) or read_block(path)
    )
    catalog = read_catalog()
    assert catalog.get("SwinBlock") is not None and "MBConv" in catalog
    assert read == ["swin_block.py", "mbconv.py"]
    assert len(catalog) == len(read) > 100


def test_files_of_the_library_are_named_after_their_blocks() -> None:
    assert [spec.name for spec in read_catalog() if spec.path.stem.replace("_", "") != spec.name.lower()] == []


def test_an_unknown_name_is_no_block() -> None:
    catalog = read_catalog()
    assert catalog.get("Swin_Block") is None and "swinblock" not in catalog and 3 not in catalog
    with pytest.raises(KeyError):
        catalog["Unheard"]
