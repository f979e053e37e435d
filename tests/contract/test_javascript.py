"""The official JavaScript SDK against the host: every case of `js/cases.mjs`, run by one Node.js."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from craft_desktop.host.handshake import Ready

pytestmark = pytest.mark.node
SCRIPTS = Path(__file__).parent / "js"
FOUND = re.findall(r"^export async function (\w+)", (SCRIPTS / "cases.mjs").read_text(), re.MULTILINE)
BOUNDED = [name for name in FOUND if name.startswith("bounded_")]
CASES = [name for name in FOUND if name not in BOUNDED]
Run = Callable[[str], dict[str, object]]
StartHost = Callable[..., AbstractContextManager[tuple[Ready, "subprocess.Popen[bytes]"]]]


@contextmanager
def served(host: Ready, js_clients: Path) -> Iterator[Run]:
    """One Node.js that runs cases against `host`."""
    environment = {
        **os.environ,
        "E2B_API_KEY": host.api_key,
        "E2B_API_URL": host.api_url,
        "E2B_SANDBOX_URL": host.sandbox_url,
    }
    for name in ("cases.mjs", "serve.mjs"):
        (js_clients / name).write_text((SCRIPTS / name).read_text())
    command = ["node", str(js_clients / "serve.mjs")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None and stdout is not None

        def run(name: str) -> dict[str, object]:
            stdin.write(f"{name}\n")
            stdin.flush()
            told: dict[str, object] = json.loads(stdout.readline())
            return told

        yield run
        stdin.close()


@pytest.fixture(scope="module")
def run(host: Ready, js_clients: Path) -> Iterator[Run]:
    with served(host, js_clients) as run:
        yield run


@pytest.mark.parametrize("name", BOUNDED)
def test_case_at_a_bounded_host(start_host: StartHost, js_clients: Path, tmp_path: Path, name: str) -> None:
    with start_host(tmp_path / "state", "--sandboxes", "1") as (ready, _), served(ready, js_clients) as run:
        told = run(name)
    assert told["ok"], told["error"]


@pytest.mark.parametrize("name", CASES)
def test_case(run: Run, name: str) -> None:
    told = run(name)
    assert told["name"] == name
    assert told["ok"], told["error"]
