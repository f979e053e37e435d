from pathlib import Path

from craft_desktop.sync.ignore import IgnoreRules
from craft_desktop.sync.snapshot import DIRECTORY, Entry, Kind, file_entry
from craft_desktop.sync.walk import Walk


def test_a_link_in_the_place_of_a_folder_is_not_entered(folder: Path) -> None:
    walk = Walk(folder, {}, IgnoreRules(), {})
    (folder / "elsewhere").symlink_to("app")
    walk.descend("elsewhere", ())
    assert not walk.entries
    assert not walk.folders
    assert not walk.unread


def test_a_folder_that_goes_while_it_is_found_is_none(folder: Path) -> None:
    class Removing(dict[str, Entry]):
        def get(self, relpath: str, default: object = None) -> None:  # type: ignore[override]
            if relpath == "empty":
                (folder / "empty").rmdir()

    (folder / "empty").mkdir()
    walk = Walk(folder, Removing(), IgnoreRules(), {})
    walk.descend("", ())
    assert walk.folders == ("app",)
    assert "empty" not in walk.entries


def test_a_file_in_doubt_is_not_carried_over(folder: Path) -> None:
    known = file_entry((folder / "package.json").stat(), "0")
    for entry in (known, known.in_doubt()):
        walk = Walk(folder, {"package.json": entry}, IgnoreRules(), {})
        walk.visit("package.json")
        assert (walk.entries["package.json"] is entry) is (entry is known)


def test_one_path_and_all_below(folder: Path) -> None:
    walk = Walk(folder, {}, IgnoreRules(), {})
    walk.visit("app")
    walk.visit("app/none")
    assert walk.entries["app"] is DIRECTORY
    assert {at: entry.kind for at, entry in walk.entries.items() if at != "app"} == {
        "app/page.tsx": Kind.FILE,
        "app/layout.tsx": Kind.FILE,
    }
