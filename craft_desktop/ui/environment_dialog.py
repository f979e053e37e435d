"""A project's environment variables: what there is, changed together, saved at once.

Values are masked, and hide again by themselves: after some seconds, and as soon as another window is in front.
"""

from collections.abc import Collection

from PySide6.QtCore import QEvent, QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QDialog, QStackedWidget, QVBoxLayout, QWidget

from craft_desktop.model.environment_draft import Draft, Standing
from craft_desktop.model.errors import Problem
from craft_desktop.model.project import Project
from craft_desktop.store.secrets import KeySource
from craft_desktop.ui import variable_words
from craft_desktop.ui.dotenv_paste import DotenvPaste
from craft_desktop.ui.environment_bridge import Surroundings, Wish
from craft_desktop.ui.environment_foot import SAVING, EnvironmentFoot
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import label, line
from craft_desktop.ui.question_bar import QuestionBar
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, GAP_XL, Theme
from craft_desktop.ui.variable_editor import VariableEditor
from craft_desktop.ui.variable_list import VariableList
from craft_desktop.ui.words import tr

WIDTH, HEIGHT = 800, 560
LEAST_WIDTH, LEAST_HEIGHT = 640, 440
REVEAL_MS = 20_000
"""Long enough to read or copy a key by eye, short enough for a desk that is left."""


class EnvironmentDialog(QDialog):
    """Shows the names, takes changes, and asks about those not saved. Not modal; one for each project."""

    reveal_requested = Signal(str)
    save_requested = Signal(object, object)
    """What is to be put (a mapping), and the names to be dropped."""
    save_cancelled = Signal()
    closed = Signal()
    """Nothing is left to be done; the dialog may go."""

    def __init__(self, project: Project, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("environmentDialog")
        self.setWindowTitle(tr("Environment variables – {0}").format(project.name))
        self.setMinimumSize(LEAST_WIDTH, LEAST_HEIGHT)
        self.resize(WIDTH, HEIGHT)
        self._draft, self._around = Draft(), Surroundings()
        self._is_known = self._is_running = self._is_saving = False
        self._wanted = self._late = ""
        self._for_clipboard = self._asks_page = self._is_leaving = False
        self._hiding = QTimer(self, interval=REVEAL_MS, singleShot=True)
        self._hiding.timeout.connect(self.hide_values)
        self._build(icons.theme, icons)
        self._connect()
        self._show_draft()

    def _build(self, theme: Theme, icons: Icons) -> None:
        self.all, self.editor = VariableList(theme, icons), VariableEditor()
        self.paste, self.question = DotenvPaste(theme, icons), QuestionBar()
        self.pages = QStackedWidget()
        for page in (self.all, self.editor, self.paste):
            self.pages.addWidget(page)
        self.problem = label("", "error", wraps=True)
        self.problem.setObjectName("environmentProblem")
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problem.hide()
        self.foot = EnvironmentFoot()
        body = QVBoxLayout()
        body.setContentsMargins(GAP_XL, GAP_L, GAP_XL, GAP_L)
        body.setSpacing(GAP)
        body.addWidget(self.pages, 1)
        body.addWidget(self.problem)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addWidget(line())
        column.addSpacing(GAP_S)
        column.addWidget(self.foot)
        column.addWidget(self.question)

    def _connect(self) -> None:
        page, editor, paste, question = self.all, self.editor, self.paste, self.question
        page.add_requested.connect(lambda: self._edit(""))
        page.paste_requested.connect(self._open_paste)
        page.edit_requested.connect(self._edit)
        page.eye_requested.connect(self._toggle)
        page.copy_requested.connect(self._copy)
        page.remove_requested.connect(self._remove)
        page.table.paste_requested.connect(self._paste_at_once)
        editor.done.connect(self._take_one)
        editor.left.connect(self.reject)
        editor.show_requested.connect(self._ask)
        editor.value.edited.connect(self._hiding.start)
        paste.taken.connect(self._take_all)
        paste.left.connect(self.reject)
        question.kept.connect(self._keep)
        question.discarded.connect(self._discard)
        question.saved.connect(self._save_and_close)
        self.foot.close_button.clicked.connect(self.reject)
        self.foot.save_button.clicked.connect(self._save)
        self.foot.cancel_button.clicked.connect(self.save_cancelled)

    # What is told to it ---------------------------------------------------------------------------------------

    @property
    def draft(self) -> Draft:
        """What there is, and what is changed."""
        return self._draft

    @property
    def is_touched(self) -> bool:
        """Would closing now lose something?"""
        return bool(self._draft.changes) or self._is_page_touched

    def show_around(self, around: Surroundings) -> None:
        """Show what there is; changes not saved stay."""
        is_first = not self._is_known
        self._around, self._is_known = around, True
        self._draft = self._draft.onto(around.names)
        self._show_draft()
        if is_first:
            (self.all.table if self.all.table.row else self.all.add_button).setFocus()

    def show_running(self, is_running: bool) -> None:
        """Say rightly whether saving restarts something."""
        is_other, self._is_running = self._is_running is not is_running, is_running
        if is_other and self._draft.changes:  # what came of a save is said as long as nothing is changed
            self._show_foot()

    def show_value(self, name: str, value: str) -> None:
        """Show (or copy) a value that was asked for, if it still is."""
        if name != self._wanted:
            return
        self._wanted = ""
        if not self.isActiveWindow() and not self._for_clipboard:
            self._late = name  # the keyring's own prompt may still be in front
            return
        self.all.wait("")
        if self._for_clipboard:
            self._give_clipboard(name, value)
        elif self.pages.currentWidget() is self.editor:
            self.editor.reveal(name, value)
            self._hiding.start()
        else:
            self.all.reveal(name, value)
            self._hiding.start()

    def show_saved(self, place: KeySource, names: Collection[str]) -> None:
        """Everything is in force."""
        kept_at = place if place is not KeySource.NONE else self._around.place
        self._is_saving = False
        self._around = Surroundings(tuple(names), kept_at, self._around.files)
        self._draft = Draft(frozenset(names))
        self._show_draft()
        if self._is_leaving or not self.isVisible():
            self.abandon()
            return
        self.foot.say(tr("Saved. The dev server restarts.") if self._is_running else tr("Saved."))
        self.all.table.setFocus()

    def show_cancelled(self) -> None:
        """It was not saved, as the person wished; what was changed stays as it is."""
        self._is_saving = self._is_leaving = False
        self._show_foot()
        self.foot.say(tr("Not saved. If your system still asks to unlock its keyring, close that question."))
        self.show()  # it may have been closed while it saved
        self.foot.save_button.setFocus()

    def show_problem(self, wish: Wish, problem: Problem) -> None:
        """Say what went wrong; what was changed stays as it is, unsaved."""
        self._wanted = ""
        self.all.wait("")
        words = problem.in_one
        if wish is Wish.SAVE:
            self._is_saving = self._is_leaving = False
            words = f"{words} {tr('Your changes are still here.')}"
            self.show()  # it may have been closed while it saved
        if not self._is_known:
            self.all.heading.setText(tr("The variables could not be read"))
        self.editor.value.calm()
        self._show_foot()
        self.problem.setText(words)
        self.problem.show()

    def hide_values(self) -> None:
        """Mask every value."""
        self._hiding.stop()
        self.all.hide_values()
        self.editor.value.hide_value()

    def ask_to_leave(self) -> bool:
        """May it close now? If something would be lost, the question is put, and once it stands so, this is a yes."""
        if not self.is_touched or self.question.isVisible():
            return True
        self._put_question(is_page=False)
        return False

    def abandon(self) -> None:
        """Close, and hold nothing any more."""
        self.question.hide()
        self.foot.show()
        self._draft = Draft()
        self._back()
        self.hide()
        self.closed.emit()

    # What a person does ---------------------------------------------------------------------------------------

    def reject(self) -> None:
        """Go one step back: from the question, from a page, from the dialog."""
        if self.question.isVisible():
            self._keep()
        elif self.pages.currentWidget() is self.all:
            self.close()
        elif self._is_page_touched:
            self._put_question(is_page=True)
        else:
            self._back()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about what is not saved; while it saves, go out of sight until it is known how that ended."""
        event.ignore()
        if self._is_saving:
            self.hide()
        elif self.is_touched:
            self._put_question(is_page=False)
        else:
            self.abandon()

    def changeEvent(self, event: QEvent) -> None:
        """Mask every value as soon as another window is in front."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange:
            if not self.isActiveWindow():
                self.hide_values()
            elif self._late:
                late, self._late = self._late, ""
                self._ask(late)

    def _edit(self, name: str) -> None:
        standing = self._draft.standings().get(name)
        if standing is Standing.REMOVED:
            return
        self._open(self.editor)
        if standing is None:
            self.editor.add(self._draft, self._around.files, name)
        else:
            self.editor.change(self._draft, self._around.files, name)

    def _toggle(self, name: str) -> None:
        if not self._has_value(name):
            return
        if self.all.is_revealed(name):
            self.all.hide_values(name)
        else:
            self._ask(name)

    def _copy(self, name: str) -> None:
        if self._has_value(name):
            self._ask(name, for_clipboard=True)

    def _ask(self, name: str, *, for_clipboard: bool = False) -> None:
        self._wanted, self._for_clipboard = name, for_clipboard
        self.problem.hide()
        if name in self._draft.put:
            self.show_value(name, self._draft.put[name])
            return
        self.all.wait(name)
        self.reveal_requested.emit(name)

    def _give_clipboard(self, name: str, value: str) -> None:
        copied = QMimeData()
        copied.setText(value)
        copied.setData("x-kde-passwordManagerHint", b"secret")  # clipboard histories leave out what bears it
        QGuiApplication.clipboard().setMimeData(copied)
        self.foot.say(tr("The value of {0} is in the clipboard.").format(name))

    def _remove(self, name: str) -> None:
        standing = self._draft.standings().get(name)
        if standing is None:
            return
        is_gone = standing is Standing.REMOVED
        self._change(self._draft.restored(name) if is_gone else self._draft.without(name), name)

    def _take_one(self, name: str, value: str | None) -> None:
        if value is not None and (self.editor.is_touched or not self.editor.variable):
            self._change(self._draft.setting({name: value}), name)
        self._back()

    def _take_all(self, values: dict[str, str]) -> None:
        self._change(self._draft.setting(values), min(values))
        self._back()

    def _paste_at_once(self) -> None:
        self._open_paste()
        self.paste.field.paste()

    def _open_paste(self) -> None:
        self._open(self.paste)
        self.paste.begin(self._draft)

    def _open(self, page: QWidget) -> None:
        self.hide_values()
        self.problem.hide()
        self.pages.setCurrentWidget(page)
        self._show_foot()

    def _back(self) -> None:
        self._wanted = self._late = ""
        self.editor.forget()
        self.paste.forget()
        self.problem.hide()
        self.pages.setCurrentWidget(self.all)
        self.all.wait("")
        self._show_foot()
        self.all.table.setFocus()

    def _change(self, draft: Draft, name: str) -> None:
        self._draft = draft
        self._show_draft()
        self.all.table.choose(name)

    def _save(self) -> None:
        if self._draft.changes and not self._is_saving:
            self.hide_values()
            self.problem.hide()
            self._is_saving = True
            self._show_foot()
            self.foot.cancel_button.setFocus()
            self.save_requested.emit(dict(self._draft.put), self._draft.drop)

    def _save_and_close(self) -> None:
        self._keep()
        self._is_leaving = True
        self._save()

    def _put_question(self, *, is_page: bool) -> None:
        self.hide_values()
        self._asks_page = is_page
        of_page = self._is_page_touched
        words = tr("What you entered is not in the list yet.") if of_page else variable_words.unsaved(self._draft, tr)
        self.foot.hide()
        self.pages.setEnabled(False)
        self.question.ask(words, can_save=not of_page)

    def _discard(self) -> None:
        if self._asks_page:
            self._keep()
            self._back()
        else:
            self.abandon()

    def _keep(self) -> None:
        self._asks_page = False
        self.question.hide()
        self.foot.show()
        self._show_foot()
        page = self.pages.currentWidget()
        if page is self.editor:
            self.editor.value.give_focus()
        else:
            (self.all.table if page is self.all else self.paste.preview).setFocus()

    # How it looks ---------------------------------------------------------------------------------------------

    @property
    def _is_page_touched(self) -> bool:
        page = self.pages.currentWidget()
        return (page is self.editor and self.editor.is_touched) or (page is self.paste and self.paste.is_touched)

    def _has_value(self, name: str) -> bool:
        return self._draft.standings().get(name, Standing.REMOVED) is not Standing.REMOVED

    def _show_draft(self) -> None:
        if self._is_known:
            self.all.show_draft(self._draft, self._around.files)
        self._show_foot()

    def _show_foot(self) -> None:
        is_list = self.pages.currentWidget() is self.all
        foot = self.foot
        foot.place.setText(variable_words.place(self._around.place, tr) if self._is_known else "")
        foot.say(tr(SAVING) if self._is_saving else variable_words.restart(self._draft, self._is_running, tr))
        foot.show_buttons(is_list=is_list, is_saving=self._is_saving)
        foot.save_button.setEnabled(self._is_known and bool(self._draft.changes) and not self._is_saving)
        self.pages.setEnabled(not self._is_saving and not self.question.isVisible())
        self.all.heed()
