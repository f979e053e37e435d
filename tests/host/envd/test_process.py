import base64

from craft_desktop.host.envd.process import ending_of
from craft_desktop.host.envd.subscription import Ending
from tests.host.envd.driver import Driver, eventually


def test_endings_in_gos_words() -> None:
    assert ending_of(0, False) == Ending(0, True, "exit status 0", None)
    assert ending_of(3, False) == Ending(3, True, "exit status 3", "exit status 3")
    assert ending_of(-9, False) == Ending(-1, False, "signal: killed", "signal: killed")
    assert ending_of(-15, False).status == "signal: terminated"
    assert ending_of(-2, False).status == "signal: interrupt"
    assert ending_of(-11, True).status == "signal: segmentation fault (core dumped)"


async def test_output_before_a_kill_is_not_lost(daemon: Driver) -> None:
    """A client that has not read yet, a killed shell, and a child that holds the pipes open."""
    async with daemon.start(
        "head -c 3000000 /dev/zero & sleep 100 & touch begun; wait %1; touch written; wait"
    ) as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        await eventually((daemon.home / "begun").exists, "the output began")
        assert not (daemon.home / "written").exists()
        size = 0
        async for message in events:
            event = message.get("event", {})
            size += len(base64.b64decode(event.get("data", {}).get("stdout", "")))
            if size >= 3_000_000 and "data" in event:
                await daemon.proc("SendSignal", process={"pid": pid}, signal="SIGNAL_SIGTERM")
            if "end" in event:
                assert event["end"]["status"] == "signal: terminated"
    assert size == 3_000_000


async def test_two_clients_hear_the_same(daemon: Driver) -> None:
    async with daemon.start("read x; seq 50000", stdin=True) as first:
        pid = (await anext(first))["event"]["start"]["pid"]
        async with daemon.stream("process.Process/Connect", {"process": {"pid": pid}}) as second:
            await anext(second)
            await daemon.proc("SendInput", process={"pid": pid}, input={"stdin": "Cg=="})
            sizes = []
            for events in (first, second):
                size = 0
                async for message in events:
                    size += len(message.get("event", {}).get("data", {}).get("stdout", "")) * 3 // 4
                sizes.append(size)
    assert min(sizes) >= 288894
