"""A real host as a child process, and the official SDK pointed at it."""

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from e2b import AsyncSandbox, Sandbox
from e2b.connection_config import ApiParams

from craft_desktop.host.handshake import Ready

READY_TIMEOUT_S = 30  # a host is up in half a second; two busy cores take longer


@contextmanager
def running_host(state: Path, *options: str) -> Iterator[tuple[Ready, "subprocess.Popen[bytes]"]]:
    """A host with its state in `state`; its log is beside it, for a person to read after a failure."""
    argv = [sys.executable, "-m", "craft_desktop.host", "--lifeline", "--state", str(state), *options]
    with (
        (state.parent / f"{state.name}.log").open("wb") as log,
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None and process.stdin is not None
        try:
            yield Ready.parse(process.stdout.readline()), process
        finally:
            process.stdin.close()
            process.wait(READY_TIMEOUT_S)


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    with running_host(tmp_path_factory.mktemp("host") / "state") as (ready, process):
        yield ready
    assert process.returncode == 0


@pytest.fixture(scope="session")
def start_host() -> Callable[..., object]:
    return running_host


@pytest.fixture(scope="session")
def js_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the npm clients installed; their versions are those of `js/package-lock.json`."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm here")
    folder = tmp_path_factory.mktemp("js")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(Path(__file__).parent / "js" / name, folder)
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, f"the npm clients could not be installed: {installed.stderr[-500:]}"
    return folder


@pytest.fixture(scope="session")
def options(host: Ready) -> ApiParams:
    return ApiParams(api_key=host.api_key, api_url=host.api_url, sandbox_url=host.sandbox_url)


@pytest.fixture
async def sandbox(options: ApiParams) -> AsyncIterator[AsyncSandbox]:
    created = await AsyncSandbox.create(timeout=120, **options)
    yield created
    await created.kill()


@pytest.fixture
def sync_sandbox(options: ApiParams) -> Iterator[Sandbox]:
    created = Sandbox.create(timeout=120, **options)
    yield created
    created.kill()
