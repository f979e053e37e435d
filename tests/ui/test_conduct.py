import asyncio
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton

from craft_desktop.model.errors import Action, ProjectError
from craft_desktop.model.events import SessionChanged
from craft_desktop.model.project import Provider
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.commands import COMMANDS
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.port_dialog import PortDialog
from craft_desktop.ui.quit_dialog import QuitDialog
from craft_desktop.ui.settings_dialog import SettingsDialog
from craft_desktop.ui.share_dialog import ShareDialog
from tests.ui.hands import click, press
from tests.ui.stand_in import StandIn, live


async def settle() -> None:
    for _ in range(20):
        QApplication.sendPostedEvents()
        await asyncio.sleep(0)


async def test_every_command_of_the_table_can_be_carried_out(window: MainWindow) -> None:
    assert {command.name for command in COMMANDS} <= window.conduct.names


async def test_a_command_is_for_the_project_in_sight_unless_another_is_named(
    window: MainWindow, bench: StandIn
) -> None:
    window.conduct.command("start")
    window.conduct.command("start", "p3")
    window.conduct.command("start", "gone")
    await settle()
    assert bench.asked == [("open", "p1"), ("open", "p3")]


async def test_clean_restarts_and_keeping_awake(window: MainWindow, bench: StandIn) -> None:
    window.conduct.command("restart-clean")
    window.conduct.command("reinstall", "p2")
    window.conduct.command("keep-awake")
    await settle()
    window.conduct.command("keep-awake")
    await settle()
    assert bench.asked == [
        ("restart clean", "p1"),
        ("reinstall", "p2"),
        ("keep awake", "p1", True),
        ("keep awake", "p1", False),
    ]


async def test_the_palette_says_which_way_a_choice_goes(window: MainWindow, bench: StandIn) -> None:
    def said() -> set[str]:
        return {entry.words for entry in window.conduct.entries()}

    assert "Keep awake" in said()
    bench.list_changed((replace(bench.projects[0], keep_awake=True), *bench.projects[1:]))
    assert "Keep awake: switch off" in said() and "Keep awake" not in said()


async def test_a_port_is_asked_for_and_kept(window: MainWindow, bench: StandIn) -> None:
    window.conduct.command("port", "p2")
    dialog = window.findChild(PortDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.edit.setText("5173")
    dialog.save.click()
    await settle()
    assert bench.asked == [("port", "p2", 5173)] and bench.projects[1].port == 5173


async def test_sharing_is_asked_about_and_ended_at_once(window: MainWindow, bench: StandIn) -> None:
    bench.list_changed((replace(bench.projects[0], provider=Provider.E2B), *bench.projects[1:]))
    window.conduct.command("share", "p1")
    await settle()
    dialog = window.findChild(ShareDialog)
    assert dialog is not None and dialog.isVisible() and bench.asked == []
    click(dialog.findChild(QPushButton, "shareConfirm"))
    await settle()
    assert bench.asked == [("share", "p1", True)] and bench.projects[0].is_shared
    window.conduct.command("share", "p1")
    await settle()
    assert bench.asked[1:] == [("share", "p1", False)] and not bench.projects[0].is_shared


async def test_what_runs_here_is_shared_by_nobody(window: MainWindow, bench: StandIn) -> None:
    bench.refusal = ProjectError("A preview on this computer has no public address", "It runs here.", "Choose E2B.")
    window.conduct.command("share", "p1")
    await settle()
    assert window.findChild(ShareDialog) is None
    assert window.pane is not None and window.pane.message_bar.headline.text() == bench.refusal.problem.title


async def test_a_public_address_is_said_and_copied(window: MainWindow, bench: StandIn) -> None:
    window.conduct.command("copy-public-address")  # there is none: nothing happens
    shared = replace(live("p1"), provider=Provider.E2B, public_url="https://3000-x.e2b.example")
    bench.tell(SessionChanged(shared))
    assert window.pane is not None and "E2B cloud · public" in window.pane.header.state.text()
    window.conduct.command("copy-public-address")
    assert QGuiApplication.clipboard().text() == "https://3000-x.e2b.example"


async def test_a_folder_opens_in_the_editor(window: MainWindow, bench: StandIn, bridge: Bridge) -> None:
    bench.settings = replace(bench.settings, editor="no-such-editor {file}")
    window.conduct.command("editor")
    assert window.pane is not None and window.pane.message_bar.headline.text() == "The editor did not start"


async def test_quitting_asks_where_the_answer_is_open(window: MainWindow, bench: StandIn) -> None:
    ends: list[None] = []
    window.quit_requested.connect(lambda: ends.append(None))
    bench.lifetime.asks = True
    window.conduct.command("quit")
    window.close()  # the same question, not a second one
    (dialog,) = window.findChildren(QuitDialog)
    assert dialog.isVisible() and not dialog.isModal() and ends == []
    press(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible() and ends == [] and bench.lifetime.answers == []
    window.close()
    click(dialog.findChild(QPushButton, "quitKeep"))
    assert bench.lifetime.answers == [True] and len(ends) == 1
    window.conduct.command("quit")  # whoever asks again wants it now
    assert len(ends) == 2


async def test_the_settings_show_the_control_api(window: MainWindow, bench: StandIn) -> None:
    window.conduct.open_settings()
    dialog = window.findChild(SettingsDialog)
    assert dialog is not None and dialog.control_field.token.text() == "•••• 0001"
    dialog.control_field.copy_button.click()
    assert QGuiApplication.clipboard().text() == "secret-token-0001"
    assert not dialog.control_field.words.isHidden()
    dialog.control_field.renew_button.click()
    await settle()
    assert dialog.control_field.token.text() == "•••• 0002" and dialog.control_field.renew_button.isEnabled()


async def test_nothing_is_done_where_there_is_no_project(window: MainWindow, bench: StandIn) -> None:
    bench.list_changed(())
    for name in ("start", "stop", "restart", "remove", "browser", "folder", "copy-address", "reload", "find"):
        window.conduct.command(name)
    await settle()
    assert bench.asked == []


async def test_an_unknown_command_is_a_mistake_of_the_program(window: MainWindow) -> None:
    with pytest.raises(KeyError):
        window.conduct.command("no-such-thing")


async def test_the_address_is_copied_and_said(window: MainWindow) -> None:
    window.conduct.command("copy-address", "p2")
    assert QGuiApplication.clipboard().text() == "http://blog.localhost:4100/"
    assert window.status_line.currentMessage() == "Address copied"


async def test_a_double_click_starts_only_what_is_stopped(window: MainWindow, bench: StandIn) -> None:
    window.conduct.start_if_stopped("p2")
    await settle()
    window.conduct.start_if_stopped("p2")
    await settle()
    assert bench.asked == [("open", "p2")]


async def test_remedies_reach_their_project(window: MainWindow, bench: StandIn) -> None:
    window.conduct.remedy("p2", Action.START)
    window.conduct.remedy("p3", Action.SEND_EMPTINESS)
    window.conduct.remedy("p3", Action.REMOVE_PROJECT)
    await settle()
    assert bench.asked == [("empty", "p3"), ("open", "p2"), ("remove", "p3")]
    bench.asked.clear()
    window.conduct.remedy("p2", Action.RESTART_CLEAN)
    window.conduct.remedy("p2", Action.REINSTALL)
    await settle()
    assert bench.asked == [("restart clean", "p2"), ("reinstall", "p2")]


async def test_what_makes_sense_follows_the_project_in_sight(window: MainWindow, bench: StandIn) -> None:
    conduct = window.conduct
    assert conduct.is_possible("start") and conduct.is_possible("find") and conduct.is_possible("open")
    assert not conduct.is_possible("stop") and not conduct.is_possible("reload")
    bench.list_changed(())
    assert conduct.is_possible("open") and not conduct.is_possible("start") and not conduct.is_possible("find")


async def test_nothing_comes_back_while_the_program_ends(window: MainWindow, bench: StandIn) -> None:
    window.show_stopping()
    bench.list_changed(bench.projects)
    enabled = [name for name, action in window.actions_by_name.items() if action.isEnabled()]
    assert enabled == ["quit"]
