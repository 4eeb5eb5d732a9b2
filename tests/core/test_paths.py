"""The user's folders: an override, the platform's own folder, and the folder of early versions on macOS."""

import sys
from pathlib import Path

import pytest

from composer import paths
from composer.core.errors import UserError
from composer.core.files.templates import template


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home folder, with no variable set that moves the user's folders."""
    for name in ("NETCOMPOSER_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_one_variable_moves_both_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path))
    assert (paths.user_data(), paths.user_cache()) == (tmp_path, tmp_path / "cache")


@pytest.mark.skipif(sys.platform != "linux", reason="folders of the XDG specification")
def test_linux_uses_the_xdg_folders(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.user_data() == home / ".local/share/netcomposer"
    assert paths.user_cache() == home / ".cache/netcomposer"
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    assert paths.user_data() == home / "data/netcomposer"
    assert paths.user_cache() == home / "cache/netcomposer"


def test_macos_still_finds_the_folders_of_early_versions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, cache = home / "Library/Application Support/netcomposer", home / "Library/Caches/Netcomposer"
    monkeypatch.setattr(sys, "platform", "darwin")
    data.mkdir(parents=True)
    cache.mkdir(parents=True)
    assert (paths.user_data(), paths.user_cache()) == (data, cache)


def test_an_unknown_template_is_refused_with_the_names_of_all() -> None:
    assert template("hybrid_digits").is_file()
    with pytest.raises(UserError, match=r"template 'nothing' does not exist; choose one of: .*hybrid_digits"):
        template("nothing")
