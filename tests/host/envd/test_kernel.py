import os
import subprocess
import sys
from pathlib import Path

import pytest

from craft_desktop.host.envd.kernel import inotify_open, inotify_unwatch, inotify_watch


def test_inotify(tmp_path: Path) -> None:
    descriptor = inotify_open()
    try:
        assert not os.get_blocking(descriptor)
        assert not os.get_inheritable(descriptor)
        watch = inotify_watch(descriptor, str(tmp_path), 0x100)
        (tmp_path / "f").touch()
        assert os.read(descriptor, 4096).rstrip(b"\0").endswith(b"f")
        inotify_unwatch(descriptor, watch)
        inotify_unwatch(descriptor, watch)
        with pytest.raises(FileNotFoundError):
            inotify_watch(descriptor, str(tmp_path / "gone"), 0x100)
    finally:
        os.close(descriptor)


def test_process_controls() -> None:
    """In a process of its own, for they cannot be undone."""
    script = (
        "from craft_desktop.host.envd.kernel import adopt_orphans, hide_memory\n"
        "import ctypes, os, subprocess\n"
        "hide_memory(); adopt_orphans()\n"
        "assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0\n"  # PR_GET_DUMPABLE
        "subprocess.run(['/bin/sh', '-c', 'sleep 0.2 &'], check=True)\n"
        "os.waitpid(-1, 0)\n"  # the orphan is ours now
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)
