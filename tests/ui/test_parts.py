from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QTextDocument
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui import parts
from craft_desktop.ui.icons import Icons
from tests.ui.hands import press


def test_a_label_never_reads_markup(qtbot: QtBot) -> None:
    made = parts.label("<img src='file:///etc/passwd'>", "muted")
    qtbot.addWidget(made)
    assert made.textFormat() is Qt.TextFormat.PlainText
    assert parts.ElidedLabel().textFormat() is Qt.TextFormat.PlainText


def test_buttons_have_names(qtbot: QtBot, icons: Icons) -> None:
    tool = parts.tool_button("someButton", "Do it", icons, "play")
    qtbot.addWidget(tool)
    assert (tool.objectName(), tool.accessibleName(), tool.toolTip()) == ("someButton", "Do it", "Do it")
    push = parts.push_button("otherButton", "Other", "primary")
    qtbot.addWidget(push)
    assert (push.objectName(), push.text(), push.property("role")) == ("otherButton", "Other", "primary")


def test_a_field_can_be_cleared(qtbot: QtBot, icons: Icons) -> None:
    edit = QLineEdit()
    qtbot.addWidget(edit)
    parts.make_clearable(edit, icons)
    (cross,) = edit.actions()
    assert not cross.isVisible()
    edit.setText("x")
    assert cross.isVisible()
    cross.trigger()
    assert edit.text() == "" and not cross.isVisible()


def test_an_elided_label_asks_for_no_width(qtbot: QtBot) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    made = parts.ElidedLabel("title")
    made.setParent(outer)
    made.setText("a name that is far too long for this")
    made.setFixedWidth(60)
    outer.show()
    made.grab()
    assert made.minimumSizeHint().width() == 0
    assert made.toolTip() == made.text()


def test_a_line_in_parts_loses_the_last_ones_whole(qtbot: QtBot) -> None:
    made = parts.ElidedLabel(by_parts=True)
    qtbot.addWidget(made)
    made.setText("0.1 s · 214 files, 1.8 MB")
    wide = made.fontMetrics().horizontalAdvance(made.text())
    assert made.shown_at(wide) == made.text()
    assert made.shown_at(wide - 1) == "0.1 s"
    assert made.shown_at(made.fontMetrics().horizontalAdvance("0.1 s") - 1).endswith("…")
    made.setFixedWidth(wide - 1)
    made.grab()
    assert made.toolTip() == made.text()


def test_a_property_is_set_once(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    parts.set_property(widget, "tone", "bad")
    assert widget.property("tone") == "bad"
    assert parts.line().property("role") == "line"


def test_return_presses_a_button_once_and_alone(qtbot: QtBot, icons: Icons) -> None:
    for made in (parts.push_button("one", "One"), parts.tool_button("two", "Two", icons, "play")):
        qtbot.addWidget(made)
        made.show()
        pressed: list[bool] = []
        made.clicked.connect(lambda on, pressed=pressed: pressed.append(on))
        press(made, Qt.Key.Key_Return)
        press(made, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
        assert len(pressed) == 2
        # Ctrl+Return is a command of the window, and a key held down presses once.
        control, none = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
        made.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, control))
        made.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, none, "", True))
        assert len(pressed) == 2


def test_return_opens_a_buttons_menu(qtbot: QtBot, icons: Icons) -> None:
    made = parts.tool_button("some", "Some", icons, "more")
    qtbot.addWidget(made)
    menu = QMenu(made)
    menu.addAction("An entry")
    made.setMenu(menu)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    made.show()
    menu.aboutToShow.connect(lambda: QTimer.singleShot(0, menu.close))  # showMenu waits for its end
    with qtbot.waitSignal(menu.aboutToHide):
        press(made, Qt.Key.Key_Return)


def test_markup_in_a_tool_tip_is_shown_as_it_is() -> None:
    assert parts.tip("plain & simple") == "plain & simple"
    document = QTextDocument()
    document.setHtml(parts.tip("<b>app</b>/<img src=x>"))
    assert document.toPlainText() == "<b>app</b>/<img src=x>"
