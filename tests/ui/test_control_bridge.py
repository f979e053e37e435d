import asyncio

from PySide6.QtGui import QGuiApplication

from craft_desktop.model.errors import Problem
from craft_desktop.ui.bridge import Bridge
from tests.ui.stand_in import Doorway, StandIn


async def test_the_window_hears_of_the_door_and_never_of_the_token(bridge: Bridge, bench: StandIn) -> None:
    told: list[tuple[str, str, str]] = []
    bridge.control.changed.connect(lambda *what: told.append(what))
    bridge.control.ask()
    bridge.control.ask()
    assert isinstance(bench.door, Doorway) and len(bench.door.listeners) == 1
    bridge.control.renew()
    await asyncio.sleep(0.01)
    bench.door.show(None)
    bench.door.show(None, Problem("No port is free", "All are taken.", "End a program."))
    assert told == [
        ("http://127.0.0.1:41207", "•••• 0001", ""),
        ("http://127.0.0.1:41207", "•••• 0001", ""),
        ("http://127.0.0.1:41208", "•••• 0002", ""),
        ("", "", ""),
        ("", "", "No port is free. All are taken. End a program."),
    ]
    bridge.control.close()
    bridge.control.close()
    assert bench.door.listeners == []


async def test_the_token_goes_to_the_clipboard_alone(bridge: Bridge, bench: StandIn) -> None:
    said: list[None] = []
    bridge.control.copied.connect(lambda: said.append(None))
    bridge.control.copy_token()
    assert QGuiApplication.clipboard().text() == "secret-token-0001" and len(said) == 1
    QGuiApplication.clipboard().setText("other")
    bench.door = None
    bridge.control.copy_token()
    bridge.control.renew()
    bridge.control.ask()
    assert QGuiApplication.clipboard().text() == "other" and len(said) == 1
