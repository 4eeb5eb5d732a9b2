"""The style sheet, written from the tokens."""

from composer import paths
from composer.gui.look.tokens import Tokens


def stylesheet(t: Tokens, control_height: int, small_font: int) -> str:
    """Return the style sheet of the application.

    Args:
        t: the tokens of the current theme.
        control_height: height of buttons and fields, in pixels.
        small_font: size of the small font, in pixels.
    """
    # A style sheet takes images from files only, so these few icons exist once for each theme.
    folder, ground = (paths.RESOURCES / "icons").as_posix(), "dark" if t.dark else "light"
    mark, up, down, close = (
        f"{folder}/{name}-on-{ground}.svg" for name in ("check", "chevron-up", "chevron-down", "close")
    )
    return f"""
QMainWindow, QDialog {{ background: {t.window}; }}
QMainWindow::separator {{ background: {t.border}; width: 1px; height: 1px; }}
QMainWindow::separator:hover {{ background: {t.accent}; }}
QToolTip {{ background: {t.card}; color: {t.text}; border: 1px solid {t.strong_border}; padding: 4px 6px; }}

QMenuBar {{ background: {t.window}; border-bottom: 1px solid {t.border}; padding: 0 4px; }}
QMenuBar::item {{ padding: 5px 8px; background: transparent; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
QMenu {{ background: {t.card}; border: 1px solid {t.strong_border}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.tint}; color: {t.text}; }}
QMenu::item:disabled {{ color: {t.faint}; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}
QMenu::icon {{ padding-left: 8px; }}
QToolBar {{ background: {t.window}; border: none; border-bottom: 1px solid {t.border}; padding: 4px 8px;
    spacing: 2px; }}
QToolBar::separator {{ background: {t.border}; width: 1px; margin: 4px 6px; }}
QToolButton {{ border: none; border-radius: 4px; padding: 5px; background: transparent; }}
QToolButton:hover {{ background: {t.hover}; }}
QToolButton:pressed, QToolButton:checked {{ background: {t.tint}; }}
QStatusBar {{ background: {t.window}; border-top: 1px solid {t.border}; color: {t.muted}; }}
QStatusBar::item {{ border: none; }}

QDockWidget {{ color: {t.muted}; titlebar-close-icon: none; titlebar-normal-icon: none; }}
QTabBar {{ background: {t.window}; qproperty-drawBase: 0; }}
QTabBar::tab {{ background: transparent; color: {t.muted}; padding: 6px 12px; border: none;
    border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom: 2px solid {t.accent}; }}
QTabBar::tab:hover:!selected {{ color: {t.text}; background: {t.hover}; }}
QTabBar::close-button {{ image: url({close}); width: 12px; height: 12px; border-radius: 3px; margin: 2px; }}
QTabBar::close-button:hover {{ background: {t.hover}; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {t.border}; }}

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {{
    background: {t.field}; border: 1px solid {t.strong_border}; border-radius: 4px; color: {t.text};
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {{ min-height: {control_height - 2}px;
    max-height: {control_height - 2}px; }}
QLineEdit, QComboBox {{ padding: 0 8px; }}
QAbstractSpinBox QLineEdit {{ background: transparent; border: none; padding: 0 0 0 6px; min-height: 0; }}
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {{
    border: none; width: 18px; background: transparent; }}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url({up}); width: 10px; height: 10px; }}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url({down}); width: 10px; height: 10px; }}
QPlainTextEdit, QTextEdit {{ padding: 4px; }}
QCheckBox {{ min-height: {control_height}px; spacing: 8px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {t.strong_border}; border-radius: 3px;
    background: {t.field}; }}
QCheckBox::indicator:hover {{ border-color: {t.accent}; }}
QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; image: url({mark}); }}
QCheckBox::indicator:indeterminate {{ background: {t.faint}; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{
    border-color: {t.accent}; }}
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {{ color: {t.faint};
    border-color: {t.border}; }}
QLineEdit[inferred="true"], QComboBox[inferred="true"] {{ background: {t.panel}; color: {t.muted};
    border-color: {t.border}; }}
QLineEdit[unset="true"] {{ color: {t.muted}; }}
QLineEdit[invalid="true"] {{ border-color: {t.error}; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: url({down}); width: 12px; height: 12px; }}
QMenu::indicator {{ width: 12px; height: 12px; left: 8px; }}
QTableView::item {{ padding: 0 6px; }}
QUndoView::item {{ padding: 5px 8px; border-radius: 4px; }}
QComboBox QAbstractItemView {{ background: {t.card}; border: 1px solid {t.strong_border}; padding: 4px; outline: none;
    selection-background-color: {t.tint}; selection-color: {t.text}; }}
QPushButton {{ background: {t.card}; border: 1px solid {t.strong_border}; border-radius: 4px; padding: 0 12px;
    min-height: {control_height - 2}px; max-height: {control_height - 2}px; }}
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:pressed {{ background: {t.tint}; }}
QPushButton:focus {{ border-color: {t.accent}; }}
QPushButton:disabled {{ color: {t.faint}; border-color: {t.border}; }}
QPushButton:default, QPushButton[primary="true"] {{ background: {t.accent}; color: {t.on_accent};
    border-color: {t.accent}; }}
QPushButton[primary="true"]:disabled {{ background: {t.card}; color: {t.faint}; border-color: {t.border}; }}
QPushButton[flat="true"], QPushButton[link="true"] {{ background: transparent; border: none; color: {t.accent};
    padding: 0 4px; }}
QPushButton[link="true"]:hover {{ text-decoration: underline; }}

QAbstractItemView {{ background: {t.panel}; border: none; outline: none; alternate-background-color: {t.panel}; }}
QAbstractItemView::item:selected {{ background: {t.tint}; color: {t.text}; }}
QAbstractItemView::item:hover:!selected {{ background: {t.hover}; }}
QHeaderView {{ background: {t.panel}; }}
QHeaderView::section {{ background: {t.panel}; color: {t.muted}; border: none; border-bottom: 1px solid {t.border};
    padding: 4px 8px; }}
QHeaderView::section:hover {{ color: {t.text}; }}
QTableCornerButton::section {{ background: {t.panel}; border: none; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {t.strong_border}; border-radius: 3px; margin: 2px; min-height: 24px;
    min-width: 24px; }}
QScrollBar::handle:hover {{ background: {t.faint}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QSplitter::handle {{ background: {t.border}; }}
QProgressBar {{ background: {t.border}; border: none; border-radius: 3px; height: 6px; max-height: 6px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}

QLabel[role="muted"] {{ color: {t.muted}; }}
QLabel[role="small"] {{ color: {t.muted}; font-size: {small_font}px; }}
QLabel[role="title"] {{ color: {t.text}; font-size: 16px; font-weight: 600; }}
QLabel[role="heading"] {{ color: {t.muted}; font-size: {small_font}px; font-weight: 600; }}
QLabel[role="error"] {{ color: {t.error}; }}
QLabel[role="warning"] {{ color: {t.warning}; }}
"""
