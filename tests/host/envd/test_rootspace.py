"""In a jail as the host builds it, but for --disable-userns, which the daemon's own filter stands for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import craft_desktop
from tests.host.envd.driver import make_library

JAIL = ("--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid", "--as-pid-1", "--die-with-parent")
SCRIPT = """
import subprocess, sys
from craft_desktop.host.envd.rootspace import make_root_space
from craft_desktop.host.envd.seccomp import forbid, new_secret
secret = new_secret()
become_root = make_root_space(secret)
forbid(secret)
if become_root is None:
    sys.exit(77)
asleep = subprocess.Popen(["sleep", "60"], preexec_fn=become_root)
for in_child in (become_root, None):
    subprocess.run(["sh", "-c", sys.argv[1], "sh", str(asleep.pid)], preexec_fn=in_child)
"""
COMMAND = """
echo id $(id -u) $(id -g) $(whoami)
grep -h Cap /proc/self/status | sort -u -k2
unshare -U true 2>/dev/null && echo a namespace was made
unshare -m true 2>/dev/null && echo mounts were taken
nsenter -U --preserve-credentials -t $1 true 2>/dev/null && echo the namespace of root was entered
nsenter -U --preserve-credentials -t $1 unshare -m true 2>/dev/null && echo mounts were taken with its rights
kill -9 1
touch /tmp/$(whoami)
"""


def jailed(folder: Path, script: str = SCRIPT, *options: str) -> "subprocess.CompletedProcess[str]":
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        pytest.skip("there is no bubblewrap here")
    (folder / "passwd").write_text("root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n")
    (folder / "script.py").write_text(script)
    library, shown = make_library(folder / "lib"), {sys.base_prefix, str(Path(craft_desktop.__file__).parents[1])}
    shown |= {str(each.resolve().parent) for each in library.iterdir()}
    argv = [bubblewrap, *JAIL, *options, "--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for name in ("bin", "lib", "lib64", "sbin"):
        if Path("/", name).is_symlink():
            argv += ["--symlink", f"usr/{name}", f"/{name}"]
        elif Path("/", name).exists():
            argv += ["--ro-bind", f"/{name}", f"/{name}"]
    argv += ["--ro-bind", str(folder / "passwd"), "/etc/passwd", "--bind", str(folder), "/tmp"]
    for tree in sorted(shown):
        argv += ["--ro-bind", tree, tree]
    interpreter = str(Path(sys.executable).resolve())
    argv += ["--setenv", "PYTHONPATH", "/tmp/lib", "--", interpreter, "-s", "-S", "/tmp/script.py", COMMAND]
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)


def test_root_has_the_name_and_nothing_else(tmp_path: Path) -> None:
    ran = jailed(tmp_path)
    if ran.returncode == 77 or "bwrap:" in ran.stderr:
        pytest.skip(f"no namespaces in namespaces here: {ran.stderr[-300:]}")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert [line for line in lines if line.startswith("id")] == ["id 0 0 root", "id 1000 1000 user"]
    root = lines[: lines.index("id 1000 1000 user")]
    assert root[1:] == ["CapInh:\t0000000000000000"], "every set is empty, and nothing else was told"
    assert not [line for line in lines if "made" in line or "taken" in line or "entered" in line]
    assert (tmp_path / "root").stat().st_uid == (tmp_path / "user").stat().st_uid


def test_without_the_filter_the_rights_of_root_could_be_had(tmp_path: Path) -> None:
    """Why the two go together: what the test above finds closed is found open here."""
    ran = jailed(tmp_path, SCRIPT.replace("\nforbid(secret)", "\n"))
    if ran.returncode == 77 or "bwrap:" in ran.stderr:
        pytest.skip(f"no namespaces in namespaces here: {ran.stderr[-300:]}")
    assert "mounts were taken with its rights" in ran.stdout


def test_where_no_namespace_can_be_made_there_is_no_root(tmp_path: Path) -> None:
    ran = jailed(tmp_path, SCRIPT, "--disable-userns")
    if "bwrap:" in ran.stderr:
        pytest.skip("bubblewrap cannot run here, or is older than 0.8")
    assert ran.returncode == 77, ran.stderr
