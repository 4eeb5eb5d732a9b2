"""Files of tensors: damaged ones and foreign ones are refused in one sentence, without the library's warnings."""

import pickle
import warnings
import zipfile
from pathlib import Path

import pytest
import torch

from composer.core.errors import UserError
from composer.engine.training.storage.torch_file import read_torch_file


class Executes:
    """Would make a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (f"open({str(self.path)!r}, 'w').close()",)


def write_zip(path: Path, data: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/version", "3\n")


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_refused_without_a_warning_and_not_executed(tmp_path: Path, protocol: int, zipped: bool) -> None:
    path, canary = tmp_path / "x.pt", tmp_path / "canary"
    data = pickle.dumps({"model": Executes(canary)}, protocol)
    write_zip(path, data) if zipped else path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserError, match="not a readable checkpoint") as raised:
            read_torch_file(path)
    assert len(str(raised.value).splitlines()) == 1 and not canary.exists()


@pytest.mark.parametrize("length", [0, 1, 40, -1])
def test_a_cut_file_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "x.pt"
    torch.save({"weight": torch.zeros(4)}, path)
    assert set(read_torch_file(path)) == {"weight"}
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(UserError, match="not a readable checkpoint"):
        read_torch_file(path)
