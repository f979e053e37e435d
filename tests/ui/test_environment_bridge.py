import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from PySide6.QtWidgets import QApplication

from craft_desktop.model.env_files import EnvFile, EnvFiles
from craft_desktop.model.errors import SecretError
from craft_desktop.model.script import Framework
from craft_desktop.store.secrets import KeySource
from craft_desktop.ui.environment_bridge import EnvironmentBridge, Surroundings, Wish
from tests.ui.stand_in import StandIn

SECRET = "sk_live_51H8k"
LOCKED = SecretError("The keyring refused", "It is locked.", "Unlock it.")


class Ears:
    def __init__(self, bridge: EnvironmentBridge) -> None:
        self.heard: list[tuple[object, ...]] = []
        for signal in (bridge.looked, bridge.revealed, bridge.saved, bridge.failed):
            signal.connect(lambda *what: self.heard.append(what))

    async def next(self) -> tuple[object, ...]:
        async with asyncio.timeout(5):
            while not self.heard:
                await asyncio.sleep(0)
        return self.heard.pop(0)


@pytest.fixture
async def bridge(bench: StandIn, qapp: QApplication) -> AsyncIterator[EnvironmentBridge]:
    made = EnvironmentBridge(bench, bench.insight)
    yield made
    await made.aclose()


async def test_what_there_is_is_told_without_a_value(bridge: EnvironmentBridge, bench: StandIn) -> None:
    files = bench.insight.set_by_files = EnvFiles(Framework.NEXT, (EnvFile(".env", frozenset({"F"})),))
    bench.variables["p1"] = {"A": SECRET}
    ears = Ears(bridge)
    bridge.look("p1")
    told = await ears.next()
    assert told == ("p1", Surroundings(("A",), KeySource.KEYRING, files)) and SECRET not in repr(told)
    assert bench.asked == []  # no value was asked for


async def test_names_are_told_though_the_keyring_does_not_answer(bridge: EnvironmentBridge, bench: StandIn) -> None:
    bench.variables["p1"], bench.keyring_failure = {"A": SECRET}, LOCKED
    ears = Ears(bridge)
    bridge.look("p1")
    assert await ears.next() == ("p1", Surroundings(("A",), KeySource.NONE))
    assert await ears.next() == ("p1", Wish.LOOK, LOCKED.problem)


async def test_one_value_is_told_and_no_other(bridge: EnvironmentBridge, bench: StandIn) -> None:
    bench.variables["p1"] = {"A": SECRET, "B": "other"}
    ears = Ears(bridge)
    bridge.reveal("p1", "A")
    assert await ears.next() == ("p1", "A", SECRET)
    bridge.reveal("p1", "GONE")
    key, wish, problem = await ears.next()
    assert (key, wish) == ("p1", Wish.REVEAL) and "GONE has no value" in str(problem)


async def test_saving_is_one_change(bridge: EnvironmentBridge, bench: StandIn) -> None:
    bench.variables["p1"] = {"A": "1"}
    ears = Ears(bridge)
    bridge.save("p1", {"B": "2", "C": "3"}, ["A"])
    assert await ears.next() == ("p1", KeySource.KEYRING, ("B", "C"))
    assert bench.asked == [("set", "p1", {"B": "2", "C": "3"}, ["A"])]


async def test_a_failure_nobody_foresaw_is_told_without_its_words(
    bridge: EnvironmentBridge, bench: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    bench.keyring_failure = RuntimeError(f"could not store {SECRET}")
    ears = Ears(bridge)
    with caplog.at_level(logging.DEBUG):
        bridge.save("p1", {"A": SECRET}, [])
        key, wish, problem = await ears.next()
    assert (key, wish) == ("p1", Wish.SAVE) and SECRET not in repr(problem)
    assert SECRET not in caplog.text and "RuntimeError" in caplog.text
    caplog.clear()
