"""The tool strip: select, hand, fit, layout, heat map."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from composer.gui.keymap import KeyMap
from composer.gui.look import theme
from composer.gui.session.cost_lens import HEATS, CostLens

LAYOUTS = {"right": "Left to right", "down": "Top down", "rows": "Left to right, in rows"}


class ToolStrip(QFrame):
    """A small row of tools that floats over the canvas."""

    hand_toggled = Signal(bool)
    fit_requested = Signal()
    layout_requested = Signal(str)  # one of `LAYOUTS`, or empty for the way it is
    heat_selected = Signal(str)  # one of `HEATS`

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tool_strip")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 4, 4, 4)
        self._row.setSpacing(2)
        self.select = self._button("select", "Select and move", checkable=True)
        self.hand = self._button("hand", "Move the view", checkable=True)
        self.fit = self._button("fit", "Fit all")
        self.arrange = self._button("layout", "Arrange")
        self.heat = self._button("heat", "Heat map of costs", checkable=True)
        self.select.setChecked(True)
        self.select.clicked.connect(lambda: self.choose_hand(False))
        self.hand.clicked.connect(lambda: self.choose_hand(True))
        self.fit.clicked.connect(self.fit_requested)
        self._menus()
        self.refresh_theme()

    def show_keys(self, keymap: KeyMap) -> None:
        """Name the shortcuts in the tooltips."""
        for tool, text, id in (
            (self.select, "Select and move", "select_tool"),
            (self.hand, "Move the view, also by holding Space", "hand_tool"),
            (self.fit, "Fit all", "fit"),
            (self.arrange, "Arrange", "layout"),
        ):
            key = keymap.text(id)
            tool.setToolTip(f"{text} ({key})" if key else text)

    def _button(self, icon: str, tip: str, *, checkable: bool = False) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setCheckable(checkable)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setProperty("icon_name", icon)
        button.setIconSize(QSize(theme.ICON, theme.ICON))
        button.setFixedSize(theme.CONTROL, theme.CONTROL)
        self._row.addWidget(button)
        return button

    def _menus(self) -> None:
        ways = QMenu(self)
        for way, text in LAYOUTS.items():
            ways.addAction(text).triggered.connect(lambda _=False, way=way: self.layout_requested.emit(way))
        self.arrange.setMenu(ways)
        self.arrange.setPopupMode(QToolButton.ToolButtonPopupMode.DelayedPopup)
        self.arrange.clicked.connect(lambda: self.layout_requested.emit(""))
        self.arrange.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.arrange.customContextMenuRequested.connect(lambda _at: self.arrange.showMenu())
        heats = QMenu(self)
        self._heats = QActionGroup(heats)
        for heat, text in HEATS.items():
            action = heats.addAction(text)
            action.setCheckable(True)
            action.setChecked(not heat)
            action.setData(heat)
            self._heats.addAction(action)
        self._heats.triggered.connect(lambda action: self.heat_selected.emit(action.data()))
        self.heat.setMenu(heats)
        self.heat.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def choose_hand(self, on: bool) -> None:
        """Take the hand, or the arrow."""
        self.select.setChecked(not on)
        self.hand.setChecked(on)
        self.hand_toggled.emit(on)

    def show_heat(self, heat: str, lens: CostLens) -> None:
        """Mark which heat map is shown, and offer those that have numbers."""
        self.heat.setChecked(bool(heat))
        for action in self._heats.actions():
            action.setChecked(action.data() == heat)
            action.setEnabled(lens.available(action.data()))

    def refresh_theme(self) -> None:
        """Take over another theme."""
        t = theme.tokens()
        self.setStyleSheet(
            f"#tool_strip {{ background: {t.card}; border: 1px solid {t.border}; border-radius: 8px; }}"
            "QToolButton { padding: 0; } QToolButton::menu-indicator { image: none; }"
        )
        for button in (self.select, self.hand, self.fit, self.arrange, self.heat):
            button.setIcon(theme.icon(button.property("icon_name")))
