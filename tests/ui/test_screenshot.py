from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from craft_desktop.ui.preview_pane import PreviewPane
from craft_desktop.ui.screenshot import file_name
from tests.ui.pages import WAIT_MS, engine, go, run

RED, BLUE = "#ff0000", "#0000ff"


def open_size(qtbot: QtBot, preview: PreviewPane) -> None:
    go(qtbot, preview, "second")
    preview.bar.entered.emit("/size")
    page = engine(preview).page
    qtbot.waitUntil(lambda: page.title().endswith(" false") or page.title().endswith(" true"), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: page.contentsSize().height() > 2000, timeout=WAIT_MS)


def copied(qtbot: QtBot, preview: PreviewPane, name: str) -> QImage:
    QGuiApplication.clipboard().clear()
    preview.command(name)
    preview.command(name)  # a second one meanwhile is not taken
    qtbot.waitUntil(lambda: not QGuiApplication.clipboard().image().isNull(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "Screenshot copied" in preview.line.words, timeout=WAIT_MS)
    return QGuiApplication.clipboard().image()


def test_the_visible_part_and_the_whole_page(qtbot: QtBot, preview: PreviewPane) -> None:
    open_size(qtbot, preview)
    view = engine(preview).view
    before = view.size()
    part = copied(qtbot, preview, "shot-copy")
    assert part.size() == before and part.pixelColor(200, 20).name() == RED
    whole = copied(qtbot, preview, "shot-copy-whole")
    assert (whole.width(), whole.height()) == (before.width(), 3000)
    assert whole.pixelColor(200, 20).name() == RED and whole.pixelColor(200, 2980).name() == BLUE
    assert view.width() == before.width() and view.height() <= before.height()  # the line has come above it
    assert f"{whole.width()} × 3000" in preview.line.words


def test_a_device_is_taken_at_the_size_it_is_shown(qtbot: QtBot, preview: PreviewPane) -> None:
    preview.resize(700, 1000)
    open_size(qtbot, preview)
    preview.command("phone")
    qtbot.waitUntil(lambda: engine(preview).page.title().startswith("390 "), timeout=WAIT_MS)
    whole = copied(qtbot, preview, "shot-copy-whole")
    assert whole.width() == engine(preview).view.width() and whole.pixelColor(100, whole.height() - 20).name() == BLUE
    qtbot.waitUntil(lambda: str(run(qtbot, preview, "innerWidth")) == "390", timeout=WAIT_MS)


def test_a_file_is_written_where_a_person_says(qtbot: QtBot, preview: PreviewPane, tmp_path: Path) -> None:
    preview.show_name("Shop/Front")
    open_size(qtbot, preview)
    size = engine(preview).view.size()

    def dialogs() -> list[QFileDialog]:
        return [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QFileDialog)]

    for target, words in (
        (tmp_path / "shot.png", "Screenshot saved as shot.png"),
        (tmp_path / "nowhere" / "shot.png", "could not be written"),
    ):
        preview.command("shot-save")
        qtbot.waitUntil(lambda: bool(dialogs()), timeout=WAIT_MS)
        dialog = dialogs()[0]
        assert dialog.objectName() == "screenshotDialog" and not dialog.isModal()
        assert Path(dialog.selectedFiles()[0]).name.startswith("Shop-Front 20")
        dialog.fileSelected.emit(str(target))
        dialog.done(1)
        qtbot.waitUntil(lambda: not dialogs(), timeout=WAIT_MS)
        qtbot.waitUntil(lambda words=words: words in preview.line.words, timeout=WAIT_MS)  # type: ignore[misc]
    assert QImage(str(tmp_path / "shot.png")).size() == size


def test_a_name_is_proposed() -> None:
    assert file_name("a/b:c", datetime(2026, 11, 24, 9, 5, 7)) == "a-b-c 2026-11-24 09.05.07.png"


def test_a_page_that_hangs_has_no_picture(qtbot: QtBot, preview: PreviewPane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview._shots._limit, "start", lambda: QTimer.start(preview._shots._limit, 500))
    go(qtbot, preview, "hang", "hanging")
    preview.command("shot-copy-whole")
    qtbot.waitUntil(lambda: "no picture" in preview.line.words, timeout=WAIT_MS)
    assert not preview.frame._still.isVisible()
