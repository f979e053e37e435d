"""Renders every state of the window into a folder, to be looked at; not collected by pytest.

xvfb-run -a -s "-screen 0 3200x2000x24" .venv/bin/python -m tests.ui.gallery [FOLDER] [STATE ...]

Each state in light and dark, at both sizes, and once more as on a dense screen, in files whose names end in @2x.
"""

import argparse
import asyncio
import http.server
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QCursor, QGuiApplication, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QWidget

import qasync  # isort: skip

from craft_desktop.model.env_files import EnvFile, EnvFiles
from craft_desktop.model.errors import Action, Problem, SecretError
from craft_desktop.model.events import (
    CompileChanged,
    LogLine,
    Measured,
    Notice,
    Pushed,
    SessionChanged,
    Stream,
    SyncChanged,
)
from craft_desktop.model.levels import Level
from craft_desktop.model.places import Place
from craft_desktop.model.project import Provider
from craft_desktop.model.script import Framework
from craft_desktop.model.session import Session, SleepAsked, Step, advance
from craft_desktop.store.secrets import KeySource, KeyState
from craft_desktop.ui import guard
from craft_desktop.ui.asks import Ask
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.environment_dialog import EnvironmentDialog
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.placement import Placement
from craft_desktop.ui.port_dialog import PortDialog
from craft_desktop.ui.project_pane import SHARES, ProjectPane
from craft_desktop.ui.quit_dialog import QuitDialog
from craft_desktop.ui.settings_dialog import SECTIONS, SettingsDialog
from craft_desktop.ui.share_dialog import ShareDialog
from craft_desktop.ui.shortcuts_dialog import ShortcutsDialog
from craft_desktop.ui.theme import Theme
from tests.ui import stand_in as S

ROOT = Path(__file__).resolve().parents[2]
SIZES = ((1440, 900), (900, 600))
ROOM = (1600, 1000)
"""The screen to render on, in pixels of scale 1: the larger window, and where a menu or a dialog reaches out of it."""
SCALES = (1, 2)
DRAWN_S = 0.5
"""Until a page of scale 1 is drawn anew by the processor alone; another scale takes as much longer as it has pixels."""

PAGE = b"""<!doctype html><meta charset=utf-8><title>Shop front</title><style>
:root{color-scheme:light dark}*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#fbf7f1;color:#2b2118}
header{display:flex;align-items:center;gap:28px;padding:18px 36px;border-bottom:1px solid #eadfce}
header b{font-size:20px}header span{color:#8a6f53}
.hero{padding:44px 36px 8px;max-width:760px}h1{font-size:40px;line-height:1.15;margin:0 0 12px}
p{margin:0 0 18px;color:#6b5743}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:18px;padding:18px 36px 36px}
.card{background:#fff;border:1px solid #eadfce;border-radius:14px;overflow:hidden}
.card i{display:block;height:110px}.card div{padding:12px 14px}.card small{color:#8a6f53}
</style><header><b>Kiln &amp; Clay</b><span>Shop</span><span>Studio</span><span>Journal</span></header>
<div class=hero><h1>Stoneware for slow mornings</h1><p>Thrown, glazed and fired in small batches.</p></div>
<div class=grid><div class=card><i style="background:#d9b99b"></i><div>Mug, oatmeal<br><small>28</small></div></div>
<div class=card><i style="background:#9db4ab"></i><div>Bowl, sage<br><small>34</small></div></div>
<div class=card><i style="background:#c98f78"></i><div>Plate, terracotta<br><small>31</small></div></div>
<div class=card><i style="background:#b8b3c9"></i><div>Vase, dusk<br><small>56</small></div></div></div>"""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


def logs(key: str) -> list[LogLine]:
    install = [
        "npm install --legacy-peer-deps --no-audit --no-fund",
        "\x1b[33mnpm warn\x1b[0m deprecated inflight@1.0.6: this module is not supported",
        "",
        "added 312 packages in 13s",
    ]
    server = [
        "> shop-front@0.1.0 dev",
        "> next dev -p 3000 -H 127.0.0.1",
        "",
        "   \x1b[38;2;173;127;168m\x1b[1m▲ Next.js 16.4.6\x1b[22m\x1b[39m (Turbopack)",
        "   - Local:         http://127.0.0.1:3000",
        "   - Network:       http://127.0.0.1:3000",
        "",
        " \x1b[32m\x1b[1m✓\x1b[22m\x1b[39m Starting...",
        " \x1b[32m\x1b[1m✓\x1b[22m\x1b[39m Ready in 682ms",
        " \x1b[37m\x1b[1m○\x1b[22m\x1b[39m Compiling / ...",
        " \x1b[32m\x1b[1m✓\x1b[22m\x1b[39m Compiled / in 2.4s",
        " GET / \x1b[32m200\x1b[39m in \x1b[1m3104ms\x1b[22m",
        " \x1b[33m⚠\x1b[39m Fast Refresh had to perform a full reload.",
        " \x1b[31m⨯\x1b[39m ./app/page.tsx:12:7  \x1b[31mModule not found: Can't resolve './hero'\x1b[39m",
        " GET /products \x1b[32m200\x1b[39m in 48ms",
    ]
    made = [LogLine(key, Stream.INSTALL, text, S.NOW + n) for n, text in enumerate(install)]
    made += [LogLine(key, Stream.SERVER, text, S.NOW + 15 + n) for n, text in enumerate(server)]
    made.append(LogLine(key, Stream.SERVER, "The dev server starts again", S.NOW + 31, Level.INFO, is_divider=True))
    again = [
        " \x1b[32m\x1b[1m✓\x1b[22m\x1b[39m Ready in 540ms",
        " \x1b[31m⨯\x1b[39m ./app/page.tsx:4:5",
        "\x1b[1m\x1b[31mError\x1b[39m: Expected corresponding JSX closing tag for <main>\x1b[22m",
        "\x1b[31m\x1b[1m>\x1b[0m \x1b[90m4 |\x1b[0m   </mai>;",
        "    at Page (app/page.tsx:3:16)",
    ]
    made += [LogLine(key, Stream.SERVER, text, S.NOW + 32 + n) for n, text in enumerate(again)]
    made += [LogLine(key, Stream.ACTIVITY, "Pushed 1 file (412 B) in 38 ms", S.NOW + 40)]
    return made


def failed_logs(key: str) -> list[LogLine]:
    install = [
        "npm install --legacy-peer-deps --no-audit --no-fund",
        "\x1b[33mnpm warn\x1b[0m deprecated inflight@1.0.6: this module is not supported",
        "\x1b[31mnpm error\x1b[0m code E404",
        "\x1b[31mnpm error\x1b[0m 404 Not Found - GET @acme/desing-tokens - Not found",
        "\x1b[31mnpm error\x1b[0m 404  '@acme/desing-tokens@^2.1.0' is not in this registry.",
    ]
    return [LogLine(key, Stream.INSTALL, text, S.NOW + n) for n, text in enumerate(install)]


def said(key: str) -> list[LogLine]:
    source = "http://shop-front.localhost:4100/app/cart.tsx:18"
    browser = [
        ("[Fast Refresh] rebuilding", Level.INFO),
        (f"Uncaught TypeError: Cannot read properties of undefined (reading 'price')  {source}", Level.ERROR),
        ("    at Cart (http://shop-front.localhost:4100/app/cart.tsx:18:22)", Level.ERROR),
        (f'Image with src "/hero.png" has no width  {source}', Level.WARNING),
        ("GET /api/cart 500", Level.ERROR),
    ]
    return [LogLine(key, Stream.BROWSER, text, S.NOW + 36, level) for text, level in browser]


def with_usual(session: Session) -> Session:
    """Give a run whose steps have been timed before."""
    usual = {Step.SANDBOX: 0.2, Step.UPLOAD: 0.1, Step.INSTALL: 18.0, Step.SERVER: 1.0, Step.PAGE: 4.0}
    return replace(session, steps=tuple(replace(each, usual_s=usual[each.step]) for each in session.steps))


Kind = TypeVar("Kind", bound=QWidget)


def find(window: MainWindow, kind: type[Kind], name: str = "") -> Kind:
    found = window.findChild(kind, name) if name else window.findChild(kind)
    assert isinstance(found, kind)
    return found


class Gallery:
    def __init__(self, theme: Theme, icons: Icons, folder: Path, port: int, scale: int) -> None:
        self.theme, self.icons, self.folder, self.port, self.scale = theme, icons, folder, port, scale
        self.clock = S.NOW + 300

    async def render(self, name: str, choice: str, size: tuple[int, int]) -> None:
        projects = (
            S.make_project(1, "shop-front", framework=Framework.NEXT),
            S.make_project(2, "blog", framework=Framework.ASTRO),
            S.make_project(3, "docs", framework=Framework.VITE),
            S.make_project(4, "portfolio-2026-with-a-rather-long-name", framework=Framework.NUXT),
        )
        bench = S.StandIn(() if name in ("empty", "drop") else projects, f"http://{{slug}}.localhost:{self.port}/")
        bench.settings = replace(bench.settings, theme=choice)
        begun = self.clock - 12
        if bench.projects:
            bench.sessions["p2"] = with_usual(S.run_to("p2", 3, self.clock - 14))
            bench.sessions["p4"] = S.failed("p4", self.clock - 900)
            bench.logs["p1"] = logs("p1") if name not in ("stopped", "starting") else []
            if name in ("failed", "doctor-failed"):
                bench.logs["p1"] = failed_logs("p1")
        states: dict[str, Callable[[], Session]] = {
            "starting": lambda: S.run_to("p1", 1, self.clock - 1),
            "installing": lambda: with_usual(S.run_to("p1", 3, begun)),
            "waiting": lambda: with_usual(S.run_to("p1", 5, self.clock - 30)),
            "palette": lambda: S.live("p1", self.clock - 740),
            "failed": lambda: S.failed("p1", begun - 30),
            "live": lambda: S.live("p1", self.clock - 740),
            "message": lambda: S.live("p1", self.clock - 740),
            "find": lambda: S.live("p1", self.clock - 740),
            **{name: lambda: S.live("p1", self.clock - 740) for name in LOOKED_INTO},
            **{name: lambda: S.live("p1", self.clock - 740) for name in EXAMINED},
            "doctor-failed": lambda: S.failed("p1", begun - 30),
            **{kept: lambda: S.live("p1", self.clock - 740) for kept in PAGES_SEEN},
            "idle": lambda: S.idled("p1", self.clock - 60),
            "asleep": lambda: S.live("p1", self.clock - 740),
        }
        if name in states:
            bench.sessions["p1"] = states[name]()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:  # the engine writes on
            bridge = Bridge(bench)
            window = MainWindow(
                bridge, self.theme, self.icons, Placement(Path(home)), Path(home) / "pages", lambda: self.clock
            )
            window.resize(*size)
            window.show()
            window.activateWindow()
            if window.pane is not None:  # as in a window that had this size before its pane was made
                window.pane.splitter.setSizes([1_000 * share for share in SHARES])
            if name not in ("starting", "empty", "drop") and bench.projects:
                self.pane(window).log_pane.show_stream(
                    Stream.INSTALL if name in ("failed", "installing") else Stream.SERVER
                )
            if name in SEEN:
                bench.tell(Pushed("p1", 1, 0, 412, 38.2, 41))
                await self.loaded(window)
            target: QWidget = window
            if name == "message":
                told = Problem(
                    "Two files could not be copied",
                    "public/hero.mov: 214 MB, larger than the limit of 100 MB\nprivate/key.pem: permission denied",
                    "Make them readable or ignore them, then save any file to try again.",
                    Action.OPEN_FOLDER,
                )
                bench.tell(Notice("p1", told))
                self.pane(window).message_bar.details_button.click()
                self.pane(window).log_pane.times_button.click()
            if name in LOOKED_INTO:
                self.look_into(name, window, bench)
            if name in PAGES_SEEN:
                target = await self.arrange_page(window, name)
            if name.startswith("doctor"):
                await self.examine(window, bench, name)
            if name == "asleep":
                bench.tell(SessionChanged(advance(bench.sessions["p1"], SleepAsked(), self.clock)))
            if name == "find":
                self.pane(window).log_pane.open_search()
                self.pane(window).log_pane.find_bar.field.setText("next")
                self.pane(window).log_pane.find_bar.step(1)
            if name == "palette":
                window.actions_by_name["palette"].trigger()
                window.palette_box.field.setText("re")
            if name == "drop":
                dropped = self.folder / "shop-front"
                dropped.mkdir(exist_ok=True)
                (dropped / "package.json").write_text("{}")
                window.veil.lift([dropped])
            if name == "stopping":
                window.show_stopping()
            if name == "shortcuts":
                window.actions_by_name["shortcuts"].trigger()
                target = find(window, ShortcutsDialog)
            if name == "settings":
                bench.key = KeyState(KeySource.MEMORY, "•••• 7f3a")
                window.actions_by_name["settings"].trigger()
                dialog = target = find(window, SettingsDialog)
                await asyncio.sleep(0.1)
                bridge.options.change("install_limit_s", "soon")
                edit = dialog.fields["install_limit_s"].edit
                assert edit is not None
                edit.setText("soon")
            if name.startswith("settings-"):
                bench.key = KeyState(KeySource.KEYRING, "•••• 7f3a")
                window.actions_by_name["settings"].trigger()
                dialog = target = find(window, SettingsDialog)
                await asyncio.sleep(0.1)
                key = name.removeprefix("settings-")
                dialog.headings.setCurrentRow(next(row for row, (_, keys) in enumerate(SECTIONS) if key in keys))
                if name == "settings-e2b_domain":
                    dialog.show_key_words(await bench.test_key(), True)
            if name == "quit":
                window.dialogs.ask_quit()
                target = find(window, QuitDialog)
            if name == "share":
                bench.list_changed((replace(bench.projects[0], provider=Provider.E2B), *bench.projects[1:]))
                window.actions_by_name["share"].trigger()
                target = find(window, ShareDialog)
            if name == "port":
                window.actions_by_name["port"].trigger()
                dialog_of_port = target = find(window, PortDialog)
                dialog_of_port.edit.setText("80800")
                dialog_of_port.save.click()
            if name in ENVIRONMENT:
                target = await self.arrange_environment(name, window, bench, size)
            if name == "menu":
                bench.list_changed((replace(bench.projects[0], keep_awake=True), *bench.projects[1:]))
                self.pane(window).header.more.click()
                await asyncio.sleep(0.3)
                target = find(window, QMenu, "projectMenu")
            await asyncio.sleep(DRAWN_S * (self.scale**2 if name in SEEN else 1))
            shot = self.grab(target) if name in SEEN else target.grab()
            ending = "" if self.scale == 1 else f"@{self.scale}x"
            shot.save(str(self.folder / f"{name}-{choice}-{size[0]}{ending}.png"))
            window.panes.close_pages()
            await bridge.aclose()
            window.hide()
            window.deleteLater()
            await asyncio.sleep(0.1)

    async def arrange_environment(
        self, name: str, window: MainWindow, bench: S.StandIn, size: tuple[int, int]
    ) -> QWidget:
        bench.sessions["p1"] = S.live("p1", self.clock - 740)
        if name != "environment-empty":
            bench.insight.set_by_files = EnvFiles(
                Framework.NEXT,
                (
                    EnvFile(".env.local", frozenset({"DATABASE_URL", "SESSION_SECRET"})),
                    EnvFile(".env", frozenset({"DATABASE_URL", "NEXT_PUBLIC_SITE_NAME"})),
                ),
            )
            values = {"API_TOKEN": "tok_live_51H8k", "DATABASE_URL": "postgres://ada:secret@db/shop", "EMPTY": ""}
            bench.variables["p1"] = values | {"SIGNING_KEY": "-----BEGIN KEY-----\nMIIEvQ\n-----END KEY-----"}
        else:
            bench.keyring = KeySource.MEMORY
        window.actions_by_name["environment"].trigger()
        dialog = find(window, EnvironmentDialog)
        if size == SIZES[0]:
            dialog.resize(dialog.width() + 240, dialog.height() + 120)
        await asyncio.sleep(0.3)
        match name:
            case "environment":
                dialog.all.copy_requested.emit("API_TOKEN")
                dialog.all.eye_requested.emit("DATABASE_URL")
            case "environment-changed":
                dialog._take_one("STRIPE_KEY", "sk_test_4eC39")
                dialog.all.remove_requested.emit("DATABASE_URL")
                dialog.all.table.choose("SESSION_SECRET")
            case "environment-asks":
                dialog.all.remove_requested.emit("EMPTY")
                dialog.reject()
            case "environment-add":
                dialog.all.add_button.click()
                dialog.editor.name.setText("2FA-KEY")
                dialog.editor.value.edit.insertPlainText("JBSWY3DPEHPK3PXP")
            case "environment-edit":
                dialog.all.edit_requested.emit("DATABASE_URL")
            case "environment-paste":
                dialog.all.paste_button.click()
                dialog.paste.read("API_TOKEN=a\nSTRIPE_KEY=b\nPORT=80\nsome-name=c\nREDIS_URL=d")
            case "environment-refused":
                bench.keyring_failure = SecretError(
                    "The keyring refused", "The collection is locked.", "Unlock your system’s keyring, and try again."
                )
                dialog.all.remove_requested.emit("EMPTY")
                dialog.foot.save_button.click()
        await asyncio.sleep(0.3)
        return dialog

    def look_into(self, name: str, window: MainWindow, bench: S.StandIn) -> None:
        pane = self.pane(window)
        bench.insight.files = {path: Path("/p") for path in ("app/page.tsx", "app/cart.tsx")}
        for number in range(60):
            swing = 40 * abs((number % 24) - 12) / 12 if number > 20 else 2
            used = 260_000_000 + 1_800_000 * min(number, 29)
            bench.tell(Measured("p1", self.clock - 300 + 5 * number, 4 + swing, used, 8_200_000_000))
        match name:
            case "saved" | "saved-detail":
                bench.tell(SyncChanged("p1", 41, self.clock - 3))
                bench.tell(S.SEEN)
                if name == "saved-detail":
                    QApplication.sendPostedEvents()  # the line takes its place
                    window.status_line.save.click()
            case "health":
                pane.log_pane.show_health()
            case "browser":
                pane.log_pane.show_stream(Stream.BROWSER)
                for line in said("p1"):
                    bench.tell(line)
            case "broken":
                words = "Expected corresponding JSX closing tag for <main>"
                bench.tell(CompileChanged("p1", words, Place("app/page.tsx", 4, 5)))
            case "errors":
                pane.log_pane.levels.choose(Level.ERROR)
                pane.log_pane.times_button.click()
                pane.log_pane.view.setFocus()

    async def examine(self, window: MainWindow, bench: S.StandIn, name: str) -> None:
        if name == "doctor-looking":
            bench.doctor.let_go, bench.doctor.told_before = asyncio.Event(), 9
        if name == "doctor-clean":
            bench.doctor.diagnosis = S.CLEAN
        window.actions_by_name["doctor"].trigger()
        await asyncio.sleep(1.2)
        panel = self.pane(window).doctor
        assert panel is not None
        if name == "doctor-facts":
            find(window, QPushButton, "doctorGroup-ok").click()
            await asyncio.sleep(0.2)
            bar = panel.area.verticalScrollBar()
            bar.setValue(bar.maximum() // 3)

    def pane(self, window: MainWindow) -> ProjectPane:
        assert window.pane is not None
        return window.pane

    async def arrange_page(self, window: MainWindow, name: str) -> QWidget:
        preview = self.pane(window).preview
        match name:
            case "phone" | "tablet":
                preview.command(name)
            case "ask":
                words = "shop-front.localhost:4100 wants to use your camera and microphone."
                preview.line.ask(Ask("k", words, "Allow for this run", "Don’t allow", lambda _yes: None))
            case "page-says":
                preview.line.say(
                    "The preview answered no to “Leave without saving?”. Open it in your browser to choose."
                )
            case "page-menu":
                preview.bar.more.click()
                await asyncio.sleep(0.3)
            case "pop-out" | "popped":
                preview.command("pop-out")
                await asyncio.sleep(0.5)
                if name == "pop-out":
                    assert preview.popped is not None
                    return preview.popped
                window.raise_()  # no window manager brings it before the other
        return window

    def grab(self, window: QWidget) -> QPixmap:
        """Take the screen itself: the page is drawn by another process."""
        corner = window.mapToGlobal(window.rect().topLeft())
        return QGuiApplication.primaryScreen().grabWindow(0, corner.x(), corner.y(), window.width(), window.height())

    async def loaded(self, window: MainWindow) -> None:
        done = asyncio.Event()
        web = self.pane(window).preview.web
        assert web is not None
        web.loaded.connect(done.set)
        await asyncio.wait_for(done.wait(), 15)
        await asyncio.sleep(0.6)


LOOKED_INTO = ("saved", "saved-detail", "health", "browser", "broken", "errors")
"""States of a live project whose logs or figures are looked into."""
PAGES_SEEN = ("phone", "tablet", "ask", "page-says", "page-menu", "pop-out", "popped")
"""States of the preview."""
EXAMINED = ("doctor", "doctor-looking", "doctor-clean", "doctor-facts")
"""States of the doctor beside a page."""
SEEN = ("live", "palette", *EXAMINED, "message", "find", "asleep", *LOOKED_INTO, *PAGES_SEEN)
"""States with a page: taken from the screen, for another process draws it."""

SETTINGS_SEEN = tuple(f"settings-{key}" for key in ("images_gb", "e2b_domain", "when_quit", "tray", "control_api"))
DIALOGS = ("settings", "shortcuts", "menu", "port", "share", "quit", *SETTINGS_SEEN)
"""States of a window of its own size."""
ENVIRONMENT = (
    "environment", "environment-empty", "environment-changed", "environment-asks", "environment-add",
    "environment-edit", "environment-paste", "environment-refused",
)  # fmt: skip
"""States of the environment variables' dialog."""

STATES = (
    *ENVIRONMENT,
    *LOOKED_INTO, *EXAMINED, "doctor-failed", "idle", "asleep", *PAGES_SEEN,
    "empty", "stopped", "starting", "installing", "waiting", "live", "palette", "failed", "settings",
    "message", "find", "drop", "stopping", "shortcuts", "menu", "port", "share", "quit", *SETTINGS_SEEN,
)  # fmt: skip


async def main(gallery: Gallery, states: list[str]) -> None:
    for name in states:
        for choice in ("light", "dark"):
            for size in SIZES[:1] if name in DIALOGS else SIZES:
                await gallery.render(name, choice, size)


def render_at(scale: int, folder: Path, states: list[str]) -> None:
    """Render all of `states` at one scale: Qt reads it once in a process."""
    os.environ["QT_SCALE_FACTOR"] = str(scale)
    guard.prepare(os.environ, guard.effective_user())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication([])
    there = app.primaryScreen().size()
    if there.width() < ROOM[0] or there.height() < ROOM[1]:
        sys.exit(f"A screen of {ROOM[0] * scale}x{ROOM[1] * scale} or more is needed for scale {scale}.")
    QCursor.setPos(app.primaryScreen().geometry().bottomRight())  # where nothing of a window is: nothing looks hovered
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    theme = Theme(app, ROOT / "resources")
    icons = Icons(theme, ROOT / "resources")
    app.setWindowIcon(icons.application())
    gallery = Gallery(theme, icons, folder, server.server_port, scale)
    loop.run_until_complete(main(gallery, states))
    sys.stdout.flush()
    os._exit(0)  # the web engine's own threads may outlive the loop


def asked() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Render every state of the window into a folder, to be looked at.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "gallery", help="where the pictures go")
    parser.add_argument("states", nargs="*", metavar="state", help=f"only these, of: {', '.join(sorted(STATES))}")
    parser.add_argument(
        "--scale", type=int, choices=SCALES, help="only this one; both, one after the other, if not said"
    )
    given = parser.parse_args()
    unknown = sorted(set(given.states) - set(STATES))
    if unknown:
        parser.error(f"no such state: {', '.join(unknown)}")
    return given


if __name__ == "__main__":
    wish = asked()
    wish.folder.mkdir(exist_ok=True)
    if wish.scale:
        render_at(wish.scale, wish.folder, wish.states or list(STATES))
    for each in SCALES:
        again = [sys.executable, "-m", "tests.ui.gallery", str(wish.folder), *wish.states, "--scale", str(each)]
        subprocess.run(again, check=True)
