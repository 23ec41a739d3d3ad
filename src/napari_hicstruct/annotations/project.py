"""The project: one file that holds sets of annotations, the journal of every edit, and what was reviewed."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection

from napari_hicstruct.annotations import folders, maps, validation
from napari_hicstruct.annotations.changes import MapIdentity
from napari_hicstruct.annotations.database import Database
from napari_hicstruct.annotations.editing import EditableProject
from napari_hicstruct.annotations.history import Stacks
from napari_hicstruct.annotations.lineage import Lineage
from napari_hicstruct.annotations.sqlite_files import project_error
from napari_hicstruct.config.files import folders_for
from napari_hicstruct.errors import ProjectError, readable
from napari_hicstruct.genome import Interval


class Project(EditableProject):
    """Annotations of one contact map in one ``.hicproj`` file.

    Every call that edits is one step: it is on the disk when the call returns, it is one entry of the journal, and
    one :meth:`undo` takes it back.  Safe to use from several threads; ``changed`` is emitted in the calling thread.

    Use :meth:`create` or :meth:`open`.

    Attributes
    ----------
    lineage : Lineage
        Its models and fine-tuning runs.

    Raises
    ------
    ProjectError
        From every method, when the file cannot be read or written; the project then stands as before the call.
    """

    def __init__(self, database: Database, reviewer: str) -> None:
        self._db = database
        self.reviewer = readable(reviewer)
        self.lineage = Lineage(self)
        self._joined = threading.local()
        with database.transaction() as connection:
            self._map = maps.load(connection, database.path)
            self._stacks = Stacks.replay(connection)

    @classmethod
    def create(cls, path: str | Path, *, map: MapIdentity, reviewer: str = "") -> Project:
        """Make a new project for ``map``; an existing file is not replaced."""
        path = Path(path)
        if path.exists():
            raise ProjectError("exists already.", where=path, hint="Open it, or choose another name.")

        def fill(connection: Connection) -> None:
            maps.save(connection, map)
            validation.freeze(connection, map)

        with folders_for(path):
            Database.create(path, fill)
            try:
                project = cls.open(path, map=map, reviewer=reviewer)
            except BaseException as error:
                Database.discard(path)
                if isinstance(error, OSError):
                    raise project_error(path, error) from error
                raise
            if project.read_only:
                project.close()
                # A disk without room for what SQLite keeps beside a file that it writes: nothing would come into it.
                if Database.discard(path):
                    raise ProjectError(
                        f"cannot be created: {project.read_only_reason}.",
                        where=path,
                        hint="Free some space, or choose another folder.",
                    )
                project = cls.open(path, map=map, reviewer=reviewer)  # another window was quicker, and edits it
        return project

    @classmethod
    def check_new(cls, path: str | Path) -> None:
        """Refuse a place where :meth:`create` could not make a project; nothing is left there."""
        Database.check_new(Path(path))

    @classmethod
    def open(
        cls, path: str | Path, *, map: MapIdentity | None = None, reviewer: str = "", read_only: bool = False
    ) -> Project:
        """Open a project; ``read_only_reason`` says why, when it cannot be edited.

        Parameters
        ----------
        path : path
        map : MapIdentity, optional
            The map at hand; one with another fingerprint is refused.  Without it nothing is checked: the way to
            a project whose map must be relinked.
        reviewer : str
            Who edits; stands in the journal beside each edit.
        read_only : bool
            Do not edit, and do not keep others from editing.
        """
        project = cls(Database.open(Path(path), read_only=read_only), reviewer)
        if map is not None:
            try:
                project._adopt(map)
            except BaseException:
                project.close()
                raise
        return project

    def _adopt(self, map: MapIdentity) -> None:
        """Check the fingerprint; remember where the same map lies now."""
        if map.fingerprint != self._map.fingerprint:
            raise maps.other_map(self.path, self._map, map)
        if map.uri != self._map.uri and not self.read_only:
            with self._db.transaction() as connection:
                maps.save(connection, map)
            self._map = map

    def close(self) -> None:
        """Fold the log into the file and let others edit; nothing needs saving.  Safe to call twice."""
        self._db.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def map(self) -> MapIdentity:
        """The map that the project belongs to."""
        return self._map

    @property
    def models_folder(self) -> Path:
        """Where the models go that this project makes: ``<stem>.models`` beside it; made on first use."""
        return folders.models_folder(self.path)

    def validation_regions(self) -> tuple[Interval, ...]:
        """The tiles of the map that no training may see, drawn once per project.

        A project that is older than they are draws them now; if it cannot be written it will draw the same again.
        """
        with self._db.transaction() as connection:
            tiles = validation.load(connection)
            if tiles is None:
                tiles = validation.draw(self._map)
                if not self.read_only:
                    validation.freeze(connection, self._map)
        return tiles

    def save_as(self, path: str | Path) -> None:
        """Write a whole copy to ``path`` (journal included) with the models beside the project.

        This object goes on with its own file.
        """
        target = Path(path)
        if target.resolve() == self.path.resolve():
            return
        folders.save_copy(self._db, target)

    def relink(self, map: MapIdentity) -> None:
        """Tie the project to another map, if all annotations lie on its chromosomes.

        Validation regions stay; only on chromosomes that are new to the project they are drawn.
        """
        with self._writing() as connection:
            maps.check_fits(connection, self.path, map)
            if validation.load(connection) is not None:
                validation.freeze(connection, map)
            maps.save(connection, map)
        self._map = map
