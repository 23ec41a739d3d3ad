"""The contact map as one napari image layer: pyramid, colours, raw / balanced / O/E, read-out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_hicstruct.contacts.norms import first_norm, missing_note
from napari_hicstruct.contacts.protocol import COMPUTED, RAW
from napari_hicstruct.contacts.values import ValueKind
from napari_hicstruct.genome import Interval, display_name, format_bin_size
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.map import colormaps
from napari_hicstruct.plugin.layers.map.image import Image
from napari_hicstruct.plugin.layers.map.levels import Scale, ViewedLevel, colour_range, stored_norms, viewed_levels
from napari_hicstruct.plugin.layers.map.reference import References, ratio_norm
from napari_hicstruct.plugin.layers.map.status import Shown, status_function
from napari_hicstruct.plugin.layers.units import axis_labels, world_kwargs
from napari_hicstruct.plugin.state.jobs import Runner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_hicstruct.contacts.protocol import ContactSource

DEFAULT_PERCENTILE = 97.0


@dataclass(frozen=True, slots=True)
class Display:
    """What is drawn: contacts under ``norm``, or (``ratio``) their observed over expected."""

    norm: str
    ratio: bool = False


_CLOSE, _NEARLY_ALL = 6, 99.5
"""Widest view, in widths of what one looks at, that takes its colours from that; and the percentile that it takes."""

_EXTENT_BINS = 50, 4_096
"""Of the part of a chromosome that a map holds: levels whose bins tell where it begins; finer ones say no more than a
pixel of the screen does."""


class MapLayer:
    """Shows one chromosome of ``source``; never reads more than the rectangle in view and the coarsest level.

    Parameters
    ----------
    source : ContactSource
    chrom : str
        A chromosome as the map spells it.
    canvas : Canvas
    runner : Runner
        Of the computing of weights and expected values.
    on_change : callable
        Called when the display changed by itself (O/E became ready, limits were set by hand).

    Attributes
    ----------
    levels : list of ViewedLevel
        The pyramid of the chromosome that is shown, finest first.
    drawn, wanted : Display
        They differ while weights or expected values are computed in the background; the picture stays until then.
    """

    def __init__(
        self, source: ContactSource, chrom: str, *, canvas: Canvas, runner: Runner, on_change: Callable[[], None]
    ) -> None:
        self.source, self.chrom = source, chrom
        self._canvas = canvas
        self._on_change = on_change
        self.drawn = self.wanted = Display(first_norm(source, chrom))
        self.percentile = DEFAULT_PERCENTILE
        self.automatic = True
        self._focus: tuple[tuple[int, int], tuple[int, int], float] | None = None
        self._setting = False
        self._drawn_at = 0
        self._rows = self._cols = (0, source.chromsizes[chrom])
        self.references = References(source, runner, self._references_changed)
        self.levels = self._levels()
        self.references.set_target(chrom, self._norms(self.drawn))
        self.layer = self._make_layer()

    def _make_layer(self) -> Image:
        finest = self.levels[0].resolution
        coarsest = self.levels[-1]
        np.asarray(coarsest)  # napari reads it whole, too
        assert coarsest.tile is not None
        low, high = colour_range(coarsest.tile.values, self.percentile, scale=self.scale)
        layer = Image(
            self.levels,
            multiscale=True,
            name=self.source.name,
            scale=(finest, finest),
            translate=(finest / 2, finest / 2),  # pixel centres are integers, bins begin at their start
            contrast_limits=(low, high),
            colormap=colormaps.contact_colormap(self._own_colormap()),
            interpolation2d="nearest",
            metadata={"hicstruct": {"uri": self.source.uri, "chrom": self.chrom}},
            **world_kwargs(self.chrom),
        )
        layer.pixel_ratio = self._canvas.pixel_ratio
        layer.get_status = status_function(
            self.shown, layer.get_status, self._canvas.genome, self._canvas.more_read_outs
        )
        layer.events.set_data.connect(self._on_slice)
        layer.events.contrast_limits.connect(self._on_limits)
        return layer

    # ------------------------------------------------------------------ what is shown
    @property
    def scale(self) -> Scale:
        """How the values are coloured."""
        if self.source.value_kind is ValueKind.SIGNED:
            return Scale.SIGNED
        return Scale.RATIO if self.drawn.ratio or self.source.value_kind is ValueKind.RATIO else Scale.CONTACTS

    def _own_colormap(self) -> str:
        return colormaps.CONTACTS if self.scale is Scale.CONTACTS else colormaps.RATIO

    def notes(self) -> list[str]:
        """What is drawn otherwise than asked for on this chromosome: weights that it lacks, levels without contacts."""
        wanted, notes = self.drawn.norm, list(self.source.level_notes(self.chrom))
        if self.drawn.ratio and self.level.norm == RAW:
            notes.append("O/E of the values as they are: the map stores no weights.")
        if wanted != RAW and self.level.norm == COMPUTED:
            notes.append("Balanced in memory: the map stores no weights for these bins.")
        if not self.source.value_kind.is_contacts:
            notes.append(f"Values are {self.source.value_kind}, not contacts.")
        else:
            notes += self._empty_note()
        if wanted in (RAW, COMPUTED):
            return notes
        for level in self.levels:
            stored = (
                {norm.name for norm in self.source.normalisations(level.resolution)} if not level.derived else set()
            )
            if level.norm != wanted and wanted in stored and not level.derived:
                notes.append(missing_note(self.chrom, format_bin_size(level.resolution), wanted, level.norm))
        return notes

    def _empty_note(self) -> list[str]:
        """Where the view holds nothing, by the coarsest level: a bin of it that only touches the view counts, too."""
        filled, size = self._filled(), self.levels[-1].resolution
        rows, cols = (slice(max(0, a // size), max(0, -(-b // size))) for a, b in (self._rows, self._cols))
        if filled[rows, cols].any():
            return []
        if not filled.any():
            return [f"The map holds no contacts on {display_name(self.chrom)}."]
        return [f"The map holds no contacts here; ⤢ shows those of {display_name(self.chrom)}."]

    def _filled(self) -> NDArray[np.bool_]:
        """Which bins of the coarsest level, which is in memory anyway, hold contacts."""
        coarsest = self.levels[-1]
        tile = coarsest.tile
        values = np.asarray(coarsest) if tile is None or tile.values.shape != coarsest.shape else tile.values
        return np.asarray(np.nan_to_num(values) > 0, bool)

    @property
    def level(self) -> ViewedLevel:
        """The level that napari draws."""
        return self.levels[min(self.layer.data_level, len(self.levels) - 1)]

    @property
    def resolution(self) -> int:
        """Bin size of the level that is drawn, bp."""
        return self.level.resolution

    @property
    def pending(self) -> bool:
        """True while what is wanted is being computed in the background."""
        return self.wanted != self.drawn and self.references.problem is None

    def shown(self) -> Shown:
        """Snapshot for the read-out."""
        level = self.level
        reference = self.references.get(level.resolution)
        if reference is not None and reference.norm != self._norms(self.drawn).get(level.resolution):
            reference = None  # of what is wanted, but not drawn yet
        return Shown(
            chrom=self.chrom,
            length=self.source.chromsizes[self.chrom],
            norm=self.drawn.norm,
            ratio=self.scale is Scale.RATIO,
            tile=level.tile,
            reference=reference if self.source.value_kind.is_contacts else None,
            contacts=self.source.value_kind is not ValueKind.SIGNED,
            counted=self.source.integer_counts,
        )

    def extent_with_contacts(self) -> Interval:
        """The whole chromosome, or the part that holds contacts if that is less than half of it (cut-out maps)."""
        length, coarsest = self.source.chromsizes[self.chrom], self.levels[-1]
        used = np.flatnonzero(self._filled().any(axis=0))
        if not used.size:
            return Interval(self.chrom, 0, length)
        found = Interval(self.chrom, int(used[0]), int(used[-1]) + 1)
        start, end = found.start * coarsest.resolution, min(length, found.end * coarsest.resolution)
        if end - start > length / 2:
            return Interval(self.chrom, 0, length)
        return self._refined(Interval(self.chrom, start, end))

    def _refined(self, rough: Interval) -> Interval:
        """The same, read off a coarse level that resolves it; then its ends off a fine one, where less is masked."""
        levels = [
            x for x in self.levels if _EXTENT_BINS[0] * x.resolution <= len(rough) <= _EXTENT_BINS[1] * x.resolution
        ]
        if not levels:
            return rough
        coarse, fine = levels[-1], levels[0]
        found = self._with_contacts(coarse, rough, rough) or rough
        ahead = Interval(rough.chrom, rough.start, min(found.start + coarse.resolution, rough.end))
        behind = Interval(rough.chrom, max(found.end - coarse.resolution, rough.start), rough.end)
        first, last = (self._with_contacts(fine, part, rough) or found for part in (ahead, behind))
        return Interval(rough.chrom, first.start, min(last.end, rough.end))

    def _with_contacts(self, level: ViewedLevel, part: Interval, rough: Interval) -> Interval | None:
        """From the first to the last bin of a part that has contacts in ``rough``; None if none has."""
        size = level.resolution
        rows, cols = ((one.start // size, -(-one.end // size)) for one in (part, rough))
        values = np.nan_to_num(level.level[slice(*rows), slice(*cols)])  # napari may hold another part of it
        used = rows[0] + np.flatnonzero((values > 0).any(axis=1))
        return Interval(part.chrom, int(used[0]) * size, (int(used[-1]) + 1) * size) if used.size else None

    # ------------------------------------------------------------------ what the person chooses
    def show(self) -> None:
        """Put the layer below all others, with the scale bar in base pairs."""
        viewer = self._canvas.viewer
        viewer.layers.insert(0, self.layer)
        viewer.layers.selection.active = self.layer
        scale_bar = viewer.canvas.overlays["scale_bar"]
        # napari's messages come up at the bottom right
        scale_bar.position = "top_left" if self._canvas.projection.tilted else "bottom_left"
        scale_bar.visible = True

    def close(self) -> None:
        """Take the layer out and stop the background work."""
        self.references.close()
        self.layer.events.set_data.disconnect(self._on_slice)
        self._canvas.remove(self.layer)

    def set_chrom(self, chrom: str) -> None:
        """Show another chromosome (as the map spells it)."""
        self.chrom = chrom
        self._rows = self._cols = (0, self.source.chromsizes[chrom])
        self.references.set_target(chrom, self._norms(self.wanted))
        if not self._ready():
            self.drawn = Display(RAW if self._must_compute() else self.wanted.norm)
        self._swap()
        self.layer.axis_labels = axis_labels(chrom)
        self._realise()

    def set_norm(self, norm: str) -> None:
        """Show another normalisation."""
        self._want(replace(self.wanted, norm=norm))

    def set_ratio(self, ratio: bool) -> None:
        """Show observed over expected, or contacts."""
        self._want(replace(self.wanted, ratio=ratio))

    def set_percentile(self, percentile: float) -> None:
        """Set the upper colour limit to this percentile of what is in view, again and again as one moves."""
        self.percentile, self.automatic = percentile, True
        self._update_limits()

    def set_colormap(self, name: str) -> None:
        """Colour map of the contacts (O/E has its own)."""
        self.layer.colormap = colormaps.contact_colormap(name)

    def on_view(self, rows: Interval, cols: Interval) -> None:
        """The camera came to rest here."""
        if len(rows) and len(cols):
            self._rows, self._cols = (rows.start, rows.end), (cols.start, cols.end)
            tile = self.level.tile
            if tile is not None and tile.covers(self._rows, self._cols):  # else the slice that comes sets them
                self._update_limits()
        self.references.want(self.resolution)

    # ------------------------------------------------------------------ inside
    def _levels(self) -> list[ViewedLevel]:
        ratio = self.drawn.ratio
        norm = ratio_norm(self.source, self.chrom, self.drawn.norm) if ratio else self.drawn.norm
        return viewed_levels(self.source, self.chrom, norm=norm, over_expected=ratio, scale=self.scale)

    def _swap(self) -> None:
        """Replace the pyramid in place: the layer keeps its place, name and colours."""
        self.levels = self._levels()
        # napari keeps the corners of the old data for the first slice of the new
        rows, cols = self.levels[-1].shape
        self.layer.corner_pixels = np.array([[0, 0], [rows - 1, cols - 1]])
        if self.layer.colormap.name in (colormaps.RATIO, colormaps.CONTACTS):
            self.set_colormap(self._own_colormap())
        self.automatic = True
        self._drawn_at = 0  # whatever was said meanwhile, the next slice names its level
        self.layer.data = self.levels
        self.layer.metadata["hicstruct"] = {"uri": self.source.uri, "chrom": self.chrom}

    def _norms(self, display: Display) -> dict[int, str]:
        """Normalisation of each stored level: O/E of raw counts is that of the best weights."""
        return stored_norms(self.source, self.chrom, norm=ratio_norm(self.source, self.chrom, display.norm))

    def _want(self, display: Display) -> None:
        self.wanted = display
        self.references.set_target(self.chrom, self._norms(display))
        self._realise()

    def _ready(self) -> bool:
        """True if what is wanted can be drawn without computing anything first."""
        return self.references.has_all() or not (self.wanted.ratio or self._must_compute())

    def _must_compute(self) -> bool:
        """True if the finest level has no weights yet: balancing in memory must not hold up the picture."""
        return next(iter(self._norms(self.wanted).values())) == COMPUTED and self.wanted.norm != RAW

    def _realise(self) -> None:
        if self.wanted == self.drawn:
            return
        if self._ready():
            self.drawn = self.wanted
            self._swap()
        else:
            self.references.want()

    def _references_changed(self) -> None:
        self._realise()
        self._on_change()

    def _on_slice(self) -> None:
        self._update_limits()
        if self.resolution != self._drawn_at:  # napari chose the level only now
            self._drawn_at = self.resolution
            self._on_change()

    def _on_limits(self) -> None:
        if not self._setting:
            self.automatic = False
            self._on_change()

    def suit(self, rows: tuple[int, int], cols: tuple[int, int], beyond: float) -> None:
        """While one looks closely, contacts as many as the most in ``rows`` × ``cols`` (bp) get the darkest colour.

        What lies nearer to the diagonal than ``beyond`` (bp) does not count.  Colours are never made paler by this.
        They follow with the view: whoever says what is looked at goes there.
        """
        self._focus = (rows, cols, beyond)

    def _looks_closely(self) -> bool:
        if self._focus is None:
            return False
        view, near = (self._rows, self._cols), self._focus[:2]
        inside = all(v[0] <= f[0] and f[1] <= v[1] for v, f in zip(view, near, strict=True))
        return inside and min(v[1] - v[0] for v in view) <= _CLOSE * (near[0][1] - near[0][0])

    def _update_limits(self) -> None:
        tile = self.level.tile
        if tile is None or not self.automatic:
            return
        low, high = colour_range(tile.crop(self._rows, self._cols), self.percentile, scale=self.scale)
        plain = self.scale is Scale.CONTACTS
        if self._focus is not None and self._looks_closely() and plain:
            high = min(high, colour_range(tile.crop(*self._focus), _NEARLY_ALL, scale=self.scale)[1])
        top = high if not plain else max(high, float(np.nanmax(tile.values[::4, ::4], initial=high)))
        if [low, high] == self.layer.contrast_limits and [low, top] == self.layer.contrast_limits_range:
            return  # napari would draw it all anew
        self._setting = True
        try:
            self.layer.contrast_limits_range = (low, top)
            self.layer.contrast_limits = (low, high)
        finally:
            self._setting = False
