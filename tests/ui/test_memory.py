import os
import subprocess
import sys
from pathlib import Path

from craft_desktop.model.memory import Memory
from craft_desktop.ui.memory import read_memory, read_process


def test_the_system_tells_its_memory_and_ours() -> None:
    memory = read_memory()
    assert memory is not None and 0 < memory.available <= memory.total
    own = read_process(os.getpid())
    assert own is not None and 1_000_000 < own < memory.total


def test_where_nothing_is_told_nothing_is_known(tmp_path: Path) -> None:
    assert read_memory(tmp_path) is None
    assert read_process(0) is None and read_process(-1) is None and read_process(2**22 + 1) is None
    (tmp_path / "meminfo").write_text("MemTotal: lots kB\nMemAvailable:\nHugePages: 3\n")
    assert read_memory(tmp_path) is None
    (tmp_path / "meminfo").write_text("MemTotal:  8 kB\nMemFree: 1 kB\nMemAvailable: 0 kB\n")
    assert read_memory(tmp_path) == Memory(8192, 0)


def test_a_process_is_counted_without_the_files_it_shares(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "status").write_text("Name:\tx\nRssAnon:\t 30 kB\nRssFile:\t 900 kB\nRssShmem:\t 2 kB\n")
    assert read_process(7, tmp_path) == 32 * 1024
    (tmp_path / "7" / "smaps_rollup").write_text(
        "55d0-7ffc ---p 0 00:00 0 [rollup]\nRss: 932 kB\nPss_Anon: 11 kB\nPss_File: 80 kB\nPss_Shmem: 1 kB\n"
    )
    assert read_process(7, tmp_path) == 12 * 1024


COPIES = """
import os, sys
block = bytearray(os.urandom(1)) * 64_000_000
copy = os.fork()
if copy == 0:
    sys.stdin.buffer.raw.read(1)  # ends with the one it is a copy of
    os._exit(0)
print(os.getpid(), copy, flush=True)
sys.stdin.buffer.raw.read(1)
"""


def test_what_copies_of_a_process_share_counts_once() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", COPIES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        sizes = [read_process(pid) or 0 for pid in pids]
        process.stdin.close()
    assert len(sizes) == 2 and 64_000_000 < sum(sizes) < 100_000_000, sizes
