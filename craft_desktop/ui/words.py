"""The words of the window, and the one way to have them translated."""

from PySide6.QtCore import QCoreApplication

CONTEXT = "CraftDesktop"
"""The context of every text in the translation files."""


def tr(text: str) -> str:
    """Give `text` in the person's language; without a translation, as it is."""
    return QCoreApplication.translate(CONTEXT, text)
