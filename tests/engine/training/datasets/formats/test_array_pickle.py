"""Pickles of arrays are read, and nothing that a hostile one names is ever executed."""

import os
import pickle
import pickletools
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from composer.core.errors import UserError
from composer.engine.training.datasets.formats.array_pickle import read_array_pickle

VALUES: dict[str, Any] = {
    "data": np.arange(12, dtype=np.uint8).reshape(3, 4),
    "big": np.arange(6, dtype=">i4").reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "scalar": np.float64(2.5),
    "labels": [3, 1, 2],
    "names": ["cat", b"dog"],
    "flag": True,
    "changeable": np.zeros(3, np.uint8),
    "nothing": None,
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_python_writes_is_read(protocol: int) -> None:
    values = read_array_pickle(pickle.dumps(VALUES, protocol), "file")
    for name, expected in VALUES.items():
        if isinstance(expected, np.ndarray):
            assert values[name].dtype == expected.dtype.newbyteorder("=")
            assert (values[name] == expected).all(), name
        else:
            assert values[name] == expected, name


def test_a_pickle_of_python_2_is_read() -> None:
    # Written by hand as Python 2 did: texts are bytes, the array's module is numpy.core.multiarray.
    content = (
        b"\x80\x02}q\x00(U\x04dataq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85q\x04"
        b"U\x01b\x87Rq\x05(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff"
        b"\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x06\x01\x02\x03\x04\x05\xfftbU\x06labels]q\x08(K\x06K\x09eu."
    )
    assert list(pickletools.genops(content))[-1][0].name == "STOP"
    values = read_array_pickle(content, "file")
    assert values[b"data"].tolist() == [[1, 2, 3], [4, 5, 255]]
    assert values[b"labels"] == [6, 9]


class Hostile:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch {file}",)),
        (eval, ("open({file!r}, 'w')",)),
        (subprocess.call, (["touch", "{file}"],)),
        (open, ("{file}", "w")),
        (np.save, ("{file}", np.zeros(3))),
        (getattr, (np.ndarray, "tofile")),
        (np.ndarray.tofile, (np.zeros(3), "{file}")),
    ],
)
def test_nothing_is_executed(tmp_path: Path, function: Any, arguments: Any, protocol: int) -> None:
    file = tmp_path / "executed"

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return value.format(file=str(file))
        return [fill(part) for part in value] if isinstance(value, list) else value

    content = pickle.dumps({"data": Hostile(function, *map(fill, arguments))}, protocol)
    # The threat is real: an ordinary unpickler runs it.
    if function is os.system:
        pickle.loads(content)
        assert file.exists()
        file.unlink()
    with pytest.raises(UserError, match=r"file: names .* which could run a program; only numpy arrays"):
        read_array_pickle(content, "file")
    assert not file.exists()


LONG_ARRAY = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
    b"(K\x01J\xff\xff\xff\x7f\x85cnumpy\ndtype\n(U\x02f8tR\x89U\x02abtb."
)
NAMES = b"cnumpy\nndarray\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as a pickle of arrays"),
        (b"no pickle", "cannot be read as a pickle of arrays"),
        (pickle.dumps(VALUES)[:-20], "cannot be read as a pickle of arrays"),
        (pickle.dumps(np.array([print, {}], dtype=object)), "names builtins.print"),
        (pickle.dumps(np.array([{}, []], dtype=object)), "expected numbers|without numbers"),
        (pickle.dumps({1, 2}), r"holds a set, expected numpy arrays|names builtins.set"),
        (pickle.dumps([[[[[[1]]]]]]), "nested too deeply"),
        # Attributes of what a name resolves to are not replaced.
        (b"c_codecs\nencode\n(N}U\x0b__defaults__(K\x01tstb.", "changes a function|cannot be read"),
        (NAMES + b".", "holds a Name"),
        (b"Pid\n.", "refers to other files"),
        # An array that states more than it has.
        (
            LONG_ARRAY,
            "an array of shape .* with 2 bytes",
        ),
    ],
)
def test_what_is_no_array_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_array_pickle(content, "file")


def test_shared_values_cost_no_more_than_the_file() -> None:
    shared: Any = list(range(2000))
    for _ in range(3):  # 2,000 ** 4 numbers if each were built on its own
        shared = [shared] * 2000
    assert len(read_array_pickle(pickle.dumps(shared), "file")) == 2000
