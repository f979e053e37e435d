"""Projects that hold anything: nothing is followed, opened or read for ever."""

import os
import time
from pathlib import Path

from craft_desktop.model.letters import find_mismatches
from craft_desktop.workbench import source_tree
from craft_desktop.workbench.source_tree import LIMIT_S, LONGEST_SOURCE_BYTES, MOST_IMPORTS, read_file, read_source

CODE = "export const a = process.env.KEY.length;\nimport b from './B';\n"


def test_what_a_person_wrote_is_read_and_what_a_tool_made_is_not(tmp_path: Path) -> None:
    for name in ("app/page.tsx", "node_modules/x/a.ts", ".next/a.js", "dist/a.js", "a.test.ts", "tests/a.ts", "a.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CODE)
    tree = read_source(tmp_path)
    assert [read.place.path for read in tree.reads] == ["app/page.tsx"]
    assert [each.place.path for each in tree.imports] == ["app/page.tsx"]
    assert sorted(tree.files) == ["a.test.ts", "a.txt", "app/page.tsx"]
    assert tree.sources == 1 and tree.is_whole


def test_links_pipes_devices_and_binaries(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.ts").write_text("process.env.OUTSIDE_KEY.length")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "away").symlink_to(outside)
    (inside / "file.ts").symlink_to(outside / "secret.ts")
    (inside / "round").symlink_to(inside)
    os.mkfifo(inside / "pipe.ts")
    (inside / "binary.ts").write_bytes(b"process.env.BINARY_KEY.length\0" + os.urandom(2000))
    (inside / "latin.ts").write_bytes(b"const a = '\xe9'; process.env.LATIN_KEY.length")
    (inside / "large.ts").write_bytes(b"process.env.LARGE_KEY.length;" + b"x" * LONGEST_SOURCE_BYTES)
    began = time.monotonic()
    tree = read_source(inside)
    assert time.monotonic() - began < LIMIT_S
    assert [read.name for read in tree.reads] == ["LATIN_KEY"] and tree.is_whole
    assert read_file(inside / "pipe.ts") is None and read_file(inside / "file.ts") is None
    assert read_file(inside / "nowhere.ts") is None and read_file(inside) is None


def test_a_gigabyte_of_source_and_a_deep_tree_end_in_time(tmp_path: Path) -> None:
    shared = tmp_path / "app"
    shared.mkdir()
    big = shared / "0.ts"
    with big.open("wb") as file:  # sparse: 1 GB that takes no room
        file.truncate(1_000_000_000)
    deep = tmp_path
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "a.ts").write_text(CODE)
    for number in range(1500):
        (shared / f"{number}x.ts").write_text(CODE * 20)
    began = time.monotonic()
    tree = read_source(tmp_path)
    assert time.monotonic() - began < LIMIT_S + 0.5
    assert not tree.is_whole  # it says that it left something out


def test_imports_without_end_are_bounded(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number}.ts").write_text('import a from "./Nowhere/a";\n' * 8_000)
    tree = read_source(tmp_path)
    assert MOST_IMPORTS <= len(tree.imports) < MOST_IMPORTS + 8_000 and not tree.is_whole
    began = time.process_time()
    assert find_mismatches(tree.imports, tree.files) == []
    assert time.process_time() - began < 3.0  # of processor time; some 0.6 s on a quiet machine


def test_each_bound_is_told(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.ts").write_text(CODE)
    assert read_source(tmp_path).sources == 30
    late = iter([0.0, *([0.0] * 5), *([100.0] * 100)])
    tree = read_source(tmp_path, lambda: next(late))
    assert 0 < tree.sources < 30 and not tree.is_whole


def test_bounds_are_above_what_projects_have() -> None:
    assert source_tree.MOST_SOURCES >= 6_000 and source_tree.MOST_FILES > source_tree.MOST_SOURCES
