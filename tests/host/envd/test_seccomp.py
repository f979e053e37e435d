"""Each call is tried in a process with the filter around it; what is not refused has its ordinary answer."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from craft_desktop.host.envd import seccomp

REPOSITORY = Path(seccomp.__file__).parents[3]
SETUP = """
import ctypes, errno, fcntl, os, subprocess, sys, termios, threading
from craft_desktop.host.envd.seccomp import Secret, enter_user_namespace, forbid, pretend_owners, _here
libc = ctypes.CDLL(None, use_errno=True)
here, secret = _here(), Secret(0x11111111, 0x22222222)
def call(number, *words):
    ctypes.set_errno(0)
    done = libc.syscall(ctypes.c_long(number), *(ctypes.c_uint64(word) for word in words))
    return errno.errorcode[ctypes.get_errno()] if done < 0 else "done"
forbid(secret)
"""


def told(script: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", SETUP + script],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        cwd="/",
        env={"PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"]},
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


@pytest.fixture(autouse=True)
def _there_is_a_filter() -> None:
    if os.uname().machine not in seccomp._ARCHITECTURES:
        pytest.skip("there is no filter for this architecture")


def test_what_is_of_no_use_in_a_sandbox_is_refused() -> None:
    here = seccomp._here()
    numbers = [*here.refused, *seccomp._REFUSED_EVERYWHERE]
    assert told(f"print(*[call(each, 0, 0, 0, 0, 0) for each in {numbers}])") == ["EPERM"] * len(numbers)
    assert told("print(call(435, 0, 0))") == ["ENOSYS"]


def test_no_namespace_is_made_in_any_way() -> None:
    bits = [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]
    # the upper half of a word is not the kernel's: it is no way round
    flags = [*bits, 0x80, 0x10000000 | 17, 1 << 40 | 0x10000000]
    assert told(f"print(*[call(here.unshare, each) for each in {flags}])") == ["EPERM"] * len(flags)
    flags.remove(0x80)
    assert told(f"print(*[call(here.clone, each, 0, 0, 0, 0) for each in {flags}])") == ["EPERM"] * len(flags)
    assert told("print(call(here.unshare, 0x600))") == ["done"]  # files and folders of its own: no namespace


def test_a_namespace_is_entered_by_the_secret_alone() -> None:
    script = """
own = os.open("/proc/self/ns/user", os.O_RDONLY)
print(call(here.setns, own, 0x10000000), call(here.setns, 0x11111111 << 32 | own, 0x10000000))
print(call(here.setns, own, 0x22222222 << 32 | 0x10000000))
print(call(here.setns, 0x11111111 << 32 | own, 0x22222222 << 32 | 0x10000000))
try:
    enter_user_namespace(own, secret)
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    # the kernel's own answer to entering the namespace that one is in
    assert told(script) == ["EPERM", "EPERM", "EPERM", "EINVAL", "EINVAL"]


def test_nothing_is_typed_into_a_terminal() -> None:
    script = """
ours, theirs = os.openpty()
for request in (termios.TIOCSTI, 0x541C):
    try:
        fcntl.ioctl(theirs, request, b"x")
    except OSError as error:
        print(errno.errorcode[error.errno])
print(len(fcntl.ioctl(theirs, termios.TIOCGWINSZ, b"12345678")))
"""
    assert told(script) == ["EPERM", "EPERM", "8"]


def test_programs_and_threads_run_on() -> None:
    script = """
at_work = threading.Thread(target=print, args=("thread",))
at_work.start()
at_work.join()
print(subprocess.run(["sh", "-c", "echo program | cat"], capture_output=True, text=True).stdout, os.fork() >= 0)
"""
    assert sorted(set(told(script))) == ["True", "program", "thread"]


def test_owners_are_changed_in_name_only(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    script = f"""
pretend_owners()
os.chown({str(tmp_path / "mine")!r}, 7, 7)
os.lchown({str(tmp_path / "mine")!r}, 7, 7)
with open({str(tmp_path / "mine")!r}) as file:
    os.fchown(file.fileno(), 7, 7)
print(call(here.unshare, 0x10000000))
"""
    assert told(script) == ["EPERM"]
    assert (tmp_path / "mine").stat().st_uid == os.getuid()


def test_elsewhere_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp, "_ARCHITECTURES", {})
    with pytest.raises(OSError) as refused:
        seccomp.forbid(seccomp.new_secret())
    assert refused.value.errno == errno.ENOSYS


def test_no_two_secrets_are_the_same() -> None:
    assert seccomp.new_secret() != seccomp.new_secret()
