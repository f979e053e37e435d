"""In a jail as the host builds it, but for --disable-userns, which the daemon's own seal stands for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import craft_desktop
from tests.host.envd.driver import make_library

JAIL = ("--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid", "--as-pid-1", "--die-with-parent")
CAPABILITIES = ("--cap-drop", "ALL", "--cap-add", "CAP_SYS_RESOURCE")
SCRIPT = """
import subprocess, sys
from craft_desktop.host.envd.rootspace import make_root_space
become_root = make_root_space()
if become_root is None:
    sys.exit(77)
for in_child in (become_root, None):
    subprocess.run(["sh", "-c", sys.argv[1]], preexec_fn=in_child)
root = subprocess.Popen(["sleep", "1000"], preexec_fn=become_root)
enter = ["nsenter", "--preserve-credentials", "--user", f"--target={root.pid}"]
subprocess.run([*enter, "sh", "-c", sys.argv[2]])
root.kill()
"""
COMMAND = """
echo id $(id -u) $(id -g) $(whoami)
grep -h Cap /proc/self/status | sort -u -k2
unshare -U true 2>/dev/null && echo a namespace was made
unshare -m true 2>/dev/null && echo mounts were taken
kill -9 1
test -w /proc/sys/user/max_user_namespaces && echo the seal can be broken
touch /tmp/$(whoami)
"""
# What a process of the sandbox does that went into the namespace of a running root command: it has all capabilities.
INTRUDER = """
grep -h CapEff /proc/self/status
for kind in mount net pid ipc uts cgroup user time; do unshare --$kind true 2>/dev/null && echo $kind was made; done
mount -t tmpfs none /tmp 2>/dev/null && echo mounted
echo 5 2>/dev/null > /proc/sys/user/max_mnt_namespaces && unshare --mount true 2>/dev/null && echo the seal was broken
true
"""


def jailed(folder: Path, *capabilities: str) -> "subprocess.CompletedProcess[str]":
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        pytest.skip("there is no bubblewrap here")
    (folder / "passwd").write_text("root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n")
    (folder / "script.py").write_text(SCRIPT)
    library, shown = make_library(folder / "lib"), {sys.base_prefix, str(Path(craft_desktop.__file__).parents[1])}
    shown |= {str(each.resolve().parent) for each in library.iterdir()}
    argv = [bubblewrap, *JAIL, *capabilities, "--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for name in ("bin", "lib", "lib64", "sbin"):
        if Path("/", name).is_symlink():
            argv += ["--symlink", f"usr/{name}", f"/{name}"]
        elif Path("/", name).exists():
            argv += ["--ro-bind", f"/{name}", f"/{name}"]
    argv += ["--ro-bind", str(folder / "passwd"), "/etc/passwd", "--bind", str(folder), "/tmp"]
    for tree in sorted(shown):
        argv += ["--ro-bind", tree, tree]
    interpreter = str(Path(sys.executable).resolve())
    argv += ["--setenv", "PYTHONPATH", "/tmp/lib", "--", interpreter, "-s", "-S", "/tmp/script.py", COMMAND, INTRUDER]
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)


def test_root_has_the_name_and_nothing_else(tmp_path: Path) -> None:
    ran = jailed(tmp_path, *CAPABILITIES)
    if ran.returncode == 77 or "bwrap:" in ran.stderr:
        pytest.skip(f"no namespaces in namespaces here: {ran.stderr[-300:]}")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert [line for line in lines if line.startswith("id")] == ["id 0 0 root", "id 1000 1000 user"]
    intruder = next(
        number for number, line in enumerate(lines) if line.startswith("CapEff") and not line.endswith("00")
    )
    assert lines[intruder + 1 :] == [], "whoever goes in has every right, over nothing"
    root = lines[: lines.index("id 1000 1000 user")]
    assert root[1:] == ["CapInh:\t0000000000000000"], "every set is empty, and nothing else was told"
    assert not [line for line in lines if "made" in line or "taken" in line or "broken" in line]
    assert (tmp_path / "root").stat().st_uid == (tmp_path / "user").stat().st_uid


def test_a_door_that_cannot_be_shut_ends_it(tmp_path: Path) -> None:
    ran = jailed(tmp_path, "--cap-drop", "ALL")
    if "bwrap:" in ran.stderr:
        pytest.skip("bubblewrap cannot run here")
    assert ran.returncode == 1
    assert "Permission" in ran.stderr
    assert ran.stdout == ""
