from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.device import PHONE
from craft_desktop.ui.placement import FILE, Look, Placement


def make_splitter(qtbot: QtBot) -> QSplitter:
    splitter = QSplitter(Qt.Orientation.Horizontal)
    qtbot.addWidget(splitter)
    for _ in range(2):
        splitter.addWidget(QWidget())
    splitter.resize(600, 200)
    splitter.show()
    return splitter


def test_the_window_comes_back_as_it_was(qtbot: QtBot, tmp_path: Path) -> None:
    first = QWidget()
    qtbot.addWidget(first)
    placement = Placement(tmp_path)
    placement.restore_window(first, 640, 480)
    assert (first.width(), first.height()) == (640, 480)
    first.resize(700, 500)
    placement.keep_window(first)
    placement.write()
    second = QWidget()
    qtbot.addWidget(second)
    Placement(tmp_path).restore_window(second, 640, 480)
    assert (second.width(), second.height()) == (700, 500)
    assert (tmp_path / FILE).read_text().startswith("[General]")


def test_splitters_zoom_and_choice(qtbot: QtBot, tmp_path: Path) -> None:
    placement = Placement(tmp_path)
    splitter = make_splitter(qtbot)
    placement.restore_splitter("main", splitter, [150, 450])
    placement.keep_splitter("main", splitter)
    kept = splitter.sizes()
    placement.keep_look("p1", Look(1.25, PHONE.turned, b"place"))
    placement.keep_look("p3", Look(1.5))
    placement.keep_chosen("p1")
    placement.write()
    again = Placement(tmp_path)
    other = make_splitter(qtbot)
    again.restore_splitter("main", other, [300, 300])
    assert other.sizes() == kept
    assert (again.look("p1"), again.look("p2"), again.chosen()) == (Look(1.25, PHONE.turned, b"place"), Look(), "p1")
    assert again.look("p3") == Look(1.5)


def test_nonsense_in_the_file_is_harmless(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        "[General]\nversion=1\ngeometry=12\nchosen=\n[zoom]\np1=lots\np2=900\n[device]\np1=watch\np2=phone:0\n[popped]\np1=7\n[splitter]\nmain=x"
    )
    placement = Placement(tmp_path)
    window = QWidget()
    qtbot.addWidget(window)
    placement.restore_window(window, 640, 480)
    assert window.width() == 640
    assert (placement.look("p1"), placement.look("p2")) == (Look(), Look())
    placement.restore_splitter("main", make_splitter(qtbot), [300, 300])


def test_figures_of_another_version_are_forgotten(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[General]\nversion=0\nchosen=p1\n")
    assert Placement(tmp_path).chosen() == ""


def test_the_place_is_on_disk_although_no_end_comes(qtbot: QtBot, tmp_path: Path) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    placement = Placement(tmp_path)
    placement.follow_window(window)
    window.resize(710, 510)

    def comes_back() -> bool:
        other = QWidget()
        qtbot.addWidget(other)
        copy = tmp_path / "copy"  # read as after a crash: from what lies there
        copy.mkdir(exist_ok=True)
        if not (tmp_path / FILE).exists():
            return False
        (copy / FILE).write_bytes((tmp_path / FILE).read_bytes())
        Placement(copy).restore_window(other, 640, 480)
        return (other.width(), other.height()) == (710, 510)

    qtbot.waitUntil(comes_back)
