"""Gets connected sockets out of a sandbox: the host asks for a port, envd answers with the socket itself.

The host never connects into a sandbox's network, so it needs no way in: envd, which stands inside, connects and
passes the socket as SCM_RIGHTS over a SOCK_SEQPACKET pair (unix(7): datagram borders are kept, the rights belong
to one datagram). What arrives comes from within a sandbox and is checked before use.
"""

import array
import asyncio
import itertools
import json
import logging
import os
import socket
from typing import Any

ANSWER_BYTES = 4096  # an answer is under 100 bytes; more is not from envd
ANSWER_TIMEOUT_S = 10.0  # a connect on loopback takes under 1 ms; a machine deep in an install may need seconds
_FD_BYTES = array.array("i").itemsize
_log = logging.getLogger(__name__)


class DialError(OSError):
    """The port cannot be had.

    :ivar reason: `closed`, `foreign`, `refused` in envd's words; `gone` when envd itself no longer answers.
    """

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(f"port {port} is {reason}")
        self.port = port
        self.reason = reason


class Dial:
    """The host's end of one sandbox's dialling pair. Owns the socket until `close`."""

    def __init__(self, channel: socket.socket) -> None:
        channel.setblocking(False)
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[socket.socket]] = {}
        self._closed = False
        self._loop.add_reader(channel.fileno(), self._readable)

    async def connect(self, port: int) -> socket.socket:
        """A socket connected to `port` inside the sandbox; the caller owns it.

        :raises DialError: nothing of the sandbox listens there, or the sandbox is gone.
        """
        if self._closed:
            raise DialError(port, "gone")
        number = next(self._ids)
        answer: asyncio.Future[socket.socket] = self._loop.create_future()
        self._waiting[number] = answer
        try:
            # a queue of unread requests only fills when envd is stopped; that is as good as gone
            self._channel.send(json.dumps({"id": number, "port": port}).encode())
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                connected = await answer
        except _Refusal as refusal:
            raise DialError(port, refusal.reason) from None
        except (OSError, TimeoutError) as error:
            raise DialError(port, "gone") from error
        except asyncio.CancelledError:
            # the answer may have come in the very turn of the loop in which the caller gave up
            if answer.done() and not answer.cancelled() and answer.exception() is None:
                answer.result().close()
            raise
        finally:
            self._waiting.pop(number, None)
        if not is_loopback(connected, port):
            connected.close()
            raise DialError(port, "foreign")
        return connected

    def close(self) -> None:
        """End the channel; whoever waits is told the sandbox is gone."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._channel.fileno())
        self._channel.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(_Refusal("gone"))

    def _readable(self) -> None:
        try:
            told, ancillary, _flags, _ = self._channel.recvmsg(
                ANSWER_BYTES, socket.CMSG_SPACE(_FD_BYTES), socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        received = _sockets(ancillary)
        if not told and not received:
            self.close()  # the other end is closed: envd has ended
            return
        number, reason = _answer(told)
        answer = self._waiting.get(number)
        connected = received.pop() if received else None
        for extra in received:
            extra.close()
        if answer is None or answer.done():
            if connected is not None:
                connected.close()  # came after the deadline
        elif connected is not None and reason == "":
            answer.set_result(connected)
        else:
            if connected is not None:
                connected.close()
            answer.set_exception(_Refusal(reason or "refused"))


class _Refusal(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_loopback(connected: socket.socket, port: int) -> bool:
    """Whether a socket that came out of a sandbox is what was asked for: TCP, connected to `port` of a loopback."""
    if connected.family not in (socket.AF_INET, socket.AF_INET6) or connected.type != socket.SOCK_STREAM:
        return False
    try:
        address = connected.getpeername()
    except OSError:
        return False
    return address[0] in ("127.0.0.1", "::1", "::ffff:127.0.0.1") and address[1] == port


def _answer(told: bytes) -> tuple[int, str]:
    """The request's number and envd's reason; "" means it agreed."""
    try:
        answer: Any = json.loads(told)
        number, agreed, reason = answer["id"], answer["ok"], answer.get("reason", "refused")
    except (ValueError, KeyError, TypeError, AttributeError):
        _log.warning("a sandbox answered a dial with %d bytes that are no answer", len(told))
        return 0, "refused"
    return (number if isinstance(number, int) else 0), ("" if agreed is True else str(reason))


def _sockets(ancillary: list[tuple[int, int, bytes]]) -> list[socket.socket]:
    received = []
    for level, kind, content in ancillary:
        if (level, kind) != (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            continue
        numbers = array.array("i")
        numbers.frombytes(content[: len(content) - len(content) % _FD_BYTES])
        for number in numbers:
            try:
                received.append(socket.socket(fileno=number))
            except OSError:
                os.close(number)  # not a socket at all
    return received
