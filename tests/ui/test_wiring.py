import asyncio
from pathlib import Path

from PySide6.QtWidgets import QApplication

from craft_desktop.model.errors import Problem
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.settings_dialog import SettingsDialog
from tests.ui.stand_in import StandIn


async def settle() -> None:
    for _ in range(20):
        QApplication.sendPostedEvents()
        await asyncio.sleep(0)


async def test_what_is_wanted_in_a_dialog_reaches_the_workbench_and_its_answer_comes_back(
    window: MainWindow, bench: StandIn
) -> None:
    window.conduct.command("settings")
    dialog = window.findChild(SettingsDialog)
    assert isinstance(dialog, SettingsDialog)
    answers: list[tuple[str, Problem | None]] = []
    show_answer = dialog.show_answer

    def note(key: str, problem: Problem | None) -> None:
        answers.append((key, problem))
        show_answer(key, problem)

    dialog.show_answer = note  # type: ignore[method-assign]
    window.dialogs.setting_changed.emit("idle_limit_min", 30)
    window.dialogs.folders_chosen.emit([Path("/home/ada/new")])
    window.dialogs.key_saved.emit("e2b_0123456789")
    await settle()
    assert {("setting", "idle_limit_min", 30), ("add", Path("/home/ada/new")), ("save key", "e2b_0123456789")} <= set(
        bench.asked
    )
    assert answers == [("idle_limit_min", None)]
