"""The form of the training settings: two settings a row, each with what it means as a tooltip."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSizePolicy, QWidget

from composer.core.graph import Training
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import label
from composer.gui.widgets.number_field import NumberField

NUMBERS: Mapping[str, tuple[float, float, bool, float]] = {  # low, high, whole, step (0: doubles and halves)
    "epochs": (1, 100_000, True, 1),
    "batch_size": (2, 65_536, True, 0),
    "lr": (1e-9, 100.0, False, 0),
    "weight_decay": (0.0, 10.0, False, 0.01),
    "warmup_epochs": (0.0, 1000.0, False, 1),
    "label_smoothing": (0.0, 0.9, False, 0.05),
    "seed": (0, 2**31 - 1, True, 1),
}
CHOICES: Mapping[str, Mapping[str, str]] = {
    "optimizer": {"adamw": "AdamW", "sgd": "SGD"},
    "schedule": {"cosine": "Cosine", "constant": "Constant"},
    "precision": {
        "32-true": "32 bit",
        "bf16-mixed": "bf16 mixed",
        "16-mixed": "fp16 mixed",
        "bf16-true": "bf16",
        "64-true": "64 bit",
    },
}
FIELDS: Sequence[tuple[str, str, str]] = (
    ("data", "Data", "The images that are learned from; a fixed fifth of them is kept for validation"),
    ("device", "Device", "Where it trains; automatic takes the fastest there is"),
    ("epochs", "Epochs", "How often every training image is seen"),
    ("batch_size", "Batch size", "Images a step; more need more memory"),
    ("lr", "Learning rate", "Size of a step at its highest; arrow keys double and halve it"),
    ("optimizer", "Optimizer", "AdamW for attention, SGD with momentum is the habit for convolutional networks"),
    ("schedule", "Schedule", "How the learning rate goes down: cosine to 1 %, or not at all"),
    ("warmup_epochs", "Warm-up", "Epochs over which the learning rate rises from 0"),
    ("weight_decay", "Weight decay", "Pull of the weights towards 0; biases, norms and positions are left out"),
    ("label_smoothing", "Smoothing", "Label smoothing: share of the target spread over all classes"),
    ("seed", "Seed", "Equal seeds give equal runs on the same device"),
    ("precision", "Precision", "Numbers used on the device; bf16 mixed is fast on recent GPUs"),
)
WIDTH = 400
FIELD = 60


class TrainingForm(QWidget):
    """Shows training settings and says what the user changes; it changes nothing itself."""

    edited = Signal(str, object, bool)  # name of the setting, value, whether it was stepped

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, QWidget] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for number, (name, text, tip) in enumerate(FIELDS):
            field = self._number(name) if name in NUMBERS else self._choice(name)
            field.setProperty("help", tip)
            field.setToolTip(tip)
            field.setAccessibleName(text)
            field.setObjectName(name)
            title = label(text, "muted")
            title.setToolTip(tip)
            title.setBuddy(field)
            line, side = divmod(number, 2)
            grid.addWidget(title, line, 2 * side)
            grid.addWidget(field, line, 2 * side + 1)
            self.fields[name] = field
        self.augment = QCheckBox("Augment: small turns, shifts and zooms")
        self.augment.toggled.connect(lambda on: self.edited.emit("augment", on, False))
        grid.addWidget(self.augment, len(FIELDS) // 2, 0, 1, 4)
        grid.setRowStretch(len(FIELDS) // 2 + 1, 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)

    def show_settings(self, training: Training) -> None:
        """Show settings, without saying that they were edited."""
        for name, value in asdict(training).items():
            field = self.fields.get(name)
            if isinstance(field, NumberField):
                field.set_value(value)
            elif isinstance(field, QComboBox):
                self._select(field, str(value))
        with QSignalBlocker(self.augment):
            self.augment.setChecked(training.augment)

    def set_choices(self, name: str, choices: Mapping[str, str]) -> None:
        """Say what a list holds: words by value; what is chosen stays chosen."""
        field = self.fields[name]
        assert isinstance(field, QComboBox)
        known = {field.itemData(index): field.itemText(index) for index in range(field.count())}
        if known == dict(choices):
            return
        chosen = field.currentData()
        with QSignalBlocker(field):
            field.clear()
            for value, text in choices.items():
                field.addItem(text, value)
        if chosen is not None:
            self._select(field, chosen)

    def choice(self, name: str) -> str:
        """The chosen value of a list."""
        field = self.fields[name]
        assert isinstance(field, QComboBox)
        return str(field.currentData() or "")

    def choose(self, name: str, value: str) -> None:
        """Choose a value of a list, without saying that it was edited."""
        field = self.fields[name]
        assert isinstance(field, QComboBox)
        self._select(field, value)

    def _number(self, name: str) -> NumberField:
        low, high, whole, step = NUMBERS[name]
        field = NumberField(low, high, integer=whole, step=step)
        field.edited.connect(lambda value, stepped: self.edited.emit(name, value, stepped))
        field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        field.setMinimumWidth(FIELD)
        return field

    def _choice(self, name: str) -> QComboBox:
        field = DropDown()
        field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        field.setMinimumWidth(FIELD)
        # The wheel scrolls the form; a setting must not change because the pointer was over it.
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.wheelEvent = lambda event: event.ignore()  # type: ignore[method-assign]
        for value, text in CHOICES.get(name, {}).items():
            field.addItem(text, value)
        field.activated.connect(lambda _: self.edited.emit(name, field.currentData(), False))
        return field

    @staticmethod
    def _select(field: QComboBox, value: str) -> None:
        with QSignalBlocker(field):
            index = field.findData(value)
            if index < 0:  # what the design asks for is shown, also where this program does not know it
                field.addItem(value, value)
                index = field.count() - 1
            field.setCurrentIndex(index)
