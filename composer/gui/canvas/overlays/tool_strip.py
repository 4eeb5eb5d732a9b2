"""The tool strip: select, hand, fit, layout and heat map."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from composer.core.run_records import HEALTH
from composer.gui.keymap import KeyMap
from composer.gui.look import theme
from composer.gui.session.cost_lens import HEATS, HOW_TO_ENABLE, CostLens

LAYOUTS = {"right": "Left to right", "down": "Top down", "rows": "Left to right, in rows"}


class ToolStrip(QFrame):
    """A small row of tools that floats over the canvas.

    Args:
        parent: the canvas.

    Attributes:
        select, hand: choose between selecting and panning with the left button.
        fit, arrange, heat: buttons of actions and menus.

    Signals:
        hand_toggled: whether the left button pans.
        fit_requested: show everything.
        layout_requested: a key of `LAYOUTS`, or empty for the current direction.
        heat_selected: a key of `HEATS`.
    """

    hand_toggled = Signal(bool)
    fit_requested = Signal()
    layout_requested = Signal(str)
    heat_selected = Signal(str)

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
        self.heat = self._button("heat", "Heat map of costs, or of the health of a training", checkable=True)
        self.select.setChecked(True)
        self.select.clicked.connect(lambda: self.choose_hand(False))
        self.hand.clicked.connect(lambda: self.choose_hand(True))
        self.fit.clicked.connect(self.fit_requested)
        self._add_menus()
        self.refresh_theme()

    def show_keys(self, keymap: KeyMap) -> None:
        """Show the shortcuts in the tooltips."""
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

    def _add_menus(self) -> None:
        layouts = QMenu(self)
        for layout, text in LAYOUTS.items():
            layouts.addAction(text).triggered.connect(lambda _=False, layout=layout: self.layout_requested.emit(layout))
        self.arrange.setMenu(layouts)
        self.arrange.setPopupMode(QToolButton.ToolButtonPopupMode.DelayedPopup)
        self.arrange.clicked.connect(lambda: self.layout_requested.emit(""))
        self.arrange.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.arrange.customContextMenuRequested.connect(lambda _at: self.arrange.showMenu())
        heats = QMenu(self)
        heats.setToolTipsVisible(True)
        self._heats = QActionGroup(heats)
        for heat, text in HEATS.items():
            if heat in HEALTH and not heats.actions()[-1].isSeparator() and heats.actions()[-1].data() not in HEALTH:
                heats.addSection("Health of the training")
            action = heats.addAction(text)
            action.setCheckable(True)
            action.setChecked(not heat)
            action.setData(heat)
            self._heats.addAction(action)
        self._heats.triggered.connect(lambda action: self.heat_selected.emit(action.data()))
        self.heat.setMenu(heats)
        self.heat.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def choose_hand(self, on: bool) -> None:
        """Choose the hand, or the arrow."""
        self.select.setChecked(not on)
        self.hand.setChecked(on)
        self.hand_toggled.emit(on)

    def show_heat(self, heat: str, lens: CostLens) -> None:
        """Mark the current heat map, and enable those that have values.

        Args:
            heat: a key of `HEATS`; empty for none.
            lens: knows which costs have values.
        """
        self.heat.setChecked(bool(heat))
        for action in self._heats.actions():
            action.setChecked(action.data() == heat)
            action.setEnabled(lens.available(action.data()))
            action.setToolTip("" if action.isEnabled() else HOW_TO_ENABLE[action.data()])

    def refresh_theme(self) -> None:
        """Use the colors of the current theme."""
        t = theme.tokens()
        self.setStyleSheet(
            f"#tool_strip {{ background: {t.card}; border: 1px solid {t.border}; border-radius: 8px; }}"
            "QToolButton { padding: 0; } QToolButton::menu-indicator { image: none; }"
        )
        for button in (self.select, self.hand, self.fit, self.arrange, self.heat):
            button.setIcon(theme.icon(button.property("icon_name")))
