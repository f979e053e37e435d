"""A host behind TLS: clients are told a domain and a key, and everything has the addresses it has in E2B's cloud."""

import asyncio
import io
import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from craft_desktop.host.handshake import Ready
from tests.contract.by_domain import SECRET_TEXT
from tests.host.certificates import Certificates, certify

LIMIT_S = 60
StartHost = Callable[..., AbstractContextManager[tuple[Ready, "Popen[bytes]"]]]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certify(tmp_path_factory.mktemp("certificates"), "*.sbx.localhost")


@pytest.fixture(scope="module")
def ready(
    start_host: StartHost, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ready]:
    state = tmp_path_factory.mktemp("host") / "state"
    with start_host(state, "--certificate", str(certificates.server)) as (ready, process):
        assert ready.domain.startswith("sbx.localhost:")
        yield ready
    assert process.returncode == 0


@pytest.fixture(scope="module")
def told(ready: Ready, certificates: Certificates) -> dict[str, Any]:
    """What a program with the domain and the key saw: a process of its own, since who is trusted is read once."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("E2B_")}
    environment |= {"E2B_API_KEY": ready.api_key, "E2B_DOMAIN": ready.domain}
    environment["SSL_CERT_FILE"] = str(certificates.authority)
    program = [sys.executable, str(Path(__file__).with_name("by_domain.py"))]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    # the client's library sometimes aborts at the interpreter's end, when all is said (wire notes, 0.5)
    assert done.stdout, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


class Loopback(AbstractResolver):
    """Every name is this computer: not every system's own resolver knows those under `localhost`."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
async def session(certificates: Certificates) -> AsyncIterator[aiohttp.ClientSession]:
    trusting = ssl.create_default_context(cafile=str(certificates.authority))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting, resolver=Loopback())) as session:
        yield session


def test_the_sdk_needs_a_domain_and_a_key_alone(told: dict[str, Any]) -> None:
    assert told["read"] == SECRET_TEXT
    assert told["ran"] == told["id"]
    assert told["listed"] == [told["id"]]


async def test_a_ports_address_is_right_as_it_is_given(told: dict[str, Any], session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:  # the program's server takes a moment to listen
            async with session.get(f"https://{told['host']}") as answer:
                if answer.status == 200:
                    assert "hello.txt" in await answer.text()
                    break
    async with session.get(f"https://{told['closed']}") as answer:
        assert answer.status == 502 and (await answer.json())["port"] == 3000


async def test_signed_addresses_name_their_sandbox(told: dict[str, Any], session: aiohttp.ClientSession) -> None:
    assert told["id"] in told["download"]
    async with session.get(told["download"]) as answer:
        assert (answer.status, await answer.text()) == (200, SECRET_TEXT)
    async with session.get(told["forged"]) as answer:
        assert answer.status == 401
    async with session.post(told["upload"], data={"file": io.BytesIO(b"sent")}) as answer:
        assert answer.status == 200


async def test_the_api_answers_to_its_name_and_key_alone(
    ready: Ready, told: dict[str, Any], session: aiohttp.ClientSession
) -> None:
    url = f"https://api.{ready.domain}/v2/sandboxes"
    async with session.get(url) as answer:
        assert answer.status == 401
    key = {"X-API-KEY": ready.api_key}
    async with session.get(url, headers=key) as answer:
        assert [each["sandboxID"] for each in await answer.json()] == [told["id"]]
    async with session.get(url, headers=key | {"Host": "api.evil.example"}) as answer:
        assert answer.status == 421
    # the loopback's own listeners are there as ever
    async with session.get(f"{ready.api_url}/v2/sandboxes", headers=key) as answer:
        assert answer.status == 200
    async with session.get(f"https://other.{ready.domain}/", headers=key) as answer:
        assert answer.status == 400
