import os
from pathlib import Path

import pytest

from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.plot import Plot
from craft_desktop.host.starting import jailed, library, plain_environment


def test_envd_is_given_its_own_modules_and_no_other() -> None:
    assert set(library()) == {
        "craft_desktop/__init__.py",
        "craft_desktop/tasks.py",
        "craft_desktop/host/__init__.py",
        "craft_desktop/host/envd",
        "h11",
        "multipart.py",
    }
    assert all(path.exists() for path in library().values())


def test_a_jail_is_built_around_the_sandboxs_own_folders(machine: Machine, ground: Ground) -> None:
    plot = Plot(ground.plot("c1"), machine)
    argv = jailed(machine, ground, plot, ["envd", "--x"], 9)
    assert argv[:3] == [machine.bubblewrap.path, "--info-fd", "9"] and argv[-2:] == ["envd", "--x"]
    shown = [argv[place + 1] for place, word in enumerate(argv) if word == "--bind"]
    assert shown == [str(plot.folder / "tmp"), str(plot.folder / "home")]
    first = (plot.folder / "boot_id").read_text()
    jailed(machine, ground, plot, [], 9)
    assert (plot.folder / "boot_id").read_text() != first


def test_without_walls_only_what_is_needed_is_passed_on(
    plain_machine: Machine, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/a b:/usr/bin")
    monkeypatch.setenv("SOME_TOKEN", "secret")
    plot = Plot(ground.plot("c1"), plain_machine)
    told = plain_environment(plain_machine, ground, plot)
    assert set(told) == {"PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    assert told["PATH"].endswith("/a b:/usr/bin") and str(ground.tools(plain_machine)) in told["PATH"].split(":")
    assert all(Path(told[name]).is_dir() for name in ("HOME", "TMPDIR"))
    assert os.environ["PATH"] in Path(told["HOME"], ".profile").read_text()
