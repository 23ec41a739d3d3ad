"""Fonts, inks and lengths of a figure."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.files import write_bytes
from napari_hicstruct.contacts.colours import NO_DATA, STOPS
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.workflows.figure.request import Theme

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

MM = 1 / 25.4
"""Inches of a millimetre."""

POINT_MM = 25.4 / 72
FONT_PT, SMALL_PT = 6.5, 5.5
LINE_PT, FRAME_PT = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Inks:
    """Colours of one theme.

    Attributes
    ----------
    paper, ink, subdued : str
        Ground, text and lines, and what steps back.
    no_data : tuple of float
        Masked bins.
    """

    paper: str
    ink: str
    subdued: str
    no_data: tuple[float, float, float, float]


INKS = {
    Theme.LIGHT: Inks("#FFFFFF", "#111111", "#6B6B6B", NO_DATA),
    Theme.DARK: Inks("#15161A", "#ECECEC", "#A2A4AA", (0.32, 0.33, 0.36, 1.0)),
}


_ONE_AT_A_TIME = threading.Lock()
"""matplotlib's settings belong to the process: a preview and the file are not drawn at once."""


@contextmanager
def page_style(theme: Theme) -> Iterator[Inks]:
    """matplotlib's settings of one figure: text stays text, the same figure gives the same bytes."""
    import matplotlib

    inks = INKS[theme]
    settings: dict[str, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "napari-hicstruct",
        "pdf.fonttype": 42,
        "font.family": "sans-serif",
        "font.sans-serif": ["Arial", "Helvetica", "Liberation Sans", "DejaVu Sans"],
        "text.parse_math": False,  # names of files, sets, genes may hold $
        "font.size": FONT_PT,
        "text.color": inks.ink,
        "axes.edgecolor": inks.ink,
        "axes.labelcolor": inks.ink,
        "axes.linewidth": FRAME_PT,
        "axes.facecolor": inks.paper,
        "figure.facecolor": inks.paper,
        "savefig.facecolor": inks.paper,
        "xtick.color": inks.ink,
        "ytick.color": inks.ink,
        "xtick.major.width": FRAME_PT,
        "ytick.major.width": FRAME_PT,
        "xtick.major.size": 2.0,
        "ytick.major.size": 2.0,
        "xtick.major.pad": 1.5,
        "ytick.major.pad": 1.5,
        "axes.labelpad": 2.0,
        "path.simplify": False,
    }
    with _ONE_AT_A_TIME, matplotlib.rc_context(settings):
        yield inks


def save_figure(figure: Figure, path: Path, *, dpi: float, metadata: Mapping[str, Any]) -> None:
    """The file, whole or not at all.

    Drawn in memory: matplotlib's writer of PDF fails in its own ways on a full disk.

    Raises
    ------
    OutputError
    """
    drawn = BytesIO()
    figure.savefig(drawn, format=path.suffix[1:].lower(), dpi=dpi, metadata=dict(metadata))
    write_bytes(path, drawn.getvalue())


def colours_of(name: str, inks: Inks) -> Colormap:
    """A colour map of ours or of matplotlib, with the theme's colour of masked bins.

    Raises
    ------
    ConfigError
        If there is no such one.
    """
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    if name in STOPS:
        made = LinearSegmentedColormap.from_list(name, list(STOPS[name]), N=512)
    else:
        try:
            made = matplotlib.colormaps[name]
        except KeyError:
            hint = f"Choose {', '.join(STOPS)}, or one of matplotlib's, as magma, viridis or RdBu_r."
            raise ConfigError(f"there is no colour map '{name}'.", where="--colormap", hint=hint) from None
    return made.with_extremes(bad=inks.no_data)


def megabases(position: float, step: float) -> str:
    """A position in Mb, with the digits that ``step`` (bp) needs."""
    digits = 0
    while digits < 6 and abs(step / 10 ** (6 - digits) - round(step / 10 ** (6 - digits))) > 1e-9:
        digits += 1
    return f"{position / 1e6:.{digits}f}"


def round_ticks(start: float, end: float, most: int) -> list[float]:
    """Round positions in ``[start, end]``, at most ``most`` and at least two where there is room."""
    import numpy as np

    length, step = end - start, 1.0
    steps = [base * 10.0**power for power in range(9) for base in (1, 2, 5)]
    step = next((one for one in steps if length / one <= most), steps[-1])
    return [float(x) for x in np.arange(np.ceil(start / step) * step, end + step / 1e6, step)]
