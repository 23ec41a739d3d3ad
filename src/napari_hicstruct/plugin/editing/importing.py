"""Label files dropped onto the window: one set per file, what is wrong in them said once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error, show_info, show_warning

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.errors import HicStructError, LabelError

if TYPE_CHECKING:
    from napari_hicstruct.annotations import LabelFile
    from napari_hicstruct.plugin.session import Session

_LINES_NAMED = 6


def import_files(session: Session, paths: Iterable[str | Path]) -> list[int]:
    """Read label files into the project of ``session``, each into a set of its own.

    Problems are shown as one notification with line numbers; good lines come in.  Never raises.

    Returns
    -------
    list of int
        Ids of the new sets.
    """
    made, said, faults = [], [], []
    for path in map(Path, paths):
        try:
            set_id, label_file = _import_one(session, path)
        except HicStructError as error:
            faults.append(str(error))
            continue
        made.append(set_id)
        said.append(f"{path.name}: {_counts(label_file.records)}")
        if label_file.problems or label_file.unmatched:
            faults.append(_problems(path, label_file))
    if faults:
        (show_warning if made else show_error)("\n".join([*said, *faults]))
    elif said:
        show_info("\n".join(said))
    return made


def _import_one(session: Session, path: Path) -> tuple[int, LabelFile]:
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.workflows.import_labels import store_labels

    if session.source is None:
        raise LabelError("labels need a map to lie on.", where=path.name, mend="Open the contact map first.")
    label_file = read_labels(path, chromsizes=session.source.chromsizes)
    if not label_file.records:
        raise LabelError("holds no label that lies on this map.", where=path.name, mend=_assembly_mend(session))
    try:
        return store_labels(session.ensure_project(), path, label_file).set.id, label_file
    finally:
        session.discard_unused_project()


def _assembly_mend(session: Session) -> str:
    assembly = session.source.assembly if session.source is not None else ""
    return f"Is it for the assembly of the map{f' ({assembly})' if assembly else ''}?"


def _counts(records: Iterable[Annotation]) -> str:
    totals: dict[str, int] = {}
    for record in records:
        totals[record.kind.value] = totals.get(record.kind.value, 0) + 1
    return ", ".join(f"{number:,} × {kind}" for kind, number in totals.items())


def _problems(path: Path, label_file: LabelFile) -> str:
    lines = [f"line {problem.line}: {problem.reason}" for problem in label_file.problems[:_LINES_NAMED]]
    if len(label_file.problems) > _LINES_NAMED:
        lines.append(f"… and {len(label_file.problems) - _LINES_NAMED:,} more lines")
    for name, number in list(label_file.unmatched.items())[:_LINES_NAMED]:
        lines.append(f"{number:,} lines on '{name}', which the map does not have")
    return f"{path.name}: left out\n  " + "\n  ".join(lines)
