"""What `netcomposer check` tells of the data of a design."""

import pytest

from composer.cli.main import main
from composer.core.files.design_file import save
from tests.engine.designs import tiny
from tests.engine.training.image_folder.pictures import pets


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        ("digits", 0, ""),
        (
            "images:photos",
            0,
            "note: cannot be trained as it is: logits has 10 scores for each sample, but images has 2 classes;",
        ),
        ("images:nowhere", 1, "training data: "),
        ("nonsense", 1, "training data 'nonsense' is unknown, expected one of: "),
    ],
)
def test_check_tells_whether_data_fits(data, code, line, tmp_path, monkeypatch, capsys):
    """Paths are relative to the design; a design that does not fit its data is valid, data that is missing is not."""
    folder = tmp_path / "designs"
    pets(folder / "photos", 3)
    save(tiny(("augment: false", f"data: '{data}'")), folder / "tiny.yaml")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "designs/tiny.yaml"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(line)
    assert ("no problems" in lines[-1]) == (code == 0)
    assert len(lines) == 1 + (code == 0 and bool(line))
