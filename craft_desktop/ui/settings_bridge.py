"""The settings and the key, between their dialog and the workbench.

A setting may be changed elsewhere as well, by another part of the program: the window hears of it as of its own.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from craft_desktop.model.errors import CraftError, Problem, SettingError, struck
from craft_desktop.model.events import SettingsChanged
from craft_desktop.model.settings import Settings
from craft_desktop.store.secrets import KeyState
from craft_desktop.tasks import Owner
from craft_desktop.ui.upkeep import Run


class SettingsBench(Protocol):
    """The workbench, as far as it is about settings and the key."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    def strike(self, text: str) -> str:
        """Give a text without the key and the values of environment variables."""

    async def change_setting(self, key: str, value: object) -> None:
        """Change a setting."""

    async def key_state(self) -> KeyState:
        """Tell where the key is kept."""

    async def save_key(self, key: str) -> KeyState:
        """Keep a key."""

    async def forget_key(self) -> KeyState:
        """Forget the key."""

    async def test_key(self) -> str:
        """Ask the provider whether the key is good."""


class SettingsBridge(QObject):
    """Lives on the loop's thread.

    :param run: runs a call, and tells what goes wrong in it.
    """

    changed = Signal(object)
    """The `Settings` in force, whoever changed one."""
    answered = Signal(str, object)
    """A setting's key, and the problem if the value was refused."""
    key_changed = Signal(object)
    key_tested = Signal(str, bool)
    """A sentence, and whether it is good news; no sentence where the test was called off."""

    def __init__(self, bench: SettingsBench, run: Run) -> None:
        super().__init__()
        self._bench, self._run = bench, run
        self._owner = Owner("key")
        self._test: asyncio.Task[str] | None = None

    async def aclose(self) -> None:
        """End a test that is under way. May be called twice."""
        await self._owner.aclose()

    def hear(self, event: SettingsChanged) -> None:
        """Tell what is in force now."""
        self.changed.emit(event.settings)

    def change(self, key: str, value: object) -> None:
        """Change a setting; the answer comes by `answered`, the settings by `changed`."""
        self._run(self._change(key, value), f"change {key}", None)

    def ask_key(self) -> None:
        """Have the key's state told by `key_changed`."""
        self._run(self._tell_key(self._bench.key_state()), "key state", None)

    def save_key(self, key: str) -> None:
        """Keep a key."""
        self._run(self._tell_key(self._bench.save_key(key)), "save key", None)

    def forget_key(self) -> None:
        """Forget the key."""
        self._run(self._tell_key(self._bench.forget_key()), "forget key", None)

    def test_key(self) -> None:
        """Try the key; the answer comes by `key_tested`. One test at a time."""
        if self._test is None or self._test.done():
            self._test = self._owner.start(self._bench.test_key(), name="test key", awaited=True)
            self._run(self._tell_test(self._test), "test key", None)

    def cancel_test(self) -> None:
        """Wait for the key's service no longer."""
        if self._test is not None:
            self._test.cancel()

    async def _change(self, key: str, value: object) -> None:
        try:
            await self._bench.change_setting(key, value)
        except SettingError as error:
            self.answered.emit(key, struck(error.problem, self._bench.strike))
            return
        self.answered.emit(key, None)

    async def _tell_key(self, answer: Coroutine[Any, Any, KeyState]) -> None:
        try:
            self.key_changed.emit(await answer)
        except CraftError as error:
            self._tell_problem(error.problem)

    async def _tell_test(self, test: asyncio.Task[str]) -> None:
        await asyncio.wait((test,))
        if test.cancelled():
            self.key_tested.emit("", False)
            return
        try:
            self.key_tested.emit(test.result(), True)
        except CraftError as error:
            self._tell_problem(error.problem)
        except Exception:  # told as every crash is; the field must not wait for ever
            self.key_tested.emit("", False)
            raise

    def _tell_problem(self, problem: Problem) -> None:
        self.key_tested.emit(struck(problem, self._bench.strike).in_one, False)
