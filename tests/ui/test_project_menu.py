import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.project import Provider
from craft_desktop.model.session import Session
from craft_desktop.ui.project_menu import make_menu
from tests.ui.stand_in import live, make_project


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def open_menu(owner: QWidget, session: Session, told: list[tuple[object, ...]]) -> QMenu:
    return make_menu(
        owner,
        make_project(1, "shop-front", provider=Provider.E2B),
        session,
        Provider.LOCAL,
        lambda name, key: told.append((name, key)),
        lambda key, provider: told.append((key, provider)),
    )


def find(menu: QMenu, name: str) -> QAction:
    found = menu.findChild(QAction, name)
    assert isinstance(found, QAction)
    return found


def test_what_makes_sense_is_enabled(owner: QWidget) -> None:
    told: list[tuple[object, ...]] = []
    idle = open_menu(owner, Session("p1"), told)
    enabled = [find(idle, f"menu-{name}").isEnabled() for name in ("start", "stop", "restart")]
    assert enabled == [True, False, False]
    running = open_menu(owner, live("p1"), told)
    enabled = [find(running, f"menu-{name}").isEnabled() for name in ("start", "stop", "restart")]
    assert enabled == [False, True, True]


def test_every_entry_is_an_intention(owner: QWidget) -> None:
    told: list[tuple[object, ...]] = []
    menu = open_menu(owner, Session("p1"), told)
    for name in ("start", "browser", "folder", "copy-address", "remove"):
        find(menu, f"menu-{name}").trigger()
    assert told == [(name, "p1") for name in ("start", "browser", "folder", "copy-address", "remove")]


def test_where_it_runs(owner: QWidget) -> None:
    told: list[tuple[object, ...]] = []
    menu = open_menu(owner, Session("p1"), told)
    assert find(menu, "menu-where-e2b").isChecked()
    assert find(menu, "menu-where-default").text() == "As in Settings (This computer)"
    find(menu, "menu-where-default").trigger()
    find(menu, "menu-where-local").trigger()
    assert told == [("p1", None), ("p1", Provider.LOCAL)]
