"""The project file that goes with a map: opened if there is one, made when there is something to keep in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_hicstruct.config.paths import can_write, user_data_dir
from napari_hicstruct.errors import HicStructError, MapError, ProjectError, readable
from napari_hicstruct.plugin.state.map.map import MapState
from napari_hicstruct.workflows import projects
from napari_hicstruct.workflows.projects import find_map

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.contacts.protocol import ContactSource


class ProjectState(MapState):
    """The open map and its project.

    To open a map leaves nothing on the disk, and to read :attr:`project` opens nothing: :meth:`find_project` opens the
    project that the map already has, :meth:`ensure_project` makes one for the first edit, prediction, import or
    reviewed region.

    Attributes
    ----------
    project : Project or None
        The project that is open.
    project_changed : Signal(Project or None)
        Another project holds the annotations, or none does any more.
    """

    project_changed = Signal(object)

    project: Project | None = None
    _place: Path | None = None
    """Where the project is to be made, if somebody named a file that is not there yet."""
    _searched = False
    _is_new = False

    def find_project(self) -> Project | None:
        """The project that is open, else the one that this map already has; None if there is none.

        Raises
        ------
        ProjectError
            If it cannot be opened.
        """
        if self.project is None and self.source is not None and self._place is None and not self._searched:
            self._searched = True
            path = projects.project_of(self.source, automatic_folder())
            if path is not None:
                self._replace_project(open_for(self.source, path))
                if path.parent != automatic_folder():
                    self.note.emit(f"Opened {readable(str(path))}, which belongs to this map.")
        return self.project

    def look_for_project(self) -> Project | None:
        """:meth:`find_project`, also of what was made since it looked last."""
        self._searched = False
        return self.find_project()

    @property
    def project_path(self) -> Path | None:
        """Where the project lies, or will be made; None without a map."""
        if self.source is None:
            return None
        if self.project is not None:
            return self.project.path
        return self._place or projects.automatic_path(self.source, automatic_folder())

    def ensure_project(self) -> Project:
        """The project that holds the annotations, made if there is none: there is something to keep.

        Raises
        ------
        MapError
            If no map is open.
        ProjectError
            If it cannot be opened or made.
        """
        project, path = self.find_project(), self.project_path
        if project is not None:
            return project
        if self.source is None or path is None:
            raise MapError("No map is open.", hint="Open a contact map first.")
        if self._place is None:
            check_automatic_folder()
        is_new = not path.exists()
        made = open_for(self.source, path)
        self._replace_project(made)
        self._is_new = is_new
        return made

    @contextmanager
    def project_to_write(self) -> Iterator[Project]:
        """:meth:`ensure_project`; one that was made for this is taken away again if nothing came into it."""
        try:
            yield self.ensure_project()
        finally:
            self.discard_unused_project()

    def discard_unused_project(self) -> None:
        """Take a project away again that :meth:`ensure_project` made, if nothing came into it."""
        project = self.project
        if project is None or not self._is_new:
            return
        self._is_new = False
        if projects.is_unused(project):
            path = project.path
            self._replace_project(None, place=path)
            path.unlink(missing_ok=True)

    def open_project(self, path: str | Path) -> None:
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
            self._replace_project(open_for(self._require_source(), path))
            return
        from napari_hicstruct.annotations import Project

        Project.check_new(path)
        self._replace_project(None, place=path.absolute())

    def save_project_as(self, path: str | Path) -> None:
        """Copy the project to ``path`` and go on in the copy."""
        project = self.find_project()
        if project is not None:
            project.save_as(path)
        if self.source is not None:
            self.open_project(path)

    def save_copy(self, path: str | Path) -> None:
        """Copy the project to ``path``; work goes on in the copy only where this one cannot be edited.

        Raises
        ------
        ProjectError
            If it cannot be written.
        """
        project = self.find_project()
        if project is None:
            return
        project.save_as(path)
        if project.read_only:
            self.open_project(path)
            self.done.emit(f"Saved a copy, and went on in it: {readable(str(path))}")
        else:
            self.done.emit(f"Saved a copy: {readable(str(path))}")

    def try_to_edit(self) -> None:
        """Open a project again that could only be read, if nothing stands in the way any more."""
        project = self.project
        if project is None or self.source is None or not projects.may_edit(project):
            return
        again = open_for(self.source, project.path)
        if again.read_only:  # somebody was faster
            again.close()
            return
        self._replace_project(again)
        self.done.emit("The project can be edited now.")

    def open_existing_project(self) -> None:
        """After the first picture; where no edit can be kept that is a problem, yet the map can be viewed."""
        try:
            if self.source is not None and self.find_project() is None and self._place is None:
                check_automatic_folder()
        except HicStructError as error:
            self.problem.emit(error)

    def _map_gone(self) -> None:
        self._replace_project(None)
        self._searched = False

    def _replace_project(self, project: Project | None, *, place: Path | None = None) -> None:
        """Go on with another project, or with none (that would be made at ``place``)."""
        old, self.project = self.project, project
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
