from pathlib import Path

import pytest

from craft_desktop.ui.drop_words import drop_words


def made(folder: Path, *, is_project: bool = True) -> Path:
    folder.mkdir(parents=True)
    if is_project:
        (folder / "package.json").write_text("{}")
    return folder


@pytest.mark.parametrize(
    ("names", "title", "text"),
    [
        (("shop",), "Drop to open “shop”", "It joins the list. The folder stays where it is."),
        (("shop/package.json",), "Drop to open “shop”", "It joins the list. The folder stays where it is."),
        (("listed",), "Drop to show “listed”", "It is on the list already."),
        (("bad",), "There is no package.json in “bad”", "A project’s folder holds one: drop the folder that does."),
        (("shop", "listed"), "Drop to open 2 projects", "They join the list. The folders stay where they are."),
        (("shop", "bad", "listed"), "Drop to open 2 projects", "“bad” has no package.json and is left out."),
        (
            ("bad", "worse"),
            "There is no package.json in any of them",
            "A project’s folder holds one: drop the folder that does.",
        ),
        (("shop", "bad", "worse"), "Drop to open 1 project", "2 of them have no package.json and are left out."),
    ],
)
def test_what_a_drop_will_do(tmp_path: Path, names: tuple[str, ...], title: str, text: str) -> None:
    for name in ("shop", "listed"):
        made(tmp_path / name)
    for name in ("bad", "worse"):
        made(tmp_path / name, is_project=False)
    told = drop_words([tmp_path / name for name in names], lambda folder: folder.name == "listed", str)
    assert (told.title, told.text) == (title, text)
