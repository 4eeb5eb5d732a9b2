"""The user's preferences, the same in every design; stored in the settings file."""

from composer.gui.settings import settings

DEFAULT_RECOVERY_S, MAX_RECOVERY_S = 1, 60


def reduced_motion() -> bool:
    """Whether views and cards jump to their new position instead of gliding there."""
    return str(settings().value("reduced_motion", "false")) == "true"  # an INI file stores text


def set_reduced_motion(reduced: bool) -> None:
    """Remember whether to avoid motion."""
    settings().setValue("reduced_motion", "true" if reduced else "false")


def recovery_s() -> int:
    """Return after how many seconds an edit is backed up: the most work that a crash can cost."""
    try:
        return min(max(int(str(settings().value("recovery_s", DEFAULT_RECOVERY_S))), 1), MAX_RECOVERY_S)
    except ValueError:
        return DEFAULT_RECOVERY_S


def set_recovery_s(seconds: int) -> None:
    """Remember after how many seconds an edit is backed up."""
    settings().setValue("recovery_s", seconds)


def device() -> str:
    """Return the name of the default training device; ``auto`` for the fastest."""
    return str(settings().value("device", "auto"))


def set_device(name: str) -> None:
    """Remember the default training device."""
    settings().setValue("device", name)
