import asyncio
import base64
import os
import shutil
import socket
import time

from tests.host.envd.driver import Driver, next_data, tell

_SERVE = """
import os, socket, sys
s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)
s.bind((sys.argv[1], 0)); s.listen()
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    c.sendall(b'hello from ' + sys.argv[1].encode()); c.close()
"""


async def _ask(daemon: Driver, address: str) -> bytes:
    process = {"cmd": shutil.which("python3"), "args": ["-c", _SERVE, address]}
    async with daemon.start("", process=process) as events:
        port = int(await next_data(events))
        answer, connection = await daemon.ask_dial(7, port)
        assert answer == {"id": 7, "ok": True}
        assert connection is not None
        with connection:
            connection.setblocking(False)
            return await asyncio.get_running_loop().sock_recv(connection, 100)


async def test_reaches_a_server_of_the_sandbox(daemon: Driver) -> None:
    for address in ("127.0.0.1", "0.0.0.0", "::1", "::"):
        assert await _ask(daemon, address) == b"hello from " + address.encode()


async def test_reaches_an_orphan(daemon: Driver) -> None:
    """A server that forked itself away is still of this sandbox."""
    (daemon.home / "serve.py").write_text(_SERVE)
    async with daemon.start("(setsid python3 serve.py 127.0.0.1 &) ; true") as events:
        port = int(await next_data(events))
        answer, connection = await daemon.ask_dial(1, port)
        assert answer["ok"]
        assert connection is not None
        connection.close()


async def test_closed_and_foreign(daemon: Driver) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        port = foreign.getsockname()[1]
        assert await daemon.ask_dial(1, port) == ({"id": 1, "ok": False, "reason": "closed"}, None)
        foreign.listen()
        assert await daemon.ask_dial(2, port) == ({"id": 2, "ok": False, "reason": "foreign"}, None)
    for port in (0, -1, 70000):
        assert await daemon.ask_dial(3, port) == ({"id": 3, "ok": False, "reason": "closed"}, None)


async def test_nonsense_is_passed_over(daemon: Driver) -> None:
    daemon.expected_warnings = ("not a dial request",)
    for packet in (b"{}", b"[1]", b"\xff", b'{"id": "x", "port": 1}'):
        os.write(daemon.dial.fileno(), packet)
    assert (await daemon.ask_dial(4, 1))[0]["id"] == 4


async def test_many_dials_are_quick(daemon: Driver) -> None:
    process = {"cmd": shutil.which("python3"), "args": ["-c", _SERVE, "127.0.0.1"]}
    async with daemon.start("", process=process) as events:
        await anext(events)
        port = int(base64.b64decode((await anext(events))["event"]["data"]["stdout"]))
        begun = time.perf_counter()
        for number in range(100):
            answer, connection = await daemon.ask_dial(number, port)
            assert answer == {"id": number, "ok": True}
            assert connection is not None
            connection.close()
        tell(f"a dial takes {(time.perf_counter() - begun) * 10:.2f} ms")
