"""Pickles that hold numbers only: nothing of a file is ever executed.

A pickle is a program that may name any function of any module. This reader answers the few names that arrays of numbers
need with classes of its own, which only record their arguments, and refuses every other name. Arrays are then built
from the recorded type, shape and bytes.
"""

import io
import math
import pickle
from collections.abc import Callable
from typing import Any, Never

import numpy as np

from composer.core.errors import UserError

ACCEPTED = "numpy arrays of numbers, lists, dicts, texts, bytes and numbers"
# Kinds of numpy's types that hold plain numbers: bool, signed, unsigned, floating point, bytes and texts.
PLAIN_KINDS = "biufSU"
MAX_DEPTH = 4


def read_array_pickle(content: bytes, name: str) -> Any:
    """Return the content of a pickle of numbers, arrays as numpy arrays; texts of Python 2 are bytes.

    Args:
        content: the bytes of the file.
        name: name of the file, for messages.

    Raises:
        UserError: if it is damaged or holds anything else.
    """
    try:
        return _plain(_ArrayUnpickler(io.BytesIO(content), name).load(), {}, 0)
    except UserError:
        raise
    except MemoryError:
        raise UserError(f"{name}: states more data than fits in memory; copy it again") from None
    except Exception as error:  # noqa: BLE001 - a damaged pickle raises errors of every type
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{name}: cannot be read as a pickle of arrays ({reason:.120}); copy it again") from None


class _Recorded:
    """An object of a pickle as recorded: its arguments, and its state if it has one."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: Any) -> None:
        self.state = tuple(state)


class _DType(_Recorded):
    """A type of numbers: numpy.dtype('u1', False, True), with its byte order in the state."""

    def build(self) -> "np.dtype[Any]":
        dtype = np.dtype(_text(self.arguments[0]))
        if dtype.kind not in PLAIN_KINDS or dtype.names or dtype.subdtype:
            raise ValueError(f"arrays of {dtype} are not accepted, expected numbers")
        order = _text(self.state[1]) if len(self.state) > 1 else "="
        return dtype.newbyteorder(">") if order == ">" else dtype


class _Array(_Recorded):
    """An array as numpy.ndarray.__reduce__ writes it: version, shape, type, order and bytes in the state."""

    def build(self) -> Any:
        _, shape, dtype, fortran, content = self.state
        return _from_bytes(content, dtype, shape, "F" if fortran else "C")


class _Buffer(_Recorded):
    """An array as pickle protocol 5 writes it: numpy._core.numeric._frombuffer(bytes, type, shape, order)."""

    def build(self) -> Any:
        content, dtype, shape, order = self.arguments
        return _from_bytes(content, dtype, shape, "F" if _text(order) == "F" else "C")


class _Scalar(_Recorded):
    """One number: numpy.core.multiarray.scalar(type, bytes)."""

    def build(self) -> Any:
        dtype, content = self.arguments
        return _from_bytes(content, dtype, (), "C").item()


def _encode(text: str, encoding: str) -> bytes:
    """Return bytes that Python 3 wrote for Python 2, as a text of Latin-1."""
    if encoding not in ("latin1", "latin-1"):
        raise ValueError(f"bytes in the encoding {encoding!r:.40}, expected latin1")
    return text.encode("latin-1")


class _Name:
    """What a name of a pickle resolves to: it can be called, and nothing about it can be changed.

    Args:
        record: records a call.
    """

    __slots__ = ("record",)

    def __init__(self, record: Callable[..., Any]) -> None:
        self.record = record

    def __call__(self, *arguments: Any) -> Any:
        return self.record(*arguments)

    def __setstate__(self, state: Any) -> Never:
        raise ValueError("it changes a function")


_NAMES: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _Recorded,  # only ever an argument of _reconstruct
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _encode,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _Scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _Buffer for core in ("core", "_core")},
}


class _ArrayUnpickler(pickle._Unpickler):
    """An unpickler that resolves no name but those of arrays.

    It is the one in Python: the one in C loses track of its memory in some damaged files.
    """

    def __init__(self, file: io.BytesIO, name: str) -> None:
        super().__init__(file, encoding="bytes")
        self.name = name

    def find_class(self, module: str, name: str) -> Any:
        recorder = _NAMES.get((module, name))
        if recorder is None:
            raise UserError(
                f"{self.name}: names {module}.{name}, which could run a program; only {ACCEPTED} are accepted"
            )
        return _Name(recorder)

    def persistent_load(self, pid: Any) -> Never:
        raise ValueError("it refers to other files")


def _from_bytes(content: Any, dtype: Any, shape: Any, order: str) -> Any:
    """Build an array; its bytes have to be those of its shape."""
    if not isinstance(dtype, _DType) or not isinstance(content, bytes | bytearray | str):
        raise ValueError("an array without numbers")
    numbers = dtype.build()
    sizes = tuple(int(size) for size in shape)
    data = content.encode("latin-1") if isinstance(content, str) else bytes(content)
    if min(sizes, default=0) < 0 or math.prod(sizes) * numbers.itemsize != len(data):
        raise ValueError(f"an array of shape {sizes} with {len(data):,} bytes")
    array = np.frombuffer(data, numbers).astype(numbers.newbyteorder("="))
    return array.reshape(sizes, order="F" if order == "F" else "C")


def _plain(value: Any, built: dict[int, Any], depth: int) -> Any:
    """Return a value with its arrays built; nesting beyond that of data files is refused.

    Args:
        value: what was read.
        built: results by the identity of what was read, so that a value that occurs often is built once.
        depth: how many lists and dicts it is in.
    """
    if depth > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    if value is None or isinstance(value, int | float | str | bytes):
        return value
    if id(value) not in built:
        built[id(value)] = _build(value, built, depth)
    return built[id(value)]


def _build(value: Any, built: dict[int, Any], depth: int) -> Any:
    """Build a value that is not a plain text or number."""
    match value:
        case _Array() | _Buffer() | _Scalar():
            return value.build()
        case dict():
            return {_plain(key, built, depth + 1): _plain(item, built, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, built, depth + 1) for item in value]
    raise ValueError(f"it holds a {type(value).__name__.strip('_')}, expected {ACCEPTED}")


def _text(value: Any) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)
