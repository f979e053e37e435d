import asyncio
from collections.abc import Coroutine
from typing import Any

from craft_desktop.model.checkup import PageSeen
from craft_desktop.tasks import Owner
from craft_desktop.ui.doctor_bridge import DoctorBridge
from craft_desktop.workbench.doctor import ALL_CHECKS
from tests.ui.stand_in import DIAGNOSIS, Doctors


class Runner:
    """Runs what the window's bridge would."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self.tasks: list[asyncio.Task[object]] = []

    def __call__(self, work: Coroutine[Any, Any, object], name: str, project_id: str | None) -> None:
        self.tasks.append(self._owner.start(work, name=f"{name} {project_id}", awaited=True))


async def test_checks_and_the_whole_are_told_and_nobody_is_examined_twice_at_once(qapp: object) -> None:
    doctors, told = Doctors(), []
    doctors.let_go = asyncio.Event()
    async with Owner("test") as owner:
        run = Runner(owner)
        bridge = DoctorBridge(doctors, run)
        bridge.checked.connect(lambda key, check: told.append((key, check.id)))
        bridge.examined.connect(lambda key, diagnosis: told.append((key, diagnosis)))
        bridge.examine("p1", PageSeen(True, 4, 4))
        bridge.examine("p1", None)
        bridge.examine("p2", "no page")
        assert len(run.tasks) == 2
        doctors.let_go.set()
        await asyncio.gather(*run.tasks)
        assert doctors.asked == [("p1", PageSeen(True, 4, 4)), ("p2", None)]
        assert told[0] == ("p1", "run") and ("p1", DIAGNOSIS) in told and len(told) == 2 * (len(ALL_CHECKS) + 1)
        bridge.examine("p1", None)  # and again, now that it is over
        await run.tasks[-1]
        assert len(doctors.asked) == 3


async def test_an_examination_that_comes_to_nothing_is_told(qapp: object) -> None:
    class Gone(Doctors):
        async def examine(self, *_: object, **__: object) -> Any:
            raise KeyError("p1")

    told: list[object] = []
    async with Owner("test") as owner:
        run = Runner(owner)
        bridge = DoctorBridge(Gone(), run)
        bridge.examined.connect(lambda _key, diagnosis: told.append(diagnosis))
        bridge.examine("p1", None)
        await run.tasks[0]
    assert told == [None]
