"""IDX files, the format of MNIST and its relatives: a header with the type and the sizes, then big-endian numbers.

Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.
"""

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.core.errors import UserError

# Third byte of the file -> type of the numbers.
DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_BYTES = 2**33  # of one file, unpacked; the largest of the family, EMNIST ByClass, has 550 MB
GZIP = b"\x1f\x8b"


def read_idx(path: Path) -> NDArray[Any]:
    """Read an IDX file, packed by gzip or not.

    Returns:
        Its numbers in the byte order of this machine.

    Raises:
        UserError: if it cannot be read, is no IDX file, or holds fewer or more numbers than its header states.
    """
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == GZIP
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            dtype, shape = _read_header(path, file.read(4), file)
            expected = math.prod(shape) * dtype.itemsize
            if expected > MAX_BYTES:
                raise UserError(f"{path}: its header states {_sizes(shape)} numbers, which no such file holds")
            content = file.read(expected + 1)
    except EOFError:
        raise UserError(f"{path}: is cut off: the packed file ends too early; copy it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path}: cannot be unpacked ({error}); copy it again") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) != expected:
        amount = f"only {len(content):,}" if len(content) < expected else "more"
        raise UserError(f"{path}: has {amount} bytes of data where its header states {expected:,}; copy it again")
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _read_header(path: Path, magic: bytes, file: Any) -> tuple["np.dtype[Any]", tuple[int, ...]]:
    """Return the type and the sizes that the header states."""
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES or magic[3] == 0:
        raise UserError(
            f"{path}: begins with {magic.hex(' ') or 'nothing'}, expected the mark of an IDX file such as 00 00 08 03"
        )
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise UserError(f"{path}: is cut off within its header; copy it again")
    return np.dtype(DTYPES[magic[2]]), tuple(int(size) for size in np.frombuffer(sizes, ">u4"))


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{size:,}" for size in shape)
