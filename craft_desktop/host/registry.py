"""The sandboxes this host answers for: values, and the rules by which they are found and listed.

Paging follows E2B's own servers: newest first unless asked otherwise, the cursor names the last sandbox told (its
start and id), so that sandboxes which come or go between two pages neither repeat nor hide others.
"""

import base64
import binascii
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from craft_desktop.host.reach import OPEN, Rules

ID_LETTERS = string.ascii_lowercase + string.digits  # a host name label, and no '-': PORT-ID is split there
ID_LENGTH = 20  # E2B's own length; 103 bits, so an id cannot be guessed
PAGE_LIMIT = 100  # E2B's largest page and its default


class State(StrEnum):
    """Where a sandbox stands; the words are E2B's."""

    RUNNING = "running"
    PAUSED = "paused"


class PauseMode(StrEnum):
    """What a pause keeps; the words are E2B's."""

    FULL = "full"
    """Files and memory: processes stand still and go on."""
    FILESYSTEM = "filesystem"
    """Files: processes are ended, and the sandbox starts anew with what they wrote."""


class OnTimeout(StrEnum):
    """What becomes of a sandbox at its deadline; the words are E2B's."""

    KILL = "kill"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One sandbox as the control plane tells it.

    :param envd_token: what envd wants in X-Access-Token; None leaves envd open (`secure: false`).
    :param traffic_token: what the proxy wants for ports other than envd's; None lets everybody in.
    :param mask_host: `localhost:${PORT}` puts such a Host before the program; None passes the Host unchanged.
    :param https_ports: ports behind which TLS is spoken.
    :param timeout_pause: what a pause at the deadline keeps; `pause_mode` what the latest pause kept.
    :param guest_silent: envd did not answer when it was paused.
    :param port: the free port of this machine given to the sandbox as PORT; 0 where it has every port to itself.
    :param rules: what it may reach outside.
    :param timeout_s: what the sandbox was created or last connected with.
    """

    sandbox_id: str
    template_id: str
    started_at: datetime
    end_at: datetime
    timeout_s: int
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    state: State = State.RUNNING
    envd_token: str | None = field(default=None, repr=False)
    traffic_token: str | None = field(default=None, repr=False)
    mask_host: str | None = None
    https_ports: tuple[int, ...] = ()
    on_timeout: OnTimeout = OnTimeout.KILL
    auto_resume: bool = False
    timeout_pause: PauseMode = PauseMode.FULL
    pause_mode: PauseMode | None = None
    guest_silent: bool = False
    cpu_count: int = 1
    memory_mb: int = 512
    disk_mb: int = 0
    port: int = 0
    rules: Rules = OPEN

    @property
    def is_cold(self) -> bool:
        """Whether it has no processes: paused, with its files alone kept."""
        return self.state is State.PAUSED and self.pause_mode is PauseMode.FILESYSTEM


@dataclass(frozen=True, slots=True)
class Query:
    """What a list call asks for.

    :param metadata: pairs that a sandbox must all bear.
    :param after: the cursor of the page before.
    """

    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    states: frozenset[State] = frozenset(State)
    newest_first: bool = True
    started_after: datetime | None = None
    template_id: str | None = None
    limit: int = PAGE_LIMIT
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and the cursor of the next when there is more."""

    sandboxes: tuple[Sandbox, ...]
    next_token: str | None


class CursorError(ValueError):
    """A page token that this host did not give."""


def new_sandbox_id(below: Callable[[int], int]) -> str:
    """A fresh id: `i` and twenty letters or digits. `below(n)` is a secret random number in [0, n)."""
    return "i" + "".join(ID_LETTERS[below(len(ID_LETTERS))] for _ in range(ID_LENGTH))


def is_sandbox_id(text: str) -> bool:
    """Whether `text` has the form of an id of this host."""
    return len(text) == ID_LENGTH + 1 and text[0] == "i" and all(letter in ID_LETTERS for letter in text)


def cursor_of(sandbox: Sandbox) -> str:
    """The page token that continues after `sandbox`."""
    told = f"{sandbox.started_at.astimezone(UTC).isoformat()}__{sandbox.sandbox_id}"
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[datetime, str]:
    """The sort key a page token names.

    :raises CursorError: it is not one of ours.
    """
    try:
        told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        start, _, sandbox_id = told.partition("__")
        started_at = datetime.fromisoformat(start)
    except (binascii.Error, ValueError) as error:
        raise CursorError("nextToken is not a token of this host") from error
    if started_at.tzinfo is None or not is_sandbox_id(sandbox_id):
        raise CursorError("nextToken is not a token of this host")
    return started_at, sandbox_id


def select(sandboxes: Iterable[Sandbox], query: Query) -> Page:
    """The page of `sandboxes` that `query` asks for.

    :raises CursorError: the query continues after a token that is not ours.
    """
    found = sorted((sandbox for sandbox in sandboxes if _suits(sandbox, query)), key=_place, reverse=query.newest_first)
    if query.after is not None:
        place = place_of(query.after)
        found = [each for each in found if (_place(each) < place if query.newest_first else _place(each) > place)]
    page = tuple(found[: query.limit])
    return Page(page, cursor_of(page[-1]) if len(found) > len(page) and page else None)


def _place(sandbox: Sandbox) -> tuple[datetime, str]:
    return sandbox.started_at, sandbox.sandbox_id


def _suits(sandbox: Sandbox, query: Query) -> bool:
    return (
        sandbox.state in query.states
        and (query.template_id is None or sandbox.template_id == query.template_id)
        and (query.started_after is None or sandbox.started_at >= query.started_after)
        and all(sandbox.metadata.get(key) == value for key, value in query.metadata.items())
    )


class Registry:
    """The sandboxes alive in this host, by id."""

    def __init__(self) -> None:
        self._sandboxes: dict[str, Sandbox] = {}

    def __len__(self) -> int:
        return len(self._sandboxes)

    def all(self) -> tuple[Sandbox, ...]:
        """Every sandbox, in no order."""
        return tuple(self._sandboxes.values())

    def find(self, sandbox_id: str) -> Sandbox | None:
        """The sandbox of that id, or None when it is not alive."""
        return self._sandboxes.get(sandbox_id)

    def put(self, sandbox: Sandbox) -> None:
        """Add a sandbox, or tell its new state."""
        self._sandboxes[sandbox.sandbox_id] = sandbox

    def extend(self, sandbox_id: str, end_at: datetime, timeout_s: int) -> Sandbox:
        """Give a sandbox another deadline.

        :raises KeyError: it is not alive.
        """
        sandbox = replace(self._sandboxes[sandbox_id], end_at=end_at, timeout_s=timeout_s)
        self._sandboxes[sandbox_id] = sandbox
        return sandbox

    def remove(self, sandbox_id: str) -> Sandbox | None:
        """Forget a sandbox; None when it was not there."""
        return self._sandboxes.pop(sandbox_id, None)
