"""The E2B API key, and other texts that nobody else may read. The only importer of keyring.

Order of the key: `E2B_API_KEY`, then the keyring. A backend that would write a secret in plain text is refused
(measured: where `keyrings.alt` is installed, keyring chooses one silently); then the secret is kept for this run only,
and that is said. Keyring calls may block on a system prompt, so they run in a thread. There the package is loaded as
well, with the first call: a window needs neither its time nor that of the nine packages it brings along.
"""

import asyncio
import contextlib
import importlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from craft_desktop.model.errors import Action, SecretError

SERVICE = "craft-desktop"
ACCOUNT = "e2b-api-key"
# A person may take this long to answer the system's "unlock your keyring" prompt.
PROMPT_LIMIT_S = 120.0
# What one entry holds at most. Windows: CRED_MAX_CREDENTIAL_BLOB_SIZE, of a text in UTF-16.
ENTRY_LIMITS_BYTES = {"keyring.backends.Windows": 5 * 512}
# Modules of keyring's backends that encrypt, or hand the secret to a system service that does.
TRUSTED = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
    "keyring.backends.chainer",
)

_log = logging.getLogger(__name__)
T = TypeVar("T")


class KeySource(StrEnum):
    """Where the key in force comes from."""

    NONE = "none"
    ENVIRONMENT = "environment"
    KEYRING = "keyring"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class KeyState:
    """What may be shown of the key: where it is kept, and its last four characters behind dots."""

    source: KeySource
    masked: str = ""


class SecretStore:
    """Keeps the key. `environment` is asked first, so that a shell's or a service's own key wins."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._memory: str | None = None
        self._entries: dict[str, str] = {}

    async def key(self) -> str | None:
        """Give the key in force.

        :raises SecretError: the keyring is locked or does not answer.
        """
        return (await self._find())[1]

    async def state(self) -> KeyState:
        """Give what may be shown of the key in force.

        :raises SecretError: the keyring is locked or does not answer.
        """
        source, key = await self._find()
        return KeyState(source, mask(key) if key else "")

    async def save(self, key: str) -> KeyState:
        """Keep a key: in the keyring, or for this run only where there is none.

        :raises SecretError: the key is empty or not printable, or the keyring refuses.
        """
        key = key.strip()
        _check(key)
        if not await _in_thread(has_keyring):
            self._memory = key
            return KeyState(KeySource.MEMORY, mask(key))
        await _in_thread(_set_password, SERVICE, ACCOUNT, key)
        self._memory = None
        return KeyState(KeySource.KEYRING, mask(key))

    async def forget(self) -> KeyState:
        """Forget the key kept here; one in the environment stays in force.

        :raises SecretError: the keyring is locked or does not answer.
        """
        self._memory = None
        if await _in_thread(has_keyring) and await _in_thread(_get_password, SERVICE, ACCOUNT) is not None:
            await _in_thread(_delete_password, SERVICE, ACCOUNT)
        return await self.state()

    async def entry(self, account: str) -> str | None:
        """Give the text kept under a name of ours.

        :raises SecretError: the keyring is locked or does not answer.
        """
        if account in self._entries:
            return self._entries[account]
        if not await _in_thread(has_keyring):
            return None
        return await _in_thread(_get_password, SERVICE, account)

    async def keep_entry(self, account: str, text: str) -> KeySource:
        """Keep a text: in the keyring, or for this run only where there is none.

        :raises SecretError: it is too long for this system's keyring, or the keyring refuses.
        """
        if not await _in_thread(has_keyring):
            self._entries[account] = text
            return KeySource.MEMORY
        limit = await _in_thread(_entry_limit)
        size = len(text.encode("utf-16-le"))
        if limit is not None and size > limit:
            raise SecretError(
                "That is too long for this system's keyring",
                f"It takes {size:,} bytes; an entry holds {limit:,}.",
                "Keep long values elsewhere, for example in .env.local.",
            )
        await _in_thread(_set_password, SERVICE, account, text)
        self._entries.pop(account, None)
        return KeySource.KEYRING

    async def drop_entry(self, account: str) -> None:
        """Forget a text; one that is not there is no failure.

        :raises SecretError: the keyring is locked or does not answer.
        """
        self._entries.pop(account, None)
        if await _in_thread(has_keyring) and await _in_thread(_get_password, SERVICE, account) is not None:
            await _in_thread(_delete_password, SERVICE, account)

    async def _find(self) -> tuple[KeySource, str | None]:
        from_environment = self._environment.get("E2B_API_KEY", "").strip()
        if from_environment:
            _check(from_environment)
            return KeySource.ENVIRONMENT, from_environment
        if self._memory:
            return KeySource.MEMORY, self._memory
        if await _in_thread(has_keyring):
            kept = await _in_thread(_get_password, SERVICE, ACCOUNT)
            if kept:
                return KeySource.KEYRING, kept
        return KeySource.NONE, None


def _check(key: str) -> None:
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SecretError(
            "That is not an API key",
            "A key is one line of letters, digits and underscores, for example e2b_1a2b…",
            "Copy it from your E2B dashboard and paste it whole.",
        )


def _keyring() -> Any:
    return importlib.import_module("keyring")


def _get_password(service: str, account: str) -> str | None:
    kept: str | None = _keyring().get_password(service, account)
    return kept


def _set_password(service: str, account: str, password: str) -> None:
    _keyring().set_password(service, account, password)


def _delete_password(service: str, account: str) -> None:
    _keyring().delete_password(service, account)


def has_keyring() -> bool:
    """Is there a keyring that keeps secrets encrypted? The first call asks the system and may block."""
    return keyring_name() is not None


def keyring_name() -> str | None:
    """Give the name of the system keyring in use, or None where there is none to trust."""
    backend = _keyring().get_keyring()
    module = type(backend).__module__
    if module not in TRUSTED:
        return None
    if module == "keyring.backends.chainer":
        members = [type(member).__module__ for member in getattr(backend, "backends", ())]
        if not members or any(member not in TRUSTED for member in members):
            return None
    return str(backend.name)


def _entry_limit() -> int | None:
    backend = _keyring().get_keyring()
    modules = [type(each).__module__ for each in (backend, *getattr(backend, "backends", ()))]
    limits = [ENTRY_LIMITS_BYTES[module] for module in modules if module in ENTRY_LIMITS_BYTES]
    return min(limits, default=None)


def mask(key: str) -> str:
    """Give a key's last four characters behind dots."""
    return f"••••{key[-4:]}" if len(key) > 12 else "••••"


async def keyring_told() -> str | None:
    """Give `keyring_name` without blocking the loop.

    :raises SecretError: the keyring does not answer.
    """
    return await _in_thread(keyring_name)


async def _in_thread(call: Callable[..., T], *arguments: str) -> T:
    try:
        async with asyncio.timeout(PROMPT_LIMIT_S):
            return await _in_daemon_thread(call, *arguments)
    except TimeoutError as error:
        raise SecretError(
            "The keyring does not answer",
            f"It was asked {PROMPT_LIMIT_S:.0f} s ago.",
            "Unlock your system's keyring, or set E2B_API_KEY, and try again.",
            Action.OPEN_SETTINGS,
        ) from error
    except Exception as error:  # keyring lets its backends' own errors through (secretstorage, D-Bus, imports)
        _log.warning("keyring: %s", type(error).__name__)
        raise SecretError(
            "The keyring refused",
            str(error) or type(error).__name__,
            "Unlock your system's keyring, or set E2B_API_KEY, and try again.",
            Action.OPEN_SETTINGS,
        ) from error


async def _in_daemon_thread(call: Callable[..., T], *arguments: str) -> T:
    # Not the loop's own pool: its end waits for every thread, and a prompt nobody answers would keep the program.
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(result)  # type: ignore[arg-type]  # without an error there is a result
        else:
            answer.set_exception(error)

    def work() -> None:
        outcome: tuple[T | None, Exception | None]
        try:
            outcome = (call(*arguments), None)
        except Exception as error:  # carried to the caller, whole
            outcome = (None, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=work, name="keyring", daemon=True).start()
    return await answer
