import pytest
from pytestqt.qtbot import QtBot

from craft_desktop.ui.permissions import MOST_NOS
from craft_desktop.ui.preview_pane import PreviewPane
from tests.ui.pages import WAIT_MS, answer, engine, go, run, wait_title
from tests.ui.web_site import Site


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


def test_whoever_says_no_often_is_not_asked_again() -> None:
    assert MOST_NOS == 5
