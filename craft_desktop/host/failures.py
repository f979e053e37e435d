"""Why a call about a sandbox fails, each kind with the status code that E2B's clients turn into their exception.

Failure
├── NotFound      404  SandboxNotFoundException (kill: False)
├── NotNow        409  SandboxException (pause: False)
├── GuestSilent   409  GuestUnresponsiveException, by its error code
├── TooMany       429  RateLimitException
├── Unisolated    400  SandboxException
├── CannotStart   500  SandboxException
│   └── NoRoom    507  SandboxException (of a file, whose 507 is envd's own: NotEnoughSpaceException)
└── Busy          503  ServiceBusyException
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Failure(Exception):
    """The text is for the person."""

    code = 500
    error_code = ""  # E2B's word for it, where clients look for one


class NotFound(Failure):
    """No sandbox, or no template, of that name."""

    code = 404


class NotNow(Failure):
    """The sandbox is not in a state for this."""

    code = 409


class GuestSilent(Failure):
    """The sandbox's daemon does not answer: its memory would bring that back, its files alone would not."""

    code = 409
    error_code = "sandbox_snapshot_guest_agent_unresponsive"


class TooMany(Failure):
    """This host has all the sandboxes it may have at once."""

    code = 429


class Unisolated(Failure):
    """No walls can be built here and the caller did not agree to do without."""

    code = 400


class CannotStart(Failure):
    """No sandbox can be started here; the text says why and what to do."""


class NoRoom(CannotStart):
    """The disk, or what this person may have of it, is full."""

    code = 507


class Busy(Failure):
    """Refused for the moment, and nothing was changed."""

    code = 503


def cannot(what: str, error: OSError | CannotStart) -> CannotStart:
    """Why something could not be done with a sandbox; a full disk is told as one.

    :param what: a sentence without its end, such as "the snapshot cannot be kept".
    """
    if isinstance(error, CannotStart):
        return type(error)(f"{what}: {error}")
    if error.errno in _FULL:
        return NoRoom(f"not enough space: {what}: {error}")
    return CannotStart(f"{what}: {error}")


@contextmanager
def telling(what: str) -> Iterator[None]:
    """An error inside, of the disk or already a failure to start, is raised as what could not be done.

    :raises CannotStart: as `cannot` puts it.
    """
    try:
        yield
    except (OSError, CannotStart) as error:
        raise cannot(what, error) from error
