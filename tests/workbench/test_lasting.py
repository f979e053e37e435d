from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from craft_desktop.model.errors import Problem
from craft_desktop.model.events import Event, Notice
from craft_desktop.model.session import Session
from craft_desktop.workbench.lasting import Cause, Lasting
from craft_desktop.workbench.voice import Voice
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import tiny_project
from tests.workbench.watching import Watcher, started

GONE, BROKEN = Problem("Gone", "d", "r"), Problem("Broken", "d", "r")


def test_what_is_mended_is_taken_back_once() -> None:
    events: list[Event] = []
    lasting = Lasting(Voice(lambda _: None, events.append, lambda: Session("p1")))

    def told() -> list[tuple[str, bool]]:
        found = [(event.problem.title, event.is_over) for event in events if isinstance(event, Notice)]
        events.clear()
        return found

    assert not lasting.mend(Cause.HALT) and told() == []
    lasting.note(Cause.HALT, GONE)  # told by somebody else
    lasting.tell(Cause.MANIFEST, BROKEN)
    assert told() == [("Broken", False)]
    lasting.note(Cause.HALT, GONE)
    assert told() == []
    lasting.note(Cause.HALT, Problem("Emptied", "d", "r"))
    assert told() == [("Gone", True)]
    assert lasting.mend(Cause.HALT) and told() == [("Emptied", True)]
    assert lasting.mend(Cause.MANIFEST) and told() == [("Broken", True)]
    assert not lasting.mend(Cause.MANIFEST)


def notice(words: str, *, is_over: bool) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Notice) and words in event.problem.title and event.is_over is is_over


def is_same(wanted: Event) -> Callable[[Event], bool]:
    return lambda event: event == wanted


async def test_a_folder_that_comes_back_takes_its_message_along(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "shop")
    project = await started(workbench, folder)
    watcher = Watcher(workbench)
    away = folder.rename(tmp_path / "elsewhere")
    told = await watcher.until(notice("gone", is_over=False))
    watcher.forget()
    await workbench.restart(project.id)  # reads the folder, and tells of it in its own words
    again = await watcher.until(notice("gone", is_over=False))
    assert isinstance(told, Notice) and isinstance(again, Notice) and told.problem != again.problem
    watcher.forget()
    away.rename(folder)
    for each in (told, again):
        await watcher.until(is_same(replace(each, is_over=True)))


async def test_a_package_json_that_is_mended_takes_its_message_along(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "shop")
    await started(workbench, folder)
    manifest = folder / "package.json"
    good = manifest.read_text()
    watcher = Watcher(workbench)
    manifest.write_text(good[:-1])
    await watcher.until(notice("package.json", is_over=False))
    manifest.write_text(good)
    await watcher.until(notice("package.json", is_over=True))
