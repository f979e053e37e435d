"""E2B's own command line against the host."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from e2b import Sandbox
from e2b.connection_config import ApiParams

from craft_desktop.host.handshake import Ready

pytestmark = pytest.mark.node
DEADLINE_S = 60
Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def cli(host: Ready, js_clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path_factory.mktemp("cli-home")),
        "E2B_API_KEY": host.api_key,
        "E2B_API_URL": host.api_url,
        "E2B_SANDBOX_URL": host.sandbox_url,
    }
    program = str(js_clients / "node_modules" / "@e2b" / "cli" / "dist" / "index.js")

    def cli(*arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run(
            ["node", program, "sandbox", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
            **given,
        )

    return cli


@pytest.fixture(scope="module")
def made(options: ApiParams) -> Sandbox:
    return Sandbox.create(timeout=300, metadata={"made": "for the cli"}, **options)


def test_list_and_info(cli: Cli, made: Sandbox) -> None:
    listed = json.loads(cli("list", "--format", "json", "--metadata", "made=for the cli").stdout)
    assert [each["sandboxId"] for each in listed] == [made.sandbox_id]
    assert made.sandbox_id in cli("list", "--limit", "0").stdout
    assert json.loads(cli("list", "--format", "json", "--template", "none").stdout) == []
    info = json.loads(cli("info", made.sandbox_id, "--format", "json").stdout)
    assert (info["sandboxId"], info["state"]) == (made.sandbox_id, "running")
    assert cli("info", "i" + "0" * 20).returncode == 1


def test_exec(cli: Cli, made: Sandbox) -> None:
    ran = cli("exec", "-e", "A=b", "-c", "/tmp", made.sandbox_id, "echo $A $PWD; echo err >&2; exit 4")
    assert (ran.returncode, ran.stdout) == (4, "b /tmp\n")
    assert ran.stderr.startswith("err\n")
    fed = cli("exec", made.sandbox_id, "wc", "-c", stdin="x" * 100_000)
    assert (fed.returncode, fed.stdout.strip()) == (0, "100000")
    behind = cli("exec", "--background", made.sandbox_id, "sleep 300")
    assert behind.returncode == 0
    assert int(behind.stderr.split()[-1]) in [each.pid for each in made.commands.list()]


def test_logs_and_metrics(cli: Cli, made: Sandbox) -> None:
    made.commands.run("echo said")
    logs = cli("logs", made.sandbox_id, "--format", "json")
    assert logs.returncode == 0, logs.stderr
    said = [json.loads(line) for line in logs.stdout.splitlines() if "said" in line]
    assert "said" in [each["message"] for each in said]
    assert "process started" in cli("logs", made.sandbox_id).stdout
    metrics = cli("metrics", made.sandbox_id, "--format", "json")
    assert metrics.returncode == 0, metrics.stderr
    assert json.loads(metrics.stdout.splitlines()[-1])["cpuCount"] >= 1


def test_snapshots(cli: Cli, made: Sandbox) -> None:
    name = f"cli-{made.sandbox_id}"
    made.files.write("kept", "kept")
    taken = cli("snapshot", "create", "--name", name, made.sandbox_id)
    assert taken.returncode == 0, taken.stderr
    (told,) = json.loads(cli("snapshot", "list", made.sandbox_id, "--format", "json").stdout)
    assert told["snapshotId"] == f"local/{name}:default"
    created = cli("create", "--detach", "--timeout", "60", name)
    assert created.returncode == 0, created.stderr
    (begun,) = (each for each in json.loads(cli("list", "--format", "json").stdout) if each["templateId"] != "base")
    assert cli("exec", begun["sandboxId"], "cat kept").stdout == "kept"
    assert cli("snapshot", "delete", told["snapshotId"]).returncode == 0
    assert json.loads(cli("snapshot", "list", made.sandbox_id, "--format", "json").stdout) == []


def test_pause_resume_create_and_kill(cli: Cli, made: Sandbox) -> None:
    assert "has been paused" in cli("pause", made.sandbox_id).stdout
    assert "already paused" in cli("pause", made.sandbox_id).stdout
    assert made.sandbox_id in cli("list", "--state", "paused", "--format", "json").stdout
    assert "has been resumed" in cli("resume", made.sandbox_id).stdout
    created = cli("create", "--detach", "--timeout", "60")
    assert created.returncode == 0, created.stderr
    assert "has been killed" in cli("kill", made.sandbox_id).stdout
    assert "wasn't found" in cli("kill", made.sandbox_id).stderr
    killed = cli("kill", "--all")
    assert "Killed" in killed.stdout
    assert json.loads(cli("list", "--format", "json").stdout) == []
