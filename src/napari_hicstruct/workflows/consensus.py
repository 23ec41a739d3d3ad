"""Label files of several callers → one list of soft labels (``hicstruct consensus``, ``hs.consensus``, the panel)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from filecmp import cmp
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.errors import ConfigError, HicStructError, LabelError, RegionError
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.wording import how_many
from napari_hicstruct.workflows.voted_chroms import chosen_chroms, lonely_chroms, one_spelling, why_empty

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation, Kind, LabelFile
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.labels.consensus import Consensus, ConsensusOptions

DEFAULT_MAX_Q = 0.01
"""Largest q-value at which a contact of Fit-Hi-C or FitHiChIP is a call: they list all that they tested."""

GIVEN_TWICE = "is given twice; it counts once."

_TESTED = ("Fit-Hi-C", "FitHiChIP")
_Q_NAMES = ("qvalue", "qvaluebias")


@dataclass(frozen=True, slots=True)
class CallFile:
    """One file of calls.

    Attributes
    ----------
    path : Path
    caller : str
        The program, if a person says so; empty: by the file's columns, else by its name.
    found : LabelFile, optional
        What it holds, if that is in memory; then nothing is read, and ``path`` is but a name.
    searched : tuple of str
        Regions in which its program looked; empty: all of the chromosomes that it has calls on, unless a ``run.json``
        of :func:`~napari_hicstruct.workflows.predict.predict` beside the file says otherwise.
    """

    path: Path
    caller: str = ""
    found: LabelFile | None = None
    searched: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str | Path) -> CallFile:
        """``FILE`` or ``CALLER=FILE``; ConfigError if the caller is empty."""
        if isinstance(text, Path) or "=" not in text or Path(text).exists():
            return cls(Path(text))
        caller, _, path = text.partition("=")
        if not caller.strip():
            raise ConfigError("names no program.", where=text, hint="Give CALLER=FILE, or the file alone.")
        return cls(Path(path), caller.strip())


@dataclass(frozen=True, slots=True)
class ConsensusRequest:
    """What to join.

    Attributes
    ----------
    files : tuple of CallFile
    kind : Kind or None
        None: what the files hold, if that is one kind.
    options : ConsensusOptions
    map_uri : str
        Names of chromosomes become the map's, what does not lie on it is left out; empty: as the first file writes
        them.
    chroms : tuple of str
        Only these; empty: all.
    max_q : float
        See :data:`DEFAULT_MAX_Q`.
    """

    files: tuple[CallFile, ...]
    kind: Kind | None
    options: ConsensusOptions
    map_uri: str = ""
    chroms: tuple[str, ...] = ()
    max_q: float = DEFAULT_MAX_Q


@dataclass(frozen=True, slots=True)
class FileVotes:
    """What became of one file: the caller it is taken for, how many calls it gave, what was wrong."""

    path: Path
    caller: str
    n_calls: int
    notes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class ConsensusResult:
    """The soft labels, and what became of each file."""

    kind: Kind
    consensus: Consensus
    files: tuple[FileVotes, ...]


@dataclass(frozen=True, slots=True)
class CallerFigures:
    """What came of one caller, all its files together.

    Attributes
    ----------
    caller : str
    n_calls : int
        Calls that voted.
    n_listed : int
        Structures of the list that it has.
    precision, sensitivity : float or None
        By the soft scores, of method ``em``: share of its calls that is right, and share that it has of the structures
        of all callers; None where no other caller could have confirmed any of its calls.
    """

    caller: str
    n_calls: int
    n_listed: int
    precision: float | None = None
    sensitivity: float | None = None


@dataclass(slots=True)
class _Read:
    """Files as they are read: the good ones by caller and the assembly that they name; what became of all."""

    lists: list[tuple[str, list[Annotation]]] = field(default_factory=list)
    searched: list[tuple[Interval, ...]] = field(default_factory=list)
    assemblies: list[str] = field(default_factory=list)
    files: list[FileVotes] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)
    """Files so far, resolved."""

    def good(self) -> list[FileVotes]:
        """The files whose calls are used."""
        return [one for one in self.files if not one.error]

    def twice(self, path: Path) -> str:
        """Why a file would vote twice; empty if it would not."""
        place = path.resolve()
        if place in self.seen:
            return GIVEN_TWICE
        used = {one.path: one.caller for one in self.good()}
        copy = next((one for one in used if place.is_file() and one.is_file() and _same_content(place, one)), None)
        self.seen.add(place)
        return f"is byte for byte the file {copy} ({used[copy]}); it counts once." if copy else ""

    def add_notes(self, notes: Mapping[int, str]) -> None:
        """Say something more of good files, by their number among the good ones."""
        good = [number for number, one in enumerate(self.files) if not one.error]
        for number, text in notes.items():
            one = self.files[good[number]]
            self.files[good[number]] = replace(one, notes=(*one.notes, text))

    def leave_out(self, errors: Mapping[int, str]) -> None:
        """Leave good files out after all: their number among the good ones → the reason."""
        good = [number for number, one in enumerate(self.files) if not one.error]
        for number, text in errors.items():
            self.files[good[number]] = replace(self.files[good[number]], n_calls=0, error=text)
        self.lists = [one for number, one in enumerate(self.lists) if number not in errors]
        self.searched = [one for number, one in enumerate(self.searched) if number not in errors]
        self.assemblies = [one for number, one in enumerate(self.assemblies) if number not in errors]


def iter_consensus(
    request: ConsensusRequest, *, token: CancelToken | None = None
) -> Generator[Progress, None, ConsensusResult]:
    """Read the files, match their calls, weigh the votes.

    A file that cannot be read, holds another kind or is of another assembly is left out and named; the others go on.

    Raises
    ------
    LabelError
        If fewer than two files, or files of fewer than two programs are left, or as many hold one kind as another and
        none was asked for.
    RegionError
        If no list has calls on a chromosome that was asked for.
    MapError, ConfigError
    """
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.labels.consensus import CallerCalls, consensus
    from napari_hicstruct.workflows.assemblies import assembly_of_map, other_assemblies
    from napari_hicstruct.workflows.lengths import check_both

    clock, token = Clock(), token or CancelToken()
    source = open_map(request.map_uri) if request.map_uri else None
    chromsizes = None if source is None else dict(source.chromsizes)
    longest = max((chromsizes or {}).values(), default=0)
    check_both(request.options.tolerance_bp, request.options.bin_size, longest)
    read = _Read()
    for number, one in enumerate(request.files):
        token.check()
        yield clock.step("read", number, len(request.files) + 1, one.path.name)
        _read_one(one, request, chromsizes, read)
    kind = request.kind or _commonest_kind(read)
    wanted = "" if source is None else assembly_of_map(source.assembly, source.name, source.chromsizes)
    named = zip(read.assemblies, (records for _, records in read.lists), strict=True)
    read.leave_out(other_assemblies(list(named), wanted))
    kind = _checked(read, kind)
    n_calls = sum(one.n_calls for one in read.good())
    yield clock.step("match", len(request.files), len(request.files) + 1, how_many(n_calls, "call"))
    lists = one_spelling(read.lists) if chromsizes is None else read.lists
    wanted_chroms = chosen_chroms(lists, request.chroms)
    calls = [
        CallerCalls(name, tuple(r for r in records if r.chrom in wanted_chroms), searched)
        for (name, records), searched in zip(lists, read.searched, strict=True)
    ]
    read.add_notes(lonely_chroms(calls))
    found = consensus(calls, kind, request.options)
    if not found.records:
        found = replace(found, notes=(*found.notes, why_empty(calls, found.tolerance_bp)))
    yield clock.step("done", len(request.files) + 1, len(request.files) + 1, how_many(len(found.records), "soft label"))
    return ConsensusResult(kind, found, tuple(_with_repeats(read.files)))


def iter_read_calls(
    files: Sequence[CallFile], chromsizes: Mapping[str, int], *, token: CancelToken | None = None
) -> Generator[Progress, None, tuple[dict[str, list[Annotation]], tuple[FileVotes, ...]]]:
    """Read files of any kinds; calls by program, all files of one program together, and what became of each file.

    A file that cannot be read or is of another assembly than most is left out and named; the others go on.
    """
    from napari_hicstruct.labels.consensus import ConsensusOptions
    from napari_hicstruct.workflows.assemblies import other_assemblies

    clock, token, read = Clock(), token or CancelToken(), _Read()
    request = ConsensusRequest(tuple(files), None, ConsensusOptions())
    for number, one in enumerate(files):
        token.check()
        yield clock.step("read", number, len(files), one.path.name)
        _read_one(one, request, chromsizes or None, read)
    named = zip(read.assemblies, (records for _, records in read.lists), strict=True)
    read.leave_out(other_assemblies(list(named), ""))
    calls: dict[str, list[Annotation]] = {}
    for name, records in read.lists:
        calls.setdefault(name, []).extend(records)
    return calls, tuple(_with_repeats(read.files))


def consensus_of_files(request: ConsensusRequest) -> ConsensusResult:
    """As :func:`iter_consensus`, run to its end."""
    return drain(iter_consensus(request))


def caller_figures(result: ConsensusResult) -> list[CallerFigures]:
    """How many structures each caller has, and how reliable it is, if that was learnt; by name."""
    found, learnt = result.consensus, result.consensus.reliability
    return [
        CallerFigures(
            name,
            sum(one.n_calls for one in result.files if one.caller == name),
            int(found.supported[:, k].sum()),
            None if learnt is None else _known(learnt.precision[k]),
            None if learnt is None else _known(learnt.sensitivity[k]),
        )
        for k, name in enumerate(found.callers)
    ]


def _known(share: float) -> float | None:
    return None if share != share else float(share)


def of_combination(result: ConsensusResult, callers: Collection[str]) -> ConsensusResult:
    """The same result with nothing listed but what exactly these callers have."""
    found = result.consensus
    wanted = [name in callers for name in found.callers]
    mine = (found.supported == wanted).all(axis=1)
    records = tuple(record for record, own in zip(found.records, mine, strict=True) if own)
    return replace(result, consensus=replace(found, records=records, supported=found.supported[mine]))


def soft_labels(result: ConsensusResult, name: str, chromsizes: Mapping[str, int]) -> tuple[Path, LabelFile]:
    """The file of a result as an import reads it, and what it is called: what is loaded is what would be written."""
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.annotations.writers import usual_format

    with TemporaryDirectory() as folder:
        path = write_result(result, Path(folder) / f"{name}.{usual_format(result.kind)}")
        return path, read_labels(path, chromsizes=chromsizes)


def write_result(result: ConsensusResult, path: str | Path) -> Path:
    """Write the list of soft labels, as ``hicstruct consensus`` does.

    Raises
    ------
    OutputError
        If the file's ending is that of another kind, or it cannot be written.
    """
    from napari_hicstruct.annotations.writers import check_ending, write_soft_labels

    check_ending(path, result.kind)
    return write_soft_labels(result.consensus.records, path, result.kind)


def _read_one(one: CallFile, request: ConsensusRequest, chromsizes: Mapping[str, int] | None, read: _Read) -> None:
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.annotations.callers import caller_of, program_meant

    if why := read.twice(one.path):
        read.files.append(FileVotes(one.path, one.caller, 0, error=why))
        return
    try:
        program = program_meant(one.caller)
        found = one.found or read_labels(one.path, chromsizes=chromsizes, kind=request.kind, program=program)
    except HicStructError as error:
        text = error.message if error.hint is None else f"{error.message} {error.hint}"
        read.files.append(FileVotes(one.path, one.caller, 0, error=text))
        return
    caller = one.caller or caller_of(one.path.name, found.records)
    wanted, of_tads = _of_kind(found.records, request.kind, chromsizes)
    records, notes = _significant(wanted, caller, request.max_q)
    unique = _without_copies(records)
    if len(unique) < len(records):
        copies = len(records) - len(unique)
        repeat = "one repeats another call and counts" if copies == 1 else f"{copies:,} repeat other calls and count"
        notes.append(f"{len(records):,} became {len(unique):,}: {repeat} once.")
    if found.problems:
        notes.append(f"{how_many(len(found.problems), 'bad line')} left out, the first is {found.problems[0]}.")
    notes += [*of_tads, *found.notes]
    if found.unmatched:
        left = ", ".join(found.unmatched)
        calls = how_many(sum(found.unmatched.values()), "call")
        notes.append(f"{calls} on chromosomes that the map lacks left out: {left}.")
    if not unique:
        read.files.append(FileVotes(one.path, caller, 0, tuple(notes), error="holds no calls."))
        return
    read.lists.append((caller, unique))
    read.searched.append(_searched(one, unique))
    read.assemblies.append(found.assembly)
    read.files.append(FileVotes(one.path, caller, len(unique), tuple(notes)))


def _same_content(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_size == other.stat().st_size and cmp(one, other, shallow=False)
    except OSError:  # whoever reads it says why
        return False


def _of_kind(
    records: Sequence[Annotation], kind: Kind | None, chromsizes: Mapping[str, int] | None
) -> tuple[list[Annotation], list[str]]:
    """The records of a kind; of a set of TADs the boundaries that they stand for, and that this was done."""
    from napari_hicstruct.annotations.borders import borders_note, borders_of

    wanted = [record for record in records if kind in (None, record.kind)]
    tads = [record for record in records if record.kind == "tad"] if kind == "boundary" and not wanted else []
    if not tads:
        return wanted, []
    borders = borders_of(tads, chromsizes)
    return borders, [borders_note(len(tads), len(borders))]


def _searched(one: CallFile, records: Sequence[Annotation]) -> tuple[Interval, ...]:
    """Where a list was sought, if that is known: as given, or by the ``run.json`` beside a prediction of ours."""
    from napari_hicstruct.workflows.evaluate.regions import parse_regions, predicted_regions

    ours = one.found is None and all(record.model for record in records)
    try:
        return parse_regions(one.searched or (predicted_regions(one.path.parent) if ours else ()))
    except RegionError:  # of somebody else's making
        return ()


def _significant(records: Sequence[Annotation], caller: str, max_q: float) -> tuple[list[Annotation], list[str]]:
    """Programs that list everything they tested: what is below the threshold."""
    from napari_hicstruct.annotations.readers.table import squeezed

    if caller not in _TESTED:
        return list(records), []
    kept = []
    for record in records:
        cell = next((text for key, text in record.extra.items() if squeezed(key) in _Q_NAMES), "nan")
        try:
            q = float(cell)
        except ValueError:
            q = float("nan")
        if not q > max_q:
            kept.append(record)
    return kept, [
        f"{len(records) - len(kept):,} of {len(records):,} contacts have a q-value above {max_q:g}: left out."
    ]


def _without_copies(records: Iterable[Annotation]) -> list[Annotation]:
    found: dict[object, Annotation] = {}
    for record in records:
        a, b = record.anchor1, record.anchor2
        choices = id(record.kind), id(record.direction)  # each is one object, whose own hash takes as long as all else
        found.setdefault((a.chrom, a.start, a.end, b.start, b.end, *choices), record)
    return list(found.values())


def _commonest_kind(read: _Read) -> Kind | None:
    """The kind that most files hold; the other files are left out.  None without any file.

    Raises
    ------
    LabelError
        If as many files hold another kind.
    """
    kinds = [Counter(record.kind for record in records).most_common(1)[0][0] for _, records in read.lists]
    first = Counter(kinds).most_common(2)
    if len(first) == 2 and first[0][1] == first[1][1]:
        names = " and ".join(KINDS[kind].plural for kind, _ in first)
        held = (f"{one.path.name} holds {KINDS[kind].plural}" for one, kind in zip(read.good(), kinds, strict=True))
        raise LabelError(f"as many files hold {names}: {', '.join(held)}.", hint="Choose one with --kind.")
    chosen = first[0][0] if first else None
    read.leave_out(
        {
            number: f"holds {KINDS[kind].plural}, most files hold {KINDS[chosen].plural}; --kind chooses."
            for number, kind in enumerate(kinds)
            if chosen is not None and kind is not chosen
        }
    )
    return chosen


def _checked(read: _Read, kind: Kind | None) -> Kind:
    """The kind of the calls; LabelError if they are of fewer than two programs."""
    good = read.good()
    if kind is None or len(good) < 2:
        reasons = "; ".join(f"{one.path.name or one.path}: {one.error.rstrip('.')}" for one in read.files if one.error)
        text = f"needs calls of two programs or more; {len(good)} of {len(read.files)} files can be used."
        raise LabelError(text, hint=f"{reasons}." if reasons else "Give more files.")
    if len({one.caller for one in good}) < 2:
        text = f"needs calls of two programs or more; all {len(good)} files count as calls of {good[0].caller}."
        raise LabelError(text, hint="Say the program of each as CALLER=FILE if they are of several.")
    return kind


def _with_repeats(files: Sequence[FileVotes]) -> list[FileVotes]:
    """Say which files are one vote together."""
    counts: dict[str, int] = {}
    for one in files:
        counts[one.caller] = counts.get(one.caller, 0) + (not one.error)
    out = []
    for one in files:
        n = counts[one.caller]
        more = (f"one of {n} files of {one.caller}: together they are one vote.",) if n > 1 and not one.error else ()
        out.append(replace(one, notes=(*one.notes, *more)))
    return out
