"""Arranging the cards: which of them, in which direction, and in how many rows."""

from collections.abc import Mapping

from composer.core import edits
from composer.core.bends import straighten
from composer.core.graph import Design, Point
from composer.core.layout.layered import layout
from composer.gui import settings
from composer.gui.canvas.camera import FIT_MARGIN, Camera
from composer.gui.canvas.items import metrics
from composer.gui.canvas.layout_motion import LayoutMotion
from composer.gui.canvas.scene import DesignScene

DIRECTION = "canvas/direction"  # key of the settings
ROW_ASPECT = 1.9  # width to height that a layout in rows aims at
ROW_HEIGHT = 190.0  # of a row with its skips, estimated
CARD_GAP = 56.0  # between two cards of a row, estimated
MIN_ROW, MAX_ROW = 900.0, 1600.0  # bounds of the view's width, as a length for rows


def saved_direction() -> str:
    """Return the direction of new designs: ``right`` or ``down``."""
    return str(settings.settings().value(DIRECTION, "right"))


class Arrangement:
    """Lays out the shown graph, as one step of the history.

    Args:
        scene: the scene.
        camera: shows the result.
        motion: animates the cards.
    """

    def __init__(self, scene: DesignScene, camera: Camera, motion: LayoutMotion) -> None:
        self._scene = scene
        self._camera = camera
        self._motion = motion
        self._document = scene.session.document

    def arrange(self, direction: str = "") -> None:
        """Lay out the selection if it has several items, else everything.

        Args:
            direction: ``right`` in one row, ``down``, or ``rows``; empty for the current direction, in rows if one row
                would be too long. Any but the empty one lays out everything.
        """
        if direction:
            self.set_direction("down" if direction == "down" else "right")
        scene, selection = self._scene, self._document.selection
        only = set(selection) if len(selection) > 1 and not direction else None
        sizes = {id: metrics.size(node.content) for id, node in scene.nodes.items()}
        in_rows = only is None and direction != "right" and not scene.down
        positions = layout(
            self._document.graph,
            sizes,
            "down" if scene.down else "right",
            min_gap=scene.wire_labels.gaps(),
            only=only,
            row=self._row_length(sizes) if in_rows else None,
        )
        with self._motion:
            moved = self._document.edit("Arrange", _move_straightened, positions)
            extent = scene.extent()  # the final one, measured before the end of the block starts the motion
        if moved and only is None:
            self._camera.fit(extent)

    def _row_length(self, sizes: Mapping[str, tuple[float, float]]) -> float:
        """Return the length of rows at which the drawing is about `ROW_ASPECT` times as wide as high."""
        total = sum(width + CARD_GAP for width, _ in sizes.values())
        visible = min(max(self._camera.viewport().width() - 2.0 * FIT_MARGIN, MIN_ROW), MAX_ROW)
        return float(max(visible, (total * ROW_HEIGHT * ROW_ASPECT) ** 0.5))

    def set_direction(self, direction: str) -> None:
        """Let wires run ``right`` or ``down``, here and in every new design."""
        settings.settings().setValue(DIRECTION, direction)
        self._scene.direction = direction
        self._scene.set_direction(direction)

    def arrange_if_unplaced(self) -> None:
        """Lay out a design whose items all have the same position, as in one that a script wrote."""
        if self.is_unplaced():
            self.arrange()

    def is_unplaced(self) -> bool:
        """Return whether all items, at least two, have the same position."""
        nodes = self._scene.nodes.values()
        return len(nodes) > 1 and len({node.pos().toTuple() for node in nodes}) == 1


def _move_straightened(design: Design, positions: Mapping[str, Point], graph: str = "") -> Design:
    """Move items, and remove the bends of their wires."""
    return straighten(edits.move(design, positions, graph=graph), positions, graph=graph)
