"""What the window remembers between starts, in one INI file of the user's data folder."""

from PySide6.QtCore import QSettings

from composer import paths

MAX_RECENT = 12


def settings() -> QSettings:
    """Return the settings file: a new object each time, so that a changed ``NETCOMPOSER_HOME`` takes effect."""
    return QSettings(str(paths.user_data() / "window.ini"), QSettings.Format.IniFormat)


def recent_files() -> list[str]:
    """Return the design files that were opened or saved lately, newest first."""
    value = settings().value("recent", [])
    if isinstance(value, str):  # QSettings reads a list of one element as that element
        return [value]
    return [str(path) for path in value] if isinstance(value, list) else []


def add_recent_file(path: str) -> None:
    """Put a file at the head of the recent files."""
    settings().setValue("recent", [path, *(other for other in recent_files() if other != path)][:MAX_RECENT])
