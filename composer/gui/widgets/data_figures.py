"""What is known of a dataset, in sentences: parts, sizes, channels, statistics, broken files."""

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from composer.core import units
from composer.core.data_facts import DataFacts
from composer.gui.widgets.labels import button, clear, column, label

PART_WORDS = {"train": "training", "val": "validation", "test": "test"}
CHANNELS = {1: "grey", 3: "colour", 4: "colour with opacity"}
FITS = {
    "crop": "the middle is cropped to the proportions of the input",
    "pad": "the image is padded to the proportions of the input",
    "stretch": "the image is stretched to the proportions of the input",
    "ink": "dark ink on a light ground becomes light on dark, trimmed to the drawing",
}
MAX_BROKEN = 200


class DataFigures(QWidget):
    """Lines of figures, and the list of files that cannot be used, opened by a click.

    Attributes:
        lines: the statements that are shown.
        toggle: shows and hides the broken files.
        broken: the broken files with the reason of each; hidden until asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.toggle = button("", self._show_broken, "link")
        self.broken = label(role="small", wrap=True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        layout = column(margin=0, spacing=6)
        layout.addLayout(self._rows)
        layout.addWidget(self.toggle)
        layout.addWidget(self.broken)
        self.setLayout(layout)

    def show_facts(self, facts: DataFacts | None, input_size: tuple[int, ...] | None) -> None:
        """Show what is known.

        Args:
            facts: the facts; None shows nothing.
            input_size: channels, height and width that the network takes; None if that is unknown.
        """
        self.setVisible(facts is not None)
        lines = statements(facts, input_size) if facts is not None else []
        if facts is None or lines == self.lines:
            return
        self.lines = lines
        clear(self._rows)
        for line in lines:
            row: QLabel = label(line, "small", wrap=True)
            self._rows.addWidget(row)
        count = len(facts.broken)
        self.toggle.setVisible(count > 0)
        files = "1 file is left out" if count == 1 else f"{count:,} files are left out"
        self.toggle.setText(f"{files}: show why")
        rows = [f"{name}: {reason}" for name, reason in facts.broken[:MAX_BROKEN]]
        if count > MAX_BROKEN:
            rows.append(f"and {count - MAX_BROKEN:,} more")
        self.broken.setText("\n".join(rows))
        self.broken.hide()

    def _show_broken(self) -> None:
        self.broken.setVisible(self.broken.isHidden())


def summary(facts: DataFacts) -> str:
    """Return the number of classes and the samples of each part."""
    counts = [f"{part.count:,} {PART_WORDS.get(name, name)}" for name, part in facts.parts.items()]
    samples = f"{' + '.join(counts)} samples" if counts else "no samples"
    return f"{len(facts.classes):,} classes, {samples}" if facts.classes else samples.capitalize()


def statements(facts: DataFacts, input_size: tuple[int, ...] | None) -> list[str]:
    """Return what is known besides the number of samples, one statement per line.

    Args:
        facts: the facts.
        input_size: channels, height and width that the network takes; None if that is unknown.
    """
    lines = []
    if facts.sizes:
        lines.append(_sizes(facts, input_size))
    if facts.mean:
        mean, std = (", ".join(f"{value:.3f}" for value in row) for row in (facts.mean, facts.std))
        lines.append(f"Mean {mean}; standard deviation {std}")
    return [*lines, *facts.notes]


def _sizes(facts: DataFacts, input_size: tuple[int, ...] | None) -> str:
    smallest, median, largest = (f"{width:,}{units.TIMES}{height:,}" for width, height in facts.sizes)
    kind = CHANNELS.get(facts.channels, f"{facts.channels} channels")
    span = smallest if smallest == largest else f"{smallest} to {largest}, median {median}"
    text = f"Images: {kind}, {span}"
    if input_size is not None and len(input_size) == 3:
        channels, height, width = input_size
        taken = f"{width:,}{units.TIMES}{height:,}"
        text += f"; the network takes {taken} {CHANNELS.get(channels, f'with {channels} channels')}"
        if facts.fit in FITS and any(size[0] * height != size[1] * width for size in facts.sizes):
            text += f", {FITS[facts.fit]}"
    return text
