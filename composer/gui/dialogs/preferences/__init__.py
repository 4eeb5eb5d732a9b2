"""The preferences: what is the same in every design. Every change holds at once and is remembered."""

from composer.gui.dialogs.preferences.dialog import Preferences

__all__ = ["Preferences"]
