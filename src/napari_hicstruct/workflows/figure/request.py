"""What a figure shows, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from napari_hicstruct.annotations.outlines import Triangle
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.contacts.pair_levels import DIVERGING, Joined
from napari_hicstruct.errors import ConfigError, RegionError
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.figure.overlays import Overlay

KINDS_OF_FILE = (".svg", ".pdf", ".png")
"""What a figure is written as, by its ending."""

MIN_WIDTH_MM, MAX_WIDTH_MM = 30.0, 1000.0


class Theme(StrEnum):
    """Colours of paper and ink."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Records that are drawn in one colour.

    Attributes
    ----------
    name : str
        In the legend.
    records : tuple of Annotation
    colour : str
        ``#RRGGBB``; empty: that of their kind, or of the next set of that kind.
    triangle : Triangle
        Side of the diagonal.
    """

    name: str
    records: tuple[Annotation, ...]
    colour: str = ""
    triangle: Triangle = Triangle.STORED


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One track under the map.

    Attributes
    ----------
    track : object
        What :func:`napari_hicstruct.tracks.open_track` gives.
    height_mm : float
        0: by what it shows.
    colour : str
        ``#RRGGBB``; empty: the next of the palette.
    limits : (float, float) or None
        Of a signal; None: from 0 to the largest value in view.
    """

    track: object
    height_mm: float = 0.0
    colour: str = ""
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRequest:
    """A figure of a contact map.

    Attributes
    ----------
    map : str
        Path or URI.
    region : Interval
        Rows; and columns, without ``cols``.
    cols : Interval, optional
        Columns of a part off the diagonal.
    out : Path
        ``.svg``, ``.pdf`` or ``.png``.
    labels, second_labels : tuple of LabelSet
        On the first map, and on the second.
    overlays : tuple of Overlay
        What was drawn over the map by hand.
    tracks : tuple of TrackRow
        Under the map, from above.
    tilted : bool
        The diagonal lies horizontally, distance goes up.
    max_distance : int
        bp that a tilted map goes up; 0: as far as the region reaches.
    second : str
        Path or URI of a second map: below the diagonal, or below the axis of a tilted one.
    joined : Joined
        Both maps as halves, or as their difference or ratio; the second is taken as deep as the first.
    smooth : float
        Bins by which differences and ratios are smoothed.
    names : (str, str)
        Of both maps; empty: their files' names.
    norm : str
        ``raw``, ``oe`` or the name of weights; empty: the maps' best.
    resolution : int
        Bins, bp; 0: as fine as the figure can show.
    width_mm : float
    theme : Theme
    colormap : str
        Of ours or of matplotlib; empty: ours.
    limits : (float, float) or None
        Values of the first and the last colour; None: by ``percentile``.
    percentile : float
    by_score : bool
        Lines fade with the score, as in the window.
    dpi : int
        Of the map's picture.
    overwrite : bool
    """

    map: str
    region: Interval
    out: Path
    cols: Interval | None = None
    labels: tuple[LabelSet, ...] = ()
    second_labels: tuple[LabelSet, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    tracks: tuple[TrackRow, ...] = ()
    tilted: bool = False
    max_distance: int = 0
    second: str = ""
    joined: Joined = Joined.HALVES
    smooth: float = 0.0
    names: tuple[str, str] = ("", "")
    norm: str = ""
    resolution: int = 0
    width_mm: float = 89.0
    theme: Theme = Theme.LIGHT
    colormap: str = ""
    limits: tuple[float, float] | None = None
    percentile: float = 97.0
    by_score: bool = False
    dpi: int = 600
    overwrite: bool = False
    palette: tuple[str, ...] = field(default=("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7A7A7A"))

    def check(self) -> None:
        """Refuse what cannot be drawn, before anything is read.

        Raises
        ------
        ConfigError, RegionError
        """
        if self.out.suffix.lower() not in KINDS_OF_FILE:
            kinds = ", ".join(KINDS_OF_FILE)
            raise ConfigError("figures are not written as that.", where=self.out, hint=f"Use one of {kinds}.")
        if not MIN_WIDTH_MM <= self.width_mm <= MAX_WIDTH_MM:
            hint = f"Choose from {MIN_WIDTH_MM:.0f} to {MAX_WIDTH_MM:,.0f} mm; one column of a journal is about 89."
            raise ConfigError(f"a width of {self.width_mm:g} mm cannot be drawn.", where="--width", hint=hint)
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise ConfigError("the lowest value is not below the highest.", where="--limits", hint="Write 0-0.05.")
        off_diagonal = self.cols is not None and self.cols != self.region
        if off_diagonal and (self.tilted or (self.second and self.joined not in DIVERGING)):
            what = "tilted" if self.tilted else "of two maps"
            hint = "Give one region along the genome."
            raise RegionError(f"a figure {what} lies on the diagonal, rows and columns cannot differ.", hint=hint)
        if self.cols is not None and self.cols.chrom != self.region.chrom:
            raise RegionError("rows and columns lie on two chromosomes.", hint="Choose both on one chromosome.")
