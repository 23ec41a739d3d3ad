"""What became of label files: the sentence for a notification, and all of it line by line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.errors import Cancelled, HicStructError, readable
from napari_hicstruct.genome import Interval, display_name, format_span
from napari_hicstruct.plugin.state.sentences import reason
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.workflows.import_labels import ImportedFile

_LINES_NAMED = 6


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that did not come in, and why."""

    path: Path
    error: HicStructError


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line for people; ``details`` (the full path) belongs into a tooltip."""

    text: str
    is_problem: bool = False
    details: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came in, what did not, and where what came in is all there is."""

    imported: tuple[ImportedFile, ...] = ()
    refused: tuple[Refusal, ...] = ()
    complete: tuple[Interval, ...] = ()

    @property
    def is_failure(self) -> bool:
        """True if nothing came in, against somebody's will."""
        return not self.imported and not all(isinstance(one.error, Cancelled) for one in self.refused)

    @property
    def is_clean(self) -> bool:
        """True if every line of every file came in."""
        return not self.refused and not any(one.problems or one.unmatched for one in self.imported)

    def headline(self) -> str:
        """One sentence, the reason before the file's name; the first of several reasons."""
        if len(self.refused) == 1 and not self.imported:
            return f"Not imported: {reason(self.refused[0].error)} ({_name(self.refused[0].path)})"
        said = []
        if self.refused:
            first = self.refused[0]
            more = f" and {len(self.refused) - 1:,} more" if len(self.refused) > 1 else ""
            said.append(f"{len(self.refused):,} not imported: {reason(first.error)} ({_name(first.path)}{more})")
        left_out = sum(len(one.problems) + sum(one.unmatched.values()) for one in self.imported)
        if self.imported:
            said.append(self._came_in())
        if left_out:
            said.append(f"{how_many(left_out, 'line')} left out.")
        if self.complete:
            said.append(f"{self._complete()}.")
        return " ".join(said)

    def _complete(self) -> str:
        first = self.complete[0]
        one = f"{display_name(first.chrom)}:{format_span(first)}"
        where = one if len(self.complete) == 1 else f"{len(self.complete):,} regions"
        return f"Complete in {where}: what is not named there is learnt as absent"

    def _came_in(self) -> str:
        counts: dict[str, int] = {}
        for one in self.imported:
            for kind, number in one.counts.items():
                counts[kind] = counts.get(kind, 0) + number
        where = _name(self.imported[0].path) if len(self.imported) == 1 else f"{len(self.imported):,} files"
        return f"Imported {_counted(counts)} from {where}."

    def lines(self) -> list[ReportLine]:
        """Everything: what did not come in first, then each file with what is to be known of it."""
        found = [ReportLine(f"Not imported: {reason(r.error)} — {_name(r.path)}", True, _full(r)) for r in self.refused]
        for one in self.imported:
            path = readable(str(one.path))
            found.append(ReportLine(f"{_counted(one.counts)} — {_name(one.path)}", False, path))
            found += [ReportLine(f"· {text}", True, path) for text in _left_out(one)]
            found += [ReportLine(f"· {text}", False, path) for text in _remarks(one)]
        if self.complete:
            found.append(ReportLine(self._complete(), False, "\n".join(map(str, self.complete[:_LINES_NAMED]))))
        return found


def _full(refusal: Refusal) -> str:
    return readable(str(refusal.path.absolute()))


def _name(path: Path) -> str:
    return readable(path.name)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(
        f"{number:,} {KINDS[Kind(kind)].plural if number != 1 else kind}" for kind, number in counts.items()
    )


def _left_out(imported: ImportedFile) -> list[str]:
    found = [f"line {problem.line} left out: {problem.reason}" for problem in imported.problems[:_LINES_NAMED]]
    if len(imported.problems) > _LINES_NAMED:
        found.append(f"… and {how_many(len(imported.problems) - _LINES_NAMED, 'line')} more")
    for name, number in list(imported.unmatched.items())[:_LINES_NAMED]:
        found.append(f"{how_many(number, 'line')} left out: on '{name}', which the map does not have")
    return found


def _remarks(imported: ImportedFile) -> list[str]:
    remarks = list(imported.notes)
    if imported.trans:
        joins = "joins" if imported.trans == 1 else "join"
        remarks.insert(0, f"{how_many(imported.trans, 'line')} {joins} two chromosomes, left out")
    if imported.undecided:
        columns = ", ".join(map(str, imported.undecided[:_LINES_NAMED]))
        remarks.append(f"no scores: {columns} kept, meaning unknown")
    return remarks
