"""Nothing asked, nothing done twice, nothing half done, and plain words where it cannot be done."""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.packaging.fake_machine import FakeMachine

# Root without the right to write where its own folders forbid it is as anybody else.
MEEK = (str(shutil.which("setpriv")), "--bounding-set=-dac_override", "--inh-caps=-dac_override")

DONE = 7  # the exit code of the fake main.py: the set-up let the program run


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


def test_all_there_adds_little_and_calls_nothing(machine: FakeMachine) -> None:
    assert machine.run("run.sh").returncode == DONE
    machine.unset("calls")
    begin = time.monotonic()
    again = machine.run("run.sh")
    assert time.monotonic() - begin < 2  # seconds; the promise to the person who starts it
    assert (again.returncode, again.stderr) == (DONE, "")
    assert not machine.calls("pip") and not machine.calls("apt-get") and not machine.calls("sudo")


def test_arguments_pass_on_from_any_folder_and_stdout_is_the_programs(machine: FakeMachine) -> None:
    first = machine.run("run.sh", "preview", "my project", "--json")
    assert first.stdout == ""
    assert "Installing into .venv" in first.stderr
    assert machine.calls(f"python {machine.root}/main.py preview my project --json")


def test_root_installs_what_is_missing_without_being_asked(machine: FakeMachine) -> None:
    machine.set("installed", "libnss3 bubblewrap")
    result = machine.run("run.sh")
    assert result.returncode == DONE
    (install,) = machine.calls("apt-get install -y --no-install-recommends")
    assert " libegl1" in install and "libnss3" not in install and "bubblewrap" not in install and "xvfb" not in install
    assert not machine.calls("sudo")
    assert "libegl1              the window: drawing\n" in result.stderr


def test_a_user_with_sudo_installs_by_sudo(machine: FakeMachine) -> None:
    machine.set("uid", "1000")
    machine.set("installed", "")
    assert machine.run("run.sh").returncode == DONE
    assert machine.calls("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install")


@pytest.mark.parametrize("obstacle", ["password", "no sudo"])
def test_a_user_who_may_not_gets_the_list_and_the_command(machine: FakeMachine, obstacle: str) -> None:
    machine.set("uid", "1000")
    machine.set("installed", "")
    if obstacle == "password":
        machine.set("sudo-asks")
    else:
        (machine.bin / "sudo").unlink()
    result = machine.run("run.sh")
    assert result.returncode == 1
    assert "  bubblewrap           keeps each project in a jail of its own\n" in result.stderr
    assert "  apt-get install --no-install-recommends ca-certificates libegl1" in result.stderr
    assert not machine.calls("apt-get") and not machine.stamp.exists()


def test_a_missing_jail_alone_does_not_stop_the_program(machine: FakeMachine) -> None:
    machine.set("uid", "1000")
    machine.set("sudo-asks")
    machine.set("installed", "all")
    assert machine.run("run.sh").returncode == DONE
    rows = (machine.root / "packaging" / "setup.sh").read_text().split("'")[1].splitlines()
    names = [row.split()[0].replace(",", " ") for row in rows if row and not row.startswith("bubblewrap")]
    machine.set("installed", " ".join(names))
    result = machine.run("run.sh")
    assert result.returncode == DONE
    assert "bubblewrap" in result.stderr and "Going on without." in result.stderr


def test_a_failed_apt_shows_its_words_and_stops(machine: FakeMachine) -> None:
    machine.set("installed", "")
    machine.set("apt-fails")
    result = machine.run("run.sh")
    assert result.returncode == 1
    assert "E: no network" in result.stderr and "run this again" in result.stderr
    assert not machine.stamp.exists()


@pytest.mark.parametrize("known", ["libasound2", "libasound2t64"])
def test_a_package_is_asked_for_by_the_name_of_this_release(machine: FakeMachine, known: str) -> None:
    machine.set("installed", "")
    machine.set(f"known-{known}")
    assert machine.run("run.sh").returncode == DONE
    (install,) = machine.calls("apt-get install")
    assert known in install.split()
    assert len([word for word in install.split() if word.startswith("libasound")]) == 1


def test_another_system_needs_only_what_it_lacks(machine: FakeMachine) -> None:
    for name in ("dpkg-query", "dpkg", "apt-get", "apt-cache", "sudo"):
        (machine.bin / name).unlink()
    result = machine.run("run.sh")
    assert result.returncode == DONE
    assert "the names are Debian's" in result.stderr and "libegl1" not in result.stderr
    result = machine.run("test.sh")
    assert result.returncode == 1
    assert "  git                  the original" in result.stderr and "apt-get install" not in result.stderr


def test_an_old_python_is_refused_with_a_remedy(machine: FakeMachine) -> None:
    machine.set("old-python3")
    machine.set("installed", "")
    result = machine.run("run.sh")
    assert result.returncode == 1
    assert "needs Python 3.11 or newer; python3 here is Python 3.9.2." in result.stderr
    assert "apt-get install python3 python3-venv" in result.stderr
    assert not machine.calls("apt-get")


def test_a_newer_python_beside_an_old_one_is_taken(machine: FakeMachine) -> None:
    machine.set("old-python3")
    (machine.bin / "python3.13").write_text((machine.bin / "python3").read_text())
    (machine.bin / "python3.13").chmod(0o755)
    assert machine.run("run.sh").returncode == DONE
    assert machine.calls("python3.13", "-m venv")


def test_a_python_that_makes_no_venv_gets_the_package_of_its_version(machine: FakeMachine) -> None:
    machine.set("no-ensurepip")
    assert machine.run("run.sh").returncode == DONE
    (install,) = machine.calls("apt-get install")
    assert install.endswith("-venv") and " python3." in install


@pytest.mark.parametrize(
    ("version", "comes_along"),
    [("v18.19.0", True), ("v20.8.1", True), ("v20.9.0", False), ("v24.1.0", False), ("", True), ("nonsense", True)],
)
def test_node_comes_from_pypi_where_it_is_absent_or_old(machine: FakeMachine, version: str, comes_along: bool) -> None:
    machine.put("node", f"echo {version}")
    result = machine.run("run.sh")
    assert result.returncode == DONE
    assert bool(machine.calls("pip", "check out[node]")) is comes_along
    assert ("Node.js from PyPI" in result.stderr) is comes_along
    assert machine.run("run.sh").stderr == ""


def test_a_node_without_npm_is_no_node(machine: FakeMachine) -> None:
    (machine.bin / "npm").unlink()
    machine.run("run.sh")
    assert machine.calls("pip", "check out[node]")


def test_run_takes_nothing_from_test(machine: FakeMachine) -> None:
    assert machine.run("test.sh").returncode == 0
    assert machine.run("run.sh").stderr == ""
    (machine.root / "pyproject.toml").write_text("other pins")
    assert machine.run("run.sh").returncode == DONE
    assert len(machine.calls("pip", "check out[dev]")) == 2
    assert machine.run("test.sh").stderr == ""


def test_a_failed_pip_leaves_no_stamp_and_the_next_run_begins_afresh(machine: FakeMachine) -> None:
    machine.set("pip-fails")
    result = machine.run("run.sh")
    assert result.returncode == 1
    assert "ERROR: no network" in result.stderr and "run this again" in result.stderr
    assert not machine.stamp.exists()
    machine.unset("pip-fails")
    assert machine.run("run.sh").returncode == DONE
    assert len(machine.calls("-m venv ")) == 2


def test_a_killed_set_up_is_resumed_from_scratch(machine: FakeMachine) -> None:
    machine.set("pip-is-killed")
    assert machine.run("run.sh").returncode == -9
    assert not machine.stamp.exists()
    half_written = machine.root / ".venv" / "half written"
    half_written.write_text("")
    machine.unset("pip-is-killed")
    assert machine.run("run.sh").returncode == DONE
    assert machine.stamp.exists() and not half_written.exists()
    assert machine.run("run.sh").stderr == ""


def test_a_venv_whose_python_vanished_is_made_again(machine: FakeMachine) -> None:
    machine.run("run.sh")
    (machine.root / ".venv/bin/python").unlink()
    (machine.root / ".venv/bin/python").symlink_to("/nonexistent/python3")
    assert machine.run("run.sh").returncode == DONE
    assert len(machine.calls("-m venv ")) == 2


def test_a_moved_checkout_makes_its_own_venv(machine: FakeMachine) -> None:
    machine.run("run.sh")
    machine.root = machine.root.rename(machine.root.with_name("elsewhere"))
    assert machine.run("run.sh").returncode == DONE
    assert len(machine.calls("-m venv ")) == 2
    assert machine.run("run.sh").stderr == ""


@pytest.mark.timeout(20)  # seconds; a pipe that nobody opens would hold it for longer
def test_of_two_at_once_one_works_and_one_waits(machine: FakeMachine) -> None:
    for name in ("pip-begins", "pip-ends"):
        os.mkfifo(machine.facts / name)
    with machine.start("run.sh") as first:
        (machine.facts / "pip-begins").read_text()
        with machine.start("run.sh") as second:
            assert second.stderr is not None
            assert "Another set-up is at work" in second.stderr.readline()
            (machine.facts / "pip-ends").write_text("")
            assert first.wait() == DONE
            assert second.wait() == DONE
    assert len(machine.calls("pip", "install")) == 1


def test_the_program_does_not_hold_the_lock(machine: FakeMachine) -> None:
    fake = machine.bin / "python3"
    fake.write_text(fake.read_text().replace("*main.py*) exit 7", "*main.py*) [ ! -e /proc/$$/fd/9 ]; exit"))
    assert machine.run("run.sh").returncode == 0


def test_a_folder_of_someone_else_is_refused_with_a_remedy(machine: FakeMachine) -> None:
    machine.root.chmod(0o555)
    result = machine.run("run.sh", before=MEEK if os.geteuid() == 0 else ())
    machine.root.chmod(0o755)
    assert result.returncode == 1
    assert "copy that folder to a place of your own" in result.stderr


def test_tests_end_in_pytests_words_and_code(machine: FakeMachine) -> None:
    machine.set("pytest-ends", "3")
    (machine.root / "tests" / "a b").mkdir(parents=True)
    result = machine.run("test.sh", "-q", "tests/a b")
    assert result.returncode == 3
    assert result.stdout.endswith("1 passed\n")
    assert machine.calls("python -m pytest -q tests/a b")
    checks = [call.removeprefix("python -m ") for call in machine.calls() if call.startswith("python -m ")]
    assert checks[-4:-1] == ["ruff check", "ruff format --check", "mypy"]


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], "-p tests.turns -n 2 --dist loadfile"),
        (["--durations=60"], "-p tests.turns -n 2 --dist loadfile --durations=60"),
        (["-q", "tests/one.py::test_it[a b]"], "-q tests/one.py::test_it[a b]"),
    ],
)
def test_two_processes_share_the_whole_suite(machine: FakeMachine, arguments: list[str], asked: str) -> None:
    (machine.root / "tests").mkdir()
    (machine.root / "tests" / "one.py").touch()
    assert machine.run("test.sh", *arguments).returncode == 0
    assert machine.calls("python -m pytest")[-1] == f"python -m pytest {asked}"


def test_a_failed_check_does_not_hide_behind_passing_tests(machine: FakeMachine) -> None:
    machine.set("checks-fail")
    result = machine.run("test.sh")
    assert result.returncode == 1
    assert result.stderr.endswith("these checks did not: [ruff check] [ruff format --check] [mypy]\n")
    assert machine.calls("-m pytest")
