import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.places import Place
from craft_desktop.model.project import Project
from craft_desktop.model.trail import Spot
from craft_desktop.tasks import Owner
from craft_desktop.workbench import trails
from craft_desktop.workbench.trails import Trails

BASE = "http://shop.localhost:4100/"
SHOP = Project("p1", "shop", "shop", Path("/nowhere/shop"), 0.0, 0.0)


class Knowing:
    """A tracer whose answers a test gives."""

    def __init__(self) -> None:
        self.asked: list[tuple[Spot, ...]] = []
        self.places: dict[str, Place] = {}
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def base(self, project: Project) -> str:
        return f"http://{project.slug}.localhost:4100/"

    async def trace(self, project: Project, asked: Sequence[Spot]) -> Mapping[Spot, Place]:
        self.asked.append(tuple(asked))
        await self.may_answer.wait()
        return {spot: self.places[spot.url] for spot in asked if spot.url in self.places}


class House:
    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.knowing = Knowing()
        self.told: list[str] = []
        self._more = asyncio.Event()
        self.trails = Trails(self._tell, {"p1": SHOP}.get, self.knowing, owner)

    def _tell(self, line: LogLine) -> None:
        self.told.append(line.text)
        self._more.set()

    def say(self, *texts: str, project_id: str = "p1") -> None:
        self.trails.take([LogLine(project_id, Stream.BROWSER, text, 7.0) for text in texts])

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(20):
            while len(self.told) < count:
                self._more.clear()
                await self._more.wait()
        return self.told


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with Owner("test") as owner:
        yield House(owner)


async def test_what_names_no_code_is_told_at_once(house: House) -> None:
    house.say("plain", "    words")
    house.say("of another site  http://other.example/a.js:3")
    house.say(f"of nobody  {BASE}a.js:3", project_id="p2")
    assert house.told == [
        "plain",
        "    words",
        "of another site  http://other.example/a.js:3",
        f"of nobody  {BASE}a.js:3",
    ]
    assert house.knowing.asked == [] and len(house.owner) == 0


async def test_a_message_leads_to_the_first_frame_that_is_the_projects_own(house: House) -> None:
    house.knowing.places = {f"{BASE}own.js": Place("app/page.tsx", 9, 3), f"{BASE}lib.js": Place("lib/a.ts", 1, 1)}
    house.say(f"boom  {BASE}patched.js:1", f"    at f ({BASE}foreign.js:2:2)", f"    at g ({BASE}own.js:3:3)")
    assert house.told == [], "it waits for its place"
    await house.until(3)
    assert house.told == [
        f"boom  {BASE}patched.js:1  → app/page.tsx:9:3",
        f"    at f ({BASE}foreign.js:2:2)",
        f"    at g ({BASE}own.js:3:3)  → app/page.tsx:9:3",
    ]
    house.told.clear()
    house.say(f"boom  {BASE}lib.js:1", f"    at g ({BASE}own.js:3:3)")
    assert (await house.until(2))[0].endswith("→ lib/a.ts:1:1"), "its own place comes first"


async def test_messages_keep_their_order_and_wait_for_one_another(house: House) -> None:
    house.knowing.places = {f"{BASE}a.js": Place("a.ts", 1)}
    house.knowing.may_answer.clear()
    house.say(f"one  {BASE}a.js:1")
    house.say("two")
    house.say(f"three  {BASE}b.js:1")
    house.say("of another", project_id="p2")
    assert house.told == ["of another"]
    house.knowing.may_answer.set()
    assert (await house.until(4))[1:] == [f"one  {BASE}a.js:1  → a.ts:1", "two", f"three  {BASE}b.js:1"]
    house.say("later")
    await asyncio.sleep(0)
    assert house.told[-1] == "later"


async def test_a_place_that_takes_too_long_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trails, "HOLD_S", 0.05)
    house.knowing.may_answer.clear()
    for number in range(50):
        house.say(f"{number}  {BASE}a.js:1")
    began = asyncio.get_running_loop().time()
    await house.until(50)
    assert asyncio.get_running_loop().time() - began < 5, "they wait side by side"
    assert house.told == [f"{number}  {BASE}a.js:1" for number in range(50)]


async def test_of_a_forgotten_project_nothing_more_is_told(house: House) -> None:
    house.knowing.may_answer.clear()
    house.say(f"one  {BASE}a.js:1")
    house.say("two")
    house.trails.forget("p1")
    house.knowing.may_answer.set()
    async with asyncio.timeout(20):
        while len(house.owner):
            await asyncio.sleep(0.01)
    assert house.told == []
    house.say("anew")
    assert house.told == ["anew"]
    house.trails.forget("p3")


async def test_when_all_closes_it_is_told_as_it_came(house: House) -> None:
    await house.owner.aclose()
    house.say(f"late  {BASE}a.js:1")
    assert house.told == [f"late  {BASE}a.js:1"]
