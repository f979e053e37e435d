import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.editor import EDITORS, OPENABLE, fill, fill_folder, misfit


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("code -g {file}:{line}:{column}", ["code", "-g", "/p/a b.ts:4:5"]),
        ("'/opt/My Editor/bin' --line {line} {file}", ["/opt/My Editor/bin", "--line", "4", "/p/a b.ts"]),
        ("emacsclient -n +{line}:{column} {file}", ["emacsclient", "-n", "+4:5", "/p/a b.ts"]),
        ("ed {file} {other}", ["ed", "/p/a b.ts", "{other}"]),
    ],
)
def test_a_template_is_filled(template: str, expected: list[str]) -> None:
    assert fill(template, "/p/a b.ts", 4, 5) == expected


def test_what_nobody_knows_is_the_first() -> None:
    assert fill("code {file}:{line}:{column}", "/a.ts", 0, 0) == ["code", "/a.ts:1:1"]


@pytest.mark.parametrize(
    "name",
    [
        "/p/$(touch x).ts",
        "/p/`id`.ts",
        "/p/a;rm -rf ~.ts",
        "/p/a\nb.ts",
        "/p/{line}.ts",
        '/p/"quoted".ts',
        "/p/a b 'c.ts",
        "/p/%F.ts",
    ],
)
def test_nothing_in_a_name_is_read(name: str) -> None:
    assert fill("code -g {file}", name, 7, 1) == ["code", "-g", name]


@given(st.text(min_size=1))
def test_a_name_is_always_one_argument(name: str) -> None:
    assert fill("code -g {file} {line}", name, 7, 1) == ["code", "-g", name, "7"]


@pytest.mark.parametrize(
    ("template", "is_right"),
    [
        ("code -g {file}:{line}", True),
        ("code", False),
        ("code {line}", False),
        ("{file}", False),
        ("'code {file}", False),
        ("   ", False),
    ],
)
def test_a_persons_command_is_looked_at(template: str, is_right: bool) -> None:
    assert (misfit(template) == "") is is_right


def test_every_known_editor_gets_the_file() -> None:
    for editor in EDITORS:
        assert misfit(f"{editor.programs[0]} {editor.arguments}") == ""


def test_what_some_system_would_run_is_not_handed_to_its_opener() -> None:
    assert not OPENABLE & {".js", ".mjs", ".cjs", ".sh", ".desktop", ".bat", ".cmd", ".py", ".html", ".exe", ""}


@pytest.mark.parametrize(
    ("template", "command"),
    [
        ("code -g {file}:{line}:{column}", ["code", "/a b"]),
        ("code --reuse-window --goto {file}:{line}", ["code", "--reuse-window", "/a b"]),
        ("flatpak run org.x.Code -g {file}:{line}", ["flatpak", "run", "org.x.Code", "/a b"]),
        ("konsole -e vim +{line} {file}", ["konsole", "-e", "vim", "/a b"]),
        ("idea --line {line} --column {column} {file}", ["idea", "/a b"]),
        ("emacsclient -n +{line}:{column} {file}", ["emacsclient", "-n", "/a b"]),
        ("'/opt/my editor' {file}", ["/opt/my editor", "/a b"]),
    ],
)
def test_a_folder_has_no_line(template: str, command: list[str]) -> None:
    assert fill_folder(template, "/a b") == command
