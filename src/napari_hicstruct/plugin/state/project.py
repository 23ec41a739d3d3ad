"""The project file that goes with a map: opened if there is one, made when there is something to keep in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari.utils.notifications import show_info

from napari_hicstruct.config.paths import can_write, user_data_dir
from napari_hicstruct.errors import HicStructError, MapError, ProjectError, readable
from napari_hicstruct.plugin.controllers.notify import show_problem
from napari_hicstruct.workflows import projects
from napari_hicstruct.workflows.projects import find_map

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.contacts.protocol import ContactSource


class _Window(Protocol):
    """What the project of a window needs of its session."""

    source: ContactSource | None
    project_changed: Any

    def open_source(self, source: ContactSource) -> None: ...


class ProjectOfWindow:
    """The project of one session.

    Looking at a map leaves nothing on the disk: reading :attr:`project` opens the project that the map already has,
    :meth:`ensure_project` makes one for the first edit, prediction, import or reviewed region.
    """

    _project: Project | None = None
    _place: Path | None = None
    """Where the project is to be made, if somebody named a file that is not there yet."""
    _looked = False
    _is_new = False

    @property
    def project(self: Any) -> Project | None:
        """The project that holds the annotations; None while there is none to this map."""
        if self._project is None and self.source is not None and self._place is None and not self._looked:
            self._looked = True
            path = projects.project_of(self.source, automatic_folder())
            if path is not None:
                self._replace_project(open_for(self.source, path))
                if path.parent != automatic_folder():
                    show_info(f"Opened {readable(str(path))}, which belongs to this map.")
        return self._project  # type: ignore[no-any-return]

    @property
    def project_path(self: Any) -> Path | None:
        """Where the project lies, or will be made; None without a map."""
        if self.source is None:
            return None
        if self._project is not None:
            return self._project.path  # type: ignore[no-any-return]
        return self._place or projects.automatic_path(self.source, automatic_folder())

    def ensure_project(self: Any) -> Project:
        """The project that holds the annotations, made if there is none: there is something to keep.

        Raises
        ------
        MapError
            If no map is open.
        ProjectError
            If it cannot be opened or made.
        """
        project = self.project
        if project is not None:
            return project  # type: ignore[no-any-return]
        if self.source is None:
            raise MapError("No map is open.", hint="Open a contact map first.")
        if self._place is None:
            check_automatic_folder()
        path = self.project_path
        is_new = not path.exists()
        made = open_for(self.source, path)
        self._replace_project(made)
        self._is_new = is_new
        return made

    def discard_unused_project(self: Any) -> None:
        """Take away the project that was made just now if nothing came into it (what was to be kept was refused)."""
        project = self._project
        if project is None or not self._is_new:
            return
        self._is_new = False
        if projects.is_unused(project):
            path = project.path
            self._replace_project(None, place=path)
            path.unlink(missing_ok=True)

    def open_project(self: Any, path: str | Path) -> None:
        """Open a ``.hicproj`` in place of the one that is open; one that is not there is made with the first edit.

        Raises
        ------
        ProjectError
            If it cannot be opened or made, or belongs to another map.
        """
        path = Path(path)
        if self.source is None:
            self.open_source(find_map(path))
        if path.exists():
            self._replace_project(open_for(self.source, path))
            return
        from napari_hicstruct.annotations import Project

        Project.check_new(path)
        self._replace_project(None, place=path.absolute())

    def save_project_as(self: Any, path: str | Path) -> None:
        """Copy the project to ``path`` and go on in the copy."""
        project = self.project
        if project is not None:
            project.save_as(path)
        if self.source is not None:
            self.open_project(path)

    def _open_existing_project(self: Any) -> None:
        """After the first picture; what keeps edits from being kept is said, the map can be looked at all the same."""
        try:
            if self.source is not None and self.project is None and self._place is None:
                check_automatic_folder()
        except HicStructError as error:
            show_problem(error)

    def _replace_project(self: Any, project: Project | None, *, place: Path | None = None) -> None:
        """Go on with another project, or with none (that would be made at ``place``)."""
        old, self._project = self._project, project
        moved, self._place, self._is_new = self._place != place, place, False
        if old is not None and old is not project:
            old.close()
        if project is not None or old is not None or moved:
            self.project_changed.emit(project)


def automatic_folder() -> Path:
    """Folder of the projects that nobody named; not made by asking."""
    return user_data_dir(create=False) / "projects"


def check_automatic_folder() -> None:
    """Refuse edits that could not be kept in the user's data folder.

    Raises
    ------
    ProjectError
    """
    folder = automatic_folder()
    if can_write(folder):
        return
    home = None if os.devnull in map(str, folder.parents) else folder
    text = "no project can be kept there." if home else "there is no home folder to keep a project in."
    raise ProjectError(
        text, where=home, hint="Set HICSTRUCT_HOME to a folder that you may write, or name a project: --project FILE."
    )


def open_for(source: ContactSource, path: str | Path) -> Project:
    """Open the project at ``path`` for ``source``; make it if there is none."""
    return projects.open_or_create(path, source, reviewer=projects.login_name())
