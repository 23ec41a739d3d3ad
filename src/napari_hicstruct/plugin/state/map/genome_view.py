"""The whole genome, or one pair of chromosomes, as it is looked at beside the map: nothing is edited there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import Interval, display_name, format_bin_size
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job, Runner
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.contacts.genome_wide import GenomeGrid
    from napari_hicstruct.plugin.state.map.map import MapState

_DARKEST = 99.5
_AROUND_BP = 5_000_000
_MIN_BINS_AROUND = 10


class GenomeView:
    """What is shown, read in the background for as long as somebody looks.

    Attributes
    ----------
    changed : Signal
        Something else is shown, or more of it is known.
    grid : GenomeGrid or None
    values : float32 array, shape (n, n), or None
        Contacts as counted; zero where they are not read yet.
    problem : str
        Why nothing can be shown.
    """

    changed = Signal()

    def __init__(self, window: MapState, runner: Runner) -> None:
        self._window = window
        self.grid: GenomeGrid | None = None
        self.values: NDArray[np.float32] | None = None
        self.problem = ""
        self.progress = 0.0
        self._job = BackgroundJob(runner, on_step=self._on_step, on_done=self._on_done, on_error=self._on_error)
        window.map_changed.connect(self._on_map)

    @property
    def running(self) -> bool:
        """True while contacts are read."""
        return self._job.running

    @property
    def is_pair(self) -> bool:
        """True while two chromosomes are shown of a map that has more."""
        source = self._window.source
        return self.grid is not None and source is not None and len(self.grid.chroms) == 2 < len(source.chromsizes)

    def show(self, *chroms: str) -> None:
        """Show these chromosomes; without any, all but small contigs."""
        from napari_hicstruct.contacts.genome_wide import genome_grid, iter_genome_wide

        source = self._window.source
        if source is None:
            return
        grid = self.grid = genome_grid(source, chroms)
        self.values, self.problem, self.progress = None, "", 0.0

        def job(token: CancelToken) -> Job:
            return (yield from iter_genome_wide(source, grid, token))

        self._job.start(job)
        self.changed.emit()

    def close(self) -> None:
        """Nobody looks any more."""
        self._job.close()
        self.grid = self.values = None

    def end(self) -> None:
        """The window goes: wait until nothing is read any more."""
        self._job.end()

    # ------------------------------------------------------------------ what is there
    def title(self) -> str:
        """What is shown, at which bins."""
        if self.grid is None:
            return ""
        size = format_bin_size(self.grid.size)
        if self.is_pair:
            return f"{' × '.join(map(display_name, self.grid.chroms))} · {size} bins"
        from napari_hicstruct.contacts.genome_wide import MAX_CHROMS

        shown, source = len(self.grid.chroms), self._window.source
        if shown < MAX_CHROMS or source is None or shown == len(source.chromsizes):
            return f"{how_many(shown, 'chromosome')} · {size} bins"
        return f"the longest {shown:,} of {how_many(len(source.chromsizes), 'chromosome')} · {size} bins"

    def text_at(self, row: float, col: float) -> str:
        """``chr7:62,000,000 × chr14:20,000,000 · 12 contacts``: places are starts of the bins; empty outside."""
        places = None if self.grid is None else (self.grid.place(row), self.grid.place(col))
        if places is None or None in places:
            return ""
        text = " × ".join(f"{display_name(chrom)}:{at:,}" for chrom, at in places if chrom)  # type: ignore[misc]
        if self.values is None:
            return text
        value = float(self.values[int(row), int(col)])
        if value != round(value):  # maps of normalised contacts
            return f"{text} · {value:.3g} contacts"
        return f"{text} · {how_many(round(value), 'contact')}"

    def shades(self) -> NDArray[np.float32]:
        """Values from 0 to 1 to be coloured: the logarithm of the counts, the darkest reached by one bin in 200."""
        assert self.values is not None
        logs = np.log1p(np.maximum(self.values, 0))  # maps of ratios have values below zero
        seen = logs[logs > 0]
        top = float(np.percentile(seen[:: max(1, len(seen) // 100_000)], _DARKEST)) if len(seen) else 1.0
        return np.clip(logs / max(top, 1e-6), 0, 1)

    def click(self, row: float, col: float) -> str:
        """Go to what was clicked: a place of the map where both are one chromosome, else that pair; in words."""
        grid = self.grid
        first, second = (None, None) if grid is None else (grid.place(row), grid.place(col))
        if grid is None or first is None or second is None:
            return ""
        if first[0] == second[0]:
            self._go_to(first[0], first[1], second[1])
            return f"{display_name(first[0])} in the map"
        if set(grid.chroms) == {first[0], second[0]}:
            return self.text_at(row, col)
        self.show(first[0], second[0])
        return self.title()

    def _go_to(self, chrom: str, first: int, second: int) -> None:
        grid, source = self.grid, self._window.source
        if grid is None or source is None:
            return
        if not self.is_pair and len(grid.chroms) > 1:
            self._window.set_chrom(chrom)
            return
        length = source.chromsizes[chrom]
        half = max(_AROUND_BP, _MIN_BINS_AROUND * grid.size) // 2
        rows, cols = (Interval(chrom, max(0, at - half), min(length, at + half)) for at in (first, second))
        self._window.go_to(rows, cols)

    # ------------------------------------------------------------------ reading
    def _on_step(self, progress: Progress) -> None:
        if progress.payload is not None:
            self.values = progress.payload
        self.progress = progress.done / progress.total if progress.total else math.nan
        self.changed.emit()

    def _on_done(self, values: Any) -> None:
        self.values, self.progress = values, 1.0
        self.changed.emit()

    def _on_error(self, error: HicStructError) -> None:
        self.problem = short_text(error)
        self.changed.emit()

    def _on_map(self) -> None:
        self._job.end()
        self.grid = self.values = None
        self.problem = ""
        self.changed.emit()
