"""Datasets in Python files of the user's: read without running, run only when trusted."""

from pathlib import Path

import pytest

from composer.core.dataset_file import read_dataset_file
from composer.core.errors import UserError
from composer.core.files import design_file, trusted_files
from composer.core.files.design_file import loads
from composer.core.graph import ExtensionRef
from composer.core.training_inputs import field_shapes, input_fields
from composer.engine.training.datasets import load, load_facts

STRIPES = '''"""Stripes."""

import torch

from composer.engine.training.datasets import Dataset, LoadedDataset, dataset
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit

open({ran!r}, "a").close()


@dataset(title="Stripes", fields=("image", "label", "angle"), classes=2)
class Stripes(Dataset):
    """Stripes.

    Args:
        samples: number of images.
        noise: how uneven they are.
    """

    def __init__(self, samples: int = 20, noise: float = 0.1) -> None:
        self.samples = samples
        self.noise = noise

    def load(self, shapes):
        images = torch.rand(self.samples, *shapes["image"]) * self.noise
        fields = {{"image": images, "label": torch.arange(self.samples) % 2, "angle": torch.zeros(self.samples, 3)}}
        split = MemorySplit(fields)
        image = ImageFormat(tuple(shapes["image"]), (0.0,), (1.0,))
        return LoadedDataset(name="stripes", train=split, val=split, classes=("a", "b"), image=image)
'''


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(trusted_files.VARIABLE, raising=False)
    path = tmp_path / "stripes.py"
    path.write_text(STRIPES.format(ran=str(tmp_path / "ran")))
    return path


def reference(file: Path, **options: str) -> ExtensionRef:
    return ExtensionRef("file", {"path": str(file), **options})


def test_nothing_runs_until_the_file_is_trusted(file: Path, tmp_path: Path) -> None:
    design = loads("format: 1\ninputs: {image: {shape: [1, 8, 8]}, angle: {shape: [3]}}\n")
    path = tmp_path / "design.yaml"
    path.write_text(design_file.dumps(design) + f'training: {{data: "file:{file}"}}\n')
    opened = design_file.load(path)
    assert opened.training.data == reference(file)
    assert input_fields(opened) == ("image", "angle") and field_shapes(opened)["angle"] == (3,)
    for attempt in (load_facts, lambda ref: load(ref, {"image": (1, 8, 8)})):
        with pytest.raises(UserError, match=r"stripes\.py is a Python program, which does not run until you trust it"):
            attempt(reference(file))
    assert not (tmp_path / "ran").exists()
    trusted_files.save_trusted(file, trusted=True)
    data = load(reference(file), {"image": (1, 8, 8)})
    assert (tmp_path / "ran").exists() and data.classes == ("a", "b")
    assert set(data.train.take(slice(2))) == {"image", "label", "angle"} and data.facts.source == f"file:{file}"
    assert load_facts(reference(file)).fields.keys() == {"image", "label", "angle"}
    trusted_files.save_trusted(file, trusted=False)
    with pytest.raises(UserError, match="until you trust it"):
        load(reference(file), {"image": (1, 8, 9)})
    assert [entry.name for entry in tmp_path.iterdir() if "cache" in entry.name] == [], "no compiled code beside it"


def test_a_flag_trusts_for_one_process(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        trusted_files.add_session_files([tmp_path / "none.py"])
    trusted_files.add_session_files([file])
    assert trusted_files.is_trusted(file) and trusted_files.saved_files() == ()
    assert len(load(reference(file, options="samples: 30, noise: 0.5"), {"image": (1, 8, 8)}).train) == 30


def test_a_changed_file_counts_immediately(file: Path) -> None:
    trusted_files.add_session_files([file])
    assert load(reference(file), {"image": (1, 8, 8)}).classes == ("a", "b")
    file.write_text(file.read_text().replace('classes=("a", "b")', 'classes=("left", "right")'))
    assert load(reference(file), {"image": (1, 8, 8)}).classes == ("left", "right")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("sample: 30", r"stripes\.py has no option 'sample'; did you mean samples\?"),
        ("samples: many", "samples is 'many', expected an integer"),
        ("samples: [", r"the options 'samples: \[' cannot be read"),
    ],
)
def test_wrong_options_are_named_before_anything_runs(file: Path, options: str, message: str, tmp_path: Path) -> None:
    trusted_files.add_session_files([file])
    with pytest.raises(UserError, match=message):
        load(reference(file, options=options), {"image": (1, 8, 8)})
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("torch.rand(", "torch.nothing(", r"stripes\.py, line \d+: load failed: AttributeError: module 'torch' has no"),
        ("return LoadedDataset(", "return dict(", "load returned dict, expected a LoadedDataset"),
        ("import torch\n", "import nothing_of_this_name\n", r"line 3: \w+ failed: ModuleNotFoundError"),
        ("@dataset(", "@other(", "holds no class marked by @dataset"),
        ("class Stripes", "class (", "invalid syntax"),
    ],
)
def test_a_broken_file_is_one_sentence(file: Path, before: str, after: str, message: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    trusted_files.add_session_files([file])
    with pytest.raises(UserError, match=message) as error:
        load(reference(file), {"image": (1, 8, 8)})
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.py: there is no such file; expected a Python file with a class"):
        read_dataset_file(tmp_path / "none.py")
