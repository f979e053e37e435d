import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import SignalInstance

from craft_desktop.model.errors import Action, ChoiceError, Problem, ServerError
from craft_desktop.model.events import LogLine, Notice, ProjectsChanged, Pushed, SessionChanged, Stream
from craft_desktop.model.project import Provider
from craft_desktop.ui.bridge import MOST_TOLD, Bridge
from tests.ui.stand_in import NOW, StandIn, live


def listen(signal: SignalInstance) -> list[tuple[object, ...]]:
    told: list[tuple[object, ...]] = []
    signal.connect(lambda *what: told.append(what))
    return told


async def settle() -> None:
    for _ in range(10):  # more turns of the loop than any call of the stand-in takes
        await asyncio.sleep(0)


async def test_events_become_signals(bridge: Bridge, bench: StandIn) -> None:
    told = [
        listen(signal)
        for signal in (
            bridge.logged,
            bridge.session_changed,
            bridge.projects_changed,
            bridge.synced,
            bridge.noticed,
        )
    ]
    line = LogLine("p1", Stream.SERVER, "x", NOW)
    pushed = Pushed("p1", 1, 0, 1, 1.0, 1)
    notice = Notice(None, Problem("t", "d", "r"))
    for event in (line, SessionChanged(live()), ProjectsChanged(bench.projects), pushed, notice):
        bench.tell(event)
    assert told == [[(line,)], [(live(),)], [(bench.projects,)], [(pushed,)], [(notice,)]]


async def test_intentions_become_calls(bridge: Bridge, bench: StandIn) -> None:
    bench.sessions["p2"] = live("p2")
    bridge.start("p1")
    bridge.stop("p2")
    bridge.restart("p1")
    bridge.choose_provider("p1", Provider.E2B)
    bridge.remove("p3")
    await settle()
    assert bench.asked == [
        ("open", "p1"), ("close", "p2"), ("restart", "p1"), ("provider", "p1", Provider.E2B), ("remove", "p3"),
    ]  # fmt: skip


async def test_consent_is_remembered_then_used(bridge: Bridge, bench: StandIn) -> None:
    bridge.allow_unisolated("p1")
    await settle()
    assert bench.asked == [("allow", "p1"), ("open", "p1")]


async def test_an_expected_failure_is_a_notice_of_its_project(bridge: Bridge, bench: StandIn) -> None:
    told = listen(bridge.noticed)
    bench.refusal = ServerError("It failed", "facts", "Do this.", Action.START)
    bridge.restart("p1")
    await settle()
    assert told == [(Notice("p1", bench.refusal.problem),)]


async def test_an_unexpected_failure_is_told_and_logged(
    bridge: Bridge, bench: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    told = listen(bridge.noticed)
    bench.refusal = RuntimeError("nobody foresaw this")
    bridge.start("p1")
    await settle()
    ((notice,),) = told
    assert isinstance(notice, Notice) and notice.problem.action is Action.NONE
    assert "nobody foresaw this" in notice.problem.detail
    assert "nobody foresaw this" in caplog.text


async def test_adding_several_tells_the_last_and_every_refusal(bridge: Bridge, bench: StandIn) -> None:
    added, noticed, busy = listen(bridge.added), listen(bridge.noticed), listen(bridge.adding_changed)
    bridge.add([Path("/x/one"), Path("/x/bad"), Path("/x/two")])
    await settle()
    assert added == [("p5",)]
    assert [notice.problem.title for (notice,) in noticed if isinstance(notice, Notice)] == [
        "There is no package.json here"
    ]
    assert busy == [(True,), (False,)]


async def test_several_refusals_are_one_message(bridge: Bridge) -> None:
    noticed = listen(bridge.noticed)
    bridge.add([Path("/x/bad-1"), Path("/x/one"), Path("/x/bad-2")])
    await settle()
    bridge.add([Path(f"/x/bad-{number}") for number in range(MOST_TOLD + 2)])
    await settle()
    ((some,), (many,)) = noticed
    assert isinstance(some, Notice) and some.problem.title == "2 folders were not added"
    why = "There is no package.json here. Choose the folder of a web project."
    assert some.problem.detail == f"/x/bad-1: {why}\n/x/bad-2: {why}"
    assert some.problem.remedy == "The others are on the list."
    assert isinstance(many, Notice) and many.problem.detail.endswith("\nAnd 2 more.")
    assert many.problem.remedy == "Choose folders that hold a package.json."


async def test_the_sample(bridge: Bridge) -> None:
    added = listen(bridge.added)
    bridge.add_sample()
    await settle()
    assert added == [("p4",)]


async def test_a_log_is_saved_without_colours(bridge: Bridge, bench: StandIn, tmp_path: Path) -> None:
    bench.tell(LogLine("p1", Stream.SERVER, "\x1b[32mgrün\x1b[0m", NOW))
    bench.tell(LogLine("p1", Stream.INSTALL, "other", NOW))
    bridge.save_log("p1", Stream.SERVER, tmp_path / "a.log")
    assert (tmp_path / "a.log").read_text(encoding="utf-8") == "grün\n"
    told = listen(bridge.noticed)
    bridge.save_log("p1", Stream.SERVER, tmp_path / "no such folder" / "a.log")
    ((notice,),) = told
    assert isinstance(notice, Notice) and notice.problem.title == "The log was not saved"


async def test_after_the_end_nothing_is_heard(bridge: Bridge, bench: StandIn) -> None:
    told = listen(bridge.logged)
    await bridge.aclose()
    bench.tell(LogLine("p1", Stream.SERVER, "x", NOW))
    assert told == []


async def test_a_monorepo_is_asked_about_and_use_is_passed_on(bridge: Bridge, bench: StandIn) -> None:
    asked, noticed = listen(bridge.choice_asked), listen(bridge.noticed)
    bridge.add([Path("/home/ada/mono")])
    await settle()
    ((error,),) = asked
    assert isinstance(error, ChoiceError) and error.choices[0][0] == "web"
    assert noticed == []
    bridge.touch("p1")
    bridge.send_emptiness("p1")
    assert bench.touched == {"p1"} and ("empty", "p1") in bench.asked
