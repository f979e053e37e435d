import time
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWebEngineCore import QWebEnginePage
from pytestqt.qtbot import QtBot

from craft_desktop.model.saved import MOST_FRAMES, Frame, measure, read_frames
from craft_desktop.ui import paint_watch
from craft_desktop.ui.paint_watch import ASK_MS, WORLD
from craft_desktop.ui.preview_pane import PreviewPane
from tests.ui.hands import click
from tests.ui.pages import WAIT_MS, engine, go, wait_title
from tests.ui.web_site import PAGES, Site

TICK_MS = 50
TICKING = (
    "<title>ticking</title><p id=words>before</p><i id=clock>0</i><script>"
    f"let n=0;setInterval(()=>document.querySelector('#clock').textContent=++n,{TICK_MS});"
    "</script>"
)
LYING = """<title>lying</title><form id=craftFrames><input name=nodeName></form><p id=words>before</p>
<script>
const lie = () => { throw new Error('lie') };
const names = ['MutationObserver', 'Date', 'performance', 'requestAnimationFrame', 'MessageChannel', 'WeakMap', 'Set',
  'JSON', 'PerformanceObserver', 'addEventListener', 'craftFrames'];
for (const name of names) try { Object.defineProperty(window, name, { get: lie, set: lie }) } catch (e) {}
for (const kind of [Node, Element, Array, Object, Document, EventTarget])
  for (const name of ['nodeType', 'nodeName', 'parentNode', 'push', 'shift', 'map', 'toJSON', 'postMessage'])
    try { Object.defineProperty(kind.prototype, name, { get: lie, set: lie, configurable: false }) } catch (e) {}
const found = ['craftFrames', 'qt'].filter((name) => {
  try { return typeof window[name] === 'function' } catch (e) { return false }
});
function change() { const node = document.querySelector('#words'); node.textContent = 'after'; }
function flood() { setInterval(() => { for (let i = 0; i < 3000; i++)
  document.body.appendChild(document.createElement('i')).setAttribute('a', i); }, 0); document.title = 'flooding'; }
document.title = 'lying ' + found.length;
</script>"""
STYLED = """<title>styled</title><link id=old rel=stylesheet href=/sheet><p>words</p><script>
function hidden() { const one = document.createElement('script'); one.textContent = '1'; document.head.append(one);
  document.title = 'hidden'; const meta = document.createElement('meta'); document.head.append(meta) }
function sheet() { const one = document.createElement('link'); one.rel = 'stylesheet'; one.href = '/sheet?2';
  one.onload = () => { document.querySelector('#old').remove(); document.title = 'replaced' };
  document.head.append(one) }
function style() { document.body.style.color = 'red' }
</script>"""


@pytest.fixture(autouse=True)
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in (("/ticking", TICKING), ("/lying", LYING), ("/styled", STYLED), ("/sheet", "p{color:green}")):
        monkeypatch.setitem(PAGES, path, text)


@pytest.fixture
def told(preview: PreviewPane) -> Iterator[list[tuple[Frame, ...]]]:
    told: list[tuple[Frame, ...]] = []
    preview.painted.connect(told.append)
    yield told


def frames(qtbot: QtBot, preview: PreviewPane) -> tuple[Frame, ...]:
    """Ask the page's script once, past the watch."""
    answers: list[object] = []
    engine(preview).page.runJavaScript(paint_watch.ASKED, WORLD, answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=WAIT_MS)
    return read_frames(answers[0])


def show(qtbot: QtBot, preview: PreviewPane, path: str, title: str = "") -> None:
    """Go to a page and wait until it was painted, and the script has heard of that."""
    go(qtbot, preview, path, title)
    script = "performance.getEntriesByName('first-contentful-paint').length"
    told: list[object] = []

    def look() -> bool:
        engine(preview).page.runJavaScript(script, WORLD, told.append)
        return told[-1:] == [1]

    qtbot.waitUntil(look, timeout=WAIT_MS)
    qtbot.wait(50)


def do(preview: PreviewPane, script: str) -> float:
    """Have the page do something in its own world; give when that was asked."""
    now = time.time()
    engine(preview).page.runJavaScript(script)
    return now


def until_frame(qtbot: QtBot, preview: PreviewPane, since: float) -> Frame:
    found: list[Frame] = []

    def look() -> bool:
        found[:] = [each for each in frames(qtbot, preview) if each.at >= since - 0.001 and not any(each.before)]
        return bool(found)

    qtbot.waitUntil(look, timeout=WAIT_MS)
    return found[0]


def test_a_change_is_told_with_its_time_and_the_clock_is_not_taken_for_it(
    qtbot: QtBot, preview: PreviewPane, site: Site
) -> None:
    show(qtbot, preview, "ticking")
    qtbot.waitUntil(lambda: len(frames(qtbot, preview)) > 4, timeout=WAIT_MS)
    asked = do(preview, "setTimeout(()=>{document.querySelector('#words').textContent='after'},200)")
    until_frame(qtbot, preview, asked)
    told = frames(qtbot, preview)
    found = measure(asked, asked, asked, [asked], told)
    assert found is not None and 200 <= found.total_ms < 400  # its own delay and a few frames
    assert sum(asked <= each.at < found.at for each in told) >= 2  # the clock ticked meanwhile
    assert measure(found.at, found.at, found.at, [found.at + 0.001], frames(qtbot, preview)) is None


def test_it_asks_only_after_a_push_and_not_for_long(
    qtbot: QtBot, preview: PreviewPane, told: list[tuple[Frame, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    show(qtbot, preview, "ticking")
    web = engine(preview)
    asked: list[str] = []
    ask = QWebEnginePage.runJavaScript

    def note(*given: Any) -> None:
        asked.append(given[0])
        ask(web.page, *given)

    monkeypatch.setattr(web.page, "runJavaScript", note)
    qtbot.wait(4 * ASK_MS)
    assert paint_watch.ASKED not in asked and told == [] and not web._paints.is_asking
    web._paints._end.setInterval(6 * ASK_MS)
    web.watch_paints()
    qtbot.waitUntil(lambda: not web._paints.is_asking, timeout=WAIT_MS)
    assert told and 2 <= asked.count(paint_watch.ASKED) <= 9
    heard, count = len(told), len(asked)
    web.watch_paints()
    web.rest_paints()  # the answer to what was asked is still due
    qtbot.wait(3 * ASK_MS)
    assert len(told) == heard and asked[count:].count(paint_watch.ASKED) == 1
    preview.hide()
    web.watch_paints()
    assert not web._paints.is_asking  # nobody sees it


def test_a_click_in_the_page_is_not_a_save(qtbot: QtBot, preview: PreviewPane, told: list[tuple[Frame, ...]]) -> None:
    show(qtbot, preview, "ticking")
    web = engine(preview)
    web.watch_paints()
    assert web._paints.is_asking
    inner = web.view.focusProxy()
    assert inner is not None
    click(inner)
    qtbot.waitUntil(lambda: not web._paints.is_asking, timeout=WAIT_MS)
    web.watch_paints()
    preview.command("reload")
    assert not web._paints.is_asking


def test_a_document_loaded_anew_is_told(qtbot: QtBot, preview: PreviewPane) -> None:
    show(qtbot, preview, "ticking")
    assert not any(each.is_anew for each in frames(qtbot, preview))
    asked = do(preview, "location.reload()")
    qtbot.waitUntil(lambda: any(each.is_anew for each in frames(qtbot, preview)), timeout=WAIT_MS)
    found = measure(asked, asked, asked, [], frames(qtbot, preview))
    assert found is not None and 0 < found.total_ms < 3000


def test_scripts_and_titles_are_not_seen_and_style_sheets_are(qtbot: QtBot, preview: PreviewPane) -> None:
    show(qtbot, preview, "styled")
    before = frames(qtbot, preview)
    do(preview, "hidden()")
    wait_title(qtbot, preview, "hidden")
    qtbot.wait(100)
    assert frames(qtbot, preview) == before
    asked = do(preview, "sheet()")
    wait_title(qtbot, preview, "replaced")
    until_frame(qtbot, preview, asked)
    asked = do(preview, "style()")
    until_frame(qtbot, preview, asked)


def test_a_page_that_lies_is_read_all_the_same_and_reads_nothing(qtbot: QtBot, preview: PreviewPane) -> None:
    show(qtbot, preview, "lying", "lying 0")
    asked = do(preview, "change()")
    found = until_frame(qtbot, preview, asked)
    assert 0 <= found.at - asked + 0.001 < 1


def test_a_flood_of_changes_tells_no_more_than_is_kept(qtbot: QtBot, preview: PreviewPane) -> None:
    show(qtbot, preview, "lying", "lying 0")
    do(preview, "flood()")
    wait_title(qtbot, preview, "flooding")
    qtbot.waitUntil(lambda: len(frames(qtbot, preview)) > 5, timeout=WAIT_MS)
    assert len(frames(qtbot, preview)) <= MOST_FRAMES


def test_what_is_no_answer_is_dropped(qtbot: QtBot, preview: PreviewPane, told: list[tuple[Frame, ...]]) -> None:
    go(qtbot, preview, "second")
    watch = engine(preview)._paints
    watch.begin()
    for answer in (None, {"x": 1}, "[[1]]", "x" * 10_000_000):
        watch._heed(answer)
    assert told == []
