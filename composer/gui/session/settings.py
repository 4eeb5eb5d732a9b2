"""What the window remembers between starts, in one file of the user's folder."""

from PySide6.QtCore import QSettings

from composer import paths


def settings() -> QSettings:
    """The settings file; a new object each time, so that a changed `NETCOMPOSER_HOME` is heeded."""
    return QSettings(str(paths.user_data() / "window.ini"), QSettings.Format.IniFormat)


MAX_RECENT = 12


def recent() -> list[str]:
    """Design files opened or saved lately, newest first."""
    found = settings().value("recent", [])
    if isinstance(found, str):  # a list of one comes back as its element
        return [found]
    return [str(path) for path in found] if isinstance(found, list) else []


def remember(path: str) -> None:
    """Put a file at the head of the recent ones."""
    settings().setValue("recent", [path, *(known for known in recent() if known != path)][:MAX_RECENT])
