"""The shortcuts of commands and panels: their defaults, and the changes that the user has made to them."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence

from composer.gui.settings import settings

GROUP = "shortcuts"
SEPARATOR = " | "  # no key sequence contains it
Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bindable:
    """Something that can have shortcuts.

    Args:
        id: id of a command, or the `panel_id` of a panel.
        text: what the user calls it.
        section: heading under which it is listed: the menu of a command, or "Panels".
        default: its shortcuts as long as the user has not changed them.
    """

    id: str
    text: str
    section: str
    default: Keys


class KeyMap(QObject):
    """The shortcuts of one window. The shell adds what can have some; views read them and follow `changed`.

    Args:
        parent: Qt parent.

    Attributes:
        bindables: everything that can have shortcuts, by id, in the order in which it is listed.

    Signals:
        changed: the user has changed shortcuts, or further bindables were added.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bindables: dict[str, Bindable] = {}

    def add(self, *bindables: Bindable) -> None:
        """Add things that can have shortcuts."""
        self.bindables.update({bindable.id: bindable for bindable in bindables})
        self.changed.emit()

    def keys(self, id: str) -> Keys:
        """Return the current shortcuts, the first of which is displayed; none for an unknown id."""
        if id not in self.bindables:
            return ()
        stored = settings().value(f"{GROUP}/{id}")
        if stored is None:
            return self.bindables[id].default
        return tuple(key for key in str(stored).split(SEPARATOR) if key)

    def sequences(self, id: str) -> list[QKeySequence]:
        """Return the current shortcuts as Qt takes them."""
        return [QKeySequence(key) for key in self.keys(id)]

    def text(self, id: str) -> str:
        """Return the displayed shortcut as this system writes it; empty without one."""
        keys = self.keys(id)
        return native(keys[0]) if keys else ""

    def is_changed(self, id: str) -> bool:
        """Whether the user has changed the shortcuts."""
        return self.keys(id) != self.bindables[id].default

    def set_keys(self, id: str, keys: Keys) -> None:
        """Change shortcuts and remember them; default ones are not stored."""
        if keys == self.bindables[id].default:
            settings().remove(f"{GROUP}/{id}")
        else:
            settings().setValue(f"{GROUP}/{id}", SEPARATOR.join(keys))
        self.changed.emit()

    def unbind(self, id: str, key: str) -> None:
        """Remove one shortcut of a command or panel."""
        self.set_keys(id, tuple(other for other in self.keys(id) if portable(other) != portable(key)))

    def reset_all(self) -> None:
        """Restore all default shortcuts."""
        settings().remove(GROUP)
        self.changed.emit()

    def holder(self, key: str, excluded: str) -> Bindable | None:
        """Return what has a shortcut already.

        Args:
            key: the key sequence.
            excluded: id of a bindable that is not considered.
        """
        canonical = portable(key)
        for id, bindable in self.bindables.items():
            if id != excluded and canonical in map(portable, self.keys(id)):
                return bindable
        return None


def panel_id(name: str) -> str:
    """Return the id of a panel among the bindables."""
    return f"panel_{name}"


def portable(key: str) -> str:
    """Return a key sequence in its canonical spelling: ``ctrl+a`` and ``Ctrl+A`` are the same."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def native(key: str) -> str:
    """Return a key sequence as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
