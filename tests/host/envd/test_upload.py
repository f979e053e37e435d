import os
from pathlib import Path

import pytest

from craft_desktop.host.envd.faults import HttpFault
from craft_desktop.host.envd.upload import Batch, _move_across, _write_in_place, is_staging


def _unheard(path: str) -> None:
    """Where nothing is watched."""


async def test_nothing_shows_before_the_commit(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "f").write_text("old")
    with Batch(home, {}, _unheard) as batch:
        batch.begin(str(home / "f"))
        batch.write(b"ne")
        batch.write(b"w")
        batch.finish()
        assert (home / "f").read_text() == "old"
        assert await batch.commit() == [str(home / "f")]
        assert (home / "f").read_text() == "new"
    assert not list((home / ".cache/craft-desktop").iterdir())


async def test_broken_off(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(ZeroDivisionError), Batch(tmp_path / "home", {}, _unheard) as batch:
        batch.begin(str(tmp_path / "home" / "a"))
        batch.finish()
        batch.begin(str(tmp_path / "elsewhere" / "b"))
        batch.write(b"x")
        raise ZeroDivisionError
    assert not list((tmp_path / "home/.cache/craft-desktop").iterdir())
    assert not list((tmp_path / "elsewhere").iterdir())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_home_behind_a_link_stages_within_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "home").symlink_to("real")
    with Batch(tmp_path / "home", {}, _unheard) as batch:
        batch.begin(str(tmp_path / "home" / "d" / "f"))
        assert [path.name for path in (tmp_path / "real" / "d").iterdir()] == []
        batch.finish()
        await batch.commit()
    assert (tmp_path / "real/d/f").exists()


async def test_dangling_link_is_filled(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    with Batch(tmp_path, {}, _unheard) as batch:
        batch.begin(str(tmp_path / "link"))
        batch.write(b"1")
        batch.finish()
        await batch.commit()
    assert (tmp_path / "target").read_bytes() == b"1"


def test_same_path_twice(tmp_path: Path) -> None:
    with Batch(tmp_path, {}, _unheard) as batch:
        batch.begin(str(tmp_path / "a"))
        batch.finish()
        with pytest.raises(HttpFault, match="multiple files"):
            batch.begin(str(tmp_path / "a"))


def test_in_place_replaces_the_metadata(tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "t"
    source.write_text("new")
    target.write_text("old")
    try:
        os.setxattr(source, "user.e2b.k", b"new")
        os.setxattr(target, "user.e2b.gone", b"old")
    except OSError:
        pytest.skip("no extended attributes on this file system")
    _write_in_place(str(source), str(target))
    assert target.read_text() == "new"
    assert os.listxattr(target) == ["user.e2b.k"]


def test_across_file_systems_nothing_half_is_seen(tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "d" / "t"
    target.parent.mkdir()
    source.write_text("new")
    source.chmod(0o750)
    target.write_text("old")
    with target.open() as reader:
        _move_across(str(source), str(target))
        assert reader.read() == "old"
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", 0o750)
    assert list(target.parent.iterdir()) == [target]


async def test_each_file_is_announced_before_it_lands(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "old").touch()
    heard: list[tuple[str, str]] = []

    def hear(path: str) -> None:
        heard.append((path, Path(path).read_text() if Path(path).exists() else "none"))

    with Batch(tmp_path, {}, hear) as batch:
        for name in ("old", "new"):
            batch.begin(str(tmp_path / "link" / name))
            batch.finish()
        assert heard == []
        await batch.commit()
    assert heard == [(f"{tmp_path}/real/old", ""), (f"{tmp_path}/real/new", "none")]


async def test_what_comes_into_a_new_folder_meanwhile_is_replaced_but_never_gone_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("theirs")
    with Batch(tmp_path, {}, _unheard) as batch:
        for name in ("a", "b", "c"):
            batch.begin(f"{tmp_path}/new/deep/{name}")
            batch.write(b"ours")
            batch.finish()
        (tmp_path / "new/deep/b").symlink_to("../../elsewhere")
        (tmp_path / "new/deep/c").write_text("theirs")
        await batch.commit()
    assert {path.name: path.read_text() for path in (tmp_path / "new/deep").iterdir()} == dict.fromkeys("abc", "ours")
    assert (tmp_path / "elsewhere").read_text() == "theirs"


@pytest.mark.parametrize("first", ["new/a/f", "new/a/b/f"])
def test_a_file_in_place_of_a_folder_of_the_same_request_is_refused_at_once(tmp_path: Path, first: str) -> None:
    with Batch(tmp_path, {}, _unheard) as batch:
        for name in ("new/x", first):
            batch.begin(f"{tmp_path}/{name}")
            batch.finish()
        with pytest.raises(HttpFault, match="directory"):
            batch.begin(f"{tmp_path}/new/a")


async def test_a_folder_that_comes_into_a_new_one_meanwhile_is_told(tmp_path: Path) -> None:
    with pytest.raises(HttpFault), Batch(tmp_path, {}, _unheard) as batch:
        batch.begin(f"{tmp_path}/new/a")
        batch.finish()
        (tmp_path / "new/a").mkdir()
        await batch.commit()
    assert (tmp_path / "new/a").is_dir()
    assert not list((tmp_path / ".cache/craft-desktop").iterdir())


@pytest.mark.parametrize(
    ("relpath", "expected"),
    [
        (".cache/craft-desktop", True),
        (".cache/craft-desktop/upload-1/2", True),
        ("user/.cache/craft-desktop/x", True),
        ("d/.craft-upload-0a", True),
        (".cache", False),
        (".cache/craft-desktops", False),
        ("craft-upload-x", False),
    ],
)
def test_what_uploads_pass_through_is_known_by_name(relpath: str, expected: bool) -> None:
    assert is_staging(relpath) is expected
