"""What a drop of folders will do, in words. No Qt.

As in `present.py`, `tr` is the translator. Asked at each drag over the window, so it looks at a few files at most.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.ui.present import Tr

MANIFEST = "package.json"
MOST_LOOKED_AT = 50
"""Folders that are looked into while they are held above the window: two files each, far below a frame."""


@dataclass(frozen=True, slots=True)
class DropWords:
    """A headline and a sentence."""

    title: str
    text: str


def drop_words(paths: Sequence[Path], is_listed: Callable[[Path], bool], tr: Tr) -> DropWords:
    """Say what a drop of `paths` will do: folders, or package.json files.

    :param is_listed: says whether a folder is on the list already.
    """
    folders = [path.parent if path.name == MANIFEST else path for path in paths]
    lacking = [folder for folder in folders[:MOST_LOOKED_AT] if not (folder / MANIFEST).is_file()]
    lack = tr("A project’s folder holds one: drop the folder that does.")
    if len(folders) > 1:
        count = len(folders) - len(lacking)
        if not count:
            return DropWords(tr("There is no package.json in any of them"), lack)
        text = tr("They join the list. The folders stay where they are.")
        if len(lacking) == 1:
            text = tr("“{0}” has no package.json and is left out.").format(lacking[0].name)
        elif lacking:
            text = tr("{0} of them have no package.json and are left out.").format(len(lacking))
        many = tr("Drop to open {0} projects").format(count)
        return DropWords(tr("Drop to open 1 project") if count == 1 else many, text)
    name = folders[0].name
    if lacking:
        return DropWords(tr("There is no package.json in “{0}”").format(name), lack)
    if is_listed(folders[0]):
        return DropWords(tr("Drop to show “{0}”").format(name), tr("It is on the list already."))
    joins = tr("It joins the list. The folder stays where it is.")
    return DropWords(tr("Drop to open “{0}”").format(name), joins)
