"""What the e2b client's errors mean for a person: translated once, on the way out of `connection`.

Two sides answer: the control plane (its errors carry a status) and the sandbox behind E2B's ingress (RPC codes, or a
status in front of the text). The same status means different things there: a 401 of the control plane is the key, a 401
of the sandbox is the token that it gave out itself.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from craft_desktop.model.errors import (
    Action,
    CraftError,
    DiskFullError,
    SandboxBusyError,
    SandboxError,
    SandboxGoneError,
    SandboxRefusedError,
    SandboxUnreachableError,
)
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.client import broken_stream, client, foreign
from craft_desktop.sandbox.profile import Profile

# A sandbox that says it is busy (429, 503, changing its state) has done nothing yet and is asked again after these.
# The control plane is asked again by the client itself, which waits as its Retry-After says, within its deadline.
BUSY_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
# Characters of a foreign message that a person is shown.
LONGEST_WORDS = 240
# Asked in vain for less than this, a person would not have noticed.
WORTH_TELLING_S = 1.0

_REFUSED = "The connection was refused."
# What the client's HTTP library says of a broken network, and what a person understands of it.
_NETWORK_FACTS = (
    ("dns error", "Its name could not be looked up."),
    ("connection refused", _REFUSED),
    ("certificate", "Its certificate is not trusted."),
    ("timed out", "It did not answer in time."),
    ("connection reset", "The connection broke off."),
    ("unexpected eof", "The connection broke off."),
    ("incomplete message", "The connection broke off."),
    ("without an end event", "The connection broke off."),
)
# What the client itself adds to an answer: advice on its own API, and the status once more in words.
_ADVICE = re.compile(r"(?:: (?:The (?:sandbox|requests?) |This error is |Rate limit exceeded)| — ).*$", re.DOTALL)
_STATUS = re.compile(
    r"^(?P<status>[1-5]\d\d): (?:(?:Unauthorized, please check your credentials|Rate limit exceeded, please try again "
    r"later|Service temporarily unavailable, please retry)\.(?: - )?)?"
)
_CODES = {"INTERNAL": 500, "UNKNOWN": 500, "DATA_LOSS": 500, "ABORTED": 409, "ALREADY_EXISTS": 409}
_CODE = re.compile(r"^Code\.(?P<code>[A-Z_]+): ")
_OF_KEY = re.compile(r"^401: Unauthorized|API key is required")

T = TypeVar("T")
_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def translated(profile: Profile) -> AsyncIterator[None]:
    """Turn the client's errors into ours, and let no cancellation be lost in the client.

    On Python 3.11 `asyncio.wait_for`, by which the client opens its streams, drops a cancellation that comes with the
    answer, so that a stop at that moment would be waited for in vain.

    :raises SandboxError: see its tree in model/errors.py.
    :raises SyncError: no space left in the sandbox.
    """
    began = time.monotonic()
    task = asyncio.current_task()
    cancelled_before = task.cancelling() if task is not None else 0

    def is_cancelled() -> bool:
        return task is not None and task.cancelling() > cancelled_before

    try:
        yield
    except foreign() as error:
        _log.info("%s: %s", type(error).__name__, error)
        if is_cancelled():
            raise asyncio.CancelledError from error
        raise _meaning(error, profile, time.monotonic() - began) from error
    except Exception as error:
        # The client raises the bare class where a stream ended before its command did.
        if type(error) is not Exception:
            raise
        _log.info("%s", error)
        raise _unreachable(error, profile) from error
    if is_cancelled():
        raise asyncio.CancelledError


async def patiently(profile: Profile, work: Callable[[], Awaitable[T]]) -> T:
    """Do what may be done again after an answer that it was not done; translated.

    :raises CraftError: as `translated` does.
    """
    for pause_s in BUSY_PAUSES_S:
        try:
            async with translated(profile):
                return await work()
        except SandboxBusyError as error:
            _log.info("asking again in %.1f s: %s", pause_s, error)
            await asyncio.sleep(pause_s)
    async with translated(profile):
        return await work()


def _meaning(error: Exception, profile: Profile, asked_s: float) -> CraftError:
    here = profile.provider is Provider.LOCAL
    place, e2b = place_of(profile), client()
    match error:
        case e2b.AuthenticationException() if _OF_KEY.search(str(error)):
            return SandboxRefusedError(
                f"{place} does not accept the API key",
                _words(error),
                "Put a key that is valid there into Settings; you find yours in the E2B dashboard.",
                Action.OPEN_SETTINGS,
            )
        case e2b.AuthenticationException():
            return _gone("It no longer accepts the access token that it gave to this program.")
        case e2b.GuestUnresponsiveException():
            return _gone("It was paused while nothing in it answered, so that it cannot be resumed.")
        case e2b.SandboxNotFoundException() | e2b.SandboxNotRunningException():
            return _gone("It was ended from outside, or its time was over.")
        case e2b.NotEnoughSpaceException():
            return DiskFullError(
                "The disk is full",
                "There is no room left for the project's copy." if here else "The sandbox's disk has no room left.",
                "Make room on this computer's disk and start again." if here else "Use a template with a larger disk.",
                Action.START,
            )
        case e2b.RateLimitException() | e2b.ServiceBusyException():
            return _busy(error, place, asked_s)
        case e2b.SandboxUnreachableException() | e2b.TimeoutException() | TimeoutError():
            return _unreachable(error, profile)
        case e2b.SandboxException():
            return _by_status(error, place, asked_s)
        case _:  # its HTTP or RPC library's own error
            return _unreachable(error, profile)


def _by_status(error: Exception, place: str, asked_s: float) -> SandboxError:
    status = status_of(error)
    if status in (429, 503):
        return _busy(error, place, asked_s)
    if status == 409:
        return SandboxBusyError(
            "The sandbox is just being paused or woken",
            _words(error),
            "Wait a moment, then start again.",
            Action.START,
        )
    if status == 507:  # a sandbox or a snapshot that was not made: of a file the client knows an exception of its own
        return SandboxError(
            "The disk is full",
            _words(error),
            "Make room on the disk where the sandboxes lie, then start again.",
            Action.START,
        )
    if status is not None and status >= 500:
        return SandboxUnreachableError(
            f"{place} has a fault of its own",
            _words(error),
            "Your project has no part in it. Wait a minute, then start again.",
            Action.START,
        )
    if status == 403:
        return SandboxRefusedError(
            f"{place} does not allow this",
            _words(error),
            "Look at what the key's team and plan allow, or use another key.",
            Action.OPEN_SETTINGS,
        )
    if status == 404 or isinstance(error, client().NotFoundException):
        return SandboxError(
            f"{place} does not know what it was asked for",
            _words(error),
            "Check E2B's domain and addresses in Settings, then start again.",
            Action.OPEN_SETTINGS,
        )
    return SandboxError(
        f"{place} refused",
        _words(error),
        "Start the project again; the details above say what was refused.",
        Action.START,
    )


def place_of(profile: Profile) -> str:
    """Name a provider, to begin a sentence with."""
    return "The sandbox host on this computer" if profile.provider is Provider.LOCAL else f"E2B at {profile.domain}"


def status_of(error: Exception) -> int | None:
    """Give the status that an error stands for, from its attribute or its text; None where it has none."""
    told = getattr(error, "status_code", None)
    if isinstance(told, int):
        return told
    text = str(error)
    if (found := _STATUS.match(text)) is not None:
        return int(found["status"])
    if (found := _CODE.match(text)) is not None:
        return 403 if found["code"] == "PERMISSION_DENIED" else _CODES.get(found["code"])
    return None


def _gone(why: str) -> SandboxGoneError:
    return SandboxGoneError(
        "The sandbox is gone", why, "Start the project again; your files are all here.", Action.START
    )


def _busy(error: Exception, place: str, asked_s: float) -> SandboxBusyError:
    patience = f" It was asked again for {asked_s:.0f} s." if asked_s >= WORTH_TELLING_S else ""
    return SandboxBusyError(
        f"{place} is busy", _words(error) + patience, "Wait a minute, then start again.", Action.START
    )


def _unreachable(error: Exception, profile: Profile) -> SandboxError:
    here = profile.provider is Provider.LOCAL
    told = "timed out" if isinstance(error, TimeoutError) else str(error).lower()
    fact = next((fact for sign, fact in _NETWORK_FACTS if sign in told), None)
    if here and fact == _REFUSED:
        # A child of this program, on loopback: where nobody listens nobody lives, and no waiting brings it back.
        return SandboxGoneError(
            "The sandbox host on this computer has ended",
            "Every sandbox ended with it.",
            "Start the project again; your files are all here.",
            Action.START,
        )
    if "port is not open" in told:  # in E2B's words of its proxy: the place answers, the sandbox's own daemon does not
        return SandboxUnreachableError(
            "The sandbox does not answer",
            "Its daemon ended or stands still; what ran in it may still run.",
            "Start the project again; your files are all here.",
            Action.START,
        )
    return SandboxUnreachableError(
        f"{place_of(profile)} does not answer",
        fact or ("The connection broke off." if isinstance(error, broken_stream()) else _words(error)),
        "Start the project again." if here else "Check your network connection, then start again.",
        Action.START,
    )


def _words(error: Exception) -> str:
    """Give what was answered as a sentence: without the client's advice, and without pages of markup."""
    text = _CODE.sub("", str(error)).strip()
    found = _STATUS.match(text)
    said = _ADVICE.sub("", text[found.end() :] if found else text).strip()
    first = next((line.strip() for line in said.splitlines() if line.strip()), "")
    if first.startswith(("<", "b'", 'b"')):
        first = ""
    if len(first) > LONGEST_WORDS:
        first = first[:LONGEST_WORDS].rsplit(" ", 1)[0] + " …"
    answered = f"It answered with status {found['status']}" if found else "It answered"
    if not first:
        return f"{answered}." if found else "It gave no reason."
    return f"{answered}: {first}" + ("" if first.endswith((".", "!", "?", "…")) else ".")
