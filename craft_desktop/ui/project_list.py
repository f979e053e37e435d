"""The list of projects: a filter, and a row for each with state, time and problem."""

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLineEdit, QListView, QVBoxLayout, QWidget

from craft_desktop.model.project import Project
from craft_desktop.model.session import Session
from craft_desktop.ui import row_words
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import label, make_clearable, tip, tool_button
from craft_desktop.ui.project_row import LINES_ROLE, ROW_ROLE, RowPainter
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, Theme
from craft_desktop.ui.words import tr

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ProjectModel(QAbstractListModel):
    """The projects that the filter lets through, in the order they were given."""

    def __init__(self, now: Callable[[], float], parent: QWidget) -> None:
        super().__init__(parent)
        self._now = now
        self._projects: tuple[Project, ...] = ()
        self._apart: dict[str, str] = {}
        self._sessions: dict[str, Session] = {}
        self._filter = ""
        self._shown: list[Project] = []
        self._rows: dict[str, int] = {}

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Count the rows."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give a row's name, its words for a screen reader, or all that is painted."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        project = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return project.name
        if role == Qt.ItemDataRole.ToolTipRole:
            framework = project.framework
            return tip(f"{project.path}\n{framework.value}" if framework is not None else str(project.path))
        if role == LINES_ROLE:
            return 3 if row_words.problem_of(self.session(project.id)) else 2
        if role not in (ROW_ROLE, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = row_words.row(project, self.session(project.id), self._now(), tr, self._apart.get(project.id, ""))
        return row if role == ROW_ROLE else row.spoken

    def session(self, project_id: str) -> Session:
        """Give what was last told of a project's run."""
        return self._sessions.get(project_id) or Session(project_id)

    def project_at(self, row: int) -> Project | None:
        """Give the project in a row."""
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def row_of(self, project_id: str) -> int:
        """Give a project's row; -1 if it is not shown."""
        return self._rows.get(project_id, -1)

    def set_projects(self, projects: Sequence[Project], sessions: Iterable[Session] = ()) -> None:
        """Take the list, and what is known of each project's run; of those not named that stays as it was."""
        self._projects = tuple(projects)
        self._apart = row_words.apart(projects)
        known = {project.id for project in projects}
        told = {session.project_id: session for session in sessions}
        self._sessions = {key: value for key, value in (self._sessions | told).items() if key in known}
        self._rebuild()

    def set_filter(self, text: str) -> None:
        """Show the projects whose name or folder holds `text`, whatever its case."""
        self._filter = text.strip().casefold()
        self._rebuild()

    def set_session(self, session: Session) -> None:
        """Take a project's run."""
        before = self.session(session.project_id)
        self._sessions[session.project_id] = session
        row = self.row_of(session.project_id)
        if row >= 0:
            index = self.index(row)
            # Where the roles are not named, the view lays out every row anew, as if this one's height had changed.
            same_height = bool(row_words.problem_of(before)) == bool(row_words.problem_of(session))
            roles = [ROW_ROLE, Qt.ItemDataRole.AccessibleTextRole] if same_height else []
            self.dataChanged.emit(index, index, roles)

    def _rebuild(self) -> None:
        self.beginResetModel()
        wanted = self._filter
        self._shown = [
            project
            for project in self._projects
            if wanted in project.name.casefold() or wanted in str(project.path).casefold()
        ]
        self._rows = {project.id: row for row, project in enumerate(self._shown)}
        self.endResetModel()


class ProjectList(QWidget):
    """The side of the window. Emits which project is chosen, and where a context menu is asked for."""

    chosen = Signal(str)
    opened = Signal(str)
    """A project was double-clicked, or Return pressed on it."""
    menu_requested = Signal(str, QPoint)
    add_requested = Signal()

    def __init__(self, theme: Theme, icons: Icons, now: Callable[[], float]) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._chosen: str | None = None
        self.model = ProjectModel(now, self)

        title = label(tr("Projects"))
        title.setObjectName("sidebarTitle")
        self.add_button = tool_button("addButton", tr("Open a folder (Ctrl+O)"), icons, "plus")
        self.add_button.clicked.connect(self.add_requested)
        top = QHBoxLayout()
        top.setContentsMargins(GAP_L, GAP, GAP, GAP_S)
        top.addWidget(title, 1)
        top.addWidget(self.add_button)

        self.filter = QLineEdit()
        self.filter.setObjectName("projectFilter")
        self.filter.setPlaceholderText(tr("Filter"))
        self.filter.setAccessibleName(tr("Filter projects"))
        make_clearable(self.filter, icons)
        self.filter.setAcceptDrops(False)
        self.filter.textChanged.connect(self._filter_changed)
        middle = QHBoxLayout()
        middle.setContentsMargins(GAP, 0, GAP, GAP)
        middle.addWidget(self.filter)

        self.view = QListView()
        self.view.setObjectName("projectList")
        self.view.setAccessibleName(tr("Projects"))
        self.view.setModel(self.model)
        self.view.setItemDelegate(RowPainter(theme, self.view))
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setMouseTracking(True)
        self.view.customContextMenuRequested.connect(self._ask_menu)
        self.view.activated.connect(self._open)
        self.view.selectionModel().currentChanged.connect(self._choose)
        theme.changed.connect(self.view.viewport().update)

        self.none_found = label(tr("No project has that in its name."), "muted", wraps=True)
        self.none_found.setContentsMargins(GAP_L, GAP, GAP_L, 0)
        self.none_found.hide()
        self.hint = label(tr("Drop a project folder here"), "small", wraps=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setContentsMargins(GAP_L, GAP, GAP_L, GAP_L)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addLayout(middle)
        column.addWidget(self.none_found)
        column.addWidget(self.view, 1)
        column.addWidget(self.hint)

    def show_projects(self, projects: Sequence[Project], sessions: Iterable[Session] = ()) -> None:
        """Show the list and how each project runs; the chosen project stays chosen."""
        self.model.set_projects(projects, sessions)
        # Without a project the middle of the window says what to do.
        self.hint.setVisible(bool(projects))
        self.filter.setVisible(bool(projects))
        self._keep_choice()

    def show_session(self, session: Session) -> None:
        """Show a project's run."""
        self.model.set_session(session)

    def tick(self) -> None:
        """Show the times as they are now, of the rows in sight."""
        self.view.viewport().update()

    def choose(self, project_id: str) -> None:
        """Choose a project; the filter gives way if it hides it."""
        if self.model.row_of(project_id) < 0:
            self.filter.clear()
        row = self.model.row_of(project_id)
        if row >= 0:
            self.view.setCurrentIndex(self.model.index(row))

    def choose_row(self, row: int) -> None:
        """Choose the project in a row, from 0; nothing happens if there is none."""
        project = self.model.project_at(row)
        if project is not None:
            self.choose(project.id)

    def _keep_choice(self) -> None:
        row = self.model.row_of(self._chosen) if self._chosen else -1
        if row >= 0:
            index = self.model.index(row)
            self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        is_any = self.model.rowCount() > 0
        self.none_found.setVisible(bool(self.filter.text()) and not is_any)
        # In an empty list the focus would be nowhere to be seen.
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_any else Qt.FocusPolicy.NoFocus)

    def _filter_changed(self, text: str) -> None:
        self.model.set_filter(text)
        self._keep_choice()

    def _choose(self, index: QModelIndex) -> None:
        project = self.model.project_at(index.row()) if index.isValid() else None
        if project is not None and project.id != self._chosen:
            self._chosen = project.id
            self.chosen.emit(project.id)

    def _open(self, index: QModelIndex) -> None:
        project = self.model.project_at(index.row())
        if project is not None:
            self.opened.emit(project.id)

    def _ask_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        index = index if index.isValid() else self.view.currentIndex()
        project = self.model.project_at(index.row()) if index.isValid() else None
        if project is not None:
            self.menu_requested.emit(project.id, self.view.viewport().mapToGlobal(at))
