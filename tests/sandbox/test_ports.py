import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.sandbox.ports import Ports, listening_ports

# Lines as the servers print them, colours and all.
NEXT = "   - Local:        http://localhost:3001"
VITE = "  \x1b[32m➜\x1b[39m  \x1b[1mLocal\x1b[22m:   \x1b[36mhttp://localhost:\x1b[1m5173\x1b[22m/\x1b[39m"
ASTRO = "┃ Local    http://localhost:4321/"
NUXT = "  ➜ Local:    http://127.0.0.1:3000/"


@pytest.mark.parametrize(
    ("lines", "told", "candidates", "settled"),
    [
        ([], True, (3000,), 3000),
        ([], False, (3000,), None),
        ([NEXT], True, (3001,), 3001),  # its own port was taken, and it says so
        (["⚠ Port 3000 is in use, using available port 3001 instead.", NEXT], True, (3001,), 3001),
        ([VITE], False, (5173,), 5173),
        ([ASTRO], False, (4321,), 4321),
        ([NUXT], False, (3000,), 3000),
        ([VITE, NUXT], False, (3000,), 3000),  # two servers: the one where it was expected
        (["Server listening on port 8080"], False, (8080, 3000), None),
        (["Server listening on port 8080"], True, (3000, 8080), 3000),
        (["started on http://0.0.0.0:8000"], False, (8000, 3000), None),
        (["Debugger listening on ws://127.0.0.1:9229/abc"], False, (3000,), None),
        (["fetching http://example.com:8080/x"], False, (3000,), None),
        (["listening on 99999"], False, (3000,), None),
        (["see http://localhost.example:8080"], False, (3000,), None),
        (["x" * 500 + " listening on 8080"], False, (3000,), None),
    ],
)
def test_what_is_printed_is_trusted_in_order(
    lines: list[str], told: bool, candidates: tuple[int, ...], settled: int | None
) -> None:
    ports = Ports(3000, told=told)
    for line in lines:
        ports.hear(line)
    assert (ports.candidates, ports.settled) == (candidates, settled)


def test_a_chosen_port_stands_above_all() -> None:
    ports = Ports(4000, chosen=True)
    ports.hear(VITE)
    ports.find([7000])
    assert (ports.candidates, ports.settled) == ((4000,), 4000)


def test_found_sockets_come_last_and_tools_do_not_count() -> None:
    ports = Ports(3000)
    ports.hear("running at http://localhost:8000")
    ports.find([9229, 24678, 8123])
    assert ports.candidates == (8000, 3000, 8123)
    assert ports.settled is None


@pytest.mark.parametrize(
    ("lines", "https"),
    [
        (["   - Local:        https://localhost:3000"], True),
        (["➜  Local:   https://localhost:3000/"], True),
        (["https://localhost:3000", "http://localhost:3000"], False),
        ([NUXT], False),
    ],
)
def test_a_server_that_speaks_https_says_so(lines: list[str], https: bool) -> None:
    ports = Ports(3000)
    for line in lines:
        ports.hear(line)
    assert ports.is_https is https


TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 100 0 0 10 0
   1: 0100007F:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 222 1 0 100 0 0 10 0
   2: 0100007F:0BBA 0100007F:0BB8 01 00000000:00000000 00:00000000 00000000  1000        0 333 1 0 100 0 0 10 0
   0: 00000000000000000000000001000000:1435 00000000000000000000000000000000:0000 0A 0:0 0:0 0 1000 0 444 1 0 100"""


def test_only_our_listening_sockets_count() -> None:
    assert listening_ports(["111", "333", "444"], TABLE.splitlines()) == [3000, 5173]


@given(st.lists(st.text()))
def test_any_output_gives_ports(lines: list[str]) -> None:
    ports = Ports(3000)
    for line in lines:
        ports.hear(line)
    assert all(0 < port < 65536 for port in ports.candidates)
    assert listening_ports(lines, lines) == []
