import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import SignalInstance

from craft_desktop.model.errors import Action, Problem, ServerError, SettingError
from craft_desktop.model.events import Notice, SettingsChanged
from craft_desktop.store.secrets import KeySource, KeyState
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.settings_bridge import SettingsBridge
from tests.ui.stand_in import StandIn

SECRET = "sk_live_51H8kQ0"


@pytest.fixture
def options(bridge: Bridge) -> SettingsBridge:
    return bridge.options


def listen(signal: SignalInstance) -> list[tuple[object, ...]]:
    told: list[tuple[object, ...]] = []
    signal.connect(lambda *what: told.append(what))
    return told


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0)


async def test_settings_are_answered(options: SettingsBridge, bench: StandIn) -> None:
    answered, changed = listen(options.answered), listen(options.changed)
    options.change("theme", "dark")
    options.change("preview_port", "80")
    await until(lambda: len(answered) == 2)
    assert answered[0] == ("theme", None)
    key, problem = answered[1]
    assert key == "preview_port" and isinstance(problem, Problem) and "out of bounds" in problem.detail
    assert changed == [(bench.settings,)] and bench.settings.theme == "dark"


async def test_a_setting_changed_elsewhere_is_told_as_ones_own(options: SettingsBridge, bench: StandIn) -> None:
    changed = listen(options.changed)
    bench.settings = replace(bench.settings, theme="dark", preview_port=5001)
    bench.tell(SettingsChanged(bench.settings))
    assert changed == [(bench.settings,)]


async def test_a_refusal_quotes_no_secret(options: SettingsBridge, bench: StandIn) -> None:
    bench.redactor.hide(SECRET)
    bench.refusal = SettingError("Not taken", f"“{SECRET}” is no editor.", f"Choose another than {SECRET}.")
    answered = listen(options.answered)
    options.change("editor", SECRET)
    await until(lambda: answered)
    assert SECRET not in repr(answered) and "is no editor" in repr(answered)


async def test_the_key(bridge: Bridge, options: SettingsBridge, bench: StandIn) -> None:
    states, words, notices = listen(options.key_changed), listen(options.key_tested), listen(bridge.noticed)
    options.ask_key()
    await until(lambda: len(states) == 1)
    options.save_key("e2b_7f3a")
    await until(lambda: len(states) == 2)
    options.test_key()
    await until(lambda: words)
    options.forget_key()
    await until(lambda: len(states) == 3)
    assert [state.source for (state,) in states if isinstance(state, KeyState)] == [
        KeySource.NONE, KeySource.MEMORY, KeySource.NONE,
    ]  # fmt: skip
    assert words == [("e2b.app accepts the key •••• 7f3a. Its account runs no preview of this program.", True)]
    bench.refusal = ServerError("Refused", "The key is wrong.", "Copy it again.")
    options.test_key()
    options.save_key("x")
    await until(lambda: len(words) == 3)
    assert words[1:] == [("Refused. The key is wrong. Copy it again.", False)] * 2 and notices == []


async def test_a_test_of_the_key_can_be_called_off_and_made_again(options: SettingsBridge, bench: StandIn) -> None:
    words, bench.let_go = listen(options.key_tested), asyncio.Event()
    options.cancel_test()  # there is none
    options.test_key()
    options.test_key()  # one at a time
    await until(lambda: ("test key",) in bench.asked)
    options.cancel_test()
    await until(lambda: words)
    assert words == [("", False)] and bench.asked.count(("test key",)) == 1
    bench.let_go = None
    options.test_key()
    await until(lambda: len(words) == 2)
    assert words[1][1] is True


async def test_a_test_that_crashes_ends_the_wait_and_is_told(
    bridge: Bridge, options: SettingsBridge, bench: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    words, notices = listen(options.key_tested), listen(bridge.noticed)
    bench.refusal = RuntimeError("nobody foresaw this")
    options.test_key()
    await until(lambda: notices)
    assert words == [("", False)]
    ((notice,),) = notices
    assert isinstance(notice, Notice) and notice.problem.action is Action.NONE
    assert "nobody foresaw this" in caplog.text
    caplog.clear()
