import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.project import Provider
from craft_desktop.model.session import Session, StopAsked, advance
from craft_desktop.ui.commands import COMMANDS, OF_PROJECT
from craft_desktop.ui.project_menu import make_menu
from tests.ui.stand_in import NOW, live, make_project


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
    names = [command.name for command in COMMANDS if command.menu == OF_PROJECT]
    assert {"restart-clean", "reinstall", "editor", "port", "keep-awake"} < set(names)
    for name in names:
        find(menu, f"menu-{name}").trigger()
    assert told == [(name, "p1") for name in names if name not in ("stop", "restart", "copy-public-address")]


def test_keys_are_shown_and_stay_the_windows_own(owner: QWidget) -> None:
    menu = open_menu(owner, Session("p1"), [])
    assert find(menu, "menu-start").text() == "Start\tCtrl+Return"
    assert find(menu, "menu-reinstall").text() == "Reinstall dependencies"
    assert all(action.shortcut().isEmpty() for action in menu.actions())


def test_what_is_kept_awake_is_ticked(owner: QWidget) -> None:
    for awake in (False, True):
        project = make_project(1, "shop-front", keep_awake=awake)
        menu = make_menu(owner, project, Session("p1"), Provider.LOCAL, lambda *_: None, lambda *_: None)
        assert find(menu, "menu-keep-awake").isCheckable()
        assert find(menu, "menu-keep-awake").isChecked() is awake


def test_a_project_that_stops_is_not_cleaned(owner: QWidget) -> None:
    stopping = open_menu(owner, advance(live("p1"), StopAsked(), NOW), [])
    assert not any(find(stopping, f"menu-{name}").isEnabled() for name in ("restart-clean", "reinstall", "restart"))
    assert find(stopping, "menu-keep-awake").isEnabled()


def test_where_it_runs(owner: QWidget) -> None:
    told: list[tuple[object, ...]] = []
    menu = open_menu(owner, Session("p1"), told)
    assert find(menu, "menu-where-e2b").isChecked()
    assert find(menu, "menu-where-default").text() == "As in the settings (This computer)"
    find(menu, "menu-where-default").trigger()
    find(menu, "menu-where-local").trigger()
    assert told == [("p1", None), ("p1", Provider.LOCAL)]
