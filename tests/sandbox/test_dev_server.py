"""A dev server awaited, watched and ended."""

import itertools
import json

import pytest

from craft_desktop.model.errors import ServerError
from craft_desktop.model.project import read_recipe
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.sandbox.dev_server import DevServer
from craft_desktop.sandbox.launch import PROJECT_DIR, Launch

SERVER = b"require('http').createServer((_, a) => a.end('page')).listen(process.env.PORT, () => console.log('up'))"

NUMBERS = itertools.count()


async def serve(sandbox: Sandbox, script: str, told: list[str], chosen: int | None = None) -> DevServer:
    launch = Launch(sandbox, lambda: f"run-{next(NUMBERS)}")
    port = await launch.prepare(reused=False)
    manifest = json.dumps({"scripts": {"dev": script}})
    await sandbox.write([(f"{PROJECT_DIR}/package.json", manifest.encode()), (f"{PROJECT_DIR}/server.js", SERVER)])
    return await launch.serve(read_recipe(manifest, ()), port, told.append, chosen=chosen)


async def test_its_first_page_is_found_by_asking_and_its_port_is_free_after_the_end(sandbox: Sandbox) -> None:
    told: list[str] = []
    server = await serve(sandbox, "sleep 0.3; setsid node server.js & wait", told)
    await server.first_page(30)
    assert "up" in told
    await server.end()
    probe = f"(exec 3<>/dev/tcp/127.0.0.1/{server.port}) 2>/dev/null && echo open || echo closed"
    assert (await sandbox.run(probe)).stdout == "closed\n"


async def test_its_own_end_is_a_failure_with_its_last_lines(sandbox: Sandbox) -> None:
    server = await serve(sandbox, "echo it broke; exit 6", [])
    error = await server.ended()
    assert isinstance(error, ServerError)
    assert "it broke" in error.problem.detail and "6" in error.problem.detail


async def test_a_page_that_does_not_come_is_a_failure(sandbox: Sandbox) -> None:
    server = await serve(sandbox, "sleep 100", [])
    with pytest.raises(ServerError):
        await server.first_page(0.5)


async def test_a_server_at_a_port_of_its_own_is_found_without_a_word(sandbox: Sandbox) -> None:
    quiet = "require('http').createServer((_, a) => a.end('page')).listen(0)"
    server = await serve(sandbox, f'node -e "{quiet}"', [])
    expected = server.port
    await server.first_page(30)
    assert server.port != expected
    assert server.address == sandbox.address(server.port)


async def test_a_server_that_prints_its_port_is_believed(sandbox: Sandbox) -> None:
    script = "require('http').createServer((_, a) => a.end('page')).listen(0, function () { " + (
        "console.log('Local: http://localhost:' + this.address().port) })"
    )
    told: list[str] = []
    server = await serve(sandbox, f'node -e "{script}"', told)
    await server.first_page(30)
    assert f"Local: http://localhost:{server.port}" in told


async def test_the_chosen_port_is_told_to_the_server_and_alone_asked(sandbox: Sandbox) -> None:
    server = await serve(sandbox, "node server.js", [], 8765)
    await server.first_page(30)
    assert server.port == 8765
    await server.end()
    silent = await serve(sandbox, "PORT=8766 node server.js", [], 8767)
    with pytest.raises(ServerError, match="8767"):
        await silent.first_page(3)


async def test_a_port_of_another_process_is_not_taken_for_the_servers(sandbox: Sandbox) -> None:
    await (await serve(sandbox, "PORT=8768 node server.js", [])).first_page(30)
    other = await serve(sandbox, "sleep 100", [])
    with pytest.raises(ServerError):
        await other.first_page(4)
