import ssl
import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.host.hostnames import (
    Unfinished,
    answers,
    http_name,
    is_pattern,
    is_public,
    normal,
    question,
    suits,
    tls_name,
)


def hello(name: str | None) -> bytes:
    """What OpenSSL says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def split(record: bytes, size: int) -> bytes:
    """The same message in records of that many bytes."""
    message = record[5:]
    parts = (message[at : at + size] for at in range(0, len(message), size))
    return b"".join(record[:3] + struct.pack("!H", len(part)) + part for part in parts)


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("a.example", "a.example", True),
        ("a.example", "A.Example.", True),
        ("b.a.example", "a.example", False),
        ("b.a.example", "*.a.example", True),
        ("c.b.a.example", "*.a.example", True),
        ("a.example", "*.a.example", False),
        ("xa.example", "*.a.example", False),
        ("a.example.evil", "a.example", False),
        ("anything", "*", True),
        ("", "*", False),
        ("", "a.example", False),
        ("xn--bcher-kva.example", "bücher.example", True),
    ],
)
def test_which_names_a_rule_means(name: str, pattern: str, expected: bool) -> None:
    assert suits(name, pattern) is expected


@pytest.mark.parametrize("text", ["", "a b", "a..b", "-a.example", "a/b", "*.*", "a.*", "a:443", "1.2.3.4", "x" * 64])
def test_what_names_no_host(text: str) -> None:
    assert not is_pattern(text)


def test_the_servers_name_is_read_from_the_first_message() -> None:
    whole = hello("Registry.Example")
    assert tls_name(whole) == "registry.example"
    assert tls_name(split(whole, 7) + b"more") == "registry.example"
    assert tls_name(hello(None)) == ""
    for cut in range(len(whole)):
        with pytest.raises(Unfinished):
            tls_name(whole[:cut])


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", b"\x16\x03\x01\0\0"])
def test_what_is_no_tls_has_no_name(data: bytes) -> None:
    assert tls_name(data) == ""


@given(st.binary(max_size=200))
def test_no_first_message_breaks_the_reader(data: bytes) -> None:
    message = b"\x01" + len(data).to_bytes(3) + data
    assert isinstance(tls_name(b"\x16\x03\x01" + struct.pack("!H", len(message)) + message), str)
    assert isinstance(answers(data, 1), list)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHost: A.Example:80\r\n\r\n", "a.example"),
        (b"GET / HTTP/1.1\r\nA: b\r\nhOST:a.example\r\n\r\nbody", "a.example"),
        (b"GET / HTTP/1.0\r\n\r\n", ""),
        (b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", ""),
        (b"GET / HTTP/1.1\r\nHost: 1.1.1.1\r\n\r\n", ""),
        (b"GET / HTTP/1.1\r\nHost: a.example@b\r\n\r\n", ""),
    ],
)
def test_the_host_of_a_request(head: bytes, expected: str) -> None:
    assert http_name(head) == expected


def test_a_request_may_come_in_pieces() -> None:
    with pytest.raises(Unfinished):
        http_name(b"GET / HTTP/1.1\r\nHost: a.example\r\n")


def test_a_name_leads_to_public_addresses_alone() -> None:
    for private in ("127.0.0.1", "10.0.2.3", "192.168.1.1", "169.254.169.254", "0.0.0.0", "239.1.1.1"):
        assert not is_public(IPv4Address(private))
    assert is_public(IPv4Address("1.1.1.1")) and is_public(IPv4Address("172.32.0.1"))


def test_a_name_servers_answer() -> None:
    asked = question("a.example", 7)
    assert asked[12:] == b"\x01a\x07example\x00\x00\x01\x00\x01"
    alias = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, 4) + b"\x01b\xc0\x0e"
    address = b"\x01b\xc0\x0e" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([1, 2, 3, 4])
    packet = struct.pack("!HHHHHH", 7, 0x8180, 1, 2, 0, 0) + asked[12:] + alias + address
    assert answers(packet, 7) == [IPv4Address("1.2.3.4")]
    assert answers(packet, 8) == []
    assert answers(packet[:-1], 7) == []
    assert answers(packet[:2] + struct.pack("!H", 0x8183) + packet[4:], 7) == []  # there is no such name
    assert answers(asked, 7) == []


def test_names_are_compared_in_one_form() -> None:
    assert normal("A.Example.") == "a.example"
    assert normal("bücher.example") == "xn--bcher-kva.example"
