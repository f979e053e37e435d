import os
import socket
from pathlib import Path

from craft_desktop.host.ground import Ground, sweep
from craft_desktop.host.machine import Machine


def test_a_run_has_its_folder_and_leaves_nothing(tmp_path: Path, this_machine: Machine) -> None:
    with Ground(tmp_path / "deep" / "state", this_machine) as ground:
        plot = ground.plot("c1")
        assert (plot / "home").is_dir() and (plot / "tmp").is_dir()
        assert ground.folder.stat().st_mode & 0o777 == 0o700
        assert "user:x:1000" in (ground.etc / "passwd").read_text()
    assert list((tmp_path / "deep" / "state").iterdir()) == []


def test_a_socket_is_reached_however_long_the_path(tmp_path: Path, this_machine: Machine) -> None:
    with Ground(tmp_path / ("x" * 200), this_machine) as ground, ground.listen("c1") as listener:
        assert not listener.get_inheritable()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(ground.address("c1"))
        ground.forget("c1")
        ground.forget("c1")


def test_leftovers_go_and_the_living_stay(tmp_path: Path, this_machine: Machine) -> None:
    dead = tmp_path / "run-dead"
    (dead / "b").mkdir(parents=True)
    (dead / "lock").touch()
    other = tmp_path / "else"
    other.mkdir()
    with Ground(tmp_path, this_machine) as living:
        assert not dead.exists()
        sweep(tmp_path)
        assert living.folder.exists()
    assert list(tmp_path.iterdir()) == [other]


def test_a_tree_goes_however_deep_it_is(tmp_path: Path, this_machine: Machine) -> None:
    """Deeper than Python recurses, than one may have open, and than a path may be long."""
    tree = tmp_path / "run-dead"
    tree.mkdir()
    (tree / "lock").touch()
    here = os.open(tree, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=inner))
        os.fchmod(inner, 0o700)
        os.close(here)
        here = inner
    os.fchmod(here, 0)
    os.close(here)
    with Ground(tmp_path, this_machine):
        assert not tree.exists()


def test_the_folder_is_not_reachable_by_others(ground: Ground) -> None:
    assert ground.folder.stat().st_mode & 0o077 == 0
