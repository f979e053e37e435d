"""Listening sockets that only this computer reaches."""

import contextlib
import os
import socket

from craft_desktop.model.errors import Action, GatewayError

PORTS_TRIED = 20  # the preferred port and its neighbours; beyond that something else is wrong with this machine
BACKLOG = 128  # connections waiting to be accepted: a page opens six, and many pages may open at once


def listen(preferred: int) -> list[socket.socket]:
    """Listen on 127.0.0.1 and, where there is one, ::1, at the same port; the caller closes the sockets.

    :param preferred: the port to try first, then the next ones; 0 takes any free one.
    :raises GatewayError: none of PORTS_TRIED is free.
    """
    tried = range(preferred, min(preferred + PORTS_TRIED, 65536)) if preferred else range(1)
    last: OSError | None = None
    for port in tried:
        try:
            return _listen_at(port)
        except OSError as error:
            last = error
    raise GatewayError(
        "The preview address could not be opened",
        f"No port from {tried[0]} to {tried[-1]} is free on this computer ({last}).",
        "Choose another preview port in the settings.",
        Action.OPEN_SETTINGS,
    ) from last


def _listen_at(port: int) -> list[socket.socket]:
    """Take both loopback addresses or none: a browser may try either first, and must not meet another program."""
    with contextlib.ExitStack() as undo:
        four = undo.enter_context(_listen_on(socket.AF_INET, "127.0.0.1", port))
        sockets = [four]
        if _has_loopback_six():
            sockets.append(undo.enter_context(_listen_on(socket.AF_INET6, "::1", four.getsockname()[1])))
        undo.pop_all()
    return sockets


def _listen_on(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A restart need not wait for old connections. On Windows the same option would share the port.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
        one.listen(BACKLOG)
    except OSError:
        one.close()
        raise
    one.setblocking(False)
    return one


def _has_loopback_six() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
