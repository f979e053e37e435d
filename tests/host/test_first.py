import asyncio
import os
import subprocess

from craft_desktop.host.first import First


def sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "60"])


async def test_it_is_known_when_told_of_and_its_end_is_seen() -> None:
    first = First()
    told = first.listen()
    with sleeper() as process:
        first.learn()
        assert not first.is_known and await first.ended(0)
        text = f'{{\n    "child-pid": {process.pid},\n    "ipc-namespace": 4026531839\n}}\n'.encode()
        os.write(told, text[:10])
        first.learn()
        assert not first.is_known
        os.write(told, text[10:])
        async with asyncio.timeout(10):
            while not first.is_known:
                await asyncio.sleep(0)
        assert first.pid == process.pid
        assert not await first.ended(0.01)
        first.kill()
        assert await first.ended(10)
        assert process.wait(10) == -9
    first.kill()  # gone: nobody else is hit
    os.close(told)
    first.close()
    first.close()
    assert await first.ended(0)


async def test_a_jail_that_never_was_is_not_waited_for() -> None:
    first = First()
    told = first.listen()
    os.close(told)
    first.learn()
    first.learn()
    assert not first.is_known and await first.ended(0)
    first.close()


async def test_who_tells_does_not_die_of_a_host_that_is_gone() -> None:
    first = First()
    told = first.listen()
    first.close()
    assert os.write(told, b"{}") == 2
    os.close(told)


async def test_one_that_has_ended_before_it_was_looked_at() -> None:
    first = First()
    told = first.listen()
    with sleeper() as ended:
        ended.kill()
    os.write(told, f'{{"child-pid": {ended.pid}'.encode())
    first.learn()
    assert not first.is_known
    os.close(told)
    first.close()
