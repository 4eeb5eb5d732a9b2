"""Everything that a network or one node costs besides time: parameters, arithmetic, memory part by part, and what is not counted."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QScrollArea, QWidget

from composer.core import memory, roofline, units
from composer.core.facts import NodeFacts, Totals
from composer.gui.widgets.labels import button, label

OPTIMIZERS = {"sgd": "SGD", "adamw": "AdamW"}
TIPS = {
    "FLOPs": "Two for each MAC: a multiply and an add",
    "Values at once": "The most that a forward pass holds at once, without the weights",
    "Saved for backward": "What the forward pass keeps until the backward pass, without the weights",
    "Intensity": "FLOPs for each byte that the operations read and write, without fusion",
}


class MemoryPage(QScrollArea):
    """A form of names and numbers; its lines are read by name."""

    def __init__(self) -> None:
        super().__init__(widgetResizable=True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.values: dict[str, QLabel] = {}
        self._uncounted: Mapping[str, int] = {}
        self._open = False
        inside = QWidget()
        self._form = QFormLayout(inside)
        self._form.setContentsMargins(0, 8, 8, 8)
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(4)
        self.setWidget(inside)
        self.subject = label("", "title")
        self._form.addRow(self.subject)
        self._lines("", "Params", "Trained", "Frozen", "MACs", "FLOPs", "Intensity")
        self._lines("Inference", "Weights", "Buffers", "Values at once")
        self._lines(
            "Training step", "Gradients", "Saved for backward", *(f"Kept by {name}" for name in OPTIMIZERS.values())
        )
        self._lines("Training step in all", *(f"With {name}" for name in OPTIMIZERS.values()))
        self.more = button("", self._toggle, "link")
        self.uncounted = label("", "muted", wrap=True)
        self.uncounted.hide()
        self._form.addRow(self.more)
        self._form.addRow(self.uncounted)

    def _lines(self, heading: str, *titles: str) -> None:
        if heading:
            above = label(heading, "heading")
            above.setContentsMargins(0, 8, 0, 0)
            self._form.addRow(above)
        for title in titles:
            value, name = label(), label(title, "muted")
            value.setToolTip(TIPS.get(title, ""))
            name.setToolTip(TIPS.get(title, ""))
            self.values[title] = value
            self._form.addRow(name, value)

    def show_costs(self, subject: str, facts: NodeFacts | Totals, uncounted: Mapping[str, int], batch: int) -> None:
        """Show the costs of something.

        Args:
            subject: what it is.
            facts: its facts.
            uncounted: operations whose cost is not counted, with how often they ran.
            batch: batch that the facts are stated for.
        """
        self.subject.setText(f"{subject}, batch {batch}")
        parts = memory.training_memory(facts)
        self._count("Params", facts.params)
        self._count("Trained", facts.params_trainable)
        self._count("Frozen", memory.frozen(facts))
        self._count("MACs", facts.macs)
        self._count("FLOPs", facts.flops)
        self.values["Intensity"].setText(f"{roofline.intensity(facts):.3g} FLOPs/byte")
        self._bytes("Weights", parts.weights)
        self._bytes("Buffers", parts.buffers)
        self._bytes("Values at once", facts.working_bytes)
        self._bytes("Gradients", parts.gradients)
        self._bytes("Saved for backward", parts.activations)
        for key, name in OPTIMIZERS.items():
            self._bytes(f"Kept by {name}", memory.optimizer_bytes(facts, key))
            self._bytes(f"With {name}", memory.training_memory(facts, key).total)
        self._uncounted = uncounted
        self._show_uncounted()

    def _count(self, title: str, value: int) -> None:
        self.values[title].setText(units.count(value))
        self.values[title].setToolTip("\n".join(part for part in (f"{value:,}", TIPS.get(title, "")) if part))

    def _bytes(self, title: str, value: int) -> None:
        self.values[title].setText(units.memory(value))
        self.values[title].setToolTip("\n".join(part for part in (f"{value:,} bytes", TIPS.get(title, "")) if part))

    def _toggle(self) -> None:
        self._open = not self._open
        self._show_uncounted()

    def _show_uncounted(self) -> None:
        kinds = len(self._uncounted)
        self.more.setText("Hide what is not counted" if self._open else f"Not counted: {kinds} kinds of operations")
        self.more.setVisible(bool(kinds))
        self.uncounted.setText(", ".join(f"{name} ×{times}" for name, times in self._uncounted.items()))
        self.uncounted.setVisible(self._open and bool(kinds))
