"""What the list knows of a project beside what a person chose, and a project that has left it."""

import logging
from collections.abc import Callable

from craft_desktop.model.errors import ProjectError
from craft_desktop.model.project import Project
from craft_desktop.model.script import Framework
from craft_desktop.store.projects import ProjectStore

_log = logging.getLogger(__name__)


def as_it_is(projects: ProjectStore, project: Project) -> Project:
    """Give a project as it stands on the list now; as it was, where another copy of the program took it off."""
    try:
        return projects.get(project.id)
    except KeyError:
        return project  # here it may still run


def note_framework(projects: ProjectStore, project_id: str, framework: Framework, tell: Callable[[], None]) -> None:
    """Note what a start found a project to be, and tell of it if that is another than before."""
    try:
        if projects.get(project_id).framework is not framework:
            projects.update(project_id, framework=framework)
            tell()
    except (KeyError, ProjectError) as error:  # a mark on the list is worth neither a word nor the start
        _log.info("the framework of %s was not noted: %s", project_id, error)
