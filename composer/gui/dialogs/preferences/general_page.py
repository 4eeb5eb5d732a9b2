"""The page of general settings."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QWidget

from composer.gui.look import theme
from composer.gui.session import preferences
from composer.gui.widgets.count_field import CountField
from composer.gui.widgets.labels import label, named

if TYPE_CHECKING:
    from composer.gui.shell.workbench import Workbench

THEMES = {"system": "Follow the system", "light": "Light", "dark": "Dark"}
FIELD_WIDTH = 240


class GeneralPage(QWidget):
    """Theme, motion, direction, recovery, device.

    Args:
        bench: the workbench of the window.
    """

    def __init__(self, bench: "Workbench") -> None:
        super().__init__()
        self.setWindowTitle("General")
        self._bench = bench
        self._form = QGridLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(8)
        self._form.setColumnStretch(2, 1)

        self.theme = _choice(THEMES, theme.mode())
        self.theme.activated.connect(lambda _: bench.set_theme(str(self.theme.currentData())))
        self._row("Theme", self.theme)
        self.motion = QCheckBox("Reduce motion")
        self.motion.setChecked(preferences.reduced_motion())
        self.motion.toggled.connect(self._set_motion)
        self._row("", self.motion, "Views and cards are in their new place at once instead of gliding there.")
        self.recovery = CountField(minimum=1, maximum=preferences.RECOVERY_MOST_S, suffix=" s")
        self.recovery.setValue(preferences.recovery_s())
        self.recovery.valueChanged.connect(self._set_recovery)
        self._row(
            "Keep unsaved work every", self.recovery, "What a crash can cost at most; saving a file is still up to you."
        )
        devices = {"auto": "Automatic", **{device["name"]: device["label"] for device in bench.session.devices}}
        self.device = _choice(devices, preferences.device())
        self.device.activated.connect(self._set_device)
        self._row(
            "Train on",
            self.device,
            "Where a training starts unless the training panel says otherwise; automatic takes the fastest.",
        )
        self._form.setRowStretch(self._form.rowCount(), 1)

    def _row(self, title: str, field: QWidget, help: str = "") -> None:
        line = self._form.rowCount()
        if title:
            self._form.addWidget(label(title, "muted"), line, 0)
        field.setFixedWidth(FIELD_WIDTH)
        self._form.addWidget(named(field, title or getattr(field, "text", str)(), help), line, 1)
        if help:
            self._form.addWidget(label(help, "small", wrap=True), line + 1, 1, 1, 2)
            self._form.setRowMinimumHeight(line + 2, 8)
            self._form.addWidget(QWidget(), line + 2, 0)

    def _set_motion(self, reduced: bool) -> None:
        preferences.set_reduced_motion(reduced)
        self._bench.canvas.set_animated(not reduced)

    def _set_recovery(self, seconds: int) -> None:
        preferences.set_recovery_s(seconds)
        self._bench.session.preferences_changed.emit()

    def _set_device(self) -> None:
        preferences.set_device(str(self.device.currentData()))
        self._bench.session.preferences_changed.emit()


def _choice(choices: dict[str, str], chosen: str) -> QComboBox:
    """A box of choices; what is chosen stays offered, also where this machine has it no more."""
    made = QComboBox()
    for key, text in {**choices, **({} if chosen in choices else {chosen: chosen})}.items():
        made.addItem(text, key)
    made.setCurrentIndex(made.findData(chosen))
    return made
