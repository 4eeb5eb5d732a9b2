"""The docks of the panels: at first in the areas that the panels declare, later where the user left them."""

from itertools import pairwise

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QTabBar, QVBoxLayout, QWidget

from composer.gui.keymap import Bindable, panel_id
from composer.gui.look import theme
from composer.gui.panels import Panel, load_panels, panel_name
from composer.gui.session.session import Session
from composer.gui.settings import settings
from composer.gui.widgets.labels import label, refresh_icons, tool_button

AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
LEFT_WIDTH, RIGHT_WIDTH, BOTTOM_HEIGHT = 248, 320, 260
TITLE_HEIGHT = 32
LAYOUT_VERSION = 1


class DockTitle(QWidget):
    """The title bar of a dock. It has no height while the dock is one of several tabs, which show the title already."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__()
        self._compact = False
        self.text = label(dock.windowTitle())
        self.text.setFont(theme.font(theme.BODY, bold=True))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 4, 0)
        layout.setSpacing(0)
        layout.addWidget(self.text)
        layout.addStretch(1)
        layout.addWidget(tool_button("float", "Float", lambda: dock.setFloating(not dock.isFloating())))
        layout.addWidget(tool_button("close", "Close", dock.close))
        dock.windowTitleChanged.connect(self.text.setText)

    def set_compact(self, compact: bool) -> None:
        """Set whether it has no height."""
        if compact != self._compact:
            self._compact = compact
            self.setMaximumHeight(0 if compact else TITLE_HEIGHT)
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the fixed height."""
        return QSize(120, 0 if self._compact else TITLE_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(40, self.sizeHint().height())


class DockContent(QWidget):
    """The content of a dock before and after its panel exists; its size hint is the first size of the dock.

    Signals:
        escaped: Escape was pressed in the panel, and nothing in it took the key.
    """

    escaped = Signal()

    def __init__(self, area: str) -> None:
        super().__init__()
        self._hint = {
            "left": QSize(LEFT_WIDTH, 600),
            "right": QSize(RIGHT_WIDTH, 400),
            "bottom": QSize(600, BOTTOM_HEIGHT),
        }[area]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    def sizeHint(self) -> QSize:
        """Return the first size of a dock in its area."""
        return self._hint

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Report an Escape that no widget of the panel has taken."""
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)


class Docks(QObject):
    """The docks of a window.

    Args:
        window: the window.
        session: passed to the panels.

    Attributes:
        docks: the docks by panel name.
        broken: names of panel files that cannot be imported, each with the reason.

    Signals:
        escaped: Escape was pressed in a panel that had no use for it.
    """

    escaped = Signal()

    def __init__(self, window: QMainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self.docks: dict[str, QDockWidget] = {}
        self._actions: dict[str, QAction] = {}
        self._classes: dict[str, type[Panel]] = {}
        self._titles = QTimer(self, singleShot=True, interval=0)
        self._titles.timeout.connect(self._arrange_titles)
        # Sizes are set in the next turn of the event loop: until then Qt still uses the previous layout.
        self._sizes = QTimer(self, singleShot=True, interval=0)
        self._sizes.timeout.connect(self._set_sizes)
        window.setDockNestingEnabled(True)
        window.setTabPosition(
            Qt.DockWidgetArea.AllDockWidgetAreas, window.tabPosition(Qt.DockWidgetArea.TopDockWidgetArea).North
        )
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        classes, self.broken = load_panels()
        for cls in classes:
            self._add(cls)
        session.keymap.changed.connect(self._update_keys)
        session.theme_changed.connect(self._update_icons)

    def add_shortcuts(self) -> None:
        """Add the panels to the key map, after the commands, so that they are listed behind them."""
        self._session.keymap.add(
            *(
                Bindable(panel_id(name), cls.title, "Panels", (cls.shortcut,) if cls.shortcut else ())
                for name, cls in self._classes.items()
            )
        )

    def panel(self, name: str) -> Panel | None:
        """Return a panel by the name of its file, constructed if necessary; None if there is none."""
        dock = self.docks.get(name)
        if dock is None:
            return None
        self._construct(name)
        return dock.widget().findChild(Panel)

    def show(self, name: str) -> Panel | None:
        """Open a panel and bring it to the front."""
        panel = self.panel(name)
        if panel is not None:
            self.docks[name].show()
            self.docks[name].raise_()
        return panel

    def in_front(self, name: str) -> bool:
        """Return whether a panel is open and not behind another tab."""
        return name in self.docks and _in_front(self.docks[name])

    def action(self, name: str) -> QAction:
        """Return the action of a panel, which brings it to the front, or closes it if it is in front."""
        return self._actions[name]

    def toggle_actions(self) -> list[QAction]:
        """Return the actions of all panels, for the View menu."""
        return list(self._actions.values())

    def set_badge(self, name: str, badge: str) -> None:
        """Append a short text to the title of a panel, such as the number of problems."""
        if name in self.docks:
            title = self._classes[name].title
            self.docks[name].setWindowTitle(f"{title}  {badge}" if badge else title)

    def _update_icons(self) -> None:
        for name, dock in self.docks.items():
            self._actions[name].setIcon(theme.icon(self._classes[name].icon))
            refresh_icons(dock)

    def _update_keys(self) -> None:
        for name, action in self._actions.items():
            action.setShortcuts(self._session.keymap.sequences(panel_id(name)))

    def save(self) -> None:
        """Save the layout of the panels."""
        store = settings()
        store.setValue("geometry", self._window.saveGeometry())
        store.setValue("panels", self._window.saveState(LAYOUT_VERSION))

    def restore(self) -> None:
        """Restore the saved layout of the panels."""
        if (state := settings().value("panels")) is not None:
            self._sizes.stop()
            self._window.restoreState(state, LAYOUT_VERSION)
            # Again once the window has its size: the saved sizes were first applied to a window of another size.
            QTimer.singleShot(0, self, lambda: self._window.restoreState(state, LAYOUT_VERSION))

    def reset(self) -> None:
        """Put every panel back to its first place."""
        for dock in self.docks.values():
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
        self.place()

    def _add(self, cls: type[Panel]) -> None:
        name = panel_name(cls)
        dock = QDockWidget(cls.title, self._window)
        dock.setObjectName(f"dock_{name}")
        dock.setTitleBarWidget(DockTitle(dock))
        content = DockContent(cls.area)
        content.escaped.connect(self.escaped)
        dock.setWidget(content)
        # Not Qt's toggle action: it leaves a panel behind other tabs, and closes one that is hidden behind them.
        action = QAction(theme.icon(cls.icon), cls.title, dock, checkable=True)
        action.triggered.connect(lambda _=False, name=name: self._toggle(name))
        dock.toggleViewAction().toggled.connect(action.setChecked)
        dock.windowTitleChanged.connect(action.setText)
        self.docks[name], self._classes[name], self._actions[name] = dock, cls, action
        self._window.addAction(action)
        dock.visibilityChanged.connect(lambda visible, name=name: self._on_visible(name, visible))
        dock.dockLocationChanged.connect(lambda _: self._titles.start())
        dock.topLevelChanged.connect(lambda _: self._titles.start())

    def place(self) -> None:
        """Put every panel in the area that it declares."""
        for name, cls in self._classes.items():
            dock = self.docks[name]
            self._window.addDockWidget(AREAS[cls.area], dock)
            dock.setVisible(cls.visible_at_start)
        bottom = [self.docks[name] for name, cls in self._classes.items() if cls.area == "bottom"]
        for first, second in pairwise(bottom):
            self._window.tabifyDockWidget(first, second)
        self._sizes.start()
        self._titles.start()

    def _set_sizes(self) -> None:
        middle = self._window.centralWidget()
        if middle is not None and self._window.isVisible() and not middle.isVisible():
            self._sizes.start()  # Qt has not placed the parts of the window yet: it would divide another space
            return
        for area, size, direction in (
            ("left", LEFT_WIDTH, Qt.Orientation.Horizontal),
            ("right", RIGHT_WIDTH, Qt.Orientation.Horizontal),
            ("bottom", BOTTOM_HEIGHT, Qt.Orientation.Vertical),
        ):
            docks = [self.docks[name] for name, cls in self._classes.items() if cls.area == area]
            self._window.resizeDocks(docks, [size] * len(docks), direction)
        right = [
            self.docks[name] for name, cls in self._classes.items() if cls.area == "right" and cls.visible_at_start
        ]
        self._window.resizeDocks(right, [5 - index for index in range(len(right))], Qt.Orientation.Vertical)

    def _on_visible(self, name: str, visible: bool) -> None:
        self._titles.start()
        if visible and self._window.isVisible():
            self._construct(name)

    def construct_visible(self) -> None:
        """Construct the panels of the visible docks; called once the window has been painted."""
        for name, dock in self.docks.items():
            if _in_front(dock):
                self._construct(name)

    def _toggle(self, name: str) -> None:
        dock = self.docks[name]
        if _in_front(dock):
            dock.close()
        elif (panel := self.show(name)) is not None:
            _focus(panel)
        self._actions[name].setChecked(
            not dock.isHidden()
        )  # the click has toggled the check mark, whatever happened to the panel

    def _construct(self, name: str) -> None:
        layout = self.docks[name].widget().layout()
        if layout is not None and not layout.count():
            layout.addWidget(self._classes[name](self._session))

    def _arrange_titles(self) -> None:
        for dock in self.docks.values():
            title = dock.titleBarWidget()
            if isinstance(title, DockTitle):
                title.set_compact(
                    not dock.isFloating() and any(other.isVisible() for other in self._window.tabifiedDockWidgets(dock))
                )
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setExpanding(False)
            bar.setDocumentMode(True)
            if not bar.tabsClosable():
                bar.setTabsClosable(True)
                bar.tabCloseRequested.connect(lambda index, bar=bar: self._close_tab(bar, index))

    def _close_tab(self, bar: QTabBar, index: int) -> None:
        text = bar.tabText(index)
        for dock in self.docks.values():
            if dock.windowTitle() == text:
                dock.close()


def _focus(panel: Panel) -> None:
    """Give the focus to the first widget of a panel that takes it by Tab, such as its search field."""
    widget: QWidget | None = panel.nextInFocusChain()
    while widget is not None and widget is not panel:
        reachable = widget.isEnabled() and widget.isVisibleTo(panel) and panel.isAncestorOf(widget)
        if reachable and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        widget = widget.nextInFocusChain()


def _in_front(dock: QDockWidget) -> bool:
    """Whether a dock is open and not behind another tab."""
    return dock.isVisible() and not dock.visibleRegion().isEmpty()
