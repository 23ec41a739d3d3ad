"""Label files from Python: any format that the window reads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.api.calls import Calls
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.frames import kind_of
from napari_hicstruct.api.given import as_calls
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.errors import LabelError, OutputError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    import pandas as pd

_FOLDER_HINT = "Read its files one by one and join them with +."


@checked
def read_labels(
    path: str | Path,
    kind: str | None = None,
    map: MapLike | None = None,
    *,
    score_column: str | int | None = None,
    ascending: bool = False,
    one_based: bool = False,
) -> Calls:
    """Read loops, stripes, TADs or boundaries from a label file of any known format.

    Parameters
    ----------
    path : path
        BEDPE, BED, Stripenn, the outputs of common callers (``docs/formats/labels.md``), plain or packed.
    kind : str, optional
        ``loop``, ``stripe``, ``tad`` or ``boundary``, where the format leaves that open.
    map : ContactMap, path or str, optional
        Chromosome names become the map's (``17`` → ``chr17``), what does not lie on it is left out and noted.
    score_column : str or int, optional
        Column that ranks the records, by name or number (from 1), where the file does not say.
    ascending : bool
        True if lower is better in that column; p-values are known to be so by their name.
    one_based : bool
        True if BED or BEDPE positions are 1-based and closed, which nothing in such a file shows.

    Returns
    -------
    Calls
        In file order, 0-based half-open bp; ``notes`` say what was decided for the file, ``problems`` which lines were
        left out and why.

    Raises
    ------
    LabelError
        If the file cannot be read, is no list of structures, is of another kind, fits another genome, or most of its
        lines are bad.
    MapError
        If the map cannot be read.
    ConfigError
        If an argument is not what it says above.

    Examples
    --------
    >>> from pathlib import Path
    >>> import napari_hicstruct as hs
    >>> m = hs.sample_map()
    >>> truth = hs.read_labels(Path(m.uri).parent / "truth" / "loops.bedpe", map=m)
    >>> truth.kinds, truth.problems
    (('loop',), ())
    """
    from napari_hicstruct.annotations import read_labels as read

    if Path(path).is_dir():
        raise LabelError("is a folder, not a label file.", where=path, hint=_FOLDER_HINT)
    found = read(
        os.fspath(path),
        chromsizes=None if map is None else source_of(map).chromsizes,
        kind=None if kind is None else kind_of(kind),
        score_column=score_column,
        ascending=ascending,
        one_based=one_based,
    )
    notes = [*found.notes]
    if found.unmatched:
        names = ", ".join(f"{name} ({count:,})" for name, count in found.unmatched.items())
        records = how_many(sum(found.unmatched.values()), "record")
        notes.append(f"{records} left out, on chromosomes that the map lacks: {names}.")
    if found.trans:
        notes.append(f"{how_many(found.trans, 'line')} between two chromosomes left out.")
    return Calls(
        found.records,
        run={"labels": {"file": os.fspath(path), "format": found.format}},
        notes=notes,
        problems=found.problems,
    )


@checked
def write_labels(calls: Iterable[Annotation] | pd.DataFrame, path: str | Path, *, format: str | None = None) -> Path:
    """Write annotations into one label file; :meth:`Calls.write` writes a folder with provenance.

    Parameters
    ----------
    calls : Calls, iterable of Annotation, or DataFrame
        Of one kind, but for Parquet; a data frame with a column ``kind``.
    path : path
        Replaced if it exists.
    format : str, optional
        ``bedpe``, ``bed``, ``stripenn``, ``juicebox``, ``higlass``, ``interact``, ``gff3`` or ``parquet``.  Default:
        Parquet by the file's ending, else BEDPE for loops and stripes, BED for TADs and boundaries.  The file's ending
        is that of its format, ``.tsv``, ``.txt``, or none.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        If the format does not hold this kind, the file's ending is another format's, or the file cannot be written;
        what stood there before is untouched.
    LabelError
        If there is nothing to write, or there are several kinds.
    ConfigError
        If an argument is not what it says above.

    Examples
    --------
    >>> import pandas as pd
    >>> import napari_hicstruct as hs
    >>> table = pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [500_000], "kind": ["tad"]})
    >>> hs.write_labels(table, "mine.bed").name
    'mine.bed'
    >>> hs.read_labels("mine.bed")
    <Calls: 1 TAD>
    """
    from napari_hicstruct.annotations.writers import EXPORT_FORMATS, check_ending, usual_format, write_parquet

    records = as_calls(calls)
    if format == "parquet" or (format is None and Path(path).suffix.lower() == ".parquet"):
        check_ending(path, records[0].kind if records else Kind.LOOP, "parquet")
        return write_parquet(records, path)
    if len(records.kinds) != 1:
        text = f"holds {', '.join(records.kinds)}: a file holds one kind." if records.kinds else "holds nothing."
        raise LabelError(text, where="calls", hint="Write calls.loops, calls.tads …, or a folder by calls.write.")
    kind = Kind(records.kinds[0])
    usual = usual_format(kind)
    writers = {name: kinds[kind][1] for name, kinds in EXPORT_FORMATS.items() if kind in kinds}
    if (format or usual) not in writers:
        have = ", ".join((*writers, "parquet"))
        raise OutputError(f"{format!r} is no format of a {kind.value}.", where=path, hint=f"Choose from {have}.")
    check_ending(path, kind, format or usual)
    return writers[format or usual](records, Path(path))
