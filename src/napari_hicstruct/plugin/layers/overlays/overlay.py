"""One napari layer per kind: a view of the store that is refilled, never the place where edits live.

napari tells too little and sometimes lies (all measured, 0.9): paste and in-place writes emit no data event, new
items copy the last item's features, vertex mode turns rectangles into polygons, transform mode changes ``affine``
instead of the data.  So each overlay keeps its own list of uids beside the layer, refuses the modes it cannot
journal, and asks for a refill whenever layer and list disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from napari.layers.base import ActionType

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.layers.coarse_steps import Points
from napari_hicstruct.plugin.layers.overlays.drawing import DrawStyle, Item, Outline
from napari_hicstruct.plugin.layers.overlays.outlines import Outlines
from napari_hicstruct.plugin.state.labels.hit import BOUNDARY_PX, LOOP_PX
from napari_hicstruct.plugin.state.labels.palette import FIRST_COLOUR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Layer
    from numpy.typing import NDArray

NAMES = {kind: info.plural[0].upper() + info.plural[1:] for kind, info in KINDS.items()}
LIMITS = {Kind.LOOP: 500, Kind.STRIPE: 200, Kind.TAD: 200, Kind.BOUNDARY: 300}
"""Most objects of a kind in its layer at once (refilling 500 shapes takes 50 ms)."""

_CLEAR = np.zeros(4)


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
        layer.selected_data.events.items_changed.connect(self._on_selection)

    # --- store → layer

    def fill(self, items: Sequence[Item], style: DrawStyle) -> None:
        """Show exactly ``items``; what was selected stays selected, no event reaches the host."""
        if not (items or self.uids or len(self.layer.data)):
            return  # the shaders of an empty layer would be compiled again all the same
        chosen, lit = set(self.selected_uids()), self._lit()
        # napari redraws on every attribute that is set; once is enough, and thumbnails of overlays show nothing.
        with self._quiet():
            with ExitStack() as stack:
                for emitter in self._emitters():
                    stack.enter_context(emitter.blocker_all())
                stack.enter_context(self.layer._block_refresh())
                if self.layer.selected_data:
                    self.layer.selected_data = set()
                self.uids = self._draw(items, style)
            self.layer.refresh(thumbnail=False, highlight=lit)
            if chosen and self.layer.mode != self.add_mode:
                self.layer.selected_data = {i for i, uid in enumerate(self.uids) if uid in chosen}

    def _lit(self) -> bool:
        """Whether napari may show something selected, or under the mouse, that has to be drawn anew, too."""
        value = self.layer._value
        under_mouse = value is not None and not (isinstance(value, tuple) and value[0] is None)
        return under_mouse or bool(self.layer.selected_data) or self.layer.mode != "pan_zoom"

    def _emitters(self) -> list[Any]:
        """Event groups that would make napari redraw while a refill is half done."""
        return [self.layer.events]

    def _draw(self, items: Sequence[Item], style: DrawStyle) -> list[str]:
        """Make the layer show ``items``; their uids in the order of the layer."""
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


class PointsOverlay(Overlay):
    """Loops as rings, boundaries as diamonds on the diagonal; what was edited as squares, rejected as crosses."""

    allowed_modes = ("pan_zoom", "select", "add")
    add_mode = "add"

    def _emitters(self) -> list[Any]:
        return [self.layer.events, self.layer._border.events, self.layer._face.events]

    def _draw(self, items: Sequence[Item], style: DrawStyle) -> list[str]:
        layer, drawing, loops = self.layer, style.drawing(items), self.kind is Kind.LOOP
        layer.data = drawing.points
        world = 1 / style.bp_per_world
        layer.current_size = (LOOP_PX if loops else BOUNDARY_PX) * style.bp_per_px * world
        if items:
            layer.size = drawing.sizes * world
            layer.border_width = np.asarray(drawing.widths) * world
            layer.border_color = np.array(drawing.lines)
            layer.face_color = np.array(drawing.insides)
            layer.symbol = drawing.symbols
        return [item.record.uid for item in items]


class ShapesOverlay(Overlay):
    """Stripes as hollow rectangles, TADs as outlined squares or triangles on the diagonal."""

    allowed_modes = ("pan_zoom", "select", "add_rectangle")
    add_mode = "add_rectangle"

    def __init__(self, kind: Kind, layer: Layer, host: Host) -> None:
        super().__init__(kind, layer, host)
        self._drawn: dict[str, Outline] = {}

    def _draw(self, items: Sequence[Item], style: DrawStyle) -> list[str]:
        """Building a shape costs napari 0.1 ms, so those that are right stay, whatever became of the others."""
        layer = self.layer
        layer.current_edge_width = 1.6 * style.bp_per_px
        wanted = style.drawing(items).outlines
        stay = self._right(wanted)
        gone = [i for i in range(layer.nshapes) if i not in stay]
        kept = [uid for i, uid in enumerate(self.uids) if i in stay]
        if gone and not stay:
            layer.data = []
        elif gone:
            layer.remove(gone)
        new = [uid for uid in wanted if uid not in set(kept)]
        if new:
            outlines = [wanted[uid] for uid in new]
            layer.add(
                [outline.vertices for outline in outlines],
                shape_type=[outline.shape_type for outline in outlines],
                edge_width=[outline.width for outline in outlines],
                edge_color=np.array([outline.colour for outline in outlines]),
                face_color=np.array([outline.inside for outline in outlines]),
                z_index=[outline.z_index for outline in outlines],
            )
        self._drawn = wanted
        return kept + new

    def _right(self, wanted: Mapping[str, Outline]) -> set[int]:
        """Which shapes look as they shall; a person or a script may have changed their vertices."""
        if wanted.keys().isdisjoint(self.uids):
            return set()
        shown = self.layer.data  # napari builds this list anew each time it is asked
        places, theirs, ours = [], [], []
        for i, uid in enumerate(self.uids[: len(shown)]):
            old, new = self._drawn.get(uid), wanted.get(uid)
            if old is None or new is None or not new.same_style(old) or shown[i].shape != new.vertices.shape:
                continue
            places.append(i)
            theirs.append(shown[i])
            ours.append(new.vertices)
        if not places:
            return set()
        moved = (np.concatenate(theirs) != np.concatenate(ours).astype(np.float32)).any(axis=1)
        wrong = np.logical_or.reduceat(moved, np.cumsum([0, *map(len, ours[:-1])]))
        return {i for i, bad in zip(places, wrong.tolist(), strict=True) if not bad}


def make_overlay(kind: Kind, host: Host, **spatial: Any) -> Overlay:
    """A fresh layer for ``kind`` (not yet in a viewer); ``spatial`` holds units and axis labels."""
    spatial["metadata"] = {"hicstruct_kind": kind.value}  # how the writer knows our layers
    if kind in (Kind.STRIPE, Kind.TAD):
        shapes = Outlines(ndim=2, name=NAMES[kind], edge_color=FIRST_COLOUR, face_color=_CLEAR, opacity=1.0, **spatial)
        return ShapesOverlay(kind, shapes, host)
    points = Points(
        ndim=2,
        name=NAMES[kind],
        symbol="disc" if kind is Kind.LOOP else "diamond",
        border_width_is_relative=False,
        border_color=FIRST_COLOUR,
        face_color=_CLEAR,
        opacity=1.0,
        **spatial,
    )
    return PointsOverlay(kind, points, host)
