"""The only undo command: it puts one whole Design in the place of another."""

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from composer.core.graph import Design

Put = Callable[[Design, object], None]


class Edit(QUndoCommand):
    """One step of the history. Never given a Qt parent: parented Python commands crash PySide6; macros group instead.

    Args:
        before: design that undo puts back.
        after: design that redo puts in place.
        label: its line in the history.
        put: what puts a design in place, given who asked for it.
        merge_id: steps in a row with the same number become one; -1 for a step of its own.
        initiator: who made the edit; undo and redo are nobody's.
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
        """Number by which Qt finds steps to merge."""
        return self._merge_id

    def redo(self) -> None:
        """Put the later design in place."""
        initiator, self._initiator = self._initiator, None
        self._put(self.after, initiator)

    def undo(self) -> None:
        """Put the earlier design back."""
        self._put(self.before, None)

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take over the end of a step of the same gesture; a gesture that ends where it began leaves no step."""
        if not isinstance(other, Edit) or other.id() != self._merge_id:
            return False
        self.after = other.after
        self.setObsolete(self.after is self.before or self.after == self.before)
        return True
