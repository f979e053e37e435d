from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDragLeaveEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.drop_veil import DropVeil, dropped_paths
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.theme import Theme
from tests.ui.drag import carry, drop, enter


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "shop front", tmp_path / "blög"]
    for folder in made:
        folder.mkdir()
        (folder / "package.json").write_text("{}")
    return made


@pytest.fixture
def veil(qtbot: QtBot, theme: Theme, icons: Icons) -> DropVeil:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 400)
    window.show()
    return DropVeil(theme, icons, window)


def test_folders_and_package_files_are_taken(folders: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "picture.png"
    other.write_bytes(b"")
    data = carry([folders[0], folders[1] / "package.json", other])
    data.setUrls([*data.urls(), QUrl("https://example.com/package.json")])
    assert dropped_paths(data) == [folders[0], folders[1] / "package.json"]
    assert dropped_paths(QMimeData()) == []


def test_it_says_what_a_drop_does(veil: DropVeil, folders: list[Path]) -> None:
    veil.lift(folders[:1])
    assert veil.isVisible() and veil.words.text() == "Drop to open “shop front”"
    assert veil.geometry() == veil.parentWidget().rect()  # type: ignore[union-attr]
    veil.lift([folders[1] / "package.json"])
    assert "“blög”" in veil.words.text()
    veil.lift(folders)
    assert veil.words.text() == "Drop to open 2 projects" and veil.promise.text().startswith("They join the list.")
    assert not veil.grab().isNull()


def test_a_drop_is_handed_on_as_a_copy(qtbot: QtBot, veil: DropVeil, folders: list[Path]) -> None:
    data = carry(folders)
    veil.lift(folders)
    coming = enter(data)
    QApplication.sendEvent(veil, coming)
    assert coming.isAccepted()
    dropping = drop(data)
    with qtbot.waitSignal(veil.dropped) as told:
        QApplication.sendEvent(veil, dropping)
    assert told.args == [folders]
    assert dropping.dropAction() is Qt.DropAction.CopyAction
    assert not veil.isVisible()


def test_it_goes_when_the_drag_leaves(veil: DropVeil, folders: list[Path]) -> None:
    veil.lift(folders)
    data = carry(folders)  # the event does not own it
    QApplication.sendEvent(veil, enter(data))
    QApplication.sendEvent(veil, QDragLeaveEvent())
    assert not veil.isVisible()
