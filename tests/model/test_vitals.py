import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.report import Listener, Process
from craft_desktop.model.vitals import MOST_PACKAGES, look_script, read_address, read_vitals

TOLD = """now 1795484683.541219
node v20.20.2
process 27 59908 S npm run dev
inode 27 100
process 39 45812 T node server.js --x y
inode 39 200
inode 39 300
socket 0100007F:0BB8 200
socket 00000000000000000000000000000000:0FA0 300
socket 0100007F:1F90 999
cgroup-max max
cgroup-current
oom-kills 2
MemTotal 1000
MemAvailable 250
disk 2000 500
inodes 100 7
lock held project/.next/dev/lock
installed yes
missing react
missing @acme/ui
end
"""


def test_what_a_look_tells() -> None:
    vitals = read_vitals(TOLD)
    assert vitals.processes == (
        Process(27, 59908 * 1024, "S", "npm run dev"),
        Process(39, 45812 * 1024, "T", "node server.js --x y"),
    )
    # a socket that none of the marked processes holds is somebody else's
    assert vitals.listeners == (
        Listener("127.0.0.1", 3000, 39, "node server.js --x y"),
        Listener("::", 4000, 39, "node server.js --x y"),
    )
    assert (vitals.memory_total, vitals.memory_used, vitals.oom_kills) == (1000 * 1024, 750 * 1024, 2)
    assert (vitals.disk_total, vitals.disk_free, vitals.inodes_free) == (2000 * 1024, 500 * 1024, 7)
    assert vitals.locks == (("project/.next/dev/lock", "held"),)
    assert vitals.is_installed and vitals.missing == ("react", "@acme/ui") and vitals.is_whole


def test_a_sandboxs_own_limit_counts_before_its_machines() -> None:
    vitals = read_vitals("cgroup-max 4096\ncgroup-current 1024\nMemTotal 1000\nMemAvailable 250\n")
    assert (vitals.memory_total, vitals.memory_used) == (4096, 1024)


def test_plug_and_play_has_no_node_modules() -> None:
    vitals = read_vitals("pnp yes\nmissing react\n")
    assert vitals.is_installed and vitals.missing == () and not vitals.is_whole


@pytest.mark.parametrize(
    ("coded", "address"),
    [
        ("0100007F:0BB8", ("127.0.0.1", 3000)),
        ("00000000:0050", ("0.0.0.0", 80)),
        ("00000000000000000000000001000000:0BB8", ("::1", 3000)),
        ("0000000000000000FFFF00000100007F:0BB8", ("127.0.0.1", 3000)),
        ("B80D0120000000000000000001000000:0001", ("2001:db8:0:0:0:0:0:1", 1)),
        ("", None),
        ("zz:0BB8", None),
        ("0100007F:", None),
        ("01:0BB8", None),
    ],
)
def test_addresses_as_the_kernel_writes_them(coded: str, address: tuple[str, int] | None) -> None:
    assert read_address(coded) == address


@given(st.text())
def test_whatever_a_sandbox_prints_is_read(text: str) -> None:
    assert not read_vitals(text).is_whole or "end" in text


@given(st.lists(st.sampled_from(TOLD.splitlines()) | st.text(max_size=40)))
def test_lines_in_any_order_and_broken_are_read(lines: list[str]) -> None:
    read_vitals("\n".join(lines))


def test_only_names_of_packages_reach_the_shell(tmp_path: Path) -> None:
    bad = ["$(touch owned)", "a b", "'; touch owned; '", "../up", "@a/b/c", ""]
    script = look_script("MARK", "it's", "it's/app", [*bad, "react", "@acme/ui"])
    (tmp_path / "it's" / "app").mkdir(parents=True)
    told = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30)
    assert read_vitals(told.stdout).missing == ("react", "@acme/ui")
    assert read_vitals(told.stdout).is_whole and not (tmp_path / "owned").exists()


def test_a_manifest_without_end_is_bounded() -> None:
    script = look_script("M", "a", "a", [f"package{number}" for number in range(5000)])
    assert len(re.findall(r"\bpackage\d", script)) == MOST_PACKAGES
