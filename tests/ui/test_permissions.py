from typing import cast

import pytest
from PySide6.QtCore import QObject, QUrl
from PySide6.QtWebEngineCore import QWebEnginePermission
from pytestqt.qtbot import QtBot

from craft_desktop.ui.asks import Ask
from craft_desktop.ui.permissions import MOST_NOS, Permissions
from craft_desktop.ui.preview_pane import PreviewPane
from tests.ui.pages import WAIT_MS, answer, engine, go, run, wait_title
from tests.ui.web_site import Site

Kind = QWebEnginePermission.PermissionType
ORIGIN = "http://shop.localhost:4100/"
MAY_BE_ASKED = frozenset(
    {
        "MediaAudioCapture",
        "MediaVideoCapture",
        "MediaAudioVideoCapture",
        "Geolocation",
        "Notifications",
        "ClipboardReadWrite",
    }
)


def test_a_permission_is_asked_for_once_and_remembered(qtbot: QtBot, preview: PreviewPane, site: Site) -> None:
    go(qtbot, preview, "geo")
    words = answer(qtbot, preview, is_yes=False)
    host = site.base[len("http://") : -1]
    assert words == f"{host} wants to know where you are."
    wait_title(qtbot, preview, "refused")
    preview.command("reload")
    qtbot.waitUntil(lambda: site.hits.count("/geo") == 2, timeout=WAIT_MS)
    wait_title(qtbot, preview, "refused")
    assert preview.line.current is None


def test_what_is_allowed_works_and_tells_through_the_line(qtbot: QtBot, preview: PreviewPane) -> None:
    go(qtbot, preview, "notify")
    assert "wants to show notifications" in answer(qtbot, preview, is_yes=True)
    wait_title(qtbot, preview, "granted")
    qtbot.waitUntil(lambda: "The page notifies" in preview.line.words, timeout=WAIT_MS)
    assert "\n" not in preview.line.words and len(preview.line.words) < 300 and "fired" in preview.line.words


def test_nothing_is_asked_in_a_storm(qtbot: QtBot, preview: PreviewPane) -> None:
    go(qtbot, preview, "asks", "asked")
    said = {answer(qtbot, preview, is_yes=False), answer(qtbot, preview, is_yes=False)}
    assert len(said) == 2 and preview.line.current is None
    run(qtbot, preview, "navigator.geolocation.getCurrentPosition(()=>{},()=>{document.title='no'})")
    wait_title(qtbot, preview, "no")
    assert preview.line.current is None


@pytest.mark.parametrize("page", ["pointer", "full"])
def test_the_screen_and_the_pointer_stay_the_persons(qtbot: QtBot, preview: PreviewPane, page: str) -> None:
    go(qtbot, preview, page)
    engine(preview).page.runJavaScript("go()")
    wait_title(qtbot, preview, "refused")
    assert preview.line.current is None and not preview.window().isFullScreen()


class Request:
    """A request as the engine hands it over, with its answer."""

    def __init__(self, kind: Kind, origin: str) -> None:
        self.kind, self._origin, self.answer = kind, QUrl(origin), ""

    def permissionType(self) -> Kind:
        return self.kind

    def origin(self) -> QUrl:
        return self._origin

    def isValid(self) -> bool:
        return True

    def grant(self) -> None:
        self.answer = "granted"

    def deny(self) -> None:
        self.answer = "denied"


class Desk:
    """Asks, and lets a test answer."""

    def __init__(self) -> None:
        self.owner = QObject()
        self.permissions = Permissions(self.owner)
        self.asks: list[Ask] = []
        self.permissions.asked.connect(self.asks.append)

    def request(self, kind: Kind, origin: str = ORIGIN) -> Request:
        made = Request(kind, origin)
        self.permissions.decide(cast(QWebEnginePermission, made))
        return made


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name)
def test_what_may_be_asked_for(qtbot: QtBot, kind: Kind) -> None:
    desk = Desk()
    first, second = desk.request(kind), desk.request(kind)
    if kind.name in MAY_BE_ASKED:
        assert len(desk.asks) == 1 and desk.asks[0].words.startswith("shop.localhost:4100 wants to ")
        assert first.answer == ""
        desk.asks[0].answer(True)
        assert (first.answer, second.answer, desk.request(kind).answer) == ("granted",) * 3
        assert len(desk.asks) == 1
    else:
        assert (first.answer, second.answer, desk.asks) == ("denied", "denied", [])


def test_each_origin_is_asked_for_itself(qtbot: QtBot) -> None:
    desk = Desk()
    desk.request(Kind.Geolocation)
    desk.asks[0].answer(True)
    other = desk.request(Kind.Geolocation, "https://maps.test/")
    assert other.answer == "" and desk.asks[1].words == "https://maps.test wants to know where you are."
    desk.asks[1].answer(False)
    assert other.answer == "denied"


def test_whoever_says_no_often_is_not_asked_again(qtbot: QtBot) -> None:
    desk = Desk()
    for number in range(100):
        request = desk.request(Kind.Geolocation, f"http://a{number}.localhost:4100/")
        if number < MOST_NOS:
            desk.asks[-1].answer(False)
        assert request.answer == "denied"
    assert len(desk.asks) == MOST_NOS
