import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.places import Place
from craft_desktop.ui.log_view import LogView
from craft_desktop.ui.theme import Theme
from tests.ui.hands import press
from tests.ui.stand_in import NOW

PAGE = Place("app/page.tsx", 4, 5)


@pytest.fixture
def asked() -> list[Place]:
    return []


@pytest.fixture
def view(qtbot: QtBot, theme: Theme, asked: list[Place]) -> LogView:
    def is_there(place: Place) -> bool:
        asked.append(place)
        return place.path in ("app/page.tsx", "src/lint.js")

    made = LogView(theme, is_there)
    qtbot.addWidget(made)
    made.resize(600, 200)
    made.show()
    return made


def show(view: LogView, *texts: str) -> None:
    view.add(LogLine("p1", Stream.SERVER, text, NOW) for text in texts)
    while view.is_busy:
        view.flush()
    view.links.mark()


def marked(view: LogView) -> list[str]:
    return [mark.cursor.selectedText() for mark in view.links.marks if mark.cursor.hasSelection()]


def point_of(view: LogView, text: str) -> QPoint:
    cursor = view.document().find(text)
    cursor.setPosition(cursor.selectionStart() + len(text) // 2)
    return view.cursorRect(cursor).center()


def test_only_files_of_the_project_are_links(view: LogView) -> None:
    show(view, "⨯ ./app/page.tsx:4:5", "at x (gone/b.ts:1:2)", "GET / 200 in 12ms", "🎉 see app/page.tsx:9 🎉 ok")
    assert marked(view) == ["./app/page.tsx:4:5", "app/page.tsx:9"]


def test_only_what_is_in_sight_is_looked_at(view: LogView, asked: list[Place]) -> None:
    show(view, *(f"at app/{number}.ts:1" for number in range(2000)))
    assert 0 < len(set(asked)) < 100


def test_a_click_opens_and_a_drag_selects(view: LogView) -> None:
    opened: list[Place] = []
    view.place_requested.connect(opened.append)
    show(view, "⨯ ./app/page.tsx:4:5 is wrong")
    at = point_of(view, "page.tsx")
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert opened == [PAGE]
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=at + QPoint(40, 0))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point_of(view, "wrong"))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(500, at.y()))
    assert opened == [PAGE]


def test_the_pointer_says_what_can_be_clicked(view: LogView) -> None:
    show(view, "⨯ ./app/page.tsx:4:5 is wrong")
    QTest.mouseMove(view.viewport(), point_of(view, "page.tsx"))
    assert view.viewport().cursor().shape() is Qt.CursorShape.PointingHandCursor
    QTest.mouseMove(view.viewport(), point_of(view, "wrong"))
    assert view.viewport().cursor().shape() is Qt.CursorShape.IBeamCursor


def test_return_opens_the_line_of_the_cursor(view: LogView) -> None:
    opened: list[Place] = []
    view.place_requested.connect(opened.append)
    show(view, "one", "⨯ ./app/page.tsx:4:5 and app/page.tsx:9", "three")
    view.moveCursor(QTextCursor.MoveOperation.Start)
    press(view, Qt.Key.Key_Return)
    press(view, Qt.Key.Key_Down)
    press(view, Qt.Key.Key_Return)
    press(view, Qt.Key.Key_End)
    press(view, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    press(view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)  # the window's Start
    assert opened == [PAGE, Place("app/page.tsx", 9)]


def test_the_menu_offers_it_first(qtbot: QtBot, view: LogView) -> None:
    opened: list[Place] = []
    view.place_requested.connect(opened.append)
    show(view, "⨯ ./app/page.tsx:4:5 is wrong")

    def menu_at(at: QPoint) -> list[QAction]:
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, view.viewport().mapToGlobal(at))
        QApplication.sendEvent(view.viewport(), event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        actions = menu.actions()
        menu.hide()
        return actions

    first = menu_at(point_of(view, "page.tsx"))[0]
    assert first.text() == "Open page.tsx:4:5 in the editor"
    first.trigger()
    assert opened == [PAGE]
    assert all("editor" not in action.text() for action in menu_at(point_of(view, "wrong")))


def test_a_finding_of_eslint_has_its_file_above(view: LogView) -> None:
    show(view, "/home/user/project/src/lint.js", "  1:1  error  'a' is not defined", "  2:4  warning  b")
    assert marked(view) == ["/home/user/project/src/lint.js", "1:1", "2:4"]


def test_marks_come_to_rest(qtbot: QtBot, view: LogView) -> None:
    show(view, "⨯ ./app/page.tsx:4:5")
    qtbot.waitUntil(lambda: not view.links._timer.isActive())  # what was asked for before
    told: list[None] = []
    view.links.changed.connect(lambda: told.append(None))
    for _ in range(5):
        view.links.mark()
    assert told == []


def test_a_search_and_links_are_marked_together(view: LogView, theme: Theme) -> None:
    show(view, "⨯ ./app/page.tsx:4:5")
    mark = view.links.marks[-1]
    view.show_hits([mark])
    assert len(view.extraSelections()) == len(view.links.marks) + 1
    view.show_hits([])
    assert len(view.extraSelections()) == len(view.links.marks)
    theme.choose("dark")
    while view.is_busy:
        view.flush()
    view.links.mark()
    assert view.links.marks[-1].format.foreground().color().name() == theme.colours.link
