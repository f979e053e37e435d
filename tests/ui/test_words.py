from PySide6.QtCore import QCoreApplication, QTranslator

from craft_desktop.ui.words import CONTEXT, tr


class German(QTranslator):
    def translate(self, context: str, text: str, disambiguation: str | None = None, number: int = -1) -> str | None:
        return "Läuft" if (context, text) == (CONTEXT, "Live") else None


def test_words_are_translated_where_there_is_a_translation(qapp: QCoreApplication) -> None:
    german = German()
    QCoreApplication.installTranslator(german)
    try:
        assert tr("Live") == "Läuft"
        assert tr("Stopped") == "Stopped"
    finally:
        QCoreApplication.removeTranslator(german)
    assert tr("Live") == "Live"
