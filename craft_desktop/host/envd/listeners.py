"""Who listens on a port, and whether it is a process of this sandbox.

A sandbox may share the network with the whole machine, so an open port alone says nothing: the listening socket must
be held by a process of this sandbox, or the preview would show a foreign service.
"""

import logging
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from craft_desktop.host.envd.sockdiag import tcp_listeners

_log = logging.getLogger(__name__)

_LISTEN = "0A"  # TCP_LISTEN in <net/tcp_states.h>
_V4_LOOPBACK, _V4_ANY = b"\x7f\0\0\1", b"\0\0\0\0"
_V6_LOOPBACK, _V6_ANY = b"\0" * 15 + b"\1", b"\0" * 16
_MAPPED = b"\0" * 10 + b"\xff\xff"  # ::ffff:0:0/96, IPv4 within IPv6


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket: its address (4 or 16 bytes, network order) and its inode."""

    address: bytes
    inode: int


def listeners(port: int) -> list[Listener]:
    """The sockets that listen on a port in this network namespace."""
    if _has_sock_diag():
        return [Listener(address, inode) for address, inode in tcp_listeners(port)]
    found = []
    for name in ("tcp", "tcp6"):
        try:
            table = Path("/proc/net", name).read_text()
        except FileNotFoundError:  # a kernel without IPv6
            continue
        found += parse_listeners(table, port)
    return found


@cache
def _has_sock_diag() -> bool:
    try:
        tcp_listeners(1)
    except OSError as error:
        _log.info("ports are looked up in /proc/net/tcp: %s", error)
        return False
    return True


def parse_listeners(table: str, port: int) -> list[Listener]:
    """The listening sockets on a port in the text of /proc/net/tcp or tcp6."""
    suffix = f":{port:04X}"
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split(maxsplit=10)
        if len(fields) > 9 and fields[3] == _LISTEN and fields[1].endswith(suffix):
            words = bytes.fromhex(fields[1][: -len(suffix)])
            # The kernel writes each four bytes as a number of its own byte order.
            step = -1 if sys.byteorder == "little" else 1
            address = b"".join(words[start : start + 4][::step] for start in range(0, len(words), 4))
            found.append(Listener(address, int(fields[9])))
    return found


def routes(found: Iterable[Listener]) -> list[tuple[str, list[Listener]]]:
    """The loopback addresses that lead to these listeners, each with those that would answer there.

    The kernel gives a connection to the most exact address; several sockets of one address share it (SO_REUSEPORT),
    so each of them may answer. An IPv6 listener on all addresses usually answers for IPv4 as well, but may be told
    not to: it is reached by IPv6.
    """
    by_address: dict[bytes, list[Listener]] = {}
    for listener in found:
        by_address.setdefault(listener.address, []).append(listener)
    ways = []
    for host, exact in (
        ("127.0.0.1", (_V4_LOOPBACK, _MAPPED + _V4_LOOPBACK, _V4_ANY, _MAPPED + _V4_ANY)),
        ("::1", (_V6_LOOPBACK, _V6_ANY)),
    ):
        for address in exact:
            if address in by_address:
                ways.append((host, by_address[address]))
                break
    return ways


def socket_inodes(pids: Iterable[int]) -> set[int]:
    """The inodes of all sockets that these processes hold; a process that cannot be looked into counts as none."""
    inodes = set()
    for pid in pids:
        try:
            descriptors = os.scandir(f"/proc/{pid}/fd")
        except OSError:  # it ended, or hides itself
            continue
        with descriptors:
            for descriptor in descriptors:
                try:
                    link = Path(descriptor.path).readlink().name
                except OSError:  # closed meanwhile
                    continue
                if link.startswith("socket:["):
                    inodes.add(int(link[8:-1]))
    return inodes
