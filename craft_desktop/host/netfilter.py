"""Writes the packet filter of a network namespace, in the kernel's own words (nftables over netlink).

Also a program, `python netfilter.py`, run within that namespace: it reads one order as JSON from standard input.
It is a file of its own, with nothing imported but what it needs, because it is run for every sandbox (measured:
15 ms). nft(8) is not needed. The table is replaced as one transaction: at no moment is there none.

What stands in the table: what goes to the loopback or bears the gate's mark passes; what goes to a refused address
is answered in its stead (TCP with a reset, which ends open connections too; else ICMP's "prohibited"); with a gate,
TCP to the ports 80 and 443 of such an address is led to the gate instead. Nothing inside the jail can change it:
the namespace belongs to a user namespace outside of it. Law: linux/netfilter/nf_tables.h, nfnetlink.h.
"""

import json
import os
import socket
import struct
import sys
from collections.abc import Iterable
from typing import Any

TABLE = "craft"
MARK = 0x43524654  # of the gate's own connections; whoever sets a mark must own the network namespace
GATED_PORTS = (80, 443)  # where a name is told in clear: HTTP's Host, TLS's server name; as E2B
_NETLINK_NETFILTER = 12
_SUBSYSTEM = 10  # NFNL_SUBSYS_NFTABLES
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NEWTABLE, _DELTABLE, _NEWCHAIN, _NEWRULE, _NEWSET, _NEWSETELEM = 0, 2, 3, 6, 9, 12
_REQUEST, _ACK, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_NLMSG_ERROR = 2
_INET = 1  # NFPROTO_INET: one table for both families
_IPV4, _IPV6 = 2, 10
_ACCEPT, _JUMP = 1, -3
_OUTPUT = 3  # NF_INET_LOCAL_OUT
_FILTER_PRIORITY, _NAT_PRIORITY = 0, -100
_SET_INTERVAL, _INTERVAL_END = 4, 1
_MARK_KEY, _OUT_NAME, _FAMILY, _PROTOCOL = 3, 7, 15, 16  # keys of `meta`
_TCP = 6
_ADMIN_PROHIBITED = 3  # NFT_REJECT_ICMPX_ADMIN_PROHIBITED
_BATCH_ELEMENTS = 1000  # an attribute's length is 16 bits; one element takes 40 bytes at most
_REPLY_BYTES = 65_536
_LINK_NAME_BYTES = 16  # IFNAMSIZ

Range = tuple[int, int]


def replace(refused4: Iterable[Range], refused6: Iterable[Range], gate: tuple[str, int] | None) -> None:
    """Put this filter in place of the one before, for the network namespace of this process.

    :param refused4: first and last IPv4 address, as numbers, in order and apart from each other; `refused6` IPv6.
    :param gate: IPv4 address and port to which named traffic is led; None refuses it like all else.
    :raises OSError: the kernel does not take it.
    """
    messages = _table(list(refused4), list(refused6), gate)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER) as netlink:
        # a transaction is one datagram; this many bytes hold the 2,000 ranges that the rules can make
        netlink.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        netlink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        netlink.bind((0, 0))
        begin = _message(_BATCH_BEGIN, 0, 0, socket.AF_UNSPEC, _SUBSYSTEM)
        end = _message(_BATCH_END, 0, len(messages) + 1, socket.AF_UNSPEC, _SUBSYSTEM)
        numbered = [_numbered(each, number) for number, each in enumerate(messages, 1)]
        netlink.send(b"".join([begin, *numbered, end]))
        _await(netlink, len(messages))


def _await(netlink: socket.socket, count: int) -> None:
    """Read the kernel's answers; it gives one for each message, or one for a batch that it does not take at all."""
    netlink.settimeout(10)  # the kernel answers within the call; this only bounds a fault
    for _ in range(count):
        told = netlink.recv(_REPLY_BYTES)
        while told:
            size, kind = struct.unpack_from("=IH", told)
            if kind == _NLMSG_ERROR and (code := struct.unpack_from("=i", told, 16)[0]):
                raise OSError(-code, f"the kernel does not take the packet filter: {os.strerror(-code)}")
            told = told[(size + 3) & ~3 :]


def _table(refused4: list[Range], refused6: list[Range], gate: tuple[str, int] | None) -> list[bytes]:
    table = _text(1, TABLE)
    messages = [
        _order(_NEWTABLE, _CREATE, table),  # so that there is one to remove
        _order(_DELTABLE, 0, table),
        _order(_NEWTABLE, _CREATE, table),
        *_set("refused4", 7, 4, refused4),  # 7, 8: nft's numbers for the two kinds of address
        *_set("refused6", 8, 16, refused6),
        _order(_NEWCHAIN, _CREATE, table, _text(3, "refuse")),
        _chain("out", "filter", _FILTER_PRIORITY),
        _rule("refuse", _meta(_PROTOCOL), _is(bytes([_TCP])), _reject(1)),
        _rule("refuse", _reject(2)),
        *_own("out"),
        _rule("out", *_to("refused4"), _verdict(_JUMP, "refuse")),
        _rule("out", *_to("refused6"), _verdict(_JUMP, "refuse")),
    ]
    if gate is not None:
        address, port = socket.inet_aton(gate[0]), struct.pack("!H", gate[1])
        messages += [_chain("names", "nat", _NAT_PRIORITY), *_own("names")]
        for each in GATED_PORTS:
            is_named = [_meta(_PROTOCOL), _is(bytes([_TCP])), _payload(2, 2, 2), _is(struct.pack("!H", each))]
            lead = [_immediate(1, address), _immediate(2, port), _expression("nat", _DNAT)]
            messages.append(_rule("names", *_to("refused4"), *is_named, *lead))
    return messages


def _own(chain: str) -> list[bytes]:
    """What passes any chain: the sandbox's own loopback, and what the gate sends."""
    loopback = b"lo".ljust(_LINK_NAME_BYTES, b"\0")
    return [
        _rule(chain, _meta(_OUT_NAME), _is(loopback), _verdict(_ACCEPT)),
        _rule(chain, _meta(_MARK_KEY), _is(struct.pack("=I", MARK)), _verdict(_ACCEPT)),
    ]


def _to(name: str) -> list[bytes]:
    """That a packet goes to an address of a set."""
    family, offset, size = (_IPV4, 16, 4) if name == "refused4" else (_IPV6, 24, 16)
    return [
        _meta(_FAMILY),
        _is(bytes([family])),
        _payload(1, offset, size),
        _expression("lookup", _text(1, name) + _number(2, 1)),
    ]


def _set(name: str, kind: int, size: int, ranges: list[Range]) -> list[bytes]:
    head = [_text(1, TABLE), _text(2, name), _number(3, _SET_INTERVAL), _number(4, kind), _number(5, size)]
    messages = [_order(_NEWSET, _CREATE, *head, _number(10, kind))]
    elements = []
    for first, last in ranges:
        elements.append(_nest(1, _nest(1, _attribute(1, first.to_bytes(size)))))
        if last + 1 < 1 << size * 8:  # an open end reaches to the last address of all
            end = _nest(1, _attribute(1, (last + 1).to_bytes(size))) + _number(3, _INTERVAL_END)
            elements.append(_nest(1, end))
    for at in range(0, len(elements), _BATCH_ELEMENTS):
        some = _nest(3, *elements[at : at + _BATCH_ELEMENTS])
        messages.append(_order(_NEWSETELEM, _CREATE, _text(1, TABLE), _text(2, name), some))
    return messages


def _chain(name: str, kind: str, priority: int) -> bytes:
    hook = _nest(4, _number(1, _OUTPUT), _attribute(2, struct.pack("!i", priority)))
    return _order(_NEWCHAIN, _CREATE, _text(1, TABLE), _text(3, name), hook, _number(5, _ACCEPT), _text(7, kind))


def _rule(chain: str, *expressions: bytes) -> bytes:
    return _order(_NEWRULE, _CREATE | _APPEND, _text(1, TABLE), _text(2, chain), _nest(4, *expressions))


def _expression(name: str, content: bytes) -> bytes:
    return _nest(1, _text(1, name), _nest(2, content))


def _meta(key: int) -> bytes:
    return _expression("meta", _number(1, 1) + _number(2, key))


def _is(value: bytes) -> bytes:
    return _expression("cmp", _number(1, 1) + _number(2, 0) + _nest(3, _attribute(1, value)))


def _payload(base: int, offset: int, size: int) -> bytes:
    return _expression("payload", _number(1, 1) + _number(2, base) + _number(3, offset) + _number(4, size))


def _immediate(register: int, value: bytes) -> bytes:
    return _expression("immediate", _number(1, register) + _nest(2, _attribute(1, value)))


def _verdict(code: int, chain: str = "") -> bytes:
    told = _attribute(1, struct.pack("!i", code)) + (_text(2, chain) if chain else b"")
    return _expression("immediate", _number(1, 0) + _nest(2, _nest(2, told)))


def _reject(kind: int) -> bytes:
    return _expression("reject", _number(1, kind) + _attribute(2, bytes([_ADMIN_PROHIBITED])))


def _order(kind: int, flags: int, *attributes: bytes) -> bytes:
    return _message(_SUBSYSTEM << 8 | kind, flags | _ACK, 0, _INET, 0, b"".join(attributes))


def _message(kind: int, flags: int, number: int, family: int, resource: int, content: bytes = b"") -> bytes:
    body = struct.pack("=BB", family, 0) + struct.pack("!H", resource) + content
    return struct.pack("=IHHII", 16 + len(body), kind, flags | _REQUEST, number, 0) + body


def _numbered(message: bytes, number: int) -> bytes:
    return message[:8] + struct.pack("=I", number) + message[12:]


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def _nest(kind: int, *attributes: bytes) -> bytes:
    return _attribute(kind | 0x8000, b"".join(attributes))  # NLA_F_NESTED


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("!I", value))


# destination translation, of IPv4, to the address in register 1 and the port in register 2
_DNAT = _number(1, 1) + _number(2, _IPV4) + _number(3, 1) + _number(5, 2)


def main() -> int:
    """Write the filter that standard input tells; what stood in the way goes to standard error."""
    order: dict[str, Any] = json.load(sys.stdin)
    gate = order.get("gate")
    try:
        replace(order["refused4"], order["refused6"], tuple(gate) if gate else None)
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
