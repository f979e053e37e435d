"""The socket itself: who is answered, what hostile requests get, and the end."""

import asyncio
import contextlib
import json
import socket
from pathlib import Path

import pytest

from craft_desktop.control import server as module
from craft_desktop.control.endpoint import Kind, find
from craft_desktop.control.server import BODY_LIMIT_BYTES, open_served, served
from craft_desktop.model.errors import GatewayError
from craft_desktop.paths import Paths
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import tiny_project
from tests.control.serving import Api

SECRET = "tok_5up3r-s3cret-value"


async def raw(api: Api, request: bytes, address: str = "127.0.0.1") -> tuple[int, bytes]:
    """Send bytes and give status and all that comes back until the other side closes."""
    reader, writer = await asyncio.open_connection(address, api.endpoint.port)
    async with asyncio.timeout(20):
        writer.write(request)
        answer = await reader.read()
        writer.close()
    return int(answer.split(b" ", 2)[1]), answer


def head(api: Api, line: str, host: str = "", *, token: bool = True, more: str = "") -> bytes:
    lines = [line, f"Host: {host or f'127.0.0.1:{api.endpoint.port}'}", "Connection: close"]
    lines += [f"Authorization: Bearer {api.endpoint.token}"] if token else []
    return ("\r\n".join(lines) + f"\r\n{more}\r\n").encode()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_it_answers_on_both_loopback_addresses(api: Api, address: str) -> None:
    if address == "::1" and not socket.has_ipv6:
        pytest.skip("no IPv6 on this computer")
    status, answer = await raw(api, head(api, "GET /api HTTP/1.1"), address)
    assert status == 200 and b"craft-desktop" in answer
    assert b"access-control" not in answer.lower()


async def test_it_listens_on_loopback_alone(api: Api) -> None:
    outside = ["127.0.0.2"]  # answers as the way out would: to who listens on every address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # nothing is sent: this asks which address the way out has, if there is one
        outside.append(probe.getsockname()[0])
    for address in outside:
        with pytest.raises(OSError):
            await asyncio.open_connection(address, api.endpoint.port)


async def test_a_foreign_name_is_told_nothing(api: Api, tmp_path: Path) -> None:
    await api.workbench.add(tiny_project(tmp_path / "hidden"))
    for host in ("rebound.example", f"rebound.example:{api.endpoint.port}", "hidden.localhost:4100"):
        status, answer = await raw(api, head(api, "GET /api/projects HTTP/1.1", host))
        assert status == 421 and b"hidden" not in answer.partition(b"\r\n\r\n")[2]
    status, _ = await raw(api, b"GET /api HTTP/1.0\r\n\r\n")
    assert status == 421


@pytest.mark.parametrize(
    "line",
    [
        "GET /api HTTP/1.1",
        "GET /nothing HTTP/1.1",
        "POST /api/projects HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET /../../etc/passwd HTTP/1.1",
    ],
)
async def test_without_the_token_every_path_is_alike(api: Api, line: str) -> None:
    status, answer = await raw(api, head(api, line, token=False))
    assert status == 401 and b"WWW-Authenticate: Bearer" in answer
    assert set(json.loads(answer.partition(b"\r\n\r\n")[2])) == {"title", "detail", "remedy"}


async def test_a_page_may_not_ask_and_no_preflight_says_otherwise(api: Api) -> None:
    for line in ("GET /api HTTP/1.1", "OPTIONS /api/projects HTTP/1.1", "POST /api/projects HTTP/1.1"):
        more = "Origin: http://shop.localhost:4100\r\nAccess-Control-Request-Method: POST\r\n"
        status, answer = await raw(api, head(api, line, more=more))
        assert status == 403 and b"access-control" not in answer.lower()


@pytest.mark.parametrize(
    "line",
    [
        "CONNECT example.com:443 HTTP/1.1",
        "GET http://example.com/ HTTP/1.1",
        "GET //example.com/api HTTP/1.1",
        "GET /api/../api/projects/.. HTTP/1.1",
        "GET /api%2fprojects HTTP/1.1",
        "TRACE /api HTTP/1.1",
        "BREW /api HTTP/1.1",
    ],
)
async def test_it_is_no_proxy_and_paths_are_taken_as_they_stand(api: Api, line: str) -> None:
    status, answer = await raw(api, head(api, line))
    assert status in (400, 404, 405), answer
    assert b'craft-desktop"' not in answer and api.endpoint.token.encode() not in answer


async def test_a_huge_body_is_not_taken_in(api: Api) -> None:
    big = 50 * 1024 * 1024
    status, _ = await raw(api, head(api, "POST /api/projects HTTP/1.1", token=False, more=f"Content-Length: {big}\r\n"))
    assert status == 401  # before a byte of it
    status, told = await api.ask("POST", "/api/projects", data=b" " * (BODY_LIMIT_BYTES + 1))
    assert status == 413 and told["title"]

    async def endless() -> object:
        yield b'{"path": "'
        while True:
            yield b"x" * 65536

    status, _ = await api.ask("POST", "/api/projects", data=endless())
    assert status == 413


async def test_what_nobody_foresaw_is_told_logged_and_struck(
    api: Api, paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = await api.workbench.add(tiny_project(tmp_path / "odd"))
    await api.workbench.set_environment(project.id, {"API_TOKEN": SECRET})

    async def odd(_: str) -> None:
        raise RuntimeError(f"nobody foresaw {SECRET}")

    monkeypatch.setattr(api.workbench, "health", odd)
    status, told = await api.ask("PATCH", "/api/sandbox/odd")
    assert status == 500 and "nobody foresaw •••" in told["detail"]
    log = "".join(path.read_text() for path in paths.logs.iterdir())
    assert "nobody foresaw •••" in log and SECRET not in log
    assert api.endpoint.token not in log


async def test_its_end_ends_streams_and_waiting_requests_and_it_is_not_found_any_more(
    workbench: Workbench, paths: Paths, tmp_path: Path
) -> None:
    project = await workbench.add(tiny_project(tmp_path / "waits", scripts={"preinstall": "sleep 100"}))
    async with served(workbench, paths.state, Kind.PREVIEW) as endpoint:
        assert find(paths.state) == [endpoint]
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        lines = f"Host: 127.0.0.1:{endpoint.port}\r\nAuthorization: Bearer {endpoint.token}\r\n\r\n"
        writer.write(f"POST /api/sandbox/{project.id} HTTP/1.1\r\n{lines}".encode())
        while not workbench.session(project.id).is_active:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()
    assert find(paths.state) == []
    assert workbench.session(project.id).is_active  # it is the API that ended, not the run
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", endpoint.port)


async def test_a_program_that_cannot_be_asked_runs_all_the_same(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.prepare()
    (paths.state / "running").write_text("a file where the folder would be")
    async with open_served(paths) as workbench:
        assert workbench.projects == ()

    def refuse(_: int) -> None:
        raise GatewayError("No port", "none", "none")

    (paths.state / "running").unlink()
    monkeypatch.setattr(module, "listen", refuse)
    async with open_served(paths, Kind.PREVIEW) as workbench:
        assert workbench.projects == ()
    log = "".join(path.read_text() for path in paths.logs.iterdir())
    assert log.count("no control API") == 2
