"""The preferences: settings that hold for every design. Each change takes effect immediately and is remembered."""

from composer.gui.dialogs.preferences.dialog import Preferences

__all__ = ["Preferences"]
