import asyncio

import pytest

from craft_desktop.model.errors import SandboxGoneError
from craft_desktop.model.events import Measured
from craft_desktop.tasks import Owner
from craft_desktop.workbench.meter import LEASE_S, Meter


class Sandboxes:
    """Stands for what can be measured, and for the clock."""

    def __init__(self) -> None:
        self.now = 50.0
        self.asked: list[str] = []
        self.at = 1.0
        self.told: list[Measured] = []
        self.more = asyncio.Event()

    def clock(self) -> float:
        return self.now

    def tell(self, measured: Measured) -> None:
        self.told.append(measured)

    async def measure(self, project_id: str) -> Measured | None:
        self.asked.append(project_id)
        self.more.set()
        if project_id == "gone":
            raise SandboxGoneError("The sandbox is gone", "", "")
        return None if project_id == "stopped" else Measured(project_id, self.at, 4.0, 312, 4000)


@pytest.fixture
def sandboxes() -> Sandboxes:
    return Sandboxes()


@pytest.fixture
def meter(sandboxes: Sandboxes) -> Meter:
    return Meter(sandboxes.measure, sandboxes.tell, sandboxes.clock, 0.001)


async def test_only_what_is_looked_at_is_measured_and_each_measurement_told_once(
    meter: Meter, sandboxes: Sandboxes
) -> None:
    await meter.measure_all()
    assert sandboxes.asked == []
    for project_id in ("p1", "stopped", "gone"):
        meter.look(project_id)
    await meter.measure_all()
    await meter.measure_all()
    assert sandboxes.told == [Measured("p1", 1.0, 4.0, 312, 4000)]
    sandboxes.at = 6.0
    await meter.measure_all()
    assert [measured.at for measured in sandboxes.told] == [1.0, 6.0]


async def test_it_ends_when_nobody_looks(meter: Meter, sandboxes: Sandboxes) -> None:
    meter.look("p1")
    sandboxes.now += LEASE_S
    await meter.measure_all()
    assert sandboxes.asked == []


async def test_it_measures_by_itself_while_somebody_looks(meter: Meter, sandboxes: Sandboxes) -> None:
    async with Owner("test") as owner:
        owner.start(meter.run(), name="meter")
        meter.look("p1")
        async with asyncio.timeout(5):
            while len(sandboxes.asked) < 3:
                sandboxes.more.clear()
                await sandboxes.more.wait()
            sandboxes.now += 2 * LEASE_S
            while meter._until:
                await asyncio.sleep(0)
            asked = len(sandboxes.asked)
            meter.look("p2")
            while "p2" not in sandboxes.asked:
                await sandboxes.more.wait()
                sandboxes.more.clear()
        assert sandboxes.asked[asked:][0] == "p2"
