import asyncio
from collections.abc import Callable

from PySide6.QtWidgets import QApplication

from craft_desktop.model.errors import Action, SecretError
from craft_desktop.model.events import SessionChanged
from craft_desktop.ui.environment_dialog import EnvironmentDialog
from craft_desktop.ui.main_window import MainWindow
from tests.ui.hands import click
from tests.ui.stand_in import StandIn, run_to


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not there():
            QApplication.processEvents()  # the platform tells by its own events which window is in front
            await asyncio.sleep(0)


def found(window: MainWindow) -> list[EnvironmentDialog]:
    return [each for each in window.findChildren(EnvironmentDialog) if each.isVisible()]


async def opened(window: MainWindow, project_id: str = "") -> EnvironmentDialog:
    window.conduct.command("environment", project_id)
    dialog = found(window)[-1]
    await until(lambda: dialog.all.heading.text() != "Reading…")
    return dialog


async def test_each_project_has_its_own_from_the_menu_to_the_keyring(window: MainWindow, bench: StandIn) -> None:
    bench.variables = {"p1": {"A": "1"}, "p2": {}}
    one, two = await opened(window), await opened(window, "p2")
    window.actions_by_name["environment"].trigger()
    assert (
        len(found(window)) == 2 and one.all.heading.text() == "1 variable" and one.windowTitle().endswith("shop-front")
    )
    assert one.foot.effect.text() == "The dev server and the install get these variables."
    one.all.remove_requested.emit("A")
    assert one.foot.effect.text() == "1 change. In force from the next start."
    bench.tell(SessionChanged(run_to("p1", 3)))
    assert one.foot.effect.text() == "1 change. Saving restarts the dev server, once."
    two._take_one("B", "secret")
    click(one.foot.save_button)
    click(two.foot.save_button)
    await until(lambda: one.draft.changes == 0 and two.draft.changes == 0)
    assert bench.variables == {"p1": {}, "p2": {"B": "secret"}}
    two.activateWindow()
    await until(two.isActiveWindow)
    two.all.eye_requested.emit("B")
    await until(lambda: two.all.is_revealed("B"))


async def test_what_fails_is_said_in_the_dialog_it_concerns(window: MainWindow, bench: StandIn) -> None:
    dialog = await opened(window)
    dialog._take_one("B", "secret")
    bench.keyring_failure = SecretError("The keyring refused", "It is locked.", "Unlock it.")
    click(dialog.foot.save_button)
    await until(dialog.problem.isVisible)
    assert dialog.draft.put == {"B": "secret"} and bench.variables == {}
    bench.keyring_failure = None
    click(dialog.foot.save_button)
    await until(lambda: dialog.draft.changes == 0)
    assert bench.variables == {"p1": {"B": "secret"}}


async def test_a_keyring_that_is_waited_for_can_be_waited_for_no_longer(window: MainWindow, bench: StandIn) -> None:
    bench.let_go = asyncio.Event()
    dialog = await opened(window)
    foot = dialog.foot
    assert foot.cancel_button.isHidden()
    dialog._take_one("B", "secret")
    click(foot.save_button)
    await until(foot.cancel_button.hasFocus)  # by keyboard as well, at once
    assert foot.save_button.isHidden() and not dialog.pages.isEnabled()
    click(foot.cancel_button)
    await until(foot.save_button.isVisible)
    assert dialog.draft.put == {"B": "secret"} and bench.variables == {} and dialog.pages.isEnabled()
    assert foot.effect.text().startswith("Not saved.")
    bench.let_go.set()
    click(foot.save_button)
    await until(lambda: dialog.draft.changes == 0)
    assert bench.variables == {"p1": {"B": "secret"}} and foot.cancel_button.isHidden()


async def test_too_much_for_an_environment_is_said_and_stays_to_be_mended(window: MainWindow, bench: StandIn) -> None:
    dialog = await opened(window)
    dialog._take_all({f"N{number:05}": "value" for number in range(10_000)})
    click(dialog.foot.save_button)
    await until(dialog.problem.isVisible)
    assert dialog.problem.text().startswith("The environment variables are too large.")
    assert dialog.draft.changes == 10_000 and bench.variables == {}


async def test_it_goes_with_its_project_and_with_what_it_held(window: MainWindow, bench: StandIn) -> None:
    dialog = await opened(window)
    dialog._take_one("B", "secret")
    bench.list_changed(tuple(project for project in bench.projects if project.id != "p1"))
    assert not dialog.isVisible() and dialog.draft.changes == 0
    window.dialogs.environments.show_value("p1", "B", "late")  # to nobody


async def test_the_program_does_not_end_over_what_is_not_saved_without_asking_once(
    window: MainWindow, bench: StandIn
) -> None:
    ends: list[bool] = []
    window.quit_requested.connect(lambda: ends.append(True))
    dialog = await opened(window)
    dialog._take_one("B", "secret")
    window.close()
    assert ends == [] and dialog.question.isVisible()
    window.close()
    assert ends == [True]
    window.dialogs.close_all()
    assert not dialog.isVisible()


async def test_the_remedy_of_a_missing_variable_opens_it(window: MainWindow) -> None:
    window.conduct.remedy("p2", Action.OPEN_ENVIRONMENT)
    assert [dialog.windowTitle() for dialog in found(window)] == ["Environment variables – blog"]
