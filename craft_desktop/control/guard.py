"""Who may ask the control API: a program of this person, on this computer. Pure.

Three walls, each enough for one kind of stranger. The Host must be loopback's own name at this very port: a page whose
name was rebound to 127.0.0.1 gets 421. Nothing that a browser sends for a page is answered: Origin, or a Sec-Fetch-Site
other than `none` (typed by hand), gets 403, and no CORS header ever says otherwise. And the token, which stands in a
file that only the person may read, keeps out other users of this computer and the code in sandboxes.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from craft_desktop.model.errors import Problem

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
LOOPBACK_PEERS = ("127.0.0.1", "::1")


class Headers(Protocol):
    """What is read of a request's headers; names without regard to case."""

    def getall(self, key: str, default: Sequence[str]) -> Sequence[str]:
        """Give every value of a header."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    problem: Problem


_MISDIRECTED = Refusal(
    421, Problem("This is not the place", "The control API answers to loopback's own names alone.", "")
)
_FROM_A_PAGE = Refusal(403, Problem("Pages may not ask", "The control API is for programs on this computer.", ""))
_UNKNOWN = Refusal(
    401,
    Problem(
        "The token is missing or wrong",
        "Each request carries “Authorization: Bearer TOKEN”.",
        "The token stands in a file of the program's state folder; “craft-desktop” commands find it by themselves.",
    ),
)


def refusal(headers: Headers, peer: str, port: int, token: str) -> Refusal | None:
    """Give why a request is refused; None for a welcome one.

    :param peer: the address it comes from.
    :param port: where the API listens.
    """
    hosts = headers.getall("Host", ())
    if peer not in LOOPBACK_PEERS or len(hosts) != 1 or not _is_ours(hosts[0], port):
        return _MISDIRECTED
    sites = headers.getall("Sec-Fetch-Site", ())
    if headers.getall("Origin", ()) or any(site != "none" for site in sites):
        return _FROM_A_PAGE
    given = headers.getall("Authorization", ())
    # In constant time: how long a wrong token takes must not tell how much of it was right.
    wanted = f"Bearer {token}".encode()
    if len(given) != 1 or not hmac.compare_digest(given[0].encode("utf-8", "surrogateescape"), wanted):
        return _UNKNOWN
    return None


def _is_ours(host: str, port: int) -> bool:
    return host.lower() in {f"{name}:{port}" for name in LOOPBACK_NAMES}
