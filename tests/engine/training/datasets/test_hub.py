"""Datasets of the Hugging Face Hub: read from the cache, downloaded on request only."""

from pathlib import Path
from typing import Any

import pytest

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import hub, load, load_facts
from tests.engine.training.datasets.tables import PIXELS, shown, table, write_hub_cache

library = pytest.importorskip("datasets", reason="needs the extra data: datasets")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the Hub with one dataset."""
    monkeypatch.setattr(library.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    write_hub_cache(tmp_path, "someone/animals", {"train": table(slice(0, 40)), "test": table(slice(40, 60))})
    hub._read.cache_clear()
    return tmp_path


def reference(name: str, **options: Any) -> ExtensionRef:
    return ExtensionRef("hub", {"name": name, **options})


def test_a_dataset_of_the_cache(cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = load(reference("someone/animals", val_share=0.25), {"image": (3, 12, 10)})
    assert data.classes == ("cat", "dog", "eel") and (shown(data, "test") == PIXELS[40:]).all()
    assert {name: len(split) for name, split in data.parts().items()} == {"train": 30, "val": 10, "test": 20}
    facts = load_facts(reference("someone/animals", val_share=0.25))
    assert facts.digest == data.facts.digest and facts.source.startswith("hub:someone/animals")
    output = capfd.readouterr()
    assert output.out == output.err == "", "nothing is written between the lines of a training"


def test_what_is_missing_is_named_with_its_place(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *rest, **_: calls.append(rest))
    with pytest.raises(
        UserError, match=r"hub:someone/plants: is not in the cache.*add the option download: true"
    ) as error:
        load_facts(reference("someone/plants"))
    assert str(cache / "datasets" / "someone___plants") in str(error.value) and "\n" not in str(error.value)
    assert calls == [], "no network is used unasked"


def test_a_wrong_configuration_is_one_sentence(cache: Path) -> None:
    with pytest.raises(UserError, match="hub:someone/animals: ") as error:
        load_facts(reference("someone/animals", config="other"))
    assert "\n" not in str(error.value)
