import subprocess
from pathlib import Path

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


def test_a_private_network_has_its_own_resolver_and_the_machines_domains(tmp_path: Path, this_machine: Machine) -> None:
    machine = Machine(this_machine.bubblewrap, this_machine.python, resolver="nameserver 1.2.3.4\nsearch corp\n")
    write_etc(tmp_path, machine)
    assert (tmp_path / "resolv.conf").read_text() == "nameserver 10.0.2.3\nsearch corp\n"
    assert "user:x:1000" in (tmp_path / "passwd").read_text()
