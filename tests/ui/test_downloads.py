from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from craft_desktop.ui.preview_pane import PreviewPane
from tests.ui.pages import WAIT_MS, answer, engine, go
from tests.ui.web_site import Site


def dialogs() -> list[QFileDialog]:
    return [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QFileDialog)]


def dialog(qtbot: QtBot) -> QFileDialog:
    qtbot.waitUntil(lambda: bool(dialogs()), timeout=WAIT_MS)
    found = dialogs()[0]
    assert found.objectName() == "downloadDialog" and not found.isModal()
    return found


def finish(found: QFileDialog, path: Path | None) -> None:
    if path is not None:
        found.fileSelected.emit(str(path))
    found.done(int(path is not None))


def test_a_download_is_saved_where_a_person_says(
    qtbot: QtBot, preview: PreviewPane, site: Site, tmp_path: Path
) -> None:
    go(qtbot, preview, "")
    engine(preview).page.runJavaScript("document.getElementById('file').click()")
    words = answer(qtbot, preview, is_yes=True)
    assert words == "The page offers the file “x.bin” (10 B)."
    found = dialog(qtbot)
    assert [Path(name).name for name in found.selectedFiles()] == ["x.bin"]
    target = tmp_path / "mine.bin"
    finish(found, target)
    qtbot.waitUntil(lambda: "Saved mine.bin" in preview.line.words, timeout=WAIT_MS)
    assert target.read_bytes() == b"x" * 10 and not target.stat().st_mode & 0o111
    assert site.hits.count("/download") == 2 and list(tmp_path.rglob("x.bin")) == []


@pytest.mark.parametrize("is_asked_where", [False, True])
def test_nothing_is_saved_without_a_yes(
    qtbot: QtBot, preview: PreviewPane, site: Site, tmp_path: Path, is_asked_where: bool
) -> None:
    go(qtbot, preview, "")
    for _ in range(2):
        engine(preview).page.runJavaScript("document.getElementById('file').click()")
        answer(qtbot, preview, is_yes=is_asked_where)
        if is_asked_where:
            finish(dialog(qtbot), None)
            qtbot.waitUntil(lambda: not dialogs(), timeout=WAIT_MS)
    assert site.hits.count("/download") == 2
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"x" * 10]


def test_a_flood_of_downloads_is_one_question(qtbot: QtBot, preview: PreviewPane, tmp_path: Path) -> None:
    go(qtbot, preview, "downloads", "offered")
    words = answer(qtbot, preview, is_yes=True)
    assert words.startswith("The page offers the file “bash0gpj.sh”") and preview.line.current is None
    target = tmp_path / "one.txt"
    finish(dialog(qtbot), target)
    qtbot.waitUntil(target.exists, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "Saved" in preview.line.words, timeout=WAIT_MS)
    assert target.read_bytes() == b"x" * 1000 and not target.stat().st_mode & 0o111


def test_what_cannot_be_written_is_told(qtbot: QtBot, preview: PreviewPane, tmp_path: Path) -> None:
    go(qtbot, preview, "")
    engine(preview).page.runJavaScript("document.getElementById('file').click()")
    answer(qtbot, preview, is_yes=True)
    blocked = tmp_path / "file"
    blocked.write_text("")
    finish(dialog(qtbot), blocked / "x.bin")
    qtbot.waitUntil(lambda: "could not be saved" in preview.line.words, timeout=WAIT_MS)


@pytest.mark.parametrize("path", ["/slow", "/silent"])
def test_a_file_that_does_not_come_is_waited_for_no_longer(
    qtbot: QtBot, preview: PreviewPane, site: Site, tmp_path: Path, path: str
) -> None:
    go(qtbot, preview, "")
    engine(preview).page.runJavaScript(f"location = '{path}'")
    answer(qtbot, preview, is_yes=True)
    target = tmp_path / "mine.bin"
    finish(dialog(qtbot), target)
    qtbot.waitUntil(lambda: site.hits.count(path) == 2, timeout=WAIT_MS)
    if path == "/slow":
        qtbot.waitUntil(lambda: any(found.stat().st_size for found in tmp_path.glob("mine*")), timeout=WAIT_MS)
    assert preview.line.words == "Saving mine.bin…" and preview.line.yes.text() == "Cancel"
    assert answer(qtbot, preview, is_yes=True) == "Saving mine.bin…"
    qtbot.waitUntil(lambda: preview.line.words == "mine.bin was not saved.", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not list(tmp_path.glob("mine*")), timeout=WAIT_MS)
    assert preview.line.current is None
