import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from craft_desktop.host.__main__ import common_state, main
from craft_desktop.host.handshake import Ready

END_TIMEOUT_S = 20


def start(*options: str) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-m", "craft_desktop.host", *options]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def ready_of(process: "subprocess.Popen[bytes]") -> Ready:
    assert process.stdout is not None
    return Ready.parse(process.stdout.readline())


def test_check_tells_the_machine_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--json", "--isolation", "none"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["isolation"] == "none" and "switched off" in told["bubblewrap"]["reason"]


def test_a_host_imports_nothing_of_the_rest() -> None:
    script = (
        "import sys, craft_desktop.host.__main__; print([m for m in sys.modules if m.startswith('craft_desktop.')])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout
    names = {name.strip(" '[]\n") for name in told.split(",")}
    assert {name for name in names if not name.startswith("craft_desktop.host")} == {"craft_desktop.tasks"}
    assert not {name for name in names if name.startswith("craft_desktop.host.envd")}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(number: signal.Signals, tmp_path: Path) -> None:
    with start("--state", str(tmp_path)) as process:
        ready = ready_of(process)
        assert ready.pid == process.pid
        process.send_signal(number)
        assert process.wait(END_TIMEOUT_S) == 0
        assert process.stdout is not None and process.stdout.read() == b""
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_the_lifeline_ends_it(tmp_path: Path) -> None:
    with start("--lifeline", "--state", str(tmp_path)) as process:
        ready_of(process)
        assert process.stdin is not None
        process.stdin.write(b"ignored")
        process.stdin.close()
        assert process.wait(END_TIMEOUT_S) == 0


async def test_the_given_port_is_the_apis(tmp_path: Path) -> None:
    with start("--lifeline", "--state", str(tmp_path), "--domain", "d.example") as first:
        port = ready_of(first).api_url.rpartition(":")[2]
        first.terminate()
        assert first.wait(END_TIMEOUT_S) == 0
    with start("--lifeline", "--state", str(tmp_path), "--port", port) as second:
        ready = ready_of(second)
        assert ready.api_url == f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session, session.get(f"{ready.api_url}/health") as answer:
            assert answer.status == 200
        with start("--port", port, "--state", str(tmp_path)) as third:
            assert third.wait(END_TIMEOUT_S) == 1
        second.terminate()


def test_a_parent_that_is_killed_takes_the_host_along(tmp_path: Path) -> None:
    """Its standard input may be held open by another: the kernel tells it of the parent's end."""
    argv = f"[sys.executable, '-m', 'craft_desktop.host', '--lifeline', '--state', {str(tmp_path)!r}]"
    script = f"import subprocess, sys; subprocess.run({argv})"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        ready = ready_of(parent)
        descriptor = os.pidfd_open(ready.pid)
        parent.kill()
        with os.fdopen(descriptor) as ended:
            assert _readable(ended.fileno())


def _readable(descriptor: int) -> bool:

    return bool(select.select([descriptor], [], [], END_TIMEOUT_S)[0])


def test_hosts_that_are_told_no_folder_share_one_of_the_persons_own(tmp_path: Path) -> None:
    folder = common_state(tmp_path)
    assert common_state(tmp_path) == folder and folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with pytest.raises(PermissionError, match="--state"):
        common_state(tmp_path)
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir(0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        common_state(tmp_path)


def test_a_host_that_was_killed_leaves_nothing_that_the_next_does_not_clear(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "craft_desktop.host", "--lifeline"]
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    for number in (signal.SIGKILL, signal.SIGTERM):
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, env=environ, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as host:
            assert host.stdout is not None and host.stdout.readline()
            host.send_signal(number)
            host.wait(30)
    assert list(tmp_path.iterdir()) == []
