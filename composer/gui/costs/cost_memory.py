"""The memory page of the costs panel: parameters, arithmetic and memory of the network or one node, item by item."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QScrollArea, QWidget

from composer.core import memory, roofline, units
from composer.core.facts import NodeFacts, Totals
from composer.core.training_extensions import titles
from composer.gui.widgets.labels import button, label

TIPS = {
    "FLOPs": "Two per MAC: a multiplication and an addition",
    "Peak activations": "The most memory that the activations of a forward pass take at one time, without the weights",
    "Saved for backward": "What the forward pass saves for the backward pass, without the weights",
    "Intensity": "FLOPs per byte that the operations read and write, without fusion",
}


class MemoryPage(QScrollArea):
    """A form of names and numbers.

    Attributes:
        subject: the label with the name of the node or "Whole network", and the batch size.
        values: the label of each number by its name.
        more: the button that shows or hides the operations that are not counted.
        uncounted: the label with these operations.
    """

    def __init__(self) -> None:
        super().__init__(widgetResizable=True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.values: dict[str, QLabel] = {}
        self._optimizers = {name: titles("optimizer")[name] for name in memory.COMPARED}
        self._uncounted: Mapping[str, int] = {}
        self._open = False
        page = QWidget()
        self._form = QFormLayout(page)
        self._form.setContentsMargins(0, 8, 8, 8)
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(4)
        self.setWidget(page)
        self.subject = label("", "title")
        self._form.addRow(self.subject)
        self._add_section("", "Params", "Trainable", "Frozen", "MACs", "FLOPs", "Intensity")
        self._add_section("Inference", "Weights", "Buffers", "Peak activations")
        self._add_section(
            "Training step",
            "Gradients",
            "Saved for backward",
            *(f"{title} state" for title in self._optimizers.values()),
        )
        self._add_section("Training step, total", *(f"With {title}" for title in self._optimizers.values()))
        self.more = button("", self._toggle, "link")
        self.uncounted = label("", "muted", wrap=True)
        self.uncounted.hide()
        self._form.addRow(self.more)
        self._form.addRow(self.uncounted)

    def _add_section(self, heading: str, *titles: str) -> None:
        if heading:
            heading_label = label(heading, "heading")
            heading_label.setContentsMargins(0, 8, 0, 0)
            self._form.addRow(heading_label)
        for title in titles:
            value, name = label(), label(title, "muted")
            value.setToolTip(TIPS.get(title, ""))
            name.setToolTip(TIPS.get(title, ""))
            self.values[title] = value
            self._form.addRow(name, value)

    def show_costs(self, subject: str, facts: NodeFacts | Totals, uncounted: Mapping[str, int], batch: int) -> None:
        """Show other costs.

        Args:
            subject: name of the node, or of the whole network.
            facts: its facts.
            uncounted: how often each operation ran whose cost is not counted.
            batch: the batch size of the facts.
        """
        self.subject.setText(f"{subject}, batch {batch}")
        parts = memory.training_memory(facts)
        self._show_count("Params", facts.params)
        self._show_count("Trainable", facts.params_trainable)
        self._show_count("Frozen", memory.frozen(facts))
        self._show_count("MACs", facts.macs)
        self._show_count("FLOPs", facts.flops)
        self.values["Intensity"].setText(f"{roofline.intensity(facts):.3g} FLOPs/byte")
        self._show_bytes("Weights", parts.weights)
        self._show_bytes("Buffers", parts.buffers)
        self._show_bytes("Peak activations", facts.working_bytes)
        self._show_bytes("Gradients", parts.gradients)
        self._show_bytes("Saved for backward", parts.activations)
        for key, title in self._optimizers.items():
            self._show_bytes(f"{title} state", memory.optimizer_bytes(facts, key))
            self._show_bytes(f"With {title}", memory.training_memory(facts, key).total)
        self._uncounted = uncounted
        self._show_uncounted()

    def _show_count(self, title: str, value: int) -> None:
        self.values[title].setText(units.count(value))
        self.values[title].setToolTip("\n".join(part for part in (f"{value:,}", TIPS.get(title, "")) if part))

    def _show_bytes(self, title: str, value: int) -> None:
        self.values[title].setText(units.memory(value))
        self.values[title].setToolTip("\n".join(part for part in (f"{value:,} bytes", TIPS.get(title, "")) if part))

    def _toggle(self) -> None:
        self._open = not self._open
        self._show_uncounted()

    def _show_uncounted(self) -> None:
        kinds = len(self._uncounted)
        self.more.setText("Hide uncounted operations" if self._open else f"Not counted: {kinds} kinds of operation")
        self.more.setVisible(bool(kinds))
        self.uncounted.setText(", ".join(f"{name} ×{times}" for name, times in self._uncounted.items()))
        self.uncounted.setVisible(self._open and bool(kinds))
