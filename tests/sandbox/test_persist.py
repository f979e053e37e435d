"""What a broken network hinders is tried again, and nothing else."""

import asyncio

import pytest

from craft_desktop.model.errors import SandboxBusyError, SandboxError, SandboxGoneError, SandboxUnreachableError
from craft_desktop.sandbox import persist


class Work:
    """Fails with what it is given, one after the other, then answers."""

    def __init__(self, *failures: type[SandboxError]) -> None:
        self.failures = list(failures)

    async def __call__(self) -> str:
        if self.failures:
            raise self.failures.pop(0)("it failed", "a fact", "A remedy.")
        return "done"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persist, "RECONNECT_FIRST_S", 0.001)


async def test_what_passes_is_waited_out() -> None:
    assert await persist.persist(Work(SandboxUnreachableError, SandboxBusyError, SandboxUnreachableError)) == "done"


async def test_what_does_not_pass_is_told_at_once() -> None:
    work = Work(SandboxUnreachableError, SandboxGoneError, SandboxGoneError)
    with pytest.raises(SandboxGoneError):
        await persist.persist(work)
    assert len(work.failures) == 1


async def test_it_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persist, "RECONNECT_LIMIT_S", 0.01)
    with pytest.raises(SandboxUnreachableError):
        await persist.persist(Work(*[SandboxUnreachableError] * 1000))


async def test_a_wait_ends_at_its_limit_and_gives_what_came_before_it() -> None:
    with pytest.raises(TimeoutError):
        await persist.within(asyncio.Event().wait(), 0.01)

    async def answer() -> int:
        return 7

    assert await persist.within(answer(), 5.0) == 7
