"""The list of projects, remembered between runs."""

import dataclasses
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from craft_desktop.model.errors import ProjectError
from craft_desktop.model.project import Project, Provider, make_slug
from craft_desktop.model.script import Framework
from craft_desktop.store.atomic import locked, read_json, write_json

_log = logging.getLogger(__name__)
T = TypeVar("T")


class ProjectStore:
    """Reads and changes `projects.json` in `folder`, which must exist. Nothing here touches a project's files.

    :raises ProjectError: the file is there and cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "projects.json"
        self._lock = folder / ".projects.lock"
        try:
            self._projects = self._read()
        except OSError as error:
            raise ProjectError(
                "The list of projects could not be read",
                f"{self._file}: {error.strerror or error}",
                "Give yourself the right to read the file, or move it away, and start again.",
            ) from error

    def all(self) -> tuple[Project, ...]:
        """Give the projects, last used first."""
        return tuple(sorted(self._projects.values(), key=lambda project: project.used_at, reverse=True))

    def get(self, project_id: str) -> Project:
        """Give one project.

        :raises KeyError: it is not on the list.
        """
        return self._projects[project_id]

    def at(self, path: Path) -> Project | None:
        """Give the project in the folder `path`, if it is on the list."""
        return next((project for project in self._projects.values() if project.path == path), None)

    def add(self, path: Path, name: str, now: float, framework: Framework | None = None) -> Project:
        """Put a folder on the list; its slug is its for good.

        :param path: absolute and resolved.
        :param now: Unix seconds.
        :raises ProjectError: the list cannot be saved.
        """

        def change(projects: dict[str, Project]) -> Project:
            there = next((project for project in projects.values() if project.path == path), None)
            if there is not None:
                return there
            slug = make_slug(name, {project.slug for project in projects.values()})
            project = Project(secrets.token_hex(8), slug, name, path, now, now, framework=framework)
            projects[project.id] = project
            return project

        return self._change(change)

    def update(self, project_id: str, **fields: Any) -> Project:
        """Change fields of one project and answer it.

        :raises KeyError: it is not on the list.
        :raises ProjectError: the list cannot be saved.
        """

        def change(projects: dict[str, Project]) -> Project:
            projects[project_id] = dataclasses.replace(projects[project_id], **fields)
            return projects[project_id]

        return self._change(change)

    def remove(self, project_id: str) -> None:
        """Take a project off the list; its files stay.

        :raises ProjectError: the list cannot be saved.
        """

        def change(projects: dict[str, Project]) -> Project | None:
            return projects.pop(project_id, None)

        self._change(change)

    def _change(self, change: Callable[[dict[str, Project]], T]) -> T:
        try:
            with locked(self._lock):
                projects = self._read()
                result = change(projects)
                write_json(self._file, [_to_json(project) for project in projects.values()])
        except OSError as error:
            raise ProjectError(
                "The list of projects could not be saved",
                f"{self._file}: {error.strerror or error}",
                "Make room on the disk or make the file writable, and try again.",
            ) from error
        self._projects = projects
        return result

    def _read(self) -> dict[str, Project]:
        projects = [_from_json(item) for item in read_json(self._file, [])]
        return {project.id: project for project in projects if project is not None}


def _to_json(project: Project) -> dict[str, object]:
    return {**dataclasses.asdict(project), "path": str(project.path)}


def _from_json(item: object) -> Project | None:
    try:
        if not isinstance(item, dict):
            raise TypeError(f"a {type(item).__name__} is not a project")
        provider, port = item.get("provider"), item.get("port")
        return Project(
            id=str(item["id"]),
            slug=str(item["slug"]),
            name=str(item["name"]),
            path=Path(str(item["path"])),
            added_at=float(item["added_at"]),
            used_at=float(item["used_at"]),
            provider=Provider(provider) if provider else None,
            unisolated=item.get("unisolated") is True,
            port=port if isinstance(port, int) and 0 < port < 65536 else None,
            keep_awake=item.get("keep_awake") is True,
            is_shared=item.get("is_shared") is True,
            framework=next((known for known in Framework if known == item.get("framework")), None),
        )
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        _log.warning("an entry in the list of projects was left out: %s", error)
        return None
