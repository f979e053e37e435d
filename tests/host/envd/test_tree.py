import os
import subprocess

from craft_desktop.host.envd.tree import descendants, kill_descendants, parents


def test_finds_and_kills_grandchildren() -> None:
    with subprocess.Popen(["/bin/sh", "-c", "sleep 1000 & echo $!; wait"], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        assert parents()[grandchild] == child.pid
        found = descendants(os.getpid())
        assert found.index(child.pid) < found.index(grandchild)
        assert descendants(child.pid) == [grandchild]
        assert kill_descendants(child.pid) == 1
        child.kill()
    assert child.pid not in parents()


def test_a_name_may_hold_anything(tmp_path: object) -> None:
    with subprocess.Popen(
        ["/bin/sh", "-c", "printf 'x) R 1 (y' > /proc/$$/comm; echo; exec 0<&1; read x"],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert parents()[child.pid] == os.getpid()
        child.kill()
