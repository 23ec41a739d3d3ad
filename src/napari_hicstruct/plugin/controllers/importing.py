"""Label files dropped onto the window: one set per file, what is wrong in them is shown once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error, show_info, show_warning

from napari_hicstruct.errors import Cancelled, HicStructError, LabelError
from napari_hicstruct.plugin.controllers.notify import short_text
from napari_hicstruct.plugin.state.project import ProjectState

if TYPE_CHECKING:
    from napari_hicstruct.annotations import LabelFile
    from napari_hicstruct.workflows.import_labels import ImportedFile


_LINES_NAMED = 6


@dataclass(frozen=True, slots=True)
class ScoreChoice:
    """A column by its number in the file (1-based), and which end is the better one."""

    column: int
    lower_is_better: bool


AskScore = Callable[[Path, "LabelFile"], ScoreChoice | None]


def import_files(window: ProjectState, paths: Iterable[str | Path], *, ask: AskScore | None = None) -> list[int]:
    """Read label files into the project of ``window``, each into a set of its own.

    Problems are shown as one notification with line numbers; good lines come in.  Never raises.

    Parameters
    ----------
    window : ProjectState
    paths : iterable of path
    ask : function of a path and what was read, optional
        Asked once per file whose columns do not say which of them is the score; None as answer: there is none.
        Without it nobody is asked, and such columns are only kept.

    Returns
    -------
    list of int
        Ids of the new sets.
    """
    made, lines, faults = [], [], []
    for path in map(Path, paths):
        try:
            imported = _import_one(window, path, ask)
        except Cancelled as error:
            lines.append(error.message)
            continue
        except HicStructError as error:
            faults.append(short_text(error))
            continue
        made.append(imported.set.id)
        lines.append(f"{path.name}: {_counts(imported.counts)}")
        lines += [f"  {note}" for note in _remarks(imported)]
        if imported.problems or imported.unmatched:
            faults.append(_problems(imported))
    if faults:
        (show_warning if made else show_error)("\n".join([*lines, *faults]))
    elif lines:
        show_info("\n".join(lines))
    return made


def _import_one(window: ProjectState, path: Path, ask: AskScore | None) -> ImportedFile:
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.workflows.import_labels import store_labels

    if window.source is None:
        raise LabelError("labels need a map to lie on.", where=path.name, hint="Open the contact map first.")
    sizes = window.source.chromsizes
    label_file = read_labels(path, chromsizes=sizes)
    if not label_file.records:
        raise LabelError("holds no label that lies on this map.", where=path.name, hint=_assembly_hint(window))
    if label_file.undecided and ask is not None:
        choice = ask(path, label_file)
        if choice is not None:
            label_file = read_labels(
                path, chromsizes=sizes, score_column=choice.column, ascending=choice.lower_is_better
            )
    with window.project_to_write() as project:
        return store_labels(project, path, label_file, finest=min(window.source.resolutions, default=0))


def _assembly_hint(window: ProjectState) -> str:
    assembly = window.source.assembly if window.source is not None else ""
    return f"Is it for the assembly of the map{f' ({assembly})' if assembly else ''}?"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} × {kind}" for kind, number in counts.items())


def _remarks(imported: ImportedFile) -> list[str]:
    remarks = list(imported.notes)
    if imported.trans:
        lines = "1 line joins" if imported.trans == 1 else f"{imported.trans:,} lines join"
        remarks.insert(0, f"{lines} two chromosomes, left out")
    if imported.undecided:
        columns = ", ".join(map(str, imported.undecided[:_LINES_NAMED]))
        remarks.append(f"no scores: {columns} kept, meaning unknown")
    return remarks


def _problems(imported: ImportedFile) -> str:
    lines = [f"line {problem.line}: {problem.reason}" for problem in imported.problems[:_LINES_NAMED]]
    if len(imported.problems) > _LINES_NAMED:
        lines.append(f"… and {len(imported.problems) - _LINES_NAMED:,} more lines")
    for name, number in list(imported.unmatched.items())[:_LINES_NAMED]:
        lines.append(f"{number:,} lines on '{name}', which the map does not have")
    return f"{imported.path.name}: left out\n  " + "\n  ".join(lines)
