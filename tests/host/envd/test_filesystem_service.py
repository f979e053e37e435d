import base64
from pathlib import Path

import pytest

from tests.host.envd.driver import Driver


async def test_stat_of_file_folder_and_link(daemon: Driver) -> None:
    (daemon.home / "f.txt").write_text("hello")
    (daemon.home / "f.txt").chmod(0o640)
    (daemon.home / "d").mkdir()
    (daemon.home / "l").symlink_to("f.txt")
    _, answer = await daemon.fs("Stat", path="f.txt")
    entry = answer["entry"]
    assert entry["name"] == "f.txt"
    assert entry["path"] == f"{daemon.home}/f.txt"
    assert (entry["type"], entry["size"], entry["mode"], entry["permissions"]) == (
        "FILE_TYPE_FILE",
        "5",
        0o640,
        "-rw-r-----",
    )
    assert entry["modifiedTime"].endswith("Z")
    _, answer = await daemon.fs("Stat", path="~/d")
    assert (answer["entry"]["type"], answer["entry"]["permissions"]) == ("FILE_TYPE_DIRECTORY", "drwxr-xr-x")
    _, answer = await daemon.fs("Stat", path="l")
    entry = answer["entry"]
    assert (entry["type"], entry["permissions"]) == ("FILE_TYPE_FILE", "Lrwxrwxrwx")
    assert entry["symlinkTarget"] == f"{daemon.home}/f.txt"


@pytest.mark.parametrize("method", ["Stat", "ListDir"])
async def test_missing_is_not_found(daemon: Driver, method: str) -> None:
    status, answer = await daemon.fs(method, path="gone")
    assert (status, answer["code"]) == (404, "not_found")


async def test_make_dir(daemon: Driver) -> None:
    status, answer = await daemon.fs("MakeDir", path="a/b/c")
    assert (status, answer["entry"]["path"]) == (200, f"{daemon.home}/a/b/c")
    status, answer = await daemon.fs("MakeDir", path="a/b/c")
    assert (status, answer["code"]) == (409, "already_exists")
    (daemon.home / "file").touch()
    for path in ("file", "file/below"):
        status, answer = await daemon.fs("MakeDir", path=path)
        assert (status, answer["code"]) == (400, "invalid_argument")


async def test_move_makes_parents_and_replaces(daemon: Driver) -> None:
    (daemon.home / "old").write_text("new")
    (daemon.home / "deep").mkdir()
    (daemon.home / "deep" / "to").write_text("old")
    for source, destination in (("old", "deep/to"), ("deep/to", "other/folder/x")):
        status, answer = await daemon.fs("Move", source=source, destination=destination)
        assert (status, answer["entry"]["path"]) == (200, f"{daemon.home}/{destination}")
    assert (daemon.home / "other/folder/x").read_text() == "new"
    status, answer = await daemon.fs("Move", source="old", destination="x")
    assert (status, answer["code"]) == (404, "not_found")


async def test_list_is_in_order_and_to_a_depth(daemon: Driver) -> None:
    root = daemon.home / "list"
    for folder in ("b/inner", "a"):
        (root / folder).mkdir(parents=True)
    (root / "b" / "f").touch()
    (root / "c").symlink_to("b")
    (root / "broken").symlink_to("nowhere")

    async def names(**message: object) -> list[str]:
        _, answer = await daemon.fs("ListDir", **message)
        return [Path(entry["path"]).relative_to(root).as_posix() for entry in answer["entries"]]

    assert await names(path="list") == ["a", "b", "broken", "c"]
    assert await names(path="list", depth=0) == ["a", "b", "broken", "c"]
    assert await names(path="list", depth=2) == ["a", "b", "b/f", "b/inner", "broken", "c"]
    # A link as the root is entered; what it holds is told below the path that was asked for.
    assert await names(path="list/c") == ["c/f", "c/inner"]
    status, answer = await daemon.fs("ListDir", path="list/b/f")
    assert (status, answer["code"]) == (400, "invalid_argument")


async def test_remove(daemon: Driver) -> None:
    (daemon.home / "tree/deep").mkdir(parents=True)
    (daemon.home / "tree/deep/file").touch()
    (daemon.home / "kept").mkdir()
    (daemon.home / "link").symlink_to("kept")
    for path in ("tree", "link", "never-there", "tree/deep"):
        assert await daemon.fs("Remove", path=path) == (200, {})
    assert sorted(path.name for path in daemon.home.iterdir()) == ["kept", "root"]


async def test_names_that_are_not_text(daemon: Driver) -> None:
    (daemon.home / "odd").mkdir()
    (daemon.home / "odd" / "bad\udcff").touch()
    (daemon.home / "odd" / "näme \n'\"").touch()
    _, answer = await daemon.fs("ListDir", path="odd")
    assert [entry["name"] for entry in answer["entries"]] == ["bad�", "näme \n'\""]


async def test_bad_requests(daemon: Driver) -> None:
    for path in ("~other/x", "nul\0"):
        status, answer = await daemon.fs("Stat", path=path)
        assert (status, answer["code"]) == (400, "invalid_argument")
    status, answer = await daemon.fs("Stat", path=5)
    assert (status, answer["code"]) == (400, "invalid_argument")
    unknown = {"Authorization": "Basic " + base64.b64encode(b"ghost:").decode()}
    status, answer = await daemon.call("filesystem.Filesystem/Stat", {"path": ""}, unknown)
    assert (status, answer["code"]) == (401, "unauthenticated")
    status, answer = await daemon.fs("Nonsense")
    assert (status, answer["code"]) == (501, "unimplemented")
