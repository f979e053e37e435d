import struct
from typing import Any

from tests.host.envd.driver import Driver, envelope


async def _raw(daemon: Driver, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    sent = daemon.headers({"Content-Type": "application/connect+json", **headers})
    async with daemon.http.post(path, data=body, headers=sent) as response:
        return response.status, await response.read()


async def test_frames_on_the_wire(daemon: Driver) -> None:
    message = {"process": {"cmd": "/bin/sh", "args": ["-c", "exit 3"]}, "stdin": False}
    status, body = await _raw(daemon, "/process.Process/Start", envelope(message))
    assert status == 200
    frames = []
    while body:
        flags, size = struct.unpack_from(">BI", body)
        frames.append((flags, body[5 : 5 + size]))
        body = body[5 + size :]
    assert frames[0][0] == 0
    assert frames[0][1].startswith(b'{"event":{"start":{"pid":')
    assert frames[-1] == (2, b"{}")


async def test_streams_that_are_broken(daemon: Driver) -> None:
    start: dict[str, Any] = {"process": {"cmd": "/bin/true"}}
    for body, code in (
        (b"", b"invalid_argument"),
        (envelope(start)[:-1], b"invalid_argument"),
        (envelope(start) * 2, b"invalid_argument"),
        (envelope(start, flags=1), b"internal"),
        (struct.pack(">BI", 0, 2**31), b"resource_exhausted"),
        (struct.pack(">BI", 0, 1) + b"[", b"invalid_argument"),
        (struct.pack(">BI", 0, 2) + b"[]", b"invalid_argument"),
    ):
        status, answer = await _raw(daemon, "/process.Process/Start", body)
        assert status == 200
        assert answer[0] == 2
        assert b'{"error":{"code":"' + code in answer, answer


async def test_headers_are_checked(daemon: Driver) -> None:
    start = envelope({"process": {"cmd": "/bin/true"}})
    _, answer = await _raw(daemon, "/process.Process/Start", start, **{"Connect-Timeout-Ms": "soon"})
    assert b"invalid_argument" in answer
    _, answer = await _raw(daemon, "/process.Process/Start", start, **{"Connect-Content-Encoding": "gzip"})
    assert b"unimplemented" in answer
    status, _ = await _raw(daemon, "/process.Process/List", b"{}")
    assert status == 415


async def test_unary_deadline(daemon: Driver) -> None:
    async with daemon.start("sleep 100", stdin=True) as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        data = {"process": {"pid": pid}, "input": {"stdin": "QUFB" * 100_000}}
        status, answer = await daemon.call("process.Process/SendInput", data, {"Connect-Timeout-Ms": "100"})
    assert (status, answer["code"]) == (504, "deadline_exceeded")
