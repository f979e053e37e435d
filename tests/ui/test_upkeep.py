import asyncio

from craft_desktop.model.errors import Problem, ProjectError
from craft_desktop.ui.bridge import Bridge
from tests.ui.stand_in import StandIn


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_each_wish_reaches_the_workbench(bridge: Bridge, bench: StandIn) -> None:
    bridge.upkeep.restart_clean("p1")
    bridge.upkeep.reinstall("p2")
    bridge.upkeep.keep_awake("p1", True)
    bridge.upkeep.share("p1", True)
    bridge.upkeep.choose_port("p1", 8080)
    bridge.upkeep.choose_port("p1", None)
    await settle()
    assert bench.asked == [
        ("restart clean", "p1"),
        ("reinstall", "p2"),
        ("keep awake", "p1", True),
        ("share", "p1", True),
        ("port", "p1", 8080),
        ("port", "p1", None),
    ]
    assert bridge.projects[0].keep_awake and bridge.projects[0].port is None


async def test_what_goes_wrong_is_told_of_its_project(bridge: Bridge, bench: StandIn) -> None:
    told: list[tuple[str | None, Problem]] = []
    bridge.noticed.connect(lambda notice: told.append((notice.project_id, notice.problem)))
    bench.refusal = ProjectError("The list could not be saved", "disk full", "Make room.")
    bridge.upkeep.keep_awake("p2", True)
    await settle()
    assert told == [("p2", bench.refusal.problem)]
