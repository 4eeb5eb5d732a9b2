"""The question that is asked before a run is made longer: how many epochs, and how its learning rate continues."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QDialog, QDialogButtonBox, QRadioButton, QSpinBox, QWidget

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.files.run_folder import RunFolder, RunInfo
from composer.core.learning_rate import MODES, EpochChange, learning_rate
from composer.gui.widgets.labels import column, label, row

MOST = 100_000
TITLES = {"stretch": "Stretch the schedule", "hold": "Keep the last rate", "rewarm": "Warm up again"}


class TrainLonger(QDialog):
    """Asks for the number of epochs of a run that goes on, and tells what each choice does to the learning rate.

    Args:
        info: the run.
        on_accept: called with the options of `RunHandle` that the user has chosen.
        parent: in front of what it opens.

    Attributes:
        epochs: the number of epochs.
        modes: how the learning rate continues, by mode.
    """

    def __init__(
        self, info: RunInfo, on_accept: Callable[[Mapping[str, Any]], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Train longer")
        self._rates = _Rates(info)
        self.epochs = QSpinBox()
        self.epochs.setRange(max(info.epochs, info.epoch) + 1, MOST)
        self.epochs.setValue(2 * max(info.epochs, 1))
        self.epochs.setAccessibleName("Epochs")
        self.epochs.valueChanged.connect(lambda _: self._show_rates())
        self.modes = {mode: QRadioButton() for mode in MODES}
        self._group = QButtonGroup(self)
        for mode, radio in self.modes.items():
            radio.setToolTip(f"{MODES[mode][:1].upper()}{MODES[mode][1:]}")
            self._group.addButton(radio)
        self.modes["stretch"].setChecked(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton("Train", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: on_accept(self.options()))
        epochs = row(label("Epochs"), self.epochs, label(f"so far {info.epoch} of {info.epochs}", "muted"))
        epochs.addStretch(1)
        layout = column()
        layout.addLayout(epochs)
        layout.addWidget(label("The learning rate of the next step", "muted"))
        for radio in self.modes.values():
            layout.addWidget(radio)
        layout.addWidget(buttons)
        self.setLayout(layout)
        self._show_rates()

    def options(self) -> dict[str, Any]:
        """Return the epochs and the mode."""
        mode = next(mode for mode, radio in self.modes.items() if radio.isChecked())
        return {"epochs": self.epochs.value(), "extend_lr": mode}

    def _show_rates(self) -> None:
        for mode, radio in self.modes.items():
            radio.setText(f"{TITLES[mode]}: {self._rates.text(self.epochs.value(), mode)}")


class _Rates:
    """The learning rates of a run before and after a change of its number of epochs."""

    def __init__(self, info: RunInfo) -> None:
        run = RunFolder(info.path)
        state = run.state()
        self._step = int(state.get("step") or 0)
        planned = int(state.get("epochs") or 0)
        self._per_epoch = int(state.get("steps") or 0) // planned if planned else 0
        self._epochs = info.epochs
        try:
            settings = run.settings()
            self._training = replace(training_settings.from_plain(settings["training"]), epochs=info.epochs)
            self._changes = tuple(EpochChange.from_json(change) for change in settings.get("changes", ()))
        except (UserError, KeyError, TypeError, ValueError, AttributeError):
            self._per_epoch = 0

    def text(self, epochs: int, mode: str) -> str:
        """Return the last rate and the next one for a number of epochs and a mode."""
        if not self._per_epoch or not self._step:
            return MODES[mode]
        changes = (*self._changes, EpochChange(self._step, self._epochs, epochs, mode))
        rate = learning_rate(replace(self._training, epochs=epochs), self._per_epoch, changes)
        return f"{rate(self._step - 1):.3g} → {rate(self._step):.3g}"
