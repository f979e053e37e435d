from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.events import SessionChanged
from craft_desktop.model.session import Phase
from craft_desktop.model.settings import Settings
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.presence import Presence
from craft_desktop.ui.tidings import Tidings
from craft_desktop.ui.tray import rows_of
from tests.ui.stand_in import StandIn, failed, live, make_project, run_to

PROJECT = make_project(1, "shop-front")


@pytest.fixture
def presence(qtbot: QtBot, icons: Icons, monkeypatch: pytest.MonkeyPatch) -> Iterator[Presence]:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    made = Presence(window, icons.application(), lambda: rows_of([PROJECT], lambda _: live()))
    yield made
    made.end()


@pytest.fixture
def told(presence: Presence) -> list[Tidings]:
    heard: list[Tidings] = []
    presence.news.connect(heard.append)
    return heard


def in_front(monkeypatch: pytest.MonkeyPatch, window: QWidget | None) -> None:
    monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda: window))


def test_news_is_told_only_while_no_window_of_ours_is_in_front(
    presence: Presence, told: list[Tidings], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_front(monkeypatch, QWidget())
    presence.heed(Phase.WAITING, live(), PROJECT)
    assert told == []
    in_front(monkeypatch, None)
    presence.heed(Phase.WAITING, live(), PROJECT)
    presence.heed(Phase.LIVE, live(), PROJECT)
    assert [news.title for news in told] == ["shop-front is live"]


def test_a_person_may_want_no_news(presence: Presence, told: list[Tidings], monkeypatch: pytest.MonkeyPatch) -> None:
    in_front(monkeypatch, None)
    presence.show_settings(replace(Settings(), notifications=False))
    presence.heed(Phase.INSTALLING, failed(), PROJECT)
    assert told == []


def test_closing_hides_the_window_only_where_the_tray_brings_it_back(presence: Presence, told: list[Tidings]) -> None:
    window = presence.parent()
    assert isinstance(window, QWidget)
    presence.show_settings(replace(Settings(), tray=False))
    assert not presence.goes_to_rest() and window.isVisible()
    presence.show_settings(replace(Settings(), tray=True))
    assert presence.goes_to_rest() and not window.isVisible()
    presence.come_forward()
    assert window.isVisible()
    presence.goes_to_rest()
    assert [news.title for news in told] == ["Craft Desktop keeps running"]  # once is enough


async def test_the_window_tells_of_its_projects_and_comes_forward(
    window: MainWindow, bench: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Tidings] = []
    window.presence.news.connect(heard.append)
    in_front(monkeypatch, None)
    bench.tell(SessionChanged(run_to("p2", 5)))
    bench.tell(SessionChanged(live("p2")))
    assert [(news.project_id, news.title) for news in heard] == [("p2", "blog is live")]
    window.hide()
    window.come_forward("p3")
    assert window.isVisible() and window.pane is not None and window.pane.project.id == "p3"
