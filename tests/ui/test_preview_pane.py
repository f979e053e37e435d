import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from craft_desktop.model.device import FULL, PHONE, TABLET, Device, Kind
from craft_desktop.model.session import PageServed as Served
from craft_desktop.model.session import (
    RestartAsked,
    ServerBroke,
    ServerStarted,
    Session,
    SleepAsked,
    SourceSaved,
    WakeAsked,
    advance,
)
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.placement import Look
from craft_desktop.ui.preview_pane import PAGE_COMMANDS, ZOOMS, PreviewPane
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click, press, write
from tests.ui.pages import WAIT_MS, close, engine, go, run, wait_title
from tests.ui.stand_in import NOW, failed, live, run_to
from tests.ui.web_site import Site


@pytest.fixture
def pane(preview: PreviewPane) -> PreviewPane:
    return preview


def kill(process_id: int) -> None:
    assert process_id > 0
    os.kill(process_id, signal.SIGKILL)


def looks(pane: PreviewPane) -> list[Look]:
    told: list[Look] = []
    pane.look_changed.connect(told.append)
    return told


def test_the_engine_sleeps_until_there_is_a_page(pane: PreviewPane) -> None:
    for session in (Session("p1"), run_to("p1", 3), failed()):
        pane.show_session(session)
        pane.tick()
        assert pane.web is None and not pane.is_live and not pane.is_seen and pane.memory_bytes() is None
    for act in PAGE_COMMANDS.values():
        act(pane)
    assert pane.web is None and pane.popped is None and not pane.discard()


def test_the_page_comes_when_live_and_keeps_its_place(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())  # its address is not this site's: the project's own base is taken
    assert pane.is_live
    wait_title(qtbot, pane, "home")
    assert pane.bar.field.edit.text() == "/" and pane.bar.field.host.text() == site.base[len("http://") : -1]
    pane.bar.field.edit.setText("second?a=1#b")
    press(pane.bar.field.edit, Qt.Key.Key_Return)
    wait_title(qtbot, pane, "second")
    qtbot.waitUntil(lambda: pane.bar.field.edit.text() == "/second?a=1#b", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: pane.bar.buttons["back"].isEnabled(), timeout=WAIT_MS)
    page = engine(pane).page
    restarting = advance(live(), RestartAsked(), NOW + 100)
    pane.show_session(restarting)
    assert not pane.is_live
    again = advance(advance(restarting, ServerStarted(9, 3000), NOW + 101), Served(site.base), NOW + 102)
    with qtbot.waitSignal(page.loadFinished, timeout=WAIT_MS):
        pane.show_session(again)
    assert engine(pane).page is page and page.url().toString() == f"{site.base}second?a=1#b"


def test_for_a_save_the_page_stays_and_is_loaded_again(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    page = engine(pane).page
    session = advance(live(), SourceSaved(), NOW + 100)
    for fact in (None, ServerStarted(9, 3000)):
        session = session if fact is None else advance(session, fact, NOW + 101)
        pane.show_session(session)
        assert pane.is_live
    with qtbot.waitSignal(page.loadFinished, timeout=WAIT_MS):
        pane.show_session(advance(session, Served(site.base), NOW + 102))
    assert pane.is_live and engine(pane).page is page
    problem = failed().problem
    assert problem is not None
    pane.show_session(advance(session, ServerBroke(problem), NOW + 102))
    assert not pane.is_live and pane.panel.title.text() == problem.title
    assert not pane.panel.start.isVisibleTo(pane.panel)
    # From a page that is not in sight the steps are shown, as ever.
    pane.show_session(session)
    assert not pane.is_live


def test_back_forward_reload(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    pane.bar.field.edit.setText("/second")
    press(pane.bar.field.edit, Qt.Key.Key_Return)
    wait_title(qtbot, pane, "second")
    qtbot.waitUntil(lambda: pane.bar.buttons["back"].isEnabled(), timeout=WAIT_MS)
    click(pane.bar.buttons["back"])
    wait_title(qtbot, pane, "home")
    qtbot.waitUntil(lambda: pane.bar.buttons["forward"].isEnabled(), timeout=WAIT_MS)
    click(pane.bar.buttons["forward"])
    wait_title(qtbot, pane, "second")
    qtbot.waitUntil(lambda: not engine(pane).page.isLoading(), timeout=WAIT_MS)
    before = len(site.hits)
    click(pane.bar.buttons["reload"])
    qtbot.waitUntil(lambda: site.hits[before:] == ["/second"], timeout=WAIT_MS)


def test_another_host_leads_outside(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    pane.bar.field.edit.setText("example.com/docs")
    with qtbot.waitSignal(pane.outside_requested) as asked:
        press(pane.bar.field.edit, Qt.Key.Key_Return)
    assert asked.args == ["http://example.com/docs"]
    pane.bar.field.edit.setText("file:///etc/passwd")
    press(pane.bar.field.edit, Qt.Key.Key_Return)
    assert pane.line.isVisible() and "file:///etc/passwd" in pane.line.words
    with qtbot.waitSignal(pane.outside_requested) as asked:
        pane.command("browser")
    assert asked.args == [site.base]


def test_zoom(qtbot: QtBot, pane: PreviewPane) -> None:
    pane.show_session(live())
    told = looks(pane)
    percent = pane.bar.buttons["zoom-reset"]
    pane.command("zoom-in")
    assert percent.text() == "110 %" and percent.accessibleName() == "Actual size (Ctrl+0), now 110 %"
    assert engine(pane).page.zoomFactor() == pytest.approx(1.1)
    for _ in range(len(ZOOMS) + 1):
        pane.zoom(-1)
    assert percent.text() == "25 %"
    click(percent)
    assert told[0] == Look(1.1) and told[-1] == Look(1.0)


def test_a_remembered_look_survives_loading(
    qtbot: QtBot, theme: Theme, icons: Icons, site: Site, tmp_path: Path
) -> None:
    pane = PreviewPane(theme, icons, lambda: NOW, site.base, tmp_path / "p1", Look(0.5, PHONE))
    pane.resize(900, 1400)
    pane.show()
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    with qtbot.waitSignal(engine(pane).page.loadFinished, timeout=WAIT_MS):
        pane.command("reload")
    assert engine(pane).page.zoomFactor() == pytest.approx(0.5)
    assert pane.strip.scale.text() == "shown at 50 %" and pane.bar.buttons["phone"].isChecked()
    close(qtbot, pane)


@pytest.mark.parametrize("device", [PHONE, PHONE.turned, TABLET, Device(Kind.CUSTOM, 1280, 720)], ids=str)
def test_a_page_is_laid_out_at_the_devices_size(qtbot: QtBot, pane: PreviewPane, device: Device) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    pane.bar.entered.emit("/size")
    qtbot.waitUntil(lambda: engine(pane).page.title().startswith(f"{pane.frame.width()} "), timeout=WAIT_MS)
    pane._choose_device(device)
    expected = f"{device.width} {device.height} {str(device.width <= 500).lower()}"
    wait_title(qtbot, pane, expected)
    view = engine(pane).view
    if device.is_hand_held:  # no bars take its room
        width = "document.documentElement.clientWidth"
        qtbot.waitUntil(lambda: run(qtbot, pane, width) == device.width, timeout=WAIT_MS)
    ratio = run(qtbot, pane, "devicePixelRatio")
    assert ratio == pytest.approx(view.width() / device.width * view.devicePixelRatioF())
    assert pane.strip.isVisible() and f"{device.width} × {device.height}" in pane.strip.scale.accessibleName()
    room = pane.frame.viewport()
    middle = view.mapTo(pane.frame, view.rect().center())
    assert abs(middle.x() - room.rect().center().x()) <= 1
    pane.command("full")
    frame, page = pane.frame, engine(pane).page
    qtbot.waitUntil(lambda: page.title() == f"{frame.width()} {frame.height()} false", timeout=WAIT_MS)
    assert not pane.strip.isVisible() and engine(pane).page.zoomFactor() == 1.0


def test_choosing_rotating_and_typing_a_device(pane: PreviewPane) -> None:
    pane.show_session(live())
    told = looks(pane)
    pane.command("rotate")  # nothing to turn
    click(pane.bar.buttons["phone"])
    pane.command("rotate")
    click(pane.bar.buttons["phone"])
    click(pane.bar.buttons["tablet"])
    click(pane.strip.rotate_button)
    pane.command("custom")
    pane.strip.width_field.selectAll()
    write(pane.strip.width_field, "1024")
    press(pane.strip.width_field, Qt.Key.Key_Return)
    pane.strip.height_field.selectAll()
    write(pane.strip.height_field, "1")
    press(pane.strip.height_field, Qt.Key.Key_Return)
    click(pane.bar.buttons["full"])
    assert [look.device for look in told] == [
        PHONE,
        PHONE.turned,
        TABLET,
        TABLET.turned,
        Device(Kind.CUSTOM, 1180, 820),
        Device(Kind.CUSTOM, 1024, 820),
        Device(Kind.CUSTOM, 1024, 200),
        FULL,
    ]


def test_it_pops_out_and_back_without_a_reload(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_name("Shop front")
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    page, before = engine(pane).page, list(site.hits)
    run(qtbot, pane, "window.kept = 7")
    told = looks(pane)
    pane.command("pop-out")
    popped = pane.popped
    assert popped is not None and popped.windowTitle() == "Shop front – Preview" and popped.isVisible()
    assert engine(pane).view.window() is popped and engine(pane).page is page and pane.is_seen
    assert not pane.bar.isHidden() and pane.bar.window() is popped
    assert pane.bar.buttons["pop-out"].toolTip() == "Back into the main window (Ctrl+Shift+O)"
    assert {button.objectName() for button in pane.findChildren(QPushButton) if button.isVisible()} == {
        "popShow",
        "popBack",
    }
    pane.show_name("Shop front 2")
    assert popped.windowTitle() == "Shop front 2 – Preview"
    popped.resize(640, 480)
    popped.close()
    assert pane.popped is None and engine(pane).view.window() is pane.window()
    assert len(told) == 1 and told[0].geometry
    pane.command("pop-out")
    assert pane.popped is not None and pane.popped.size() == QSize(640, 480)
    click(pane.findChild(QPushButton, "popBack"))
    assert pane.popped is None
    assert run(qtbot, pane, "window.kept") == 7 and site.hits == before


def test_keys_work_in_its_own_window_whatever_the_page_does_with_them(
    qtbot: QtBot, pane: PreviewPane, site: Site
) -> None:
    go(qtbot, pane, "keys")
    qtbot.waitUntil(lambda: not engine(pane).page.isLoading(), timeout=WAIT_MS)
    pane.command("pop-out")
    popped = pane.popped
    assert popped is not None
    qtbot.waitUntil(popped.isActiveWindow, timeout=WAIT_MS)
    inner = engine(pane).view.focusProxy()
    assert inner is not None and inner.hasFocus()
    press(inner, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert pane.bar.buttons["phone"].isChecked()
    press(inner, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    assert pane.strip.width_field.text() == "844"
    press(inner, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: site.hits.count("/keys") == 2, timeout=WAIT_MS)
    told: list[str] = []
    pane.command_requested.connect(told.append)
    press(inner, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    press(inner, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert told == ["settings", "quit"]
    press(inner, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert pane.bar.field.edit.hasFocus()
    press(inner, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert pane.popped is None


def test_its_own_window_follows_the_run(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    pane.command("pop-out")
    popped = pane.popped
    assert popped is not None
    asked: list[str] = []
    pane.command_requested.connect(asked.append)
    for name in ("stop", "restart"):
        action = popped.findChild(QAction, f"pop-{name}")
        assert action is not None
        action.trigger()
    assert asked == ["stop", "restart"]
    pane.show_session(Session("p1"))
    assert pane.panel.isVisible() and pane.panel.window() is popped
    click(pane.panel.start)
    assert asked[-1] == "start"
    pane.close_page()
    assert pane.popped is None and not popped.isVisible() and pane.panel.window() is pane.window()


def test_asleep_the_page_stays_with_a_quiet_line(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    asleep = advance(live(), SleepAsked(), NOW + 900)
    pane.show_session(asleep)
    assert pane.is_live and pane.line.words.startswith("Asleep to save memory")
    pane.line.say("The page says: x")
    pane.line.clear()
    assert pane.line.words.startswith("Asleep")
    waking = advance(asleep, WakeAsked(), NOW + 901)
    pane.show_session(waking)
    assert pane.line.words == "Waking up…"
    pane.show_session(advance(waking, Served(site.base), NOW + 902))
    assert pane.line.words == "" and not pane.line.isVisible()
    assert site.hits.count("/") == 1


def test_a_lost_process_is_told_and_reloaded(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    web = engine(pane)
    first = web.process_id
    kill(first)
    qtbot.waitUntil(lambda: pane.line.current is not None, timeout=WAIT_MS)
    assert pane.line.words.startswith("The page’s process ended")
    qtbot.waitUntil(lambda: pane.line.yes.isEnabled(), timeout=WAIT_MS)
    with qtbot.waitSignal(web.loaded, timeout=WAIT_MS):
        click(pane.line.yes)
    assert pane.line.current is None and web.process_id not in (0, first) and site.hits == ["/", "/"]
    kill(web.process_id)
    qtbot.waitUntil(lambda: pane.line.current is not None, timeout=WAIT_MS)
    with qtbot.waitSignal(web.loaded, timeout=WAIT_MS):
        pane.command("reload")
    assert pane.line.current is None


def test_what_a_page_asked_goes_with_it(qtbot: QtBot, pane: PreviewPane, site: Site) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    pane.bar.entered.emit("/geo")
    qtbot.waitUntil(lambda: pane.line.current is not None, timeout=WAIT_MS)
    pane.show_session(replace(live(), phase=Session("p1").phase))
    assert pane.line.current is None and not pane.is_live


def test_developer_tools_open_beside(qtbot: QtBot, pane: PreviewPane) -> None:
    pane.show_session(live())
    wait_title(qtbot, pane, "home")
    pane.command("tools")
    page = engine(pane).page
    assert page.devToolsPage() is not None
    engine(pane)._tools.close()  # type: ignore[union-attr]
    assert engine(pane)._tools is None
    pane.command("tools")
    assert page.devToolsPage() is not None
