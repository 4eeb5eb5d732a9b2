"""The page of general settings."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QWidget

from composer.gui.look import theme
from composer.gui.session import preferences
from composer.gui.session.session import Session
from composer.gui.widgets.count_field import CountField
from composer.gui.widgets.labels import label, named

FIELD_WIDTH = 240


class GeneralPage(QWidget):
    """Theme, motion, recovery and training device.

    Args:
        session: the session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setWindowTitle("General")
        self._session = session
        self._form = QGridLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(8)
        self._form.setColumnStretch(2, 1)

        self.theme = _combo_box(theme.MODES, theme.mode())
        self.theme.activated.connect(lambda _: session.set_theme(str(self.theme.currentData())))
        self._add_row("Theme", self.theme)
        self.motion = QCheckBox("Reduce motion")
        self.motion.setChecked(preferences.reduced_motion())
        self.motion.toggled.connect(self._set_motion)
        self._add_row("", self.motion, "Views and cards jump to their new position instead of gliding there.")
        self.recovery = CountField(minimum=1, maximum=preferences.MAX_RECOVERY_S, suffix=" s")
        self.recovery.setValue(preferences.recovery_s())
        self.recovery.valueChanged.connect(self._set_recovery)
        self._add_row(
            "Back up unsaved work every",
            self.recovery,
            "The most work that a crash can cost. The backup does not replace saving the file.",
        )
        devices = {"auto": "Automatic", **{device["name"]: device["label"] for device in session.devices}}
        self.device = _combo_box(devices, preferences.device())
        self.device.activated.connect(self._set_device)
        self._add_row(
            "Train on",
            self.device,
            "The device of a training, unless the training panel names another. Automatic takes the fastest.",
        )
        self._form.setRowStretch(self._form.rowCount(), 1)

    def _add_row(self, title: str, field: QWidget, help: str = "") -> None:
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
        self._session.preferences_changed.emit()

    def _set_recovery(self, seconds: int) -> None:
        preferences.set_recovery_s(seconds)
        self._session.preferences_changed.emit()

    def _set_device(self) -> None:
        preferences.set_device(str(self.device.currentData()))
        self._session.preferences_changed.emit()


def _combo_box(texts: dict[str, str], current: str) -> QComboBox:
    """Return a combo box; the current choice stays listed even if this machine does not offer it any more."""
    box = QComboBox()
    for key, text in {**texts, **({} if current in texts else {current: current})}.items():
        box.addItem(text, key)
    box.setCurrentIndex(box.findData(current))
    return box
