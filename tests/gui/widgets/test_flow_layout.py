"""Widgets in lines, and buttons whose labels wrap."""

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from composer.gui.widgets.flow_layout import FlowLayout
from composer.gui.widgets.labels import clear
from composer.gui.widgets.wrap_button import WrapButton

LONG = "Wire conv_stem -> mb_conv through a 1x1 convolution to 1 channels"


class Box(QWidget):
    """A widget of a preferred width, ten pixels high."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.preferred = width

    def sizeHint(self) -> QSize:  # noqa: N802 - a method of Qt
        """Return the preferred size."""
        return QSize(self.preferred, 10)


def _boxes(width: int, widths: list[int]) -> list[tuple[int, int, int]]:
    """Return left, top and width of boxes of these widths in a flow of a width."""
    holder, layout = QWidget(), FlowLayout(spacing=4)
    for preferred in widths:
        layout.addWidget(Box(preferred))
    holder.setLayout(layout)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setGeometry(QRect(0, 0, width, layout.heightForWidth(width)))
    return [(widget.x(), widget.y(), widget.width()) for widget in layout.widgets()]


def test_widgets_continue_on_the_next_line(qapp: QApplication) -> None:
    assert _boxes(100, [40, 40, 40]) == [(0, 0, 40), (44, 0, 40), (0, 14, 40)]
    assert _boxes(300, [40, 40, 40]) == [(0, 0, 40), (44, 0, 40), (88, 0, 40)]


def test_a_widget_wider_than_the_layout_gets_the_whole_width(qapp: QApplication) -> None:
    assert _boxes(100, [40, 160, 40]) == [(0, 0, 40), (0, 14, 100), (0, 28, 40)]


def test_a_flow_is_cleared(qapp: QApplication) -> None:
    holder, layout = QWidget(), FlowLayout()
    holder.setLayout(layout)
    layout.addWidget(QLabel("one"))
    clear(layout)
    assert layout.count() == 0
    assert layout.itemAt(0) is None
    assert layout.takeAt(0) is None


def test_a_long_label_breaks_into_lines_instead_of_widening_its_panel(qapp: QApplication) -> None:
    clicks: list[bool] = []
    button = WrapButton(LONG, lambda: clicks.append(True))
    one_line = button.sizeHint()
    assert button.heightForWidth(one_line.width()) == one_line.height()
    assert button.heightForWidth(one_line.width() // 2) > 1.5 * button.fontMetrics().height()
    assert button.minimumSizeHint().width() < one_line.width() / 3
    button.click()
    assert clicks == [True]


def test_the_text_of_a_narrow_button_is_painted_inside_it(qapp: QApplication) -> None:
    button = WrapButton(LONG, lambda: None)
    width = button.sizeHint().width() // 3
    button.resize(width, button.heightForWidth(width))
    blank = WrapButton("", lambda: None)
    blank.resize(button.size())
    image, empty = button.grab().toImage(), blank.grab().toImage()
    inked = [y for y in range(image.height()) if any(image.pixel(x, y) != empty.pixel(x, y) for x in range(width))]
    assert len(inked) > 2 * button.fontMetrics().xHeight()  # more than one line of letters
    assert min(inked) > 3
    assert max(inked) < image.height() - 4
