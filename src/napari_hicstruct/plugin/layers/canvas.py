"""What editing needs to know of the map and of where one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.geometry import Grid

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.session import Session

_MARGIN = 0.25  # of the view, on every side


class MapView:
    """The session's map, in the units of drawing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def grid(self) -> Grid:
        """Bins of the level that is drawn: what new edges snap to."""
        source, chrom = self._session.source, self._session.chrom
        assert source is not None, "no map is open"
        return Grid(chrom, source.chromsizes[chrom], self._session.resolution)

    def finest(self) -> int:
        """Finest bin size of the map, bp."""
        return self._session.source.resolutions[0] if self._session.source is not None else 1

    def bp_per_px(self) -> float:
        """Base pairs per canvas pixel."""
        return 1 / max(float(self._session.viewer.scene.camera.zoom), 1e-12)

    def window(self) -> tuple[Interval, Interval]:
        """Rows and columns whose objects are drawn: the view and a margin."""
        rows, cols = self._session.visible()
        margin = max(int(_MARGIN * max(len(rows), len(cols))), 1)
        return rows.expand(margin), cols.expand(margin)

    def read_out(self, own: Any) -> Any:
        """A layer's ``get_status`` that gives the map's cursor read-out also while an overlay is active."""

        def get_status(position: Any = None, **options: Any) -> Any:
            chart = getattr(self._session, "layer", None)
            return (own if chart is None else chart.get_status)(position, **options)

        return get_status
