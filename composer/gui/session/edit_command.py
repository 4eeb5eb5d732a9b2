"""The only undo command: it replaces one whole Design by another."""

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from composer.core.graph import Design

Put = Callable[[Design, object], None]


class Edit(QUndoCommand):
    """One step of the history. It never has a Qt parent: parented Python commands crash PySide6; macros group steps.

    Args:
        before: design that undo restores.
        after: design that redo restores.
        label: its text in the history.
        put: makes a design the current one; also takes the initiator.
        merge_id: consecutive steps with the same number become one; -1 for a separate step.
        initiator: object that makes the edit; undo and redo have none.
    """

    def __init__(
        self, before: Design, after: Design, label: str, put: Put, merge_id: int = -1, initiator: object = None
    ) -> None:
        super().__init__(label)
        self.before = before
        self.after = after
        self._put = put
        self._merge_id = merge_id
        self._initiator = initiator

    def id(self) -> int:
        """Return the number by which Qt finds steps to merge."""
        return self._merge_id

    def redo(self) -> None:
        """Restore the later design."""
        initiator, self._initiator = self._initiator, None
        self._put(self.after, initiator)

    def undo(self) -> None:
        """Restore the earlier design."""
        self._put(self.before, None)

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Merge a later step of the same gesture; a gesture that ends where it started leaves no step."""
        if not isinstance(other, Edit) or other.id() != self._merge_id:
            return False
        self.after = other.after
        self.setObsolete(self.after is self.before or self.after == self.before)
        return True
