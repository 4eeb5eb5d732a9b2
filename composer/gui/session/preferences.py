"""What the user prefers in every design; see `settings` for where it is kept."""

from composer.gui.session.settings import settings

RECOVERY_S, RECOVERY_MOST_S = 1, 60


def reduced_motion() -> bool:
    """Whether things are in their new place at once instead of gliding there."""
    return str(settings().value("reduced_motion", "false")) == "true"  # an INI file holds texts


def set_reduced_motion(reduced: bool) -> None:
    """Remember whether to glide."""
    settings().setValue("reduced_motion", "true" if reduced else "false")


def recovery_s() -> int:
    """Seconds after which an edit is on disk, so that a crash costs no more."""
    try:
        return min(max(int(str(settings().value("recovery_s", RECOVERY_S))), 1), RECOVERY_MOST_S)
    except ValueError:
        return RECOVERY_S


def set_recovery_s(seconds: int) -> None:
    """Remember after how many seconds an edit is to be on disk."""
    settings().setValue("recovery_s", seconds)


def device() -> str:
    """Name of the device that trains unless something else is said; ``auto`` for the fastest."""
    return str(settings().value("device", "auto"))


def set_device(name: str) -> None:
    """Remember the device that trains."""
    settings().setValue("device", name)
