"""What each error of the client is told as, and that no cancellation is lost in it."""

import asyncio

import httpx
import pytest
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from e2b import (
    AuthenticationException,
    GuestUnresponsiveException,
    NotEnoughSpaceException,
    NotFoundException,
    RateLimitException,
    SandboxException,
    SandboxNotRunningException,
    SandboxUnreachableException,
    ServiceBusyException,
    TimeoutException,
)

from craft_desktop.model.errors import (
    CraftError,
    SandboxBusyError,
    SandboxError,
    SandboxGoneError,
    SandboxRefusedError,
    SandboxUnreachableError,
    SyncError,
)
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.faults import LONGEST_WORDS, status_of, translated
from craft_desktop.sandbox.profile import Profile

CLOUD = Profile(Provider.E2B, "e2b_0123456789abcdef", domain="e2b.example")
HERE = Profile(Provider.LOCAL, "e2b_0123456789abcdef")


async def told(foreign: BaseException, profile: Profile = CLOUD) -> CraftError:
    with pytest.raises(CraftError) as caught:
        async with translated(profile):
            raise foreign
    assert caught.value.__cause__ is foreign
    problem = caught.value.problem
    assert problem.title and problem.detail.endswith((".", "…")) and problem.remedy.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("foreign", "ours", "title", "detail"),
    [
        (
            AuthenticationException("401: Unauthorized, please check your credentials. - no such key"),
            SandboxRefusedError,
            "E2B at e2b.example does not accept the API key",
            "It answered with status 401: no such key.",
        ),
        (AuthenticationException("invalid token"), SandboxGoneError, "The sandbox is gone", "access token"),
        (SandboxNotRunningException("x was not found: The sandbox"), SandboxGoneError, "The sandbox is gone", "time"),
        (
            GuestUnresponsiveException("no answer"),  # type: ignore[no-untyped-call]  # the client types it not
            SandboxGoneError,
            "The sandbox is gone",
            "paused",
        ),
        (NotEnoughSpaceException("no space"), SyncError, "The disk is full", "no room"),
        (
            RateLimitException("429: Rate limit exceeded, please try again later. - slow down"),  # type: ignore[no-untyped-call]  # the client types it not
            SandboxBusyError,
            "is busy",
            "It answered with status 429: slow down.",
        ),
        (ServiceBusyException("503: Service temporarily unavailable, please retry."), SandboxBusyError, "busy", "503."),
        (SandboxException("503: starting"), SandboxBusyError, "is busy", "starting."),
        (
            SandboxException("409: transitioning", status_code=409),
            SandboxBusyError,
            "paused or woken",
            "transitioning.",
        ),
        (SandboxException(f"{Code.ALREADY_EXISTS}: transitioning"), SandboxBusyError, "paused", ": transitioning."),
        (SandboxException("500: b'<html>oh</html>'"), SandboxUnreachableError, "fault of its own", "status 500."),
        (SandboxException("507: not enough space: no room"), SandboxError, "The disk is full", "space: no room."),
        (SandboxException(f"{Code.INTERNAL}: oh"), SandboxUnreachableError, "fault of its own", "It answered: oh."),
        (SandboxException(f"{Code.PERMISSION_DENIED}: no"), SandboxRefusedError, "does not allow", "no."),
        (SandboxException("403: your plan"), SandboxRefusedError, "does not allow this", "your plan."),
        (SandboxException("404: no template"), SandboxError, "does not know", "no template."),
        (NotFoundException("no such thing"), SandboxError, "does not know", "no such thing."),
        (SandboxException("400: bad"), SandboxError, "refused", "It answered with status 400: bad."),
        (SandboxException("x " * 500), SandboxError, "refused", "x …"),
        (
            SandboxUnreachableException(
                "lost: The sandbox could not be reached and its state is unknown — it may have"
            ),
            SandboxUnreachableError,
            "does not answer",
            "It answered: lost.",
        ),
        (TimeoutException("Request timed out — the 'request_timeout'"), SandboxUnreachableError, "answer", "in time."),
        (TimeoutError(), SandboxUnreachableError, "does not answer", "It did not answer in time."),
        (httpx.ConnectError("dns error: no such host"), SandboxUnreachableError, "does not answer", "looked up."),
        (httpx.ReadError("Connection reset by peer"), SandboxUnreachableError, "does not answer", "broke off."),
        (ConnectError(Code.UNAVAILABLE, "whatever"), SandboxUnreachableError, "does not answer", "broke off."),
        (Exception("Command ended without an end event"), SandboxUnreachableError, "does not answer", "broke off."),
    ],
)
async def test_each_foreign_error_becomes_a_message(
    foreign: Exception, ours: type[CraftError], title: str, detail: str
) -> None:
    error = await told(foreign)
    assert type(error) is ours or (ours is SyncError and isinstance(error, SyncError))
    assert title in error.problem.title and detail in error.problem.detail
    assert len(error.problem.detail) < LONGEST_WORDS + 60


async def test_a_host_that_is_no_more_is_no_network_to_wait_for() -> None:
    refused = httpx.ConnectError("tcp connect error: Connection refused (os error 111)")
    assert isinstance(await told(refused), SandboxUnreachableError)
    assert isinstance(await told(refused, HERE), SandboxGoneError)


async def test_a_mistake_of_ours_is_no_fault_of_theirs() -> None:
    with pytest.raises(ValueError, match="ours"):
        async with translated(CLOUD):
            raise ValueError("ours")
    assert status_of(SandboxException("no status")) is None


@pytest.mark.parametrize("failure", [None, SandboxException("400: bad")])
async def test_a_cancellation_that_the_client_drops_is_not_lost(failure: Exception | None) -> None:
    begun, answered = asyncio.Event(), asyncio.Event()

    async def client() -> None:
        begun.set()
        try:
            await answered.wait()
        except asyncio.CancelledError:
            if failure is not None:
                raise failure from None

    async def ours() -> None:
        async with translated(CLOUD):
            await client()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(ours())
        await begun.wait()
        task.cancel()
    assert task.cancelled()


async def test_a_deadline_around_it_is_kept_all_the_same() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), translated(CLOUD):
            await asyncio.sleep(10)
    with pytest.raises(SandboxUnreachableError):
        async with translated(CLOUD), asyncio.timeout(0.01):
            await asyncio.sleep(10)
