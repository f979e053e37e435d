"""What a page may use besides itself: asked of the person by origin, remembered for this run, all else refused."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWebEngineCore import QWebEnginePermission

from craft_desktop.ui.address import short
from craft_desktop.ui.asks import Ask, plain
from craft_desktop.ui.words import tr

_Type = QWebEnginePermission.PermissionType

_WORDS = {
    _Type.MediaVideoCapture: "{0} wants to use your camera.",
    _Type.MediaAudioCapture: "{0} wants to use your microphone.",
    _Type.MediaAudioVideoCapture: "{0} wants to use your camera and microphone.",
    _Type.Geolocation: "{0} wants to know where you are.",
    _Type.Notifications: "{0} wants to show notifications.",
    _Type.ClipboardReadWrite: "{0} wants to read and write your clipboard.",
}
"""What may be asked for. The rest (the screen, the pointer's lock, local fonts...) is refused unasked."""

MOST_NOS = 5
"""After so many a page does not ask again in this run: whoever says no five times means it."""


class Permissions(QObject):
    """Answers one page's requests; nothing is kept beyond the program's run."""

    asked = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._answers: dict[tuple[str, _Type], bool] = {}
        self._waiting: dict[tuple[str, _Type], list[QWebEnginePermission]] = {}
        self._nos = 0

    def decide(self, permission: QWebEnginePermission) -> None:
        """Answer as the person did before, or ask."""
        kind, origin = permission.permissionType(), permission.origin().toString()
        key = (origin, kind)
        words = _WORDS.get(kind)
        if words is None:
            permission.deny()
        elif key in self._answers:
            _answer(permission, self._answers[key])
        elif key in self._waiting:
            self._waiting[key].append(permission)
        elif self._nos >= MOST_NOS:
            permission.deny()
        else:
            self._waiting[key] = [permission]
            who = plain(short(origin).rstrip("/"), 80)
            ask = Ask(
                f"permission {kind.name} {origin}",
                tr(words).format(who),
                tr("Allow for this run"),
                tr("Don’t allow"),
                lambda is_yes: self._heed(key, is_yes),
            )
            self.asked.emit(ask)

    def _heed(self, key: tuple[str, _Type], is_yes: bool) -> None:
        self._answers[key] = is_yes
        self._nos += not is_yes
        for permission in self._waiting.pop(key, []):
            _answer(permission, is_yes)


def _answer(permission: QWebEnginePermission, is_yes: bool) -> None:
    if not permission.isValid():
        return
    if is_yes:
        permission.grant()
    else:
        permission.deny()
