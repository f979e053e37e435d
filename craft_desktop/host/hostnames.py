"""Names of hosts: whether a rule means one, which one a connection asks for, and how one is looked up. Pure.

A connection tells its name in clear at its beginning: HTTP in `Host` (RFC 9112, 3.2), TLS in the server name of its
first message (RFC 6066, 3). What comes was written by a program in a sandbox: whatever is odd has no name.
"""

import re
import struct
from ipaddress import IPv4Address, IPv4Network

LONGEST_NAME = 253  # RFC 1035, without the last dot
# E2B's list of what a name must not lead to: whoever owns the name would choose among a person's own machines by it
PRIVATE = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",  # no one machine's
    )
)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0
_ADDRESS_TYPE, _INTERNET = 1, 1  # A, IN


class Unfinished(Exception):
    """What came so far does not tell yet."""


def normal(name: str) -> str:
    """A name as it is compared: lower case, in ASCII, without the last dot; empty when it is none."""
    try:
        plain = name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError:
        return ""
    plain = plain.lower().removesuffix(".")
    labels = plain.split(".")
    if len(plain) > LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdecimal():
        return ""
    return plain


def is_pattern(text: str) -> bool:
    """Whether a rule names hosts: a name, `*.name` for all below it, or `*` for all."""
    return text == "*" or bool(normal(text.removeprefix("*.")))


def suits(name: str, pattern: str) -> bool:
    """Whether a name, as it is compared, is among those that a rule names."""
    if pattern == "*":
        return bool(name)
    if pattern.startswith("*."):
        return name.endswith("." + normal(pattern[2:]))
    return bool(name) and name == normal(pattern)


def is_public(address: IPv4Address) -> bool:
    """Whether a name may lead there."""
    return not any(address in each for each in PRIVATE)


def http_name(head: bytes) -> str:
    """The name that an HTTP request asks for; empty when there is none or more than one.

    :raises Unfinished: its head is not all there.
    """
    lines, end, _ = head.partition(b"\r\n\r\n")
    if not end:
        raise Unfinished
    found = [value.strip() for name, _, value in (line.partition(b":") for line in lines.split(b"\r\n")[1:])
             if name.lower() == b"host"]  # fmt: skip
    if len(found) != 1:
        return ""
    name, _, port = found[0].decode("latin-1").partition(":")
    return normal(name) if not port or port.isdecimal() else ""


def tls_name(data: bytes) -> str:
    """The server name of a TLS connection's first message; empty when there is none.

    :raises Unfinished: the message is not all there.
    """
    message = b""
    at = 0
    while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4]):
        if message and message[0] != _CLIENT_HELLO:
            return ""
        if len(data) < at + 5:
            raise Unfinished
        kind, size = data[at], int.from_bytes(data[at + 3 : at + 5])
        if kind != _HANDSHAKE or not size:
            return ""
        if len(data) < at + 5 + size:
            raise Unfinished
        message += data[at + 5 : at + 5 + size]
        at += 5 + size
    return _name_of(message[4 : 4 + int.from_bytes(message[1:4])]) if message[0] == _CLIENT_HELLO else ""


def _name_of(hello: bytes) -> str:
    rest = hello[34:]  # its version and random number
    for width in (1, 2, 1):  # session, ciphers, compressions
        rest = rest[width + int.from_bytes(rest[:width]) :]
    rest = rest[2:]
    while len(rest) >= 4:
        kind, size = struct.unpack_from("!HH", rest)
        content, rest = rest[4 : 4 + size], rest[4 + size :]
        if kind == _SERVER_NAME:
            if len(content) < 5 or content[2] != _HOST_NAME:
                return ""
            return normal(content[5 : 5 + int.from_bytes(content[3:5])].decode("latin-1"))
    return ""


def question(name: str, number: int) -> bytes:
    """The packet that asks a name server for a name's IPv4 addresses (RFC 1035)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


def answers(packet: bytes, number: int) -> list[IPv4Address]:
    """The addresses that a name server's packet tells; none when it is not the answer to question `number`."""
    try:
        told, flags, questions, records = struct.unpack_from("!HHHH", packet)
        if told != number or not flags & 0x8000 or flags & 0xF:
            return []
        at = 12
        for _ in range(questions):
            at = _behind(packet, at) + 4
        found = []
        for _ in range(records):
            at = _behind(packet, at)
            kind, group, _, size = struct.unpack_from("!HHIH", packet, at)
            at += 10
            if kind == _ADDRESS_TYPE and group == _INTERNET and size == 4:
                found.append(IPv4Address(packet[at : at + 4]))
            at += size
    except (struct.error, IndexError, ValueError):
        return []  # cut short
    return found


def _behind(packet: bytes, at: int) -> int:
    """Where a name in a packet ends; only the last part of it may be a pointer."""
    while size := packet[at]:
        if size >= 0xC0:
            return at + 2
        at += size + 1
    return at + 1
