from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from craft_desktop.model.session import PageServed as Served
from craft_desktop.model.session import RestartAsked, ServerStarted, Session, advance
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.preview_pane import ZOOMS, PreviewPane
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click, press
from tests.ui.stand_in import NOW, failed, live, run_to
from tests.ui.web_site import Site

WAIT_MS = 15_000


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme, icons: Icons, site: Site, tmp_path: Path) -> Iterator[PreviewPane]:
    made = PreviewPane(theme, icons, lambda: NOW + 60, site.base, tmp_path / "p1", 1.0)
    made.resize(700, 400)
    made.show()
    yield made
    page = made.page
    if page is None:
        made.close_page()
    else:
        with qtbot.waitSignal(page.destroyed, timeout=WAIT_MS):
            made.close_page()
    assert made.page is None
    made.deleteLater()


def wait_title(qtbot: QtBot, pane: PreviewPane, title: str) -> None:
    qtbot.waitUntil(lambda: pane.page is not None and pane.page.title() == title, timeout=WAIT_MS)


def test_the_engine_sleeps_until_there_is_a_page(pane: PreviewPane) -> None:
    for session in (Session("p1"), run_to("p1", 3), failed()):
        pane.show_session(session)
        pane.tick()
        assert pane.page is None and not pane.is_live
    for act in (pane.back, pane.forward, pane.reload, pane.edit_address, pane.show_tools):
        act()
    assert pane.page is None


def test_the_page_comes_when_live_and_keeps_its_place(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())  # its address is not this site's: the project's own base is taken
    assert pane.is_live
    wait_title(qtbot, pane, "home")
    assert pane.field.text() == site.base.removeprefix("http://")
    pane.field.setText("second")
    press(pane.field, Qt.Key.Key_Return)
    wait_title(qtbot, pane, "second")
    qtbot.waitUntil(lambda: pane.back_button.isEnabled(), timeout=WAIT_MS)
    page = pane.page
    restarting = advance(live(), RestartAsked(), NOW + 100)
    pane.show_session(restarting)
    assert not pane.is_live
    again = advance(advance(restarting, ServerStarted(9, 3000), NOW + 101), Served(site.base), NOW + 102)
    with qtbot.waitSignal(pane.page.loadFinished, timeout=WAIT_MS):
        pane.show_session(again)
    assert pane.page is page and page.url().toString() == f"{site.base}second"


def test_back_forward_reload(qtbot: QtBot, pane: PreviewPane) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    pane.field.setText("/second")
    press(pane.field, Qt.Key.Key_Return)
    wait_title(qtbot, pane, "second")
    qtbot.waitUntil(lambda: pane.back_button.isEnabled(), timeout=WAIT_MS)
    click(pane.back_button)
    wait_title(qtbot, pane, "home")
    qtbot.waitUntil(lambda: pane.forward_button.isEnabled(), timeout=WAIT_MS)
    click(pane.forward_button)
    wait_title(qtbot, pane, "second")
    assert pane.page is not None
    with qtbot.waitSignal(pane.page.loadFinished, timeout=WAIT_MS):
        click(pane.reload_button)


def test_another_host_leads_outside(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    pane.field.setText("example.com/docs")
    with qtbot.waitSignal(pane.outside_requested) as asked:
        press(pane.field, Qt.Key.Key_Return)
    assert asked.args == ["http://example.com/docs"]
    pane.field.setText("file:///etc/passwd")
    press(pane.field, Qt.Key.Key_Return)
    assert pane.says.isVisible() and "file:///etc/passwd" in pane.says.text()
    with qtbot.waitSignal(pane.outside_requested) as asked:
        click(pane.outside_button)
    assert asked.args == [site.base]


def test_zoom(qtbot: QtBot, pane: PreviewPane) -> None:
    pane.show_session(live())
    told: list[float] = []
    pane.zoom_changed.connect(told.append)
    click(pane.zoom_in_button)
    assert pane.zoom_button.text() == "110 %" and pane.view is not None
    assert pane.view.zoomFactor() == pytest.approx(1.1)
    for _ in range(len(ZOOMS) + 1):
        pane.zoom(-1)
    assert pane.zoom_button.text() == "25 %"
    click(pane.zoom_button)
    assert told[0] == 1.1 and told[-1] == 1.0


def test_a_remembered_zoom_survives_loading(qtbot: QtBot, pane: PreviewPane) -> None:
    pane.zoom(1)
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    assert pane.view is not None and pane.page is not None
    with qtbot.waitSignal(pane.page.loadFinished, timeout=WAIT_MS):
        pane.reload()
    assert pane.view.zoomFactor() == pytest.approx(1.1)


def test_developer_tools_open_beside(qtbot: QtBot, pane: PreviewPane) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    pane.show_tools()
    assert pane.page is not None and pane.page.devToolsPage() is not None
