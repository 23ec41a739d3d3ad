"""One napari layer per kind: a view of the store that is refilled, never the place where edits live.

napari tells too little and sometimes lies (all measured, 0.9): paste and in-place writes emit no data event, new
items copy the last item's features, vertex mode turns rectangles into polygons, transform mode changes ``affine``
instead of the data.  So each overlay keeps its own list of uids beside the layer, refuses the modes it cannot
journal, and asks for a refill whenever layer and list disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from napari.layers import Points, Shapes
from napari.layers.base import ActionType

from napari_hicstruct.annotations.records import Annotation, Kind, Origin, Status
from napari_hicstruct.plugin.editing.geometry import Triangle, box_of, outline_of, point_of
from napari_hicstruct.plugin.editing.palette import HUMAN, rgba

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Layer
    from numpy.typing import NDArray

NAMES = {Kind.LOOP: "Loops", Kind.STRIPE: "Stripes", Kind.TAD: "TADs", Kind.BOUNDARY: "Boundaries"}
LIMITS = {Kind.LOOP: 500, Kind.STRIPE: 200, Kind.TAD: 200, Kind.BOUNDARY: 300}
"""Most objects of a kind in its layer at once (refilling 500 shapes takes 50 ms)."""

_CLEAR = np.zeros(4)


@dataclass(frozen=True, slots=True)
class Item:
    """One object as it shall be drawn."""

    record: Annotation
    origin: Origin
    triangle: Triangle


@dataclass(frozen=True, slots=True)
class Look:
    """What drawing depends on besides the objects: ``bp_per_px`` makes lines equally thin at every zoom."""

    bp_per_px: float
    by_score: bool = False
    current: str | None = None


class Host(Protocol):
    """Who turns what happened in a layer into journal entries."""

    def items_changed(self, overlay: Overlay, indices: Sequence[int]) -> None:
        """The person moved or resized these."""

    def items_added(self, overlay: Overlay, indices: Sequence[int]) -> None:
        """The person drew these; they have no uid yet."""

    def items_removed(self, overlay: Overlay, uids: Sequence[str]) -> None:
        """The person deleted these from the layer."""

    def items_selected(self, overlay: Overlay, uids: Sequence[str]) -> None:
        """The person selected these."""

    def mode_changed(self, overlay: Overlay) -> None:
        """The person (or a key) took another tool."""

    def stray(self, overlay: Overlay, reason: str) -> None:
        """The layer no longer shows the store and must be refilled."""


class Overlay:
    """A layer, the uids of its items in order, and the events between them and the host."""

    allowed_modes: tuple[str, ...] = ()
    add_mode = ""

    def __init__(self, kind: Kind, layer: Layer, host: Host) -> None:
        self.kind = kind
        self.layer: Any = layer
        self.uids: list[str] = []
        self._host = host
        self._filling = False
        layer.events.data.connect(self._on_data)
        layer.events.set_data.connect(self._on_stray)
        layer.events.features.connect(self._on_stray)
        layer.events.mode.connect(self._on_mode)
        layer.events.affine.connect(self._on_affine)
        layer.selected_data.events.items_changed.connect(self._on_selection)

    # --- store → layer

    def fill(self, items: Sequence[Item], look: Look) -> None:
        """Show exactly ``items``; what was selected stays selected, no event reaches the host."""
        ordered = self._ordered(items)
        chosen = set(self.selected_uids())
        with self._quiet():
            self.layer.selected_data = set()
            self._draw(ordered, look)
            self.uids = [item.record.uid for item in ordered]
            if self.layer.mode != self.add_mode:
                self.layer.selected_data = {i for i, uid in enumerate(self.uids) if uid in chosen}

    def _ordered(self, items: Sequence[Item]) -> list[Item]:
        return list(items)

    def _draw(self, items: Sequence[Item], look: Look) -> None:
        raise TypeError("Overlay is abstract.")

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        previous, self._filling = self._filling, True
        try:
            with self.layer.events.data.blocker():
                yield
        finally:
            self._filling = previous

    # --- layer → host

    def select(self, uids: Iterable[str]) -> bool:
        """Select these objects in the layer; False if one of them is not in it."""
        wanted = list(uids)
        places = {self.uids.index(uid) for uid in wanted if uid in self.uids}
        with self._quiet():
            self.layer.selected_data = places
        return len(places) == len(wanted)

    def selected_uids(self) -> list[str]:
        """Uids of the selected items; a selected item that is not in the store is left out."""
        return [self.uids[int(i)] for i in sorted(self.layer.selected_data) if int(i) < len(self.uids)]

    def vertices(self, index: int) -> NDArray[np.float64]:
        """Drawn coordinates of one item: a point ``(2,)`` or vertices ``(n, 2)``."""
        return np.asarray(self.layer.data[index], dtype=float)

    @property
    def in_step(self) -> bool:
        """True if layer and uid list have the same length."""
        return len(self.layer.data) == len(self.uids)

    def _on_data(self, event: Any) -> None:
        if self._filling:
            return
        if event.action == ActionType.ADDED:
            # napari also says "added" when a drawing is merely finished: only what has no uid is new.
            fresh = range(len(self.uids), len(self.layer.data))
            if fresh:
                self._host.items_added(self, list(fresh))
        elif event.action == ActionType.CHANGED:
            self._host.items_changed(self, [int(i) for i in event.data_indices if int(i) < len(self.uids)])
        elif event.action == ActionType.REMOVED:
            gone = {int(i) for i in event.data_indices}
            uids = [uid for i, uid in enumerate(self.uids) if i in gone]
            self.uids = [uid for i, uid in enumerate(self.uids) if i not in gone]
            if uids:
                self._host.items_removed(self, uids)

    def _on_stray(self) -> None:
        if not self._filling and not self.in_step:
            self._host.stray(self, "")

    def _on_selection(self) -> None:
        if not self._filling:
            self._host.items_selected(self, self.selected_uids())

    def _on_mode(self) -> None:
        if str(self.layer.mode) not in self.allowed_modes:
            self.layer.mode = "select"
            self._host.stray(self, "That tool would bend or rotate genome coordinates; selecting instead.")
        else:
            self._host.mode_changed(self)

    def _on_affine(self) -> None:
        if not self._filling and not np.allclose(self.layer.affine.affine_matrix, np.eye(3)):
            with self._quiet():
                self.layer.affine = np.eye(3)
            self._host.stray(self, "Overlays stay on their genome coordinates.")


class PointsOverlay(Overlay):
    """Loops as rings, boundaries as small marks on the diagonal."""

    allowed_modes = ("pan_zoom", "select", "add")
    add_mode = "add"

    def _draw(self, items: Sequence[Item], look: Look) -> None:
        layer = self.layer
        layer.data = np.array([point_of(i.record, i.triangle) for i in items], dtype=float).reshape(-1, 2)
        loops = self.kind is Kind.LOOP
        size = (11 if loops else 12) * look.bp_per_px
        layer.current_size = size
        if not items:
            return
        anchors = np.array([max(len(i.record.anchor1), len(i.record.anchor2)) for i in items])
        layer.size = np.maximum(2.6 * anchors, size) if loops else np.full(len(items), size)
        layer.border_width = _widths(items, look) if loops else 0.0
        colours = np.array([rgba(i.origin, i.record, by_score=look.by_score) for i in items])
        layer.border_color = colours
        layer.face_color = np.zeros((len(items), 4)) if loops else colours


class ShapesOverlay(Overlay):
    """Stripes as hollow rectangles, TADs as outlined squares or triangles on the diagonal."""

    allowed_modes = ("pan_zoom", "select", "add_rectangle")
    add_mode = "add_rectangle"

    def _ordered(self, items: Sequence[Item]) -> list[Item]:
        # Large ones below: a nested domain can then be clicked.
        return sorted(items, key=lambda i: _area(i.record), reverse=True)

    def _draw(self, items: Sequence[Item], look: Look) -> None:
        layer = self.layer
        layer.data = []
        layer.current_edge_width = 1.5 * look.bp_per_px
        if items:
            outlines, types = zip(*(outline_of(i.record, i.triangle) for i in items), strict=True)
            layer.add(
                list(outlines),
                shape_type=list(types),
                edge_width=_widths(items, look).tolist(),
                edge_color=np.array([rgba(i.origin, i.record, by_score=look.by_score) for i in items]),
                face_color=np.zeros((len(items), 4)),
            )


def _area(record: Annotation) -> float:
    box = box_of(record, Triangle.STORED)
    return (box.bottom - box.top) * (box.right - box.left)


def _widths(items: Sequence[Item], look: Look) -> NDArray[np.float64]:
    """Line widths in bp: thin, thicker for what was accepted, thickest for the current object."""

    def pixels(record: Annotation) -> float:
        if record.uid == look.current:
            return 3.6
        return 2.4 if record.status in (Status.ACCEPTED, Status.EDITED) else 1.6

    return np.array([pixels(item.record) for item in items]) * look.bp_per_px


def make_overlay(kind: Kind, host: Host, **spatial: Any) -> Overlay:
    """A fresh layer for ``kind`` (not yet in a viewer); ``spatial`` holds units and axis labels."""
    spatial["metadata"] = {"hicstruct_kind": kind.value}  # how the writer knows our layers
    if kind in (Kind.STRIPE, Kind.TAD):
        shapes = Shapes(ndim=2, name=NAMES[kind], edge_color=HUMAN, face_color=_CLEAR, opacity=1.0, **spatial)
        return ShapesOverlay(kind, shapes, host)
    points = Points(
        ndim=2,
        name=NAMES[kind],
        symbol="disc" if kind is Kind.LOOP else "x",
        border_width_is_relative=False,
        border_color=HUMAN,
        face_color=_CLEAR if kind is Kind.LOOP else HUMAN,
        opacity=1.0,
        **spatial,
    )
    return PointsOverlay(kind, points, host)
