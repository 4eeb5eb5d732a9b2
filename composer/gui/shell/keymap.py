"""The keys of the commands: those of the command table and the panels, with what the user has changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence

from composer.gui.session.settings import settings

GROUP = "shortcuts"
PANELS = "Panels"
BETWEEN = " | "  # no key sequence contains it
Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bindable:
    """Something a key can be given.

    Args:
        id: id of a command, or ``panel_`` and the name of a panel.
        text: its words.
        section: its menu.
        default: its keys as long as the user has not changed them.
    """

    id: str
    text: str
    section: str
    default: Keys

    @property
    def keys(self) -> Keys:
        """Its keys now, the first of which is shown; none if it has none."""
        changed = settings().value(f"{GROUP}/{self.id}")
        if changed is None:
            return self.default
        return tuple(key for key in str(changed).split(BETWEEN) if key)

    @property
    def changed(self) -> bool:
        """Whether the user has changed its keys."""
        return self.keys != self.default


def bindables() -> list[Bindable]:
    """Everything that a key can be given, in the order of the menus."""
    from composer.gui.panels import panel_classes, panel_name
    from composer.gui.shell.commands import COMMANDS, MENUS

    commands = [c for menu in MENUS for c in COMMANDS if c.menu == menu and not c.head]
    panels = [
        Bindable(panel_id(panel_name(cls)), cls.title, PANELS, (cls.shortcut,) if cls.shortcut else ())
        for cls in panel_classes()
    ]
    return [*(Bindable(c.id, c.text.replace("…", ""), c.menu, c.shortcuts) for c in commands), *panels]


def panel_id(name: str) -> str:
    """The id of a panel among the bindables."""
    return f"panel_{name}"


def keys_of(id: str, default: Keys = ()) -> Keys:
    """The keys of a command or panel now."""
    return Bindable(id, "", "", default).keys


def set_keys(bindable: Bindable, keys: Keys) -> None:
    """Give something other keys, remembered; its default ones are not kept as a change."""
    store = settings()
    if keys == bindable.default:
        store.remove(f"{GROUP}/{bindable.id}")
    else:
        store.setValue(f"{GROUP}/{bindable.id}", BETWEEN.join(keys))


def given_up() -> frozenset[str]:
    """Default keys that their commands have no more, in one spelling."""
    store = settings()
    if GROUP not in store.childGroups():
        return frozenset()
    return frozenset(portable(key) for bindable in bindables() for key in bindable.default if key not in bindable.keys)


def reset_all() -> None:
    """Give everything its default keys."""
    settings().remove(GROUP)


def holder(key: str, bound: Mapping[str, Keys], but: str) -> str | None:
    """The id of what has a key already, if anything.

    Args:
        key: the key sequence.
        bound: keys by id.
        but: the id that asks.
    """
    wanted = portable(key)
    return next((id for id, keys in bound.items() if id != but and wanted in map(portable, keys)), None)


def portable(key: str) -> str:
    """A key sequence in one spelling: ``ctrl+a`` and ``Ctrl+A`` are the same."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def native(key: str) -> str:
    """A key sequence as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def shown(id: str) -> str:
    """The first key of a command as this system writes it; empty if it has none."""
    from composer.gui.shell.commands import COMMANDS

    keys = next((keys_of(id, command.shortcuts) for command in COMMANDS if command.id == id), ())
    return native(keys[0]) if keys else ""
