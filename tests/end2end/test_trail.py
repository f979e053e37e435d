"""A page fails in the window, and Return at what it said opens the person's own file at the line."""

import asyncio
import json
import shlex
import sys
from pathlib import Path

import pytest

from craft_desktop.model.places import TRAIL
from tests.conftest import tiny_project
from tests.end2end.window import Window

pytestmark = [pytest.mark.node, pytest.mark.timeout(120)]

# The seventh line of the script comes from the twelfth of the source: "AAWE" says so.
MAP = {"version": 3, "sources": ["file:///home/user/project/src/shop.ts"], "mappings": ";;;;;;AAWE"}
SERVER = f"""
const http = require("http"), map = JSON.stringify({json.dumps(MAP)});
const script = "\\n\\n\\nfunction fail() {{\\n  // comments\\n\\n  throw new Error('sold out');\\n}}\\n"
  + "setTimeout(fail, 50);\\n//# sourceMappingURL=shop.js.map\\n";
const pages = {{
  "/": ["text/html", "<!doctype html><link rel=icon href=data:,><p>the shop</p><script src=/built/shop.js></script>"],
  "/built/shop.js": ["text/javascript", script],
  "/built/shop.js.map": ["application/json", map],
}};
http.createServer((ask, answer) => {{
  const [type, text] = pages[ask.url] || ["text/plain", ""];
  answer.writeHead(text ? 200 : 404, {{ "content-type": type }});
  answer.end(text);
}}).listen(process.env.PORT);
"""
EDITOR = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"


async def test_what_the_page_says_opens_the_persons_own_line(tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "shop")
    (folder / "server.js").write_text(SERVER)
    (folder / "src").mkdir()
    source = folder / "src" / "shop.ts"
    source.write_text("// a line\n" * 20)
    opened = tmp_path / "opened"
    settings = tmp_path / "home" / "settings"
    settings.mkdir(parents=True)
    command = f"{shlex.join([sys.executable, '-c', EDITOR, str(opened)])} {{file}}:{{line}}:{{column}}"
    (settings / "settings.json").write_text(json.dumps({"editor": command}))
    async with Window(tmp_path / "home", folder) as window:
        await window.click("startButton")
        await window.until_page("document.body ? document.body.innerText : ''", lambda found: "the shop" in str(found))
        await window.click("logTabs")
        await window.keys("Home", "Right", "Right")  # Install, Server, Browser
        said = await window.until_seen("log-browser", lambda found: TRAIL in found["text"])
        line = next(line for line in said["text"].splitlines() if TRAIL in line)
        assert line.startswith("Uncaught Error: sold out  http://shop.localhost:")
        assert line.endswith(f"/built/shop.js:7{TRAIL}src/shop.ts:12:3")
        await window.click("log-browser")
        await window.keys("ctrl+End", "Return")
        async with asyncio.timeout(20):
            while not opened.exists() or not opened.read_text():
                await asyncio.sleep(0.05)
    assert opened.read_text() == f"{source}:12:3"
