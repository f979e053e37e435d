"""The page with its bar, or, while there is none, the panel that says why; in its place or in a window of its own.

The web engine is loaded with the first page, not with the window.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from craft_desktop.model.checkup import PageSeen
from craft_desktop.model.device import LEAST_SCALE, MOST_SCALE, OF_KIND, Device, Kind
from craft_desktop.model.errors import Action
from craft_desktop.model.session import Phase, Session
from craft_desktop.ui import address, present
from craft_desktop.ui.asks import Ask, plain
from craft_desktop.ui.device_frame import DeviceFrame
from craft_desktop.ui.device_strip import DeviceStrip
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.memory import read_process
from craft_desktop.ui.page_bar import PageBar
from craft_desktop.ui.page_line import PageLine
from craft_desktop.ui.page_look import BlankWatch, PageLook
from craft_desktop.ui.parts import label, line, push_button
from craft_desktop.ui.placement import Look
from craft_desktop.ui.pop_out import PopOut
from craft_desktop.ui.screenshot import Screenshot
from craft_desktop.ui.status_panel import StatusPanel
from craft_desktop.ui.theme import GAP, Theme
from craft_desktop.ui.web import OpenWeb, Web
from craft_desktop.ui.web_door import open_web
from craft_desktop.ui.words import tr

ZOOMS = (0.25, 0.33, 0.5, 0.67, 0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0)
"""The steps that browsers have, from LEAST_SCALE to MOST_SCALE."""

# A page stays in sight while its project sleeps: it reconnects by itself when the sandbox is back.
SHOWN = frozenset({Phase.LIVE, Phase.ASLEEP, Phase.WAKING})
# Neither does one whose dev server is started anew for a save: it is back in a second, and the gateway holds requests.
_PASSING = frozenset({Phase.STARTING, Phase.WAITING})
_ELSEWHERE = ("start", "stop", "restart", "settings", "quit")
"""Commands of the project and the program whose keys work in the window of its own, too."""
_ENDED = "ended"


class PreviewPane(QWidget):
    """One project's page. It stays loaded while other projects are looked at."""

    command_requested = Signal(str)
    remedy_requested = Signal(Action)
    outside_requested = Signal(str)
    look_changed = Signal(object)
    """A `Look`: the zoom, the device, or the place of the window of its own."""
    used = Signal()
    """A person is at the window of its own."""
    console = Signal(int, str, str)
    """What the page said to its console, as `Page.console` tells it."""
    loading = Signal()
    """A page begins to load."""
    painted = Signal(object)
    """A tuple of `Frame`: those in which the page changed lately."""

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        now: Callable[[], float],
        base: str,
        folder: Path,
        look: Look | None = None,
        open_web: OpenWeb = open_web,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("previewPane")
        self._icons, self._base, self._folder, self._open_web = icons, base, folder, open_web
        self._name = folder.name
        self._phase = Phase.STOPPED
        self._look = look or Look()
        self._was_discarded = 0
        self.web: Web | None = None
        self.popped: PopOut | None = None
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        self._whole = QStackedWidget(self)
        self._stack = QStackedWidget(self._whole)
        self._live = QWidget(self._stack)
        self.panel = StatusPanel(theme, icons, now, self._stack)
        self.panel.start_requested.connect(lambda: self.command_requested.emit("start"))
        self.panel.remedy_requested.connect(self.remedy_requested)
        self.panel.doctor_requested.connect(lambda: self.command_requested.emit("doctor"))
        self.bar = PageBar(icons, address.host(base), self._live)
        self.bar.commanded.connect(self.command)
        self.bar.entered.connect(self._go)
        self.strip = DeviceStrip(icons, self._live)
        self.strip.device_entered.connect(self._choose_device)
        self.strip.rotate_requested.connect(self.rotate)
        self.line = PageLine(icons, self._live)
        self.frame = DeviceFrame(self._live)
        self.frame.scaled.connect(self._show_scale)
        self._shots = Screenshot(self.frame, self.frame.window)
        self._shots.said.connect(self.line.say)
        column = QVBoxLayout(self._live)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.bar, self.strip, self.line, line()):
            column.addWidget(part)
        column.addWidget(self.frame, 1)
        self._stack.addWidget(self.panel)
        self._stack.addWidget(self._live)
        self._blank = BlankWatch(self.look_at_page, self.line)
        self._blank.doctor_requested.connect(lambda: self.command_requested.emit("doctor"))
        self._whole.addWidget(self._stack)
        self._whole.addWidget(self._away())
        around.addWidget(self._whole)
        self._show_look()

    @property
    def is_live(self) -> bool:
        """Is the page in sight, or would it be if its project were?"""
        return self._stack.currentWidget() is self._live

    @property
    def is_seen(self) -> bool:
        """Can a person see the page now?"""
        return self.web is not None and self.web.view.isVisible()

    def show_name(self, name: str) -> None:
        """Take the project's name."""
        self._name = name
        if self.popped is not None:
            self.popped.show_name(name)

    def show_session(self, session: Session) -> None:
        """Show the page while the run is live, else what goes on."""
        was, self._phase = self._phase, session.phase
        if session.phase in SHOWN:
            if session.phase is Phase.LIVE and was not in SHOWN:
                self._load(session.url or "")
            self._stack.setCurrentWidget(self._live)
            self.line.say_quietly(present.rest_line(session, tr))
        elif not (self.is_live and session.is_for_save and session.phase in _PASSING):
            self.line.drop()  # whatever a page asked, it is no more
            self.panel.show_session(session)
            self._stack.setCurrentWidget(self.panel)

    def tick(self) -> None:
        """Show the seconds as they are now."""
        if not self.is_live:
            self.panel.tick()

    def memory_bytes(self) -> int | None:
        """Tell the memory that the page has for itself, in bytes; None while it has none or nobody knows."""
        return read_process(self.web.process_id) if self.web is not None else None

    def discard(self) -> bool:
        """Put a hidden page away until it is seen again; False if it is in use."""
        size = self.memory_bytes() or 0
        if self.web is None or not self.web.discard():
            return False
        self._was_discarded = size
        return True

    def command(self, name: str) -> None:
        """Carry out a command of the page, or hand on one of the project."""
        act = PAGE_COMMANDS.get(name)
        if act is not None:
            act(self)
        elif name == "browser":
            self.open_outside()
        else:
            self.command_requested.emit(name)

    def look_at_page(self, answer: Callable[[PageSeen | None], None]) -> None:
        """Tell what can be seen of the page, soon; None where nobody can look at it now."""
        if self.web is None or not self.is_seen:
            answer(None)
        else:
            PageLook(self.web, answer)

    def with_page(self, act: Callable[[Web], None]) -> None:
        """Do something with the page, if it is there to be seen."""
        if self.web is not None and self.is_live:
            act(self.web)

    def edit_address(self) -> None:
        """Put the cursor into the address field."""
        if self.is_live:
            self.bar.field.begin_edit()

    def zoom(self, by: int) -> None:
        """Make the page one step larger (1) or smaller (-1), or as it is meant to be (0)."""
        nearest = min(range(len(ZOOMS)), key=lambda place: abs(ZOOMS[place] - self._look.zoom))
        wanted = ZOOMS[max(0, min(len(ZOOMS) - 1, nearest + by))] if by else 1.0
        assert LEAST_SCALE <= wanted <= MOST_SCALE
        self._keep(replace(self._look, zoom=wanted))

    def show_as(self, kind: Kind) -> None:
        """Lay the page out as for a phone, a tablet, a size of one's own, or all the room."""
        if kind is Kind.CUSTOM and self._look.device.is_framed:
            self._choose_device(replace(self._look.device, kind=kind))
        elif kind is not self._look.device.kind:
            self._choose_device(OF_KIND[kind])
        if kind is Kind.CUSTOM and self.is_live:
            self.strip.begin_edit()

    def rotate(self) -> None:
        """Lay the device on its side, or stand it up."""
        if self._look.device.is_framed:
            self._choose_device(self._look.device.turned)

    def shoot(self, *, is_whole: bool, is_copy: bool) -> None:
        """Take a picture of the page."""
        self.with_page(lambda web: self._shots.take(web, self._name, is_whole=is_whole, is_copy=is_copy))

    def open_outside(self) -> None:
        """Open the page in the system browser."""
        url = self.web.url if self.web is not None else ""
        self.outside_requested.emit(url if address.is_inside(url, self._base) else self._base)

    def pop(self) -> None:
        """Take the preview into a window of its own, or back into its place; the page goes on as it is."""
        if self.popped is None:
            self._pop_out()
        else:
            self._pop_in()

    def close_page(self) -> None:
        """End the page, and its window if it has one."""
        self._pop_in()
        self.line.drop()
        web, self.web = self.web, None
        if web is not None:
            self.frame.set_view(None)
            web.close_web()

    def _pop_out(self) -> None:
        if not self.is_live:
            return
        commands = (*PAGE_COMMANDS, "browser", *_ELSEWHERE)
        popped = self.popped = PopOut(self._stack, commands, self, self._look.geometry)
        popped.show_name(self._name)
        popped.commanded.connect(self.command)
        popped.closed.connect(self._pop_in)
        popped.used.connect(self.used)
        self._stack.show()
        self.bar.show_popped(self._icons, True)
        popped.show()
        popped.activateWindow()
        if self.web is not None:
            self.web.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _pop_in(self) -> None:
        popped, self.popped = self.popped, None
        if popped is None:
            return
        self._keep(replace(self._look, geometry=popped.place))
        self._whole.insertWidget(0, self._stack)
        self._whole.setCurrentWidget(self._stack)
        self.bar.show_popped(self._icons, False)
        popped.hide()
        popped.deleteLater()

    def _away(self) -> QWidget:
        made = QWidget(self._whole)
        made.setObjectName("statusPanel")
        made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        words = label(tr("The preview is in a window of its own."), "muted")
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        show = push_button("popShow", tr("Show it"))
        show.clicked.connect(self._raise_popped)
        back = push_button("popBack", tr("Bring it back"))
        back.clicked.connect(self._pop_in)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        for button in (show, back):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(made)
        column.setSpacing(GAP)
        column.addStretch(1)
        column.addWidget(words)
        column.addLayout(buttons)
        column.addStretch(1)
        return made

    def _raise_popped(self) -> None:
        if self.popped is not None:
            self.popped.showNormal()
            self.popped.raise_()
            self.popped.activateWindow()

    def _load(self, url: str) -> None:
        web = self.web or self._make_page()
        self.line.drop()
        # A page that was there before the restart stays where it was.
        web.load(next((place for place in (web.url, url) if address.is_inside(place, self._base)), self._base))

    def _make_page(self) -> Web:
        web = self.web = self._open_web(self._base, self._folder, self)
        self.frame.set_view(web.view)
        web.show_scroll_bars(not self._look.device.is_hand_held)
        web.said.connect(self.line.say)
        web.asked.connect(self.line.ask)
        web.withdrawn.connect(self.line.withdraw)
        web.moved.connect(self._show_place)
        web.loaded.connect(self._loaded)
        web.ended.connect(self._offer_reload)
        web.console.connect(self.console)
        web.loading.connect(self.loading)
        web.painted.connect(self.painted)
        self._show_place()
        return web

    def _go(self, typed: str) -> None:
        url = address.complete(typed, self._base)
        if address.is_inside(url, self._base):
            self.with_page(lambda web: web.load(url))
            if self.web is not None:
                self.web.view.setFocus(Qt.FocusReason.OtherFocusReason)
        elif address.is_outside(url):
            self.outside_requested.emit(url)
            self._show_place()
        else:
            self.line.say(tr("{0} is not an address of this page.").format(plain(typed, 120)))

    def _loaded(self) -> None:
        self.line.withdraw(_ENDED)
        size, self._was_discarded = self._was_discarded, 0
        self._blank.begin()
        if size:
            freed = present.size(size, tr)
            self.line.say(tr("Memory was short: the page was put away ({0} freed) and is loaded again.").format(freed))

    def _offer_reload(self) -> None:
        words = tr("The page’s process ended. What was typed into it is gone.")
        ask = Ask(_ENDED, words, tr("Reload it"), tr("Leave it"), lambda is_yes: self._heed_reload(is_yes))
        self.line.ask(ask)

    def _heed_reload(self, is_yes: bool) -> None:
        if is_yes:
            self.with_page(lambda web: web.reload())

    def _choose_device(self, device: Device) -> None:
        self._keep(replace(self._look, device=device))

    def _keep(self, look: Look) -> None:
        if look != self._look:
            self._look = look
            self._show_look()
            self.look_changed.emit(look)

    def _show_look(self) -> None:
        self.bar.show_zoom(self._look.zoom)
        self.bar.show_device(self._look.device)
        self.strip.show_device(self._look.device)
        if self.web is not None:  # before the size: bars that a page has go when it is laid out anew
            self.web.show_scroll_bars(not self._look.device.is_hand_held)
        self.frame.show_device(self._look.device, self._look.zoom)

    def _show_scale(self, scale: float) -> None:
        self.strip.show_scale(scale)
        if self.web is not None:
            self.web.set_zoom(scale)

    def _show_place(self) -> None:
        if self.web is not None:
            path = address.path(self.web.url, self._base)
            self.bar.show_place(path, self.web.can_go_back, self.web.can_go_forward)


PAGE_COMMANDS: dict[str, Callable[[PreviewPane], None]] = {
    "reload": lambda pane: pane.with_page(lambda web: web.reload()),
    "back": lambda pane: pane.with_page(lambda web: web.back()),
    "forward": lambda pane: pane.with_page(lambda web: web.forward()),
    "address": lambda pane: pane.edit_address(),
    "zoom-in": lambda pane: pane.zoom(1),
    "zoom-out": lambda pane: pane.zoom(-1),
    "zoom-reset": lambda pane: pane.zoom(0),
    "phone": lambda pane: pane.show_as(Kind.PHONE),
    "tablet": lambda pane: pane.show_as(Kind.TABLET),
    "full": lambda pane: pane.show_as(Kind.FULL),
    "custom": lambda pane: pane.show_as(Kind.CUSTOM),
    "rotate": lambda pane: pane.rotate(),
    "shot-save": lambda pane: pane.shoot(is_whole=False, is_copy=False),
    "shot-copy": lambda pane: pane.shoot(is_whole=False, is_copy=True),
    "shot-save-whole": lambda pane: pane.shoot(is_whole=True, is_copy=False),
    "shot-copy-whole": lambda pane: pane.shoot(is_whole=True, is_copy=True),
    "tools": lambda pane: pane.with_page(lambda web: web.show_tools()),
    "pop-out": lambda pane: pane.pop(),
}
"""What a command does with the page."""
