import asyncio
from collections.abc import AsyncIterator

import pytest
from dbus_fast import Message, MessageFlag, MessageType
from dbus_fast.aio import MessageBus
from pytestqt.qtbot import QtBot

from craft_desktop.ui.notifier import RETRY_S, Notifier
from craft_desktop.ui.tidings import Tidings

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
LIMIT_S = 15.0

INTROSPECTION = f"""<node><interface name="{NAME}">
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
<arg type="a{{sv}}" name="hints" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
<method name="CloseNotification"><arg type="u" direction="in"/></method>
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/>
<arg type="s" direction="out"/><arg type="s" direction="out"/></method>
<signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
<signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>"""


class Server:
    """A notification server on a bus of its own, as a desktop has one."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self.shown: dict[int, tuple[str, str]] = {}
        self.changed = asyncio.Event()

    def answer(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        match message.member:
            case "Introspect":
                return Message.new_method_return(message, "s", [INTROSPECTION])
            case "GetServerInformation":
                return Message.new_method_return(message, "ssss", ["stand-in", "tests", "1", "1.2"])
            case "GetCapabilities":
                return Message.new_method_return(message, "as", [["body", "actions"]])
            case "Notify":
                number = len(self.shown) + 1
                self.shown[number] = (message.body[3], message.body[4])
                self.changed.set()
                return Message.new_method_return(message, "u", [number])
            case "CloseNotification":
                self.shown.pop(message.body[0], None)
                self.changed.set()
                return Message.new_method_return(message)
        return None

    async def until(self, count: int) -> None:
        async with asyncio.timeout(LIMIT_S):
            while len(self.shown) != count:
                self.changed.clear()
                await self.changed.wait()

    async def click(self, number: int) -> None:
        await self._bus.send(
            Message(
                message_type=MessageType.SIGNAL,
                path=PATH,
                interface=NAME,
                member="ActionInvoked",
                signature="us",
                body=[number, "default"],
                flags=MessageFlag.NO_REPLY_EXPECTED,
            )
        )


@pytest.fixture
async def bus_address(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    daemon = await asyncio.create_subprocess_exec(
        *("dbus-daemon", "--session", "--nofork", "--print-address"), stdout=asyncio.subprocess.PIPE
    )
    assert daemon.stdout is not None
    address = (await daemon.stdout.readline()).decode().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    yield address
    daemon.terminate()
    await daemon.wait()


@pytest.fixture
async def server(bus_address: str) -> AsyncIterator[Server]:
    bus = await MessageBus(bus_address).connect()
    server = Server(bus)
    bus.add_message_handler(server.answer)
    await bus.request_name(NAME)
    yield server
    bus.disconnect()


async def settled(notifier: Notifier) -> None:
    async with asyncio.timeout(LIMIT_S):
        while notifier.is_busy:
            await asyncio.sleep(0.005)


NEWS = Tidings("p1", "shop-front is live", "The first page came after 19 s.")


async def test_it_is_shown_and_a_click_names_the_project(qtbot: QtBot, server: Server) -> None:
    notifier = Notifier()
    clicked: list[str] = []
    done = asyncio.Event()
    notifier.clicked.connect(clicked.append)
    notifier.clicked.connect(lambda _: done.set())
    notifier.tell(NEWS)
    await server.until(1)
    assert list(server.shown.values()) == [(NEWS.title, NEWS.text)]
    notifier.tell(Tidings("p2", "blog failed", "x"))
    await server.until(2)
    await settled(notifier)
    await server.click(2)
    async with asyncio.timeout(LIMIT_S):
        await done.wait()
    assert clicked == ["p2"]
    await notifier.aclose()
    assert server.shown == {2: ("blog failed", "x")}  # the one that was clicked is the desktop's to close


async def test_news_of_a_project_takes_the_place_of_its_earlier_news(qtbot: QtBot, server: Server) -> None:
    notifier = Notifier()
    notifier.tell(NEWS)
    await server.until(1)
    server.shown.clear()
    server.shown[7] = ("of another program", "")
    notifier.tell(Tidings("p1", "shop-front failed", "x"))
    await server.until(2)
    assert ("shop-front failed", "x") in server.shown.values()
    await notifier.aclose()


async def test_a_desktop_without_notifications_is_asked_once_in_a_while(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    caplog.set_level("INFO")
    now = 1000.0
    notifier = Notifier(clock=lambda: now)

    def told() -> int:
        return sum("notifications are not shown" in record.message for record in caplog.records)

    for _ in range(3):
        notifier.tell(NEWS)
        await settled(notifier)
    assert told() == 1
    now += RETRY_S
    notifier.tell(NEWS)
    await settled(notifier)
    assert told() == 2
    await notifier.aclose()
