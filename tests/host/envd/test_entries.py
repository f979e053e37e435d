import stat
from pathlib import Path

import pytest

from craft_desktop.host.envd.entries import entry_info, go_mode


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (stat.S_IFREG | 0o644, "-rw-r--r--"),
        (stat.S_IFDIR | 0o755, "drwxr-xr-x"),
        (stat.S_IFLNK | 0o777, "Lrwxrwxrwx"),
        (stat.S_IFDIR | stat.S_ISVTX | 0o777, "dtrwxrwxrwx"),
        (stat.S_IFREG | stat.S_ISUID | 0o755, "urwxr-xr-x"),
        (stat.S_IFIFO | 0o600, "prw-------"),
        (stat.S_IFSOCK | 0o600, "Srw-------"),
        (stat.S_IFCHR | 0o666, "Dcrw-rw-rw-"),
        (stat.S_IFBLK | 0o660, "Drw-rw----"),
    ],
)
def test_modes_as_go_writes_them(mode: int, text: str) -> None:
    assert go_mode(mode) == text


def test_links(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("d")
    entry = entry_info(tmp_path / "one")
    assert (entry["type"], entry["symlinkTarget"]) == ("FILE_TYPE_DIRECTORY", str(tmp_path / "d"))
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "broken").symlink_to("gone")
    for name in ("loop", "broken"):
        assert entry_info(tmp_path / name)["type"] == "FILE_TYPE_SYMLINK"


def test_root_has_a_name() -> None:
    assert entry_info(Path("/"))["name"] == "/"
