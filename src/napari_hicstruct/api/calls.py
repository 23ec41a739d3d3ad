"""What a prediction, a label file or a project gives: a sequence of annotations that is also a data frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.api.arguments import is_several, plain
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.frames import from_frame, kind_of, to_frame
from napari_hicstruct.api.regions import Region
from napari_hicstruct.api.searched import joined_run, narrowed_run, place_of
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.genome import Interval, canonical_name
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    import pandas as pd

    from napari_hicstruct.annotations.readers import LineProblem
    from napari_hicstruct.annotations.writers.tracks import BinTrack


FORMATS = ("bedpe", "bed", "stripenn")
"""What :meth:`Calls.write` writes unless asked otherwise, as ``hicstruct predict`` does."""

_SHOWN_ROWS = 10


class Calls(Sequence[Annotation]):
    """Loops, stripes, TADs and boundaries: an immutable sequence of :class:`Annotation`.

    Made by :func:`predict`, :func:`read_labels`, a project, or :meth:`from_dataframe`.  An index gives an annotation; a
    slice, a list of positions or a boolean mask gives calls again; ``+`` joins two.

    Parameters
    ----------
    records : iterable of Annotation
        The annotations, in order.
    run : mapping, optional
        How they were made, as ``run.json`` says it.
    notes : iterable of str
        What a person should know of them.
    problems : iterable of LineProblem
        Lines of a label file that were left out.
    kinds : str or iterable of str
        What was sought; a kind of which nothing was found is still one.
    tracks : iterable of BinTrack
        Boundary probability per bin.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> a, b = hs.Interval("chr1", 0, 5_000), hs.Interval("chr1", 90_000, 95_000)
    >>> loop = hs.Annotation(kind="loop", anchor1=a, anchor2=b)
    >>> calls = hs.Calls([loop])
    >>> calls
    <Calls: 1 loop>
    >>> calls.loops[0].distance
    90000.0
    >>> len(calls.tads)
    0
    """

    __slots__ = ("_kinds", "_notes", "_problems", "_records", "_run", "_tracks")

    @checked
    def __init__(
        self,
        records: Iterable[Annotation] = (),
        *,
        run: Mapping[str, Any] | None = None,
        notes: Iterable[str] | None = None,
        problems: Iterable[LineProblem] | None = None,
        kinds: str | Iterable[str] | None = None,
        tracks: Iterable[BinTrack] | None = None,
    ) -> None:
        given: Any = records if is_several(records) else [records]
        self._records: tuple[Annotation, ...] = tuple(given)
        for record in self._records:
            if not isinstance(record, Annotation):
                hint = "Read a file with hs.read_labels, a data frame with hs.Calls.from_dataframe."
                raise LabelError(f"{record!r} is not an annotation.", hint=hint)
        self._run = dict(run or {})
        self._notes = tuple(notes or ())
        self._problems = tuple(_with_fields("problems", problems, "line", "reason"))
        present = {record.kind for record in self._records} | {kind_of(one) for one in several(kinds or ())}
        self._kinds = tuple(kind for kind in Kind if kind in present)
        self._tracks = tuple(_with_fields("tracks", tracks, "chrom", "start", "resolution", "values"))

    # ---- a sequence -------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Count the annotations."""
        return len(self._records)

    def __iter__(self) -> Iterator[Annotation]:
        """Go through the annotations."""
        return iter(self._records)

    @overload
    def __getitem__(self, key: int) -> Annotation: ...
    @overload
    def __getitem__(self, key: Any) -> Calls: ...
    def __getitem__(self, key: Any) -> Annotation | Calls:
        """Give one annotation, or the calls of a slice, of positions, or of a boolean mask."""
        if isinstance(key, slice):
            return self._part(self._records[key])
        if hasattr(key, "__index__") and not hasattr(key, "__len__"):
            return self._records[key]
        positions = list(key)
        if positions and all(type(one).__name__ in ("bool", "bool_") for one in positions):
            if len(positions) != len(self):
                raise IndexError(f"the mask has {how_many(len(positions), 'entry', 'entries')}, the calls {len(self)}")
            return self._part(record for record, chosen in zip(self._records, positions, strict=True) if chosen)
        return self._part(self._records[position] for position in positions)

    def __add__(self, other: Iterable[Annotation]) -> Calls:
        """Join two: what both say of how they were made is kept, and they were sought where either was."""
        if not isinstance(other, Calls):
            return NotImplemented
        runs = [one._run for one in (self, other) if one._run or one._records]  # the start of a sum says nothing
        run = joined_run(*runs) if len(runs) == 2 else runs[0] if runs else {}
        notes = dict.fromkeys((*self._notes, *other._notes))
        kinds = (*self._kinds, *other._kinds)
        return Calls((*self, *other), run=run, notes=notes, problems=(*self._problems, *other._problems), kinds=kinds)

    def __repr__(self) -> str:
        """How many of each kind."""
        return f"<Calls: {self._counted()}>"

    def _repr_html_(self) -> str:
        head = self[:_SHOWN_ROWS].to_dataframe().to_html(index=False)
        more = f"<p>… and {len(self) - _SHOWN_ROWS:,} more</p>" if len(self) > _SHOWN_ROWS else ""
        return f"<p><b>{self._counted()}</b></p>{head if len(self) else ''}{more}"

    def _counted(self) -> str:
        counts = Counter(record.kind for record in self._records)
        return ", ".join(f"{counts[kind]:,} {KINDS[kind].named(counts[kind])}" for kind in self._kinds) or "none"

    # ---- parts of it ------------------------------------------------------------------------------------------

    @property
    def loops(self) -> Calls:
        """Only the loops."""
        return self._of(Kind.LOOP)

    @property
    def stripes(self) -> Calls:
        """Only the stripes."""
        return self._of(Kind.STRIPE)

    @property
    def tads(self) -> Calls:
        """Only the TADs."""
        return self._of(Kind.TAD)

    @property
    def boundaries(self) -> Calls:
        """Only the boundaries, with their probability per bin."""
        return self._of(Kind.BOUNDARY)

    @checked
    def filter(
        self,
        *,
        kind: str | Collection[str] | None = None,
        region: Region | None = None,
        status: str | Collection[str] | None = None,
        min_probability: float | None = None,
    ) -> Calls:
        """Give those that pass all conditions named.

        Parameters
        ----------
        kind : str or collection of str, optional
            ``loop``, ``stripe``, ``tad``, ``boundary``.
        region : str, Interval or (chrom, start, end), optional
            The span from the first to the last bp overlaps it.  What is left counts as sought there alone:
            :func:`evaluate` judges it in the part of the searched regions that lies in this one.
        status : str or collection of str, optional
            ``proposed``, ``accepted``, ``edited``, ``rejected``.
        min_probability : float, optional
            Calibrated probability in [0, 1] of at least this; what has none is left out.

        Returns
        -------
        Calls
            In the same order.

        Raises
        ------
        LabelError
            If there is no such kind or status.
        ConfigError
            If `min_probability` is no probability, or another argument is not what it says above.
        RegionError
            If the region is misspelt.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> calls = hs.predict(hs.sample_map(), "chr1:5M-6M")
        >>> sure = calls.filter(kind="loop", min_probability=0.8)
        >>> all(loop.probability >= 0.8 for loop in sure)
        True
        """
        kinds = None if kind is None else {kind_of(one) for one in several(kind)}
        statuses = None if status is None else {status_of(one) for one in several(status)}
        place = None if region is None else place_of(region)
        inside = None if place is None else _covering(place)
        run = self._run if place is None else narrowed_run(self._run, place)

        def passes(record: Annotation) -> bool:
            return (
                (kinds is None or record.kind in kinds)
                and (statuses is None or record.status in statuses)
                and (inside is None or inside(record))
                and (min_probability is None or record.probability >= min_probability)
            )

        left = [one for one in self._kinds if kinds is None or one in kinds]
        return self._part((record for record in self._records if passes(record)), left, run=run)

    # ---- what is known of it ----------------------------------------------------------------------------------

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds that were sought or are there."""
        return tuple(kind.value for kind in self._kinds)

    @property
    def run(self) -> Mapping[str, Any]:
        """How they were made: model and its sha256, map and fingerprint, parameters, seconds; empty if unknown."""
        return MappingProxyType(self._run)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of them, one sentence each."""
        return self._notes

    @property
    def problems(self) -> tuple[LineProblem, ...]:
        """Lines of the label file that were left out: ``line`` (from 1) and ``reason``."""
        return self._problems

    @property
    def boundary_probability(self) -> pd.DataFrame:
        """Probability of a boundary per bin: ``chrom start end value``, bp; empty where none was predicted."""
        import numpy as np
        import pandas as pd

        frames = [pd.DataFrame({"chrom": pd.array([], "str"), "start": [], "end": [], "value": []})]
        for track in self._tracks:
            starts = track.start + track.resolution * np.arange(len(track.values))
            ends = starts + track.resolution
            ends = ends if track.end is None else np.minimum(ends, track.end)
            frames.append(pd.DataFrame({"chrom": track.chrom, "start": starts, "end": ends, "value": track.values}))
        kinds = {"start": "int64", "end": "int64", "value": "float64"}
        return pd.concat([frame.astype(kinds) for frame in frames], ignore_index=True)

    # ---- data frames and files --------------------------------------------------------------------------------

    def to_dataframe(self) -> pd.DataFrame:
        """Give a data frame with one row per annotation, ready for bioframe.

        Returns
        -------
        DataFrame
            0-based half-open bp.  TADs and boundaries: ``chrom start end``.  Loops and stripes: ``chrom1 start1 end1
            chrom2 start2 end2`` (stripes: narrow anchor × extent).  Both kinds together: all nine, where ``chrom start
            end`` is the span of both anchors and a TAD has the same anchor twice.  Then ``kind name score probability
            resolution status source model``, for loops ``soft_score n_calls n_tools supporters``, for stripes
            ``direction``, for TADs ``level parent``, ``uid``, and the columns kept from the source file, as text.
            ``score`` and ``probability`` are NaN where there are none.

        See Also
        --------
        from_dataframe : The way back.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> calls = hs.predict(hs.sample_map(), "chr1:5M-6M")
        >>> list(calls.tads.to_dataframe().columns[:3])
        ['chrom', 'start', 'end']
        >>> list(calls.loops.to_dataframe().columns[:6])
        ['chrom1', 'start1', 'end1', 'chrom2', 'start2', 'end2']
        """
        return to_frame(self._records, self._kinds)

    @classmethod
    @checked
    def from_dataframe(
        cls,
        frame: pd.DataFrame,
        kind: str | None = None,
        *,
        score_column: str | None = None,
        ascending: bool = False,
    ) -> Calls:
        """Make calls of a data frame: of :meth:`to_dataframe`, bioframe, cooltools, or one's own.

        Parameters
        ----------
        frame : DataFrame
            ``chrom start end`` for TADs and boundaries, ``chrom1 start1 end1 chrom2 start2 end2`` for loops and
            stripes, 0-based half-open bp.  Columns named as in :meth:`to_dataframe` are taken up, others are kept.
        kind : str, optional
            ``loop``, ``stripe``, ``tad`` or ``boundary``, where there is no column ``kind``.
        score_column : str, optional
            Column that ranks the rows: its numbers if they lie in [0, 1], else their fractional ranks.
        ascending : bool
            True if lower is better in that column; p-values are known to be so by their name.

        Returns
        -------
        Calls
            In the order of the rows.

        Raises
        ------
        LabelError
            If kind or a column is missing, or a row cannot be read; the row is named.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import pandas as pd
        >>> import napari_hicstruct as hs
        >>> table = pd.DataFrame({"chrom": ["chr1", "chr1"], "start": [0, 500_000], "end": [500_000, 900_000]})
        >>> hs.Calls.from_dataframe(table, kind="tad")
        <Calls: 2 TADs>
        """
        return cls(from_frame(frame, kind, score_column=score_column, ascending=ascending))

    @checked
    def write(
        self, folder: str | Path, *, formats: str | Collection[str] = FORMATS, overwrite: bool = False
    ) -> list[Path]:
        """Write label files into a folder, one per kind and format, with ``run.json`` beside them.

        Parameters
        ----------
        folder : path
            Made if it is missing.
        formats : str or collection of str
            ``bedpe`` (loops, stripes), ``bed`` (TADs, boundaries), ``stripenn``, ``juicebox``, ``higlass``,
            ``interact`` (UCSC), ``gff3``, ``parquet``.
        overwrite : bool
            Also replace label files of another map, another project or of unknown origin.

        Returns
        -------
        list of Path
            The files, ``run.json`` last.

        Raises
        ------
        OutputError
            If a format is unknown, the folder cannot be written, or holds label files that must not be replaced; all
            stand as they were.
        ConfigError
            If an argument is not what it says above.

        Examples
        --------
        >>> import napari_hicstruct as hs
        >>> calls = hs.predict(hs.sample_map(), "chr1:5M-6M", tasks="loop")
        >>> [path.name for path in calls.write("calls")]
        ['loops.bedpe', 'run.json']
        """
        from napari_hicstruct.annotations.writers import export_records
        from napari_hicstruct.workflows.predict.store import full_run

        return export_records(
            _with_parents(self._records),
            folder,
            formats=several(formats),
            provenance=full_run(self._run),
            kinds=self._kinds,
            tracks=self._tracks or None,
            overwrite=overwrite,
        )

    # ---- inside -----------------------------------------------------------------------------------------------

    def _of(self, kind: Kind) -> Calls:
        tracks = self._tracks if kind is Kind.BOUNDARY else ()
        return self._part((record for record in self._records if record.kind is kind), [kind], tracks)

    def _part(
        self,
        records: Iterable[Annotation],
        kinds: Iterable[Kind] | None = None,
        tracks: Iterable[BinTrack] = (),
        run: Mapping[str, Any] | None = None,
    ) -> Calls:
        left, made = self._kinds if kinds is None else kinds, self._run if run is None else run
        return Calls(records, run=made, notes=self._notes, problems=self._problems, kinds=left, tracks=tracks)


def _with_fields(name: str, given: Iterable[Any] | None, *fields: str) -> Iterator[Any]:
    """The things of a list, each with what is read of it.

    Raises
    ------
    ConfigError
        If one lacks that.
    """
    for one in given or ():
        if lacking := [field for field in fields if not hasattr(one, field)]:
            raise ConfigError(f"{name} holds {one!r}, which has no {lacking[0]}.", hint=f"Leave {name} out.")
        yield one


def several(given: str | Iterable[str]) -> list[str]:
    """One name or several, as a list."""
    return [given] if isinstance(given, str) else list(given)


def status_of(name: str) -> Status:
    """A status by its name.

    Raises
    ------
    LabelError
        If there is no such status.
    """
    try:
        return Status(plain(name).lower())
    except ValueError:
        have = ", ".join(one.value for one in Status)
        raise LabelError(f"there is no status '{plain(name)}'.", hint=f"Choose from {have}.") from None


def _with_parents(records: Sequence[Annotation]) -> list[Annotation]:
    """The same; where a TAD names a parent that is not among them, levels and parents of all TADs are counted anew."""
    there = {record.uid for record in records}
    if all(record.parent in there for record in records if record.parent):
        return list(records)
    from napari_hicstruct.annotations.records import Kind
    from napari_hicstruct.decode.tads import with_hierarchy

    lists: dict[tuple[str, str], list[Annotation]] = {}
    for record in records:
        if record.kind is Kind.TAD:
            lists.setdefault((record.chrom, record.source), []).append(record)
    anew = {one.uid: one for part in lists.values() for one in with_hierarchy(part)}
    return [anew.get(record.uid, record) for record in records]


def _covering(place: Interval) -> Any:
    """A test whether a record's span overlaps ``place``, for any spelling of its chromosome."""
    name = canonical_name(place.chrom)
    return lambda record: (
        canonical_name(record.chrom) == name and record.span.start < place.end and place.start < record.span.end
    )
