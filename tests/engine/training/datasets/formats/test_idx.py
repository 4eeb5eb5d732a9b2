"""IDX files: every type of numbers, packed or not, and one sentence for what is damaged."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from composer.core.errors import UserError
from composer.engine.training.datasets.formats.idx import DTYPES, read_idx


def idx_bytes(array: np.ndarray, code: int = 0x08) -> bytes:
    """Return an array as an IDX file, written from the description of the format."""
    header = bytes([0, 0, code, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(DTYPES[code]).tobytes()


@pytest.mark.parametrize("code", DTYPES)
@pytest.mark.parametrize("packed", [False, True])
def test_numbers_of_every_type_are_read(tmp_path: Path, code: int, packed: bool) -> None:
    array = np.arange(24).reshape(2, 3, 4)
    content = idx_bytes(array, code)
    (tmp_path / "file").write_bytes(gzip.compress(content) if packed else content)
    values = read_idx(tmp_path / "file")
    assert values.shape == (2, 3, 4) and (values == array).all()
    assert values.dtype == np.dtype(DTYPES[code]).newbyteorder("=")


def test_the_bytes_are_those_of_the_published_format(tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(bytes.fromhex("00 00 08 01 00 00 00 03 07 02 01"))
    assert read_idx(tmp_path / "labels").tolist() == [7, 2, 1]
    (tmp_path / "short").write_bytes(bytes.fromhex("00 00 0b 01 00 00 00 02 ff fe 01 00"))
    assert read_idx(tmp_path / "short").tolist() == [-2, 256]


WHOLE = idx_bytes(np.zeros((3, 2, 2)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing, expected the mark of an IDX file"),
        (b"\x89PNG\r\n", "begins with 89 50 4e 47, expected"),
        (WHOLE[:10], "cut off within its header"),
        (WHOLE[:-1], "has only 11 bytes of data where its header states 12"),
        (WHOLE + b"\0", "has more bytes of data where its header states 12"),
        (gzip.compress(WHOLE, mtime=0)[:-9], "cut off: the packed file ends too early"),
        (gzip.compress(WHOLE, mtime=0)[:8] + b"\xff" * 30, "cannot be unpacked"),
        (bytes.fromhex("00000803 ffffffff ffffffff ffffffff"), "which no such file holds"),
    ],
)
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        read_idx(path)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none: cannot be read: No such file"):
        read_idx(tmp_path / "none")
