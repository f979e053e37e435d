from pathlib import Path

from PySide6.QtWebEngineCore import QWebEnginePage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.dev_tools import DevTools
from craft_desktop.ui.page import make_profile


def test_the_tools_look_at_one_page(qtbot: QtBot, tmp_path: Path) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    profile = make_profile("tools", tmp_path, owner)
    page = QWebEnginePage(profile)
    tools = DevTools(page, owner)
    tools.show()
    inspector = page.devToolsPage()
    assert inspector is not None and inspector.inspectedPage() is page
    tools.close()
    with qtbot.waitSignal(inspector.destroyed, timeout=15_000):
        tools.close_tools()
    with qtbot.waitSignal(page.destroyed, timeout=15_000):
        page.deleteLater()
