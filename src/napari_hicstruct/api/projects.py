"""Projects from Python: annotations in and out, judgments, undo, export."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.api.calls import FORMATS, Calls, several, status_of
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.frames import kind_of
from napari_hicstruct.api.given import as_calls, check_on_map, run_of, set_of, uids_of
from napari_hicstruct.api.maps import ContactMap
from napari_hicstruct.api.opening import MapLike, open_map, source_of
from napari_hicstruct.api.regions import Region, to_interval
from napari_hicstruct.api.searched import narrowed_run, run_of_sets
from napari_hicstruct.errors import LabelError, ProjectError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    import pandas as pd

    from napari_hicstruct.annotations import AnnotationSet, ReviewedRegion
    from napari_hicstruct.annotations import Project as ProjectFile
    from napari_hicstruct.contacts.protocol import ContactSource


class Project(AbstractContextManager["Project"]):
    """Annotations of one contact map in one ``.hicproj`` file.  Made by :func:`open_project`.

    Every call that changes something is one step: it is on the disk when the call returns, and one :meth:`undo` takes
    it back.  Use it in a ``with`` block, or :meth:`close` it, so that others may edit the file.

    Parameters
    ----------
    file : annotations.Project
        The open file.
    map : ContactMap, optional
        Its map, where it is open already.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> m = hs.sample_map()
    >>> with hs.open_project("class.hicproj", map=m) as p:
    ...     name = p.add(hs.predict(m, "chr1:5M-6M", tasks="loop"), set="mine")
    ...     first = p.annotations(kind="loop")[0]
    ...     p.judge(first, "accepted")
    1
    """

    def __init__(self, file: ProjectFile, map: ContactMap | None = None) -> None:
        self._file = file
        self._map = map

    def __repr__(self) -> str:
        """File, number of annotations, whether it can be edited."""
        only = ", read-only" if self._file.read_only else ""
        return f"<Project {self.path.name}: {how_many(self._file.count(), 'annotation')}{only}>"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Let others edit the file; nothing needs saving.  May be called twice.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> p = hs.open_project("closed.hicproj", map=hs.sample_map())
        >>> p.close()
        """
        self._file.close()

    # ---- what it is -------------------------------------------------------------------------------------------

    @property
    def file(self) -> ProjectFile:
        """The open file, for the functions of ``napari_hicstruct.annotations``."""
        return self._file

    @property
    def path(self) -> Path:
        """The ``.hicproj`` file."""
        return self._file.path

    @property
    def read_only(self) -> str:
        """Why it cannot be edited (open elsewhere, for example); empty if it can."""
        return self._file.read_only_reason

    @property
    def map(self) -> ContactMap:
        """Its contact map: the one given, else found where the project says or beside it."""
        if self._map is None:
            from napari_hicstruct.workflows.projects import find_map

            self._map = ContactMap(find_map(self.path))
        return self._map

    @property
    def sets(self) -> list[AnnotationSet]:
        """Its sets, oldest first: ``name``, ``origin`` (predicted, imported, human), ``visible``, ``locked``."""
        return self._file.sets()

    @property
    def runs(self) -> dict[str, list[dict[str, Any]]]:
        """How its predicted sets came about, by name: ``model`` and ``parameters`` of each run, as in ``run.json``."""
        known = self._file.runs()
        return {one.name: known[one.id] for one in self.sets if one.id in known}

    @property
    def reviewed(self) -> list[ReviewedRegion]:
        """Blocks in which what is not labelled is not there: ``rows``, ``cols`` (Interval), ``kinds``, ``reviewer``."""
        return self._file.reviewed()

    @checked
    def annotations(
        self,
        *,
        kind: str | Collection[str] | None = None,
        status: str | Collection[str] | None = None,
        set: str | Collection[str] | None = None,
        region: Region | None = None,
    ) -> Calls:
        """Give the annotations that pass all conditions named.

        Parameters
        ----------
        kind : str or collection of str, optional
            ``loop``, ``stripe``, ``tad``, ``boundary``.
        status : str or collection of str, optional
            ``proposed``, ``accepted``, ``edited``, ``rejected``.  Default: all, the rejected too.
        set : str or collection of str, optional
            Names of sets.
        region : str, Interval or (chrom, start, end), optional
            The span from the first to the last bp overlaps it.

        Returns
        -------
        Calls
            By position.

        Raises
        ------
        LabelError
            If there is no such kind or status.
        ProjectError
            If there is no such set, or the file cannot be read.
        RegionError
            If the region is not on the map.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> with hs.open_project("asked.hicproj", map=hs.sample_map()) as p:
        ...     p.annotations(kind="loop", status=["accepted", "edited"])
        <Calls: 0 loops>
        """
        kinds = None if kind is None else [kind_of(one) for one in several(kind)]
        place = None if region is None else to_interval(region, self._file.map.chromsizes)
        set_ids = None if set is None else [self._set(name).id for name in several(set)]
        found = self._file.query(
            kind=kinds,
            statuses=None if status is None else [status_of(one) for one in several(status)],
            set_ids=set_ids,
            chrom=None if place is None else place.chrom,
            start=None if place is None else place.start,
            end=None if place is None else place.end,
        )
        run = {"project": str(self.path.absolute()), "map": self._file.map.to_run()}
        run |= run_of_sets(self._file.runs(), set_ids, kinds)
        return Calls(found, run=run if place is None else narrowed_run(run, place), kinds=kinds)

    # ---- changing it ------------------------------------------------------------------------------------------

    @checked
    def add(
        self, calls: Iterable[Annotation] | pd.DataFrame, *, set: str | None = None, status: str | None = None
    ) -> str:
        """Add annotations to a set, which is made if it is not there; one step.

        Parameters
        ----------
        calls : Calls, iterable of Annotation, or DataFrame
            A data frame has a column ``kind``.  What the project holds already comes in again under ids of its own.
        set : str, optional
            Name of the set.  Default: the model of a prediction, the file of a label file, else ``python``.
        status : str, optional
            Given to all; without it each keeps its own.

        Returns
        -------
        str
            Name of the set.

        Raises
        ------
        LabelError
            If there is nothing to add, or there is no such status.
        ProjectError
            If an annotation does not lie on the map, the set is locked, or the file cannot be written.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> a, b = hs.Interval("chr1", 0, 5_000), hs.Interval("chr1", 90_000, 95_000)
        >>> loop = hs.Annotation(kind="loop", anchor1=a, anchor2=b)
        >>> with hs.open_project("added.hicproj", map=hs.sample_map()) as p:
        ...     p.add([loop], set="by hand", status="accepted")
        'by hand'
        """
        from napari_hicstruct.workflows.import_labels import renew_uids

        given = as_calls(calls)
        if not len(given):
            raise LabelError("there is nothing to add.", where=self.path)
        records = list(given) if status is None else [r.with_(status=status_of(status)) for r in given]
        check_on_map(records, self._file.map.chromsizes, self.path)
        records = renew_uids(records, self._file.holds([record.uid for record in records]))
        name, origin, action = set_of(given, self._file.map)
        name = name if set is None else set
        chosen = next((one for one in self.sets if one.name == name), None) or self._file.add_set(name, origin)
        self._file.add(records, set_id=chosen.id, action=action)
        if (run := run_of(given)) is not None:
            self._file.add_run(chosen.id, run)
        return name

    @checked
    def judge(self, which: str | Annotation | Iterable[Any] | pd.DataFrame, status: str) -> int:
        """Accept, reject or reset annotations; one step.

        Parameters
        ----------
        which : str, Annotation, Calls, iterable of these, or DataFrame with a column ``uid``
            What is judged.
        status : str
            ``accepted``, ``rejected``, or ``proposed`` (takes a judgment back).

        Returns
        -------
        int
            How many were changed.

        Raises
        ------
        LabelError
            If there is no such status, or `which` holds no annotations, or no column ``uid``.
        ProjectError
            If an annotation is not in the project, its set is locked, or the file cannot be written.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> a, b = hs.Interval("chr1", 0, 5_000), hs.Interval("chr1", 90_000, 95_000)
        >>> loop = hs.Annotation(kind="loop", anchor1=a, anchor2=b)
        >>> with hs.open_project("judged.hicproj", map=hs.sample_map()) as p:
        ...     name = p.add([loop])
        ...     p.judge(p.annotations(), "rejected")
        1
        """
        return len(self._file.set_status(uids_of(which), status_of(status)).after)

    @checked
    def mark_reviewed(
        self, region: Region, cols: Region | None = None, *, kinds: str | Collection[str] | None = None
    ) -> ReviewedRegion:
        """Say that what is not labelled in a block is not there; one step.

        Parameters
        ----------
        region : str, Interval or (chrom, start, end)
            Rows, and columns too without `cols`; bp.
        cols : str, Interval or (chrom, start, end), optional
            Columns.
        kinds : str or collection of str, optional
            Only for these kinds.  Default: for all.

        Returns
        -------
        ReviewedRegion
            What was marked: ``rows``, ``cols``, ``kinds``, ``reviewer``, ``time``.

        Raises
        ------
        LabelError
            If there is no such kind.
        RegionError
            If a region is not on the map.
        ProjectError
            If the file cannot be written.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> with hs.open_project("reviewed.hicproj", map=hs.sample_map()) as p:
        ...     region = p.mark_reviewed("chr1:5M-6M", kinds="loop")
        ...     len(p.reviewed)
        1
        """
        sizes = self._file.map.chromsizes
        rows = to_interval(region, sizes)
        columns = None if cols is None else to_interval(cols, sizes)
        return self._file.mark_reviewed(rows, columns, [kind_of(kind) for kind in several(kinds or ())] or None)

    def undo(self) -> str:
        """Take back the last step, without limit, also of earlier sessions.

        Returns
        -------
        str
            What was taken back (``add``, ``accept``, …); empty if there is nothing.

        Raises
        ------
        ProjectError
            If the file cannot be written.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> a, b = hs.Interval("chr1", 0, 5_000), hs.Interval("chr1", 90_000, 95_000)
        >>> loop = hs.Annotation(kind="loop", anchor1=a, anchor2=b)
        >>> with hs.open_project("undone.hicproj", map=hs.sample_map()) as p:
        ...     name = p.add([loop])
        ...     p.undo(), len(p.annotations())
        ('add', 0)
        """
        step = self._file.next_undo()
        return step.action if self._file.undo() is not None and step is not None else ""

    def redo(self) -> str:
        """Make the step again that was last taken back.

        Returns
        -------
        str
            What was made again; empty if there is nothing.

        Raises
        ------
        ProjectError
            If the file cannot be written.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> with hs.open_project("again.hicproj", map=hs.sample_map()) as p:
        ...     p.redo()
        ''
        """
        step = self._file.next_redo()
        return step.action if self._file.redo() is not None and step is not None else ""

    @checked
    def export(
        self,
        folder: str | Path,
        *,
        formats: str | Collection[str] = FORMATS,
        sets: str | Collection[str] | None = None,
        status: str | Collection[str] | None = None,
        deduplicate: bool = False,
        overwrite: bool = False,
    ) -> list[Path]:
        """Write annotations into a folder of label files with provenance, as ``hicstruct export`` does.

        Parameters
        ----------
        folder : path
            Made if it is missing.
        formats : str or collection of str
            As for :meth:`Calls.write`.
        sets : str or collection of str, optional
            Names of sets.  Default: all.
        status : str or collection of str, optional
            Default: all but the rejected.
        deduplicate : bool
            Of what several sets call at one place write one, and nothing that was rejected there.
        overwrite : bool
            Also replace label files of another map, another project or of unknown origin.

        Returns
        -------
        list of Path
            The files, ``run.json`` last.

        Raises
        ------
        LabelError
            If there is no such status.
        ProjectError
            If there is no such set, or nothing to export.
        OutputError
            If the folder cannot be written, or holds label files that must not be replaced.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> a, b = hs.Interval("chr1", 0, 5_000), hs.Interval("chr1", 90_000, 95_000)
        >>> loop = hs.Annotation(kind="loop", anchor1=a, anchor2=b)
        >>> with hs.open_project("out.hicproj", map=hs.sample_map()) as p:
        ...     name = p.add([loop])
        ...     [path.name for path in p.export("lists")]
        ['loops.bedpe', 'run.json']
        """
        from napari_hicstruct.workflows.export import ExportRequest, export

        chosen: dict[str, Any] = {"statuses": tuple(status_of(one) for one in several(status))} if status else {}
        request = ExportRequest(formats=tuple(several(formats)), deduplicate=deduplicate, **chosen)
        return list(export(self.path, folder, request, sets=several(sets or ()), overwrite=overwrite).files)

    # ---- inside -----------------------------------------------------------------------------------------------

    def check_takes(self, source: ContactSource) -> None:
        """Refuse what the project could not keep: calls of another map, or any if it cannot be edited."""
        from napari_hicstruct.annotations.maps import other_map
        from napari_hicstruct.workflows.projects import identity_of

        if self._file.read_only:
            hint = "Close it there, or name another."
            raise ProjectError(f"cannot be edited: {self.read_only}.", where=self.path, hint=hint)
        if source.fingerprint() != self._file.map.fingerprint:
            raise other_map(self.path, self._file.map, identity_of(source))

    def _set(self, name: str) -> AnnotationSet:
        for one in self.sets:
            if one.name == name:
                return one
        have = ", ".join(repr(one.name) for one in self.sets) or "none"
        raise ProjectError(f"has no set '{name}'.", where=self.path, hint=f"It has {have}.")


@checked
def open_project(
    path: str | Path, map: MapLike | None = None, *, reviewer: str | None = None, read_only: bool = False
) -> Project:
    """Open a project; with a map, make it if it is not there.

    Parameters
    ----------
    path : path
        The ``.hicproj`` file.
    map : ContactMap, path or str, optional
        The contact map that it belongs to; another one is refused.
    reviewer : str, optional
        Who edits; stands in the journal beside each edit.  Default: the login name.
    read_only : bool
        Do not edit, and do not keep others from editing.

    Returns
    -------
    Project
        Read-only where another window or process edits it (:attr:`Project.read_only` says so).

    Raises
    ------
    ProjectError
        If it is not there and no map is given, cannot be opened or made, or belongs to another map.
    MapError
        If the map cannot be read.
    ConfigError
        If an argument is not what it says above.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> with hs.open_project("my.hicproj", map=hs.sample_map()) as p:
    ...     print(p)
    <Project my.hicproj: 0 annotations>
    """
    from napari_hicstruct.annotations import Project as ProjectFile
    from napari_hicstruct.workflows.projects import identity_of, login_name, open_or_create

    file, who = Path(path), login_name() if reviewer is None else reviewer
    if map is None or (read_only and file.exists()):
        if not file.exists():
            raise ProjectError("there is no such project.", where=file, hint="Give map=… to make one.")
        identity = None if map is None else identity_of(source_of(map))
        opened = ProjectFile.open(file, map=identity, reviewer=who, read_only=read_only)
    else:
        opened = open_or_create(file, source_of(map), reviewer=who)
    return Project(opened, None if map is None else open_map(map))
