"""Sources whose packages are not installed say how to install them."""

import sys
from pathlib import Path

import pytest

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import hub, load_facts, parquet


@pytest.mark.parametrize(("source", "option", "package"), [("parquet", "file", "pyarrow"), ("hub", "name", "datasets")])
def test_a_missing_package_is_one_sentence(
    source: str, option: str, package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module in (package, f"{package}.parquet"):
        monkeypatch.setitem(sys.modules, module, None)
    hub._read.cache_clear()
    parquet._read.cache_clear()
    message = rf'{source}: {package} .*install it with: pip install "netcomposer\[data\]"'
    with pytest.raises(UserError, match=message):
        load_facts(ExtensionRef(source, {option: str(tmp_path / "x")}))
