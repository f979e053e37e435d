import os
import socket

import pytest

from craft_desktop.host.envd.listeners import Listener, listeners, parse_listeners, routes, socket_inodes

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0 0 10 0
   2: 0100007F:0BB8 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0 100 0 0 10 0
   3: 0100007F:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 14 1 0 100 0 0 10 0
   4: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 15 1 0 0
"""
LOOPBACK = b"\x7f\0\0\1"


@pytest.mark.skipif(os.sys.byteorder != "little", reason="the table is of a little-endian machine")  # type: ignore[attr-defined]
def test_table() -> None:
    found = parse_listeners(TABLE, 3000)
    assert found == [Listener(LOOPBACK, 11), Listener(b"\0" * 4, 12), Listener(b"\0" * 15 + b"\1", 15)]


def test_the_most_exact_address_answers() -> None:
    exact, wide, six, wide_six = (
        Listener(LOOPBACK, 1),
        Listener(b"\0" * 4, 2),
        Listener(b"\0" * 15 + b"\1", 3),
        Listener(b"\0" * 16, 4),
    )
    mapped, elsewhere = Listener(b"\0" * 10 + b"\xff\xff" + LOOPBACK, 5), Listener(b"\xc0\xa8\0\1", 6)
    assert routes([]) == []
    assert routes([elsewhere]) == []
    assert routes([wide, exact]) == [("127.0.0.1", [exact])]
    assert routes([wide_six]) == [("::1", [wide_six])]
    assert routes([wide_six, six, wide]) == [("127.0.0.1", [wide]), ("::1", [six])]
    assert routes([mapped]) == [("127.0.0.1", [mapped])]
    twin = Listener(LOOPBACK, 7)
    assert routes([exact, twin]) == [("127.0.0.1", [exact, twin])]


def test_own_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = listeners(server.getsockname()[1])
        assert [listener.address for listener in found] == [LOOPBACK]
        assert found[0].inode == os.fstat(server.fileno()).st_ino
        assert found[0].inode in socket_inodes([os.getpid(), 2**22 + 1])
