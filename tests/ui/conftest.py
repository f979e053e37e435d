"""What every test of the window uses: an application without a screen, the theme, the icons, a stand-in workbench."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from craft_desktop.ui import guard
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.placement import Placement
from craft_desktop.ui.preview_pane import PreviewPane
from craft_desktop.ui.theme import Theme
from tests.ui.pages import close
from tests.ui.stand_in import NOW, StandIn, make_project
from tests.ui.web_site import Site

RESOURCES = Path(__file__).resolve().parents[2] / "resources"

NO_SCREEN = (
    "does not support (propagateSizeHints|raise|grabbing|createPlatformVulkanInstance)",
    "systemTrayWindowChanged",
    "QRhiGles2|RHI for backend|[Vv]ulkan|GPUInfo|GPU vendor",  # the page's engine looks for a graphics card once
)
"""What Qt says where there is neither a screen nor a graphics card."""

guard.prepare(os.environ, guard.effective_user())
QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)  # before any application, for the page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the platform without a screen say what it lacks; every other warning of Qt still fails a test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore(*NO_SCREEN, extend=True))


@pytest.fixture(autouse=True)
def cleared() -> Iterator[None]:
    """Delete what a test let go: outside of a running loop Qt keeps it, and styles 300 widgets more for each window."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    # As an argument, not in the environment: the end-to-end tests start programs that want a real screen.
    return ["craft-desktop", "-platform", "offscreen"]


@pytest.fixture(scope="session")
def session_theme(qapp: QApplication) -> Theme:
    return Theme(qapp, RESOURCES)


@pytest.fixture
def theme(session_theme: Theme) -> Iterator[Theme]:
    session_theme.choose("light")
    yield session_theme
    session_theme.choose("light")


@pytest.fixture
def icons(theme: Theme) -> Icons:
    return Icons(theme, RESOURCES)


@pytest.fixture
def bench() -> StandIn:
    return StandIn((make_project(1, "shop-front"), make_project(2, "blog"), make_project(3, "docs")))


@pytest.fixture
async def bridge(bench: StandIn, qapp: QApplication) -> AsyncIterator[Bridge]:
    bridge = Bridge(bench)
    yield bridge
    await bridge.aclose()


@pytest.fixture
async def window(bridge: Bridge, theme: Theme, icons: Icons, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    made = MainWindow(bridge, theme, icons, Placement(tmp_path), tmp_path / "pages", lambda: NOW + 60)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def preview(qtbot: QtBot, theme: Theme, icons: Icons, site: Site, tmp_path: Path) -> Iterator[PreviewPane]:
    """One project's preview, without a page as yet."""
    made = PreviewPane(theme, icons, lambda: NOW + 60, site.base, tmp_path / "p1")
    made.resize(700, 400)
    made.show()
    yield made
    close(qtbot, made)
