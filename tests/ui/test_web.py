from PySide6.QtCore import QObject, Signal

from craft_desktop.ui.engine import EngineWeb
from craft_desktop.ui.web import Web


def test_the_engine_fulfils_all_that_the_window_asks_of_a_page() -> None:
    own = {name for name, value in vars(Web).items() if callable(value) or isinstance(value, property)}
    asked = {name for name in own if not name.startswith("_")} - {"staticMetaObject"}
    assert len(asked) > 12
    assert issubclass(EngineWeb, Web) and issubclass(Web, QObject)
    signals = {name for name, value in vars(Web).items() if isinstance(value, Signal)}
    assert {"moved", "loaded", "asked", "ended"} <= signals
    assert {name for name in asked if name not in vars(EngineWeb)} <= signals
