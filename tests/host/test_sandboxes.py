import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from craft_desktop.host import guest
from craft_desktop.host.bodies import Creation
from craft_desktop.host.dial import DialError
from craft_desktop.host.failures import NotFound, NotNow, TooMany, Unisolated
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.registry import OnTimeout, State
from craft_desktop.host.sandboxes import Sandboxes
from craft_desktop.host.sources import Sources

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TIMEOUT_S = 20


@pytest.fixture
async def sandboxes(machine: Machine, ground: Ground) -> AsyncIterator[Sandboxes]:
    async with aclosing(Sandboxes(machine, ground, Sources(now=lambda: NOW))) as opened:
        await opened.start()
        yield opened


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_sandbox_has_its_own_secrets_and_port(machine: Machine, sandboxes: Sandboxes) -> None:
    one = await sandboxes.create(Creation("base", public_traffic=False))
    two = await sandboxes.create(Creation("base", secure=False))
    assert one.sandbox_id != two.sandbox_id
    # with a network of its own each has every port; else one of this machine's
    assert (one.port, two.port) == (0, 0) if machine.private else 0 < one.port != two.port > 0
    assert one.envd_token and one.traffic_token and one.envd_token != one.traffic_token
    assert two.envd_token is None and two.traffic_token is None
    assert one.end_at == NOW + timedelta(seconds=300)


async def test_a_deadline_moves_but_a_heartbeat_never_shortens_it(sandboxes: Sandboxes) -> None:
    made = await sandboxes.create(Creation("base", timeout_s=100))
    assert sandboxes.set_timeout(made.sandbox_id, 50, only_extend=True).end_at == made.end_at
    assert sandboxes.set_timeout(made.sandbox_id, 50).end_at == NOW + timedelta(seconds=50)
    sandboxes.set_timeout(made.sandbox_id, 0)
    await until(lambda: sandboxes.registry.find(made.sandbox_id) is None)


async def test_a_deadline_may_pause_instead(sandboxes: Sandboxes) -> None:
    made = await sandboxes.create(Creation("base", timeout_s=0, on_timeout=OnTimeout.PAUSE))
    await until(lambda: sandboxes.find(made.sandbox_id).state is State.PAUSED)
    with pytest.raises(NotNow):
        await sandboxes.pause(made.sandbox_id)
    awake, resumed = await sandboxes.resume(made.sandbox_id, 60)
    assert resumed and awake.state is State.RUNNING
    assert await guest.answers(sandboxes.session, made.sandbox_id)


async def test_what_is_not_there_is_told(sandboxes: Sandboxes) -> None:
    for call in (sandboxes.kill("x"), sandboxes.pause("x"), sandboxes.resume("x", 1)):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(NotFound):
        sandboxes.set_timeout("x", 1)
    with pytest.raises(NotFound, match="template 'other'"):
        await sandboxes.create(Creation("other"))
    with pytest.raises(DialError, match="gone"):
        await sandboxes.connect_into("x", 1)


async def test_a_spare_that_died_is_not_given_out(sandboxes: Sandboxes, ground: Ground) -> None:
    supply = sandboxes._supply
    await until(lambda: supply._spare is not None)
    assert supply._spare is not None
    os.kill(supply._spare.pid, signal.SIGKILL)
    await supply._spare.ended()  # on a busy machine it would answer before it is dead, and die as a sandbox
    made = await sandboxes.create(Creation("base"))
    assert await guest.answers(sandboxes.session, made.sandbox_id)


async def test_a_sandbox_whose_jail_ends_is_gone(sandboxes: Sandboxes) -> None:
    made = await sandboxes.create(Creation("base"))
    os.kill(sandboxes._cells[made.sandbox_id].pid, signal.SIGKILL)
    await until(lambda: sandboxes.registry.find(made.sandbox_id) is None)


async def test_without_walls_one_must_be_agreed_upon(plain_machine: Machine, ground: Ground) -> None:
    async with aclosing(Sandboxes(plain_machine, ground)) as sandboxes:
        await sandboxes.start()
        with pytest.raises(Unisolated, match=r"No walls\. Build some\."):
            await sandboxes.create(Creation("base"))
        made = await sandboxes.create(Creation("base", metadata={"isolation": "none"}))
        assert await guest.answers(sandboxes.session, made.sandbox_id)


async def test_places_are_counted_while_sandboxes_are_being_made(machine: Machine, ground: Ground) -> None:
    async with aclosing(Sandboxes(machine, ground, most=2)) as sandboxes:
        await sandboxes.start()
        made = await asyncio.gather(*(sandboxes.create(Creation("base")) for _ in range(4)), return_exceptions=True)
        assert [isinstance(each, TooMany) for each in made].count(True) == 2
        first, second = (each.sandbox_id for each in sandboxes.registry.all())
        # one that starts anew in its own place needs no other
        await sandboxes.pause(first)
        await sandboxes.resume(first, 60, restore=False)
        # one that failed or ended leaves its place to others
        await sandboxes.kill(second)
        await sandboxes.create(Creation("base"))
        with pytest.raises(TooMany, match="2 sandboxes at once"):
            await sandboxes.create(Creation("base"))


async def test_of_two_pauses_one_comes_first(sandboxes: Sandboxes) -> None:
    made = await sandboxes.create(Creation("base"))
    pauses = (sandboxes.pause(made.sandbox_id) for _ in range(2))
    assert [type(each) for each in await asyncio.gather(*pauses, return_exceptions=True)].count(NotNow) == 1


async def test_a_kill_during_a_pause_wins(sandboxes: Sandboxes) -> None:
    made = await sandboxes.create(Creation("base"))
    ends = (sandboxes.pause(made.sandbox_id), sandboxes.kill(made.sandbox_id))
    refused, killed = await asyncio.gather(*ends, return_exceptions=True)
    assert isinstance(refused, NotFound) and killed is None
    assert sandboxes.registry.all() == ()
