import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QLineEdit,
    QListView,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Action, Problem, ProjectError
from craft_desktop.model.events import (
    CompileChanged,
    LogLine,
    Measured,
    Notice,
    PageStale,
    Pushed,
    SessionChanged,
    SettingsChanged,
    Stream,
)
from craft_desktop.model.levels import Level
from craft_desktop.model.places import Place
from craft_desktop.model.saved import Frame
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.main_window import LEAST_HEIGHT, LEAST_WIDTH, MainWindow
from craft_desktop.ui.placement import Placement
from craft_desktop.ui.preview_pane import PAGE_COMMANDS
from craft_desktop.ui.project_pane import ProjectPane
from craft_desktop.ui.settings_dialog import SettingsDialog
from craft_desktop.ui.theme import Theme
from tests.ui.drag import carry, drop, enter
from tests.ui.hands import click
from tests.ui.stand_in import INSTALL_FAILED, NOW, SEEN, StandIn, failed, make_project, run_to


async def settle() -> None:
    for _ in range(20):
        QApplication.sendPostedEvents()
        await asyncio.sleep(0)


def pane_of(window: MainWindow) -> ProjectPane:
    assert window.pane is not None
    return window.pane


def act(window: MainWindow, name: str) -> QAction:
    return window.actions_by_name[name]


async def test_a_setting_changed_elsewhere_shows_at_once(window: MainWindow, bench: StandIn, theme: Theme) -> None:
    window.actions_by_name["settings"].trigger()
    dialog = window.findChild(SettingsDialog)
    assert isinstance(dialog, SettingsDialog)
    changes = {"theme": "dark", "preview_port": 5001, "idle_limit_min": 45, "notifications": False}
    bench.settings = replace(bench.settings, **changes)  # type: ignore[arg-type]
    bench.tell(SettingsChanged(bench.settings))
    assert theme.colours.is_dark
    assert dialog.fields["theme"].buttons["dark"].isChecked()
    for key in ("preview_port", "idle_limit_min"):
        edit = dialog.fields[key].edit
        assert edit is not None and edit.text() == str(changes[key])
    box = dialog.fields["notifications"].box
    assert box is not None and not box.isChecked()


async def test_the_last_used_project_is_in_sight(window: MainWindow) -> None:
    assert pane_of(window).project.id == "p1" and window.windowTitle() == "shop-front – Craft Desktop"


async def test_start_and_stop_by_click_and_by_key(window: MainWindow, bench: StandIn, qtbot: QtBot) -> None:
    pane = pane_of(window)
    click(pane.header.start)
    await settle()
    assert bench.asked == [("open", "p1")] and pane.header.state.text().startswith("Getting a sandbox")
    assert not act(window, "start").isEnabled() and act(window, "stop").isEnabled()
    act(window, "stop").trigger()
    await settle()
    assert bench.asked[-1] == ("close", "p1") and act(window, "start").isEnabled()
    act(window, "start").trigger()
    await settle()
    assert bench.asked[-1] == ("open", "p1")


async def test_each_project_keeps_its_own_pane(window: MainWindow, bench: StandIn) -> None:
    bench.tell(LogLine("p2", Stream.SERVER, "from before it was looked at", NOW))
    first = pane_of(window)
    window.project_list.choose("p2")
    second = pane_of(window)
    bench.tell(LogLine("p2", Stream.SERVER, "live", NOW))
    view = second.log_pane.views[Stream.SERVER]
    while view.is_busy:
        view.flush()
    assert view.toPlainText() == "from before it was looked at\nlive"
    window.project_list.choose("p1")
    assert pane_of(window) is first


async def test_a_failure_belongs_to_its_project(window: MainWindow, bench: StandIn) -> None:
    bench.tell(SessionChanged(failed("p2")))
    bench.tell(Notice("p2", INSTALL_FAILED))
    assert not window.message_bar.isVisible() and not pane_of(window).message_bar.isVisible()
    window.project_list.choose("p2")
    assert pane_of(window).message_bar.isVisible()
    assert pane_of(window).preview.panel.title.text() == INSTALL_FAILED.title
    bench.tell(Notice(None, Problem("Of the program", "d", "r")))
    assert window.message_bar.isVisible() and window.message_bar.headline.text() == "Of the program"


async def test_a_message_goes_when_its_cause_is_mended(window: MainWindow, bench: StandIn) -> None:
    gone, other = Problem("The folder is gone", "d", "r"), Problem("Of the program", "d", "r")
    for project_id, bar in (("p1", pane_of(window).message_bar), (None, window.message_bar)):
        bench.tell(Notice(project_id, gone))
        bench.tell(Notice(project_id, other, is_over=True))  # long gone from the screen: something newer stands there
        assert bar.isVisible()
        bench.tell(Notice(project_id, gone, is_over=True))
        assert bar.isHidden() and bar.problem is None


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Action.START, [("open", "p1")]),
        (Action.ALLOW_UNISOLATED, [("allow", "p1"), ("open", "p1")]),
        (Action.REMOVE_PROJECT, [("remove", "p1")]),
    ],
)
async def test_remedies(
    window: MainWindow, bench: StandIn, qtbot: QtBot, action: Action, expected: list[tuple[object, ...]]
) -> None:
    bench.tell(Notice("p1", Problem("t", "d", "r", action)))
    click(pane_of(window).message_bar.remedy_button)
    await settle()
    assert bench.asked == expected


async def test_remedies_that_open_something(
    window: MainWindow, bench: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    bench.tell(Notice("p1", Problem("t", "d", "r", Action.OPEN_FOLDER)))
    pane_of(window).message_bar.remedy_button.click()
    act(window, "browser").trigger()
    act(window, "copy-address").trigger()
    assert opened == ["file:///home/ada/projects/shop-front", "http://shop-front.localhost:4100/"]
    assert QGuiApplication.clipboard().text() == "http://shop-front.localhost:4100/"
    bench.tell(Notice("p1", Problem("t", "d", "r", Action.OPEN_SETTINGS)))
    pane_of(window).message_bar.remedy_button.click()
    await settle()
    dialog = window.findChild(SettingsDialog)
    assert dialog is not None and dialog.isVisible() and not dialog.isModal()


async def test_settings_are_applied_and_refused_in_place(window: MainWindow, bench: StandIn, theme: Theme) -> None:
    act(window, "settings").trigger()
    await settle()
    dialog = window.findChild(SettingsDialog)
    assert dialog is not None
    dialog.fields["theme"].buttons["dark"].click()
    dialog.setting_changed.emit("preview_port", "80")
    await settle()
    assert theme.colours.is_dark and dialog.fields["preview_port"].error.isVisible()
    dialog.fields["provider"].buttons["e2b"].click()
    await settle()
    assert "E2B cloud" in pane_of(window).header.state.text()
    dialog.key_saved.emit("e2b_7f3a")
    await settle()
    assert "this run only" in dialog.key_field.place.text()


async def test_folders_dropped_anywhere_are_added(window: MainWindow, bench: StandIn, tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    data = carry(folders)
    coming = enter(data)
    QApplication.sendEvent(window, coming)
    assert coming.isAccepted() and window.veil.isVisible()
    QApplication.sendEvent(window, drop(data))
    await settle()
    assert [what for what, *_ in bench.asked] == ["add", "add"]
    assert pane_of(window).project.path == folders[1] and not window.veil.isVisible()
    (folders[1] / "package.json").write_text("{}")
    QApplication.sendEvent(window, enter(carried := carry(folders[1:])))
    assert window.veil.words.text() == "Drop to show “two”" and carried.hasUrls()
    window.veil.fall()
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"")
    other = carry([picture])
    ignored = enter(other)
    QApplication.sendEvent(window, ignored)
    assert not window.veil.isVisible()


async def test_the_open_dialog_stops_nothing(window: MainWindow, bench: StandIn, tmp_path: Path) -> None:
    act(window, "open").trigger()
    dialog = window.findChild(QFileDialog, "openFolderDialog")
    assert isinstance(dialog, QFileDialog)
    dialog.filesSelected.emit([str(tmp_path)])
    dialog.close()
    await settle()
    assert bench.asked == [("add", tmp_path)]


async def test_removing_the_last_project_shows_the_empty_state(window: MainWindow, bench: StandIn) -> None:
    for _ in range(3):
        act(window, "remove").trigger()
        await settle()
    assert bench.projects == () and window.pane is None
    assert window.empty_state.isVisible() and not act(window, "start").isEnabled()
    window.empty_state.sample_button.click()
    await settle()
    assert pane_of(window).project.name == "craft-sample"


async def test_status_bar_and_seconds(window: MainWindow, bench: StandIn) -> None:
    bench.tell(SessionChanged(run_to("p1", 5)))
    bench.tell(Pushed("p1", 1, 0, 412, 38.2, 41))
    assert window.status_line.push.text() == "Last save → sandbox 38 ms"
    bench.tell(replace(SEEN, project_id="p2"))
    assert window.status_line.save.text() == "", "that is of a project that nobody looks at"
    bench.tell(SEEN)
    assert window.status_line.save.text() == "Saved → on screen 412 ms · usually 380 ms"
    pane_of(window).preview.painted.emit((Frame(NOW),))
    assert bench.insight.painted == [("p1", (Frame(NOW),))]
    bench.tell(SessionChanged(run_to("p1", 1)))
    assert window.status_line.save.text() == "", "that was another run"


async def test_figures_of_the_project_in_front(window: MainWindow, bench: StandIn) -> None:
    bench.tell(SessionChanged(run_to("p2", 5)))
    window._tick()
    assert bench.insight.looked == set(), "what nobody sees is not measured"
    bench.tell(SessionChanged(run_to("p1", 5)))
    bench.tell(Measured("p1", NOW, 4.0, 312_000_000, 8_200_000_000))
    bench.tell(Measured("p2", NOW, 99.0, 1, 2))
    window._tick()
    assert bench.insight.looked == {"p1"}
    assert window.status_line.usage.text() == "312 MB · 4 % CPU"


async def test_a_compile_error_and_a_place(window: MainWindow, bench: StandIn, tmp_path: Path) -> None:
    place = Place("app/page.tsx", 4, 5)
    bench.tell(CompileChanged("p1", "Unexpected token", place))
    pane = pane_of(window)
    assert pane.message_bar.remedy_button.text() == "page.tsx:4:5"
    click(pane.message_bar.remedy_button)
    assert pane.message_bar.headline.text() == "page.tsx:4:5 is not in the project"
    bench.insight.files["app/page.tsx"] = tmp_path / "page.tsx"
    assert pane.log_pane.is_there(place)
    pane.preview.console.emit(1, "careful", "")
    assert bench.insight.said == [("p1", Level.WARNING, "careful", "")]


async def test_a_stale_page_is_loaded_anew(window: MainWindow, bench: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    monkeypatch.setitem(PAGE_COMMANDS, "reload", loaded.append)
    bench.tell(PageStale("p1"))
    bench.tell(PageStale("p2"))  # nobody has looked at it yet, so there is no page
    assert loaded == [pane_of(window).preview]


async def test_a_pane_made_later_knows_what_does_not_compile(window: MainWindow, bench: StandIn) -> None:
    bench.insight.broken["p2"] = CompileChanged("p2", "Unexpected token")
    window._show_project("p2")
    assert pane_of(window).message_bar.headline.text() == "Unexpected token"


async def test_the_menu_of_a_project(window: MainWindow, bench: StandIn, qtbot: QtBot) -> None:
    click(pane_of(window).header.more)
    menu = window.findChild(QMenu, "projectMenu")
    assert isinstance(menu, QMenu) and menu.isVisible()
    entry = menu.findChild(QAction, "menu-start")
    assert isinstance(entry, QAction)
    entry.trigger()
    menu.close()
    await settle()
    assert bench.asked == [("open", "p1")]


async def test_closing_asks_for_the_end_and_waits(window: MainWindow, bench: StandIn) -> None:
    asked: list[bool] = []
    window.quit_requested.connect(lambda: asked.append(True))
    bench.tell(SessionChanged(run_to("p1", 4)))
    window.close()
    assert asked == [True] and window.isVisible()
    window.show_stopping()
    assert window.curtain.isVisible() and window.curtain.text.text().startswith("Stopping one preview")
    assert not act(window, "start").isEnabled() and act(window, "quit").isEnabled()


async def test_the_window_comes_back_as_it_was(
    window: MainWindow, bridge: Bridge, theme: Theme, icons: Icons, tmp_path: Path, qtbot: QtBot
) -> None:
    window.resize(760, 520)  # the screen in memory has 800 by 600
    window.project_list.choose("p3")
    window.show_stopping()
    again = MainWindow(bridge, theme, icons, Placement(tmp_path), tmp_path / "pages", lambda: NOW)
    qtbot.addWidget(again)
    assert (again.width(), again.height()) == (760, 520) and pane_of(again).project.id == "p3"


def interactive(window: MainWindow) -> list[QWidget]:
    kinds = (QAbstractButton, QLineEdit, QListView, QPlainTextEdit, QTabBar)
    return [
        widget
        for kind in kinds
        for widget in window.findChildren(kind)
        if not widget.objectName().startswith("qt_") and not isinstance(widget.parent(), QLineEdit | QTabBar)
    ]


@pytest.mark.parametrize("dialog", ["", "settings", "shortcuts"])
async def test_every_control_has_a_name_for_tests_and_for_screen_readers(window: MainWindow, dialog: str) -> None:
    if dialog:
        act(window, dialog).trigger()
        await settle()
    controls = interactive(window)
    assert len(controls) > 30
    for control in controls:
        spoken = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
        is_filled_later = control.objectName() in ("messageRemedy", "panelRemedyButton")
        assert control.objectName(), control
        assert spoken or is_filled_later, control.objectName()


async def test_it_fits_its_least_size(window: MainWindow, bench: StandIn) -> None:
    states: list[Callable[[], SessionChanged]] = [
        lambda: SessionChanged(run_to("p1", 3)),
        lambda: SessionChanged(failed("p1")),
    ]
    for state in states:
        bench.tell(state())
        window.resize(LEAST_WIDTH, LEAST_HEIGHT)
        await settle()
        assert (window.width(), window.height()) == (LEAST_WIDTH, LEAST_HEIGHT)
    hint = window.minimumSizeHint()
    assert hint.width() <= LEAST_WIDTH and hint.height() <= LEAST_HEIGHT


async def test_the_tab_key_reaches_everything_in_reading_order(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    seen: list[str] = []
    widget: QWidget | None = window.project_list.add_button
    while widget is not None and widget.objectName() not in seen[:1]:
        is_reached = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled()
        if is_reached and widget.objectName():
            seen.append(widget.objectName())
        widget = widget.nextInFocusChain()
    order = ["addButton", "projectFilter", "projectList", "startButton", "moreButton", "panelStart", "logTabs"]
    assert [name for name in seen if name in order] == order


async def test_a_list_of_many_projects(window: MainWindow, bench: StandIn) -> None:
    bench.list_changed(tuple(make_project(number, f"project {number}") for number in range(1, 60)))
    window.project_list.choose("p59")
    assert pane_of(window).project.id == "p59"


async def test_a_tick_shows_what_is_in_force(window: MainWindow, bench: StandIn) -> None:
    awake = act(window, "keep-awake")
    assert awake.isEnabled() and not awake.isChecked()
    awake.trigger()
    await settle()
    assert awake.isChecked() and bench.projects[0].keep_awake
    window.project_list.choose("p2")
    assert not awake.isChecked()
    bench.refusal = ProjectError("The list could not be saved", "disk full", "Make room.")
    awake.trigger()
    await settle()
    assert not awake.isChecked() and pane_of(window).message_bar.headline.text() == "The list could not be saved"


async def test_the_doctor_is_asked_by_key_and_tells_the_pane(window: MainWindow, bench: StandIn) -> None:
    window.actions_by_name["doctor"].trigger()
    pane = window.pane
    assert pane is not None and pane.doctor is not None
    async with asyncio.timeout(5):
        while pane.doctor.diagnosis is None:
            await asyncio.sleep(0.01)
    assert bench.doctor.asked == [(pane.project.id, None)]
    pane.doctor.rows["modules"].act.click()
    async with asyncio.timeout(5):
        while ("reinstall", pane.project.id) not in bench.asked:
            await asyncio.sleep(0.01)


async def test_the_last_icons_stand_below_one_another(window: MainWindow) -> None:
    pane = pane_of(window)
    window.resize(900, 600)
    await settle()

    def edge(widget: QWidget, of: QWidget) -> int:
        return of.width() - widget.mapTo(of, widget.rect().topRight()).x()

    pane.preview.bar.resize(pane.width(), pane.preview.bar.height())  # out of sight until there is a page
    pane.preview.bar.show()
    row = pane.preview.bar.layout()
    assert row is not None
    row.setGeometry(pane.preview.bar.rect())  # Qt would lay it out when it is seen
    edges = [edge(pane.header.more, pane), edge(pane.log_pane.clear_button, pane)]
    assert {*edges, edge(pane.preview.bar.more, pane.preview.bar)} == {edges[0]}
