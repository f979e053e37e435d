"""The command lines and environments with which envd is started, in a jail or without one."""

import os
import shlex
import uuid
from collections.abc import Mapping
from pathlib import Path

import h11
import multipart

import craft_desktop
from craft_desktop.host.ground import Ground
from craft_desktop.host.isolation import LIBRARY, SYSTEM_PATH, TOOLS, USER_HOME, Jail, Network, jail_argv
from craft_desktop.host.machine import Machine
from craft_desktop.host.plot import Plot


def library() -> dict[str, Path]:
    """envd's modules: their names under a module folder -> where they lie on this machine."""
    package = Path(craft_desktop.__file__).parent
    host = package / "host"
    return {
        "craft_desktop/__init__.py": package / "__init__.py",
        "craft_desktop/tasks.py": package / "tasks.py",
        "craft_desktop/host/__init__.py": host / "__init__.py",
        "craft_desktop/host/envd": host / "envd",
        "h11": Path(h11.__file__).parent,
        "multipart.py": Path(multipart.__file__),
    }


def jailed(machine: Machine, ground: Ground, plot: Plot, command: list[str], told: int) -> list[str]:
    """The command line that runs `command` in a jail around the folders of `plot`.

    :param told: a descriptor to which bubblewrap writes which process is the first inside.
    """
    path = ":".join([TOOLS, *(str(folder) for folder in machine.tools), SYSTEM_PATH])
    boot_id = plot.folder / "boot_id"
    boot_id.write_text(f"{uuid.uuid4()}\n")
    jail = Jail(
        home=plot.folder / "home",
        boot_id=boot_id,
        scratch=plot.folder / "tmp",
        etc=ground.etc,
        modules=library(),
        tools=ground.tools(machine),
        links=machine.links,
        trees=machine.trees,
        environment={
            "PATH": path,
            "HOME": USER_HOME,
            "LANG": "C.UTF-8",
            "PYTHONPATH": LIBRARY,
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        # the daemon makes one for the user root, and then forbids them
        nested=machine.bubblewrap.nested or machine.bubblewrap.rooted,
        network=Network.PRIVATE if machine.private else Network.SHARED,
    )
    assert machine.bubblewrap.path is not None  # a jail is only asked of a machine that can build one
    return jail_argv(machine.bubblewrap.path, jail, command, told)


def plain_environment(machine: Machine, ground: Ground, plot: Plot) -> Mapping[str, str]:
    """The variables of an envd without a jail; its login shells get theirs from a profile, which is written here.

    :raises OSError: the disk is full.
    """
    folders = [Path(craft_desktop.__file__).parent.parent, Path(h11.__file__).parent.parent]
    write_profile(machine, ground, plot)
    return {
        "PATH": _plain_path(machine, ground),
        "HOME": str(plot.folder / "home"),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "TMPDIR": str(plot.folder / "tmp"),
        "PYTHONPATH": ":".join(dict.fromkeys(str(folder) for folder in folders)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def write_profile(machine: Machine, ground: Ground, plot: Plot) -> None:
    """The system's own resets PATH in a login shell.

    :raises OSError: the disk is full.
    """
    (plot.folder / "home" / ".profile").write_text(f"export PATH={shlex.quote(_plain_path(machine, ground))}\n")


def _plain_path(machine: Machine, ground: Ground) -> str:
    folders = (ground.tools(machine), *machine.tools)
    return ":".join([*(str(folder) for folder in folders), os.environ.get("PATH", SYSTEM_PATH)])
