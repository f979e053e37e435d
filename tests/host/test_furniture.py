import os
import subprocess
from pathlib import Path

import pytest

from craft_desktop.host import furniture
from craft_desktop.host.furniture import write_etc, write_tools
from craft_desktop.host.machine import Machine, Node
from tests.host.programs import program


def test_tools_run_the_scripts(tmp_path: Path, this_machine: Machine) -> None:
    echo = program(tmp_path / "odd 'name'", 'printf "%s|" "$@"')
    node = Node(echo, "22", "path", None)
    machine = Machine(this_machine.bubblewrap, this_machine.python, node=node, scripts={"npm": Path("/npm cli.js")})
    write_tools(tmp_path, machine)
    told = subprocess.run([tmp_path / "npm", "run", "a b"], capture_output=True, check=True, text=True)
    assert told.stdout == "/npm cli.js|run|a b|"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["echo", "a b"], "a b\n"),
        (["-n", "-E", "-u", "root", "--", "echo", "-u"], "-u\n"),
        (["FOO=b r", "sh", "-c", "echo $FOO $SUDO_UID"], f"b r {os.getuid()}\n"),
        (["-v"], ""),
        (["-k", "echo", "still"], "still\n"),
    ],
)
def test_sudo_runs_what_it_is_given(tmp_path: Path, this_machine: Machine, words: list[str], told: str) -> None:
    write_tools(tmp_path, this_machine)
    ended = subprocess.run([tmp_path / "sudo", *words], capture_output=True, check=False, text=True)
    assert (ended.stdout, ended.stderr, ended.returncode) == (told, "", 0)


def test_sudo_tells_the_commands_own_end(tmp_path: Path, this_machine: Machine) -> None:
    write_tools(tmp_path, this_machine)
    ends = [
        subprocess.run([tmp_path / "sudo", *words], capture_output=True, check=False).returncode
        for words in (["sh", "-c", "exit 7"], ["no-such-command"], [], ["-u"])
    ]
    assert ends == [7, 127, 1, 1]


def test_setfattr_serves_a_machine_without_it(tmp_path: Path, this_machine: Machine) -> None:
    write_tools(tmp_path, this_machine)
    subprocess.run([tmp_path / "setfattr", "-n", "user.e2b.a", "-v", "it's", tmp_path / "sudo"], check=True)
    assert os.getxattr(tmp_path / "sudo", "user.e2b.a") == b"it's"


def test_a_private_network_has_its_own_resolver_and_the_machines_domains(tmp_path: Path, this_machine: Machine) -> None:
    machine = Machine(this_machine.bubblewrap, this_machine.python, resolver="nameserver 1.2.3.4\nsearch corp\n")
    write_etc(tmp_path, machine)
    assert (tmp_path / "resolv.conf").read_text() == "nameserver 10.0.2.3\nsearch corp\n"
    assert "user:x:1000" in (tmp_path / "passwd").read_text()


def test_python_is_called_python_too(tmp_path: Path, this_machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "system").mkdir()
    program(tmp_path / "system" / "python3", 'printf "%s|" "$@"')
    monkeypatch.setattr(furniture, "SYSTEM_PATH", str(tmp_path / "system"))
    machine = Machine(this_machine.bubblewrap, this_machine.python)
    tools = tmp_path / "tools"
    tools.mkdir()
    write_tools(tools, machine)
    path = {"PATH": f"{tools}:{tmp_path / 'system'}:/bin"}
    told = subprocess.run(["python", "-c", "x y"], env=path, capture_output=True, check=True, text=True)
    assert told.stdout == "-c|x y|"
    # a system that has one keeps its own
    (tools / "python").unlink()
    program(tmp_path / "system" / "python", "true")
    write_tools(tools, machine)
    assert not (tools / "python").exists()
