"""Saved to screen in the real program: a file is edited, the page changes, and the status bar says what it took."""

import asyncio
import re
import shutil
import statistics
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.end2end.driver import STEP_LIMIT_S
from tests.end2end.window import Window

pytestmark = [pytest.mark.node, pytest.mark.timeout(400)]

EDITS = 9
REST_S = 0.4
"""As in bench_save.py: dev server and page are at rest again."""
AGREED_MS = 20.0
"""Its own measure ends when the document changed, this one when that was drawn: a frame later."""
FILES = {
    "app/page.tsx": """import Words from "./words";
export default function Page() { return <main><p className="words">edit-0-server</p><Words /></main>; }
""",
    "app/words.tsx": """"use client";
import { useEffect, useState } from "react";
export default function Words() {
  const [ticks, setTicks] = useState(0);
  useEffect(() => { const timer = setInterval(() => setTicks((n) => n + 1), 100); return () => clearInterval(timer); });
  return <p><b className="words">edit-0-client</b><i id="clock">{ticks}</i></p>;
}
""",
}
EDITED = {"client": "app/words.tsx", "server": "app/page.tsx"}
# What bench_save.py does, in the page's own world.
WATCH = """(() => {
  window.seen = {};
  const look = () => document.querySelectorAll(".words").forEach((each) => {
    if (!(each.textContent in seen)) seen[each.textContent] = Date.now();
  });
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  look();
  return true;
})()"""
STAGES = re.compile(r"Last save: watch (\d+) ms · push (\d+) ms · compile (\d+) ms · paint (\d+) ms")
TOTAL = re.compile(r"Saved → on screen (\d+) ms · usually (\d+) ms")


async def test_a_save_is_measured_as_the_bench_does_beside_a_clock(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(REPOSITORY / "resources" / "starter", tmp_path / "my shop"))
    for relpath, text in FILES.items():
        (folder / relpath).write_text(text)
    async with Window(tmp_path / "home", folder) as window:
        await window.click("startButton")
        # The clock ticks once the page is alive; an edit before that is lost to Next.js itself.
        await window.until_page("document.querySelector('#clock')?.textContent", lambda found: int(found or 0) > 30)
        assert await window.script(WATCH)
        assert await window.look("statusSave") is None
        for kind in EDITED:
            apart, totals = [], []
            for number in range(1, EDITS + 1):
                total_ms, stages, bench_ms = await _edit(window, folder / EDITED[kind], kind, number)
                sys.stdout.write(f"\n{kind} {number}: {total_ms} ms, {stages}, by the bench {bench_ms:.0f}")
                assert abs(sum(stages) - total_ms) <= 2 and min(stages) >= 0  # each is rounded by itself
                assert 0 < total_ms < 10_000
                apart.append(total_ms - bench_ms)
                totals.append(total_ms)
            sys.stdout.write(f"\n{kind}: median {statistics.median(totals)} ms, {statistics.median(apart):.1f} apart\n")
            assert abs(statistics.median(apart)) <= AGREED_MS
        said = (await window.until_seen("statusSave"))["text"]
        (folder / "public").mkdir(exist_ok=True)
        (folder / "public" / "unseen.txt").write_text("nothing on the page is made of this")
        await asyncio.sleep(3)
        assert (await window.until_seen("statusSave"))["text"] == said  # the clock ticked on, and that was no save


async def _edit(window: Window, path: Path, kind: str, number: int) -> tuple[int, tuple[int, ...], float]:
    """Save an edit; give the total and stages that the window says, and what the bench would, in milliseconds."""
    before = await window.look("statusSave")
    path.write_text(path.read_text().replace(f"edit-{number - 1}-{kind}", f"edit-{number}-{kind}"))
    saved_at = path.stat().st_mtime
    shown = await window.until_page(f"window.seen['edit-{number}-{kind}'] || 0", bool)
    deadline = time.monotonic() + STEP_LIMIT_S / 10
    while (told := await window.look("statusSave")) is None or told == before:
        assert time.monotonic() < deadline, told
        await asyncio.sleep(0.05)
    total, stages = TOTAL.fullmatch(told["text"]), STAGES.search(told["tip"])
    assert total is not None and stages is not None, told
    await asyncio.sleep(REST_S)
    return int(total[1]), tuple(map(int, stages.groups())), shown - saved_at * 1000
