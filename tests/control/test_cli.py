"""The commands, run as a person runs them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from craft_desktop.host.handshake import Ready
from tests.conftest import REPOSITORY, StandaloneHost, tiny_project
from tests.end2end.driver import Preview, descendants, until_gone
from tests.host.certificates import certify


def craft_desktop(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(REPOSITORY / "main.py"), *arguments],
        env={**os.environ, "CRAFT_DESKTOP_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("preview",),
        ("preview", ".", "--provider", "nowhere"),
        ("preview", ".", "--unknown"),
        ("host", "--port", "seventy"),
        ("host", "--port", "70000"),
        ("doctor", "shop", "now"),
        ("template",),
        ("template", "destroy"),
        ("--unknown",),
        ("prview", "."),
        ("no-such-folder",),
        ("status",),
        ("logs", "shop", "--last", "x"),
        ("env", "shop", "set"),
    ],
)
def test_wrong_usage_exits_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = craft_desktop(tmp_path, *arguments)
    assert ended.returncode == 2
    assert "usage: craft-desktop" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("arguments", [("--help",), ("preview", "--help")])
def test_help_is_an_answer(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = craft_desktop(tmp_path, *arguments)
    assert ended.returncode == 0
    assert "craft-desktop" in ended.stdout


def test_doctor_answers_in_words_and_in_json(tmp_path: Path) -> None:
    words = craft_desktop(tmp_path, "doctor")
    assert words.returncode == 0, words.stdout
    assert "Node.js" in words.stdout and "Previews can run on this computer." in words.stdout
    told = json.loads(craft_desktop(tmp_path, "doctor", "--json").stdout)
    assert told["usable"] is True
    assert all(set(check) == {"name", "grade", "detail", "remedy"} for check in told["checks"])


def test_host_prints_one_ready_line_and_takes_its_domain(tmp_path: Path) -> None:
    pem = str(certify(tmp_path, "*.sandboxes.example").server)
    command = [sys.executable, str(REPOSITORY / "main.py"), "host", "--json", "--domain", "sandboxes.example"]
    command += ["--certificate", pem]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = Ready.parse(process.stdout.readline())
        assert ready.pid == process.pid
        # the port is the TLS listener's own, which is there only with the certificate
        assert ready.domain.startswith("sandboxes.example:") and ready.domain.partition(":")[2].isdecimal()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == b""
        assert process.wait(10) == 0


def test_a_failure_is_one_json_object_and_exit_1(tmp_path: Path) -> None:
    ended = craft_desktop(tmp_path / "home", "preview", str(tmp_path / "nothing"), "--json")
    assert ended.returncode == 1
    [line] = ended.stdout.splitlines()
    assert set(json.loads(line)) == {"event", "title", "detail", "remedy"}
    assert ended.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_while_live_stops_everything_and_exits_0(tmp_path: Path, number: signal.Signals) -> None:
    async with Preview(tmp_path / "home", tiny_project(tmp_path / "live")) as preview:
        live = await preview.until("live")
        assert set(live) == {"event", "url", "sandbox_id", "seconds"}
        below = descendants(preview.process.pid)
        preview.process.send_signal(number)
        assert await preview.end() == 0
        assert await until_gone(below, 5) == []
    assert [event["phase"] for event in preview.events if event["event"] == "phase"][-2:] == ["stopping", "stopped"]


async def test_a_signal_during_install_stops_everything_and_exits_0(tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "slow", scripts={"preinstall": "sleep 100"})
    async with Preview(tmp_path / "home", folder) as preview:
        await preview.until("phase", phase="installing")
        preview.process.terminate()
        async with asyncio.timeout(10):
            assert await preview.end() == 0


async def test_a_project_that_fails_exits_1(tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "fails", scripts={"dev": "exit 3"})
    async with Preview(tmp_path / "home", folder) as preview:
        assert await preview.end() == 1
    assert preview.events[-1]["event"] == "failed"
    assert preview.events[-1]["title"] == "The dev server ended"


async def test_words_for_a_person(tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "words")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(REPOSITORY / "main.py"),
        "preview",
        str(folder),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "CRAFT_DESKTOP_HOME": str(tmp_path / "home")},
    )
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(60):
        while not any("Live after" in line for line in lines):
            lines.append((await process.stdout.readline()).decode())
        process.send_signal(signal.SIGINT)
        lines.append((await process.stdout.read()).decode())
        assert await process.wait() == 0
    text = "".join(lines)
    for words in ("Getting a sandbox", "Installing dependencies", "http://words.localhost:", "Ctrl-C", "Stopped"):
        assert words in text


async def test_preview_runs_on_an_e2b_elsewhere(
    tmp_path: Path, elsewhere: StandaloneHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    settings = tmp_path / "home" / "settings"
    settings.mkdir(parents=True)
    (settings / "settings.json").write_text(
        json.dumps({"e2b_api_url": elsewhere.ready.api_url, "e2b_sandbox_url": elsewhere.ready.sandbox_url})
    )
    folder = tiny_project(tmp_path / "cloud")
    async with Preview(tmp_path / "home", folder, "--provider", "e2b") as preview:
        await preview.until("live")
        assert not any("envd" in " ".join(process.cmdline()) for process in descendants(preview.process.pid))
        preview.process.terminate()
        assert await preview.end() == 0


def test_a_window_without_a_screen_is_told(tmp_path: Path) -> None:
    without = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    without.pop("QT_QPA_PLATFORM", None)
    ended = subprocess.run(
        [sys.executable, str(REPOSITORY / "main.py"), str(tmp_path)],
        env={**without, "CRAFT_DESKTOP_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("There is no screen")


def test_a_reader_that_goes_away_ends_the_preview(tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "unread")
    command = [sys.executable, str(REPOSITORY / "main.py"), "preview", str(folder), "--json"]
    environment = {**os.environ, "CRAFT_DESKTOP_HOME": str(tmp_path / "home")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == b""


def test_a_template_without_a_key_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("E2B_API_KEY", raising=False)
    ended = craft_desktop(tmp_path, "template", "build", "--node", "22")
    assert ended.returncode == 1
    assert "E2B wants an API key" in ended.stderr


@pytest.mark.parametrize("command", ["list", "open", "status", "close", "health", "restart", "logs"])
def test_with_nobody_to_ask_a_command_says_so_and_exits_3(tmp_path: Path, command: str) -> None:
    arguments = [command] if command == "list" else [command, "shop"]
    ended = craft_desktop(tmp_path, *arguments)
    assert ended.returncode == 3 and "Craft Desktop is not running" in ended.stdout and ended.stderr == ""
    told = craft_desktop(tmp_path, *arguments, "--json")
    assert told.returncode == 3 and set(json.loads(told.stdout)) == {"event", "title", "detail", "remedy"}


async def ask(home: Path, *arguments: str) -> tuple[int, str]:
    ended = await asyncio.to_thread(craft_desktop, home, *arguments)
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.returncode, ended.stdout


async def test_a_preview_is_asked_from_another_terminal_and_closed_there(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tiny_project(tmp_path / "shop")
    async with Preview(home, folder) as preview:
        await preview.until("live")
        code, status = await ask(home, "status", str(folder), "--json")
        assert code == 0 and json.loads(status)["status"] == "running"

        code, told = await ask(home, "preview", str(folder))
        assert code == 1 and "The project runs already" in told and "craft-desktop close shop" in told

        secret = "tok_5up3r-s3cret-value"
        code, told = await ask(home, "env", "shop", "set", f"API_TOKEN={secret}")
        assert code == 0 and secret not in told
        await preview.until("live")
        code, told = await ask(home, "env", "shop")
        assert (code, told) == (0, "API_TOKEN\n")

        follow = await asyncio.create_subprocess_exec(
            sys.executable, str(REPOSITORY / "main.py"), "logs", "shop", "-f", "--json",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "CRAFT_DESKTOP_HOME": str(home)},
        )  # fmt: skip
        assert follow.stdout is not None
        async with asyncio.timeout(30):
            assert set(json.loads(await follow.stdout.readline())) == {"stream", "text", "at"}
            assert (await ask(home, "restart", "shop"))[0] == 0
            while b'"Restarting"' not in await follow.stdout.readline():
                pass
            follow.send_signal(signal.SIGINT)
            _, complaint = await follow.communicate()
            assert (follow.returncode, complaint) == (0, b"")

        assert await ask(home, "close", "shop") == (0, "shop is stopped.\n")
        assert await preview.end() == 0
    assert (await ask(home, "status", "shop"))[0] == 3
    left = "".join(file.read_text(errors="replace") for file in home.rglob("*") if file.is_file())
    assert secret not in left and secret not in json.dumps(preview.events)


def test_a_reader_that_goes_away_ends_a_command(tmp_path: Path) -> None:
    command = [sys.executable, str(REPOSITORY / "main.py"), "status", "shop"]
    environment = {**os.environ, "CRAFT_DESKTOP_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.wait(30) in (3, 130)
        assert process.stderr.read() == b""
