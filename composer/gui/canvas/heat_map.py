"""The heat map: cards colored by a cost or by their health, with a legend."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from composer.gui.canvas.overlays.heat import HeatLegend, heat_color, heat_scale
from composer.gui.canvas.scene import DesignScene
from composer.gui.session.cost_lens import format_cost, scale_of


class HeatMap(QObject):
    """Keeps the colors of the cards in step with the session's cost lens.

    Args:
        scene: the scene.
        legend: explains the colors.

    Signals:
        changed: other colors, or none.
    """

    changed = Signal()

    def __init__(self, scene: DesignScene, legend: HeatLegend) -> None:
        super().__init__(scene)
        self._scene = scene
        self._session = scene.session
        self._legend = legend
        self._on = False
        self._session.lens.changed.connect(self._on_lens)
        self._session.facts_changed.connect(lambda _ids, _revision: self.refresh())

    def show(self, heat: Mapping[str, float] | None, legend: str = "", high: str = "1", low: str = "0") -> None:
        """Color the cards.

        Args:
            heat: a share in [0, 1] by id; None for no colors.
            legend: what the colors mean.
            high: text at the end of the legend, for a share of one.
            low: text at its start.
        """
        self._scene.set_heat({id: heat_color(share) for id, share in (heat or {}).items()})
        if heat is None:
            self._legend.hide()
        else:
            self._legend.explain(legend, high, low)
        self.changed.emit()

    def _on_lens(self) -> None:
        if self._session.lens.heat:
            self.refresh()
        elif self._on:
            self._on = False
            self.show(None)
        else:
            self.changed.emit()

    def refresh(self) -> None:
        """Color the cards by the current values."""
        lens, document = self._session.lens, self._session.document
        if not lens.heat:
            return
        self._on = True
        facts = self._scene.facts()
        values = {id: lens.value(lens.heat, id, facts.get(id), document.instance_path) for id in document.graph.nodes}
        scale = heat_scale(values, scale_of(lens.heat))
        low, high = (format_cost(lens.heat, value) if value else "0" for value in (scale.low, scale.high))
        self.show(scale.shares, lens.title, high, low)
