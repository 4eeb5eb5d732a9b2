"""The frame of the window: docks, menus, commands and keys."""
