import fcntl
import os
import struct
import termios
from pathlib import Path

import pytest

from craft_desktop.host.envd.spawn import spawn_with_pipes, spawn_with_terminal


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_pipes() -> None:
    spawned = spawn_with_pipes(["/bin/cat"], {}, "/", stdin=True)
    assert spawned.stdin is not None
    os.write(spawned.stdin, b"hello")
    os.close(spawned.stdin)
    assert os.waitpid(spawned.pid, 0)[1] == 0
    out = next(descriptor for descriptor, name in spawned.outputs.items() if name == "stdout")
    assert os.read(out, 100) == b"hello"
    for descriptor in spawned.outputs:
        assert not os.get_blocking(descriptor)
        os.close(descriptor)


def test_terminal_is_the_controlling_one() -> None:
    spawned = spawn_with_terminal(["/bin/sh", "-c", "exec 3</dev/tty; sleep 0.1"], {}, "/", 81, 25)
    assert spawned.terminal is not None
    size = fcntl.ioctl(spawned.terminal, termios.TIOCGWINSZ, b"\0" * 8)
    assert struct.unpack("HHHH", size)[:2] == (25, 81)
    assert os.waitpid(spawned.pid, 0)[1] == 0
    os.close(spawned.terminal)


@pytest.mark.parametrize(("argv", "cwd"), [(["/no/such"], "/"), (["/bin/true"], "/no/such"), (["/etc/passwd"], "/")])
def test_failure_leaks_nothing(argv: list[str], cwd: str) -> None:
    before = _open_descriptors()
    with pytest.raises(OSError, match=r"No such file|Permission"):
        spawn_with_pipes(argv, {}, cwd, stdin=True)
    with pytest.raises(OSError, match=r"No such file|Permission"):
        spawn_with_terminal(argv, {}, cwd, 80, 24)
    with pytest.raises(ValueError, match="null byte"):
        spawn_with_pipes(["/bin/true", "\0"], {}, "/", stdin=False)
    assert _open_descriptors() == before
