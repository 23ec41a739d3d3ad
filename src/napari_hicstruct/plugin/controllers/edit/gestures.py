"""What a gesture in a layer means: the records to write, one journal entry per gesture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation, Direction, Kind, Origin, Status
from napari_hicstruct.plugin.state.labels import geometry
from napari_hicstruct.plugin.state.labels.geometry import Box, Grid, Triangle
from napari_hicstruct.plugin.state.labels.labels import LabelState

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.plugin.layers.overlays.overlay import Overlay

_CLICK_PX = 6.0
"""A rectangle smaller than this on both sides is a click: napari leaves one of 3 px behind each."""


def reshaped(labels: LabelState, project: Project, overlay: Overlay, indices: Sequence[int], *, grid: Grid) -> None:
    """Write moves and resizes; the records before are the store's."""
    before = [project.get(overlay.uids[i]) for i in indices]
    after = []
    for index, record in zip(indices, before, strict=True):
        changed = _read_back(labels, overlay, index, record, grid)
        if changed is None:
            labels.hint("Rotation is refused: edges lie along the genome.")
        elif changed is not record:
            after.append(changed)
    if after:
        project.update(after, action=action_of(before, after))


def drawn(
    labels: LabelState,
    project: Project,
    overlay: Overlay,
    indices: Sequence[int],
    *,
    grid: Grid,
    bp_per_px: float,
) -> None:
    """Write new objects into the human set."""
    fields = new_fields(project)
    found = [_new(overlay, index, grid, _CLICK_PX * bp_per_px, fields) for index in indices]
    records = [record for record in found if record is not None]
    if not records:
        if labels.current is None:  # else the click selected something
            labels.hint("Too small: drag over at least two bins.")
        return
    overlay.uids.extend(record.uid for record in records)
    put(labels, project, records)
    labels.set_current(records[-1].uid)


def new_fields(project: Project) -> dict[str, Any]:
    """What all objects that a person draws have in common."""
    return {"status": Status.ACCEPTED, "source": project.reviewer or "human"}


def put(labels: LabelState, project: Project, records: Sequence[Annotation]) -> None:
    """Add new objects to the human set, which shows them where they were put."""
    human = next((s for s in labels.sets() if s.origin is Origin.HUMAN), None) or project.human_set()
    labels.add_known_set(human)
    below = [record.direction is Direction.UP for record in records if record.kind is Kind.LOOP]
    other_side = {Triangle.UPPER: True, Triangle.LOWER: False}.get(labels.triangle(human.id))
    if other_side in below:
        labels.set_triangle(human.id, Triangle.STORED)
        labels.hint(f"The set “{human.name}” is drawn as stored again: the loop lies where you put it.")
    project.add(records, set_id=human.id)


def _read_back(labels: LabelState, overlay: Overlay, index: int, record: Annotation, grid: Grid) -> Annotation | None:
    """The record as the layer shows it now; itself if nothing moved, None if it was rotated or bent."""
    vertices = overlay.vertices(index)
    triangle = labels.triangle_of(record.uid)
    if record.kind is Kind.LOOP:
        own = record.resolution if record.resolution > 0 else len(record.anchor1)
        return geometry.move_loop(record, vertices, triangle, grid.at(own or grid.resolution))
    if record.kind is Kind.BOUNDARY:
        return geometry.move_boundary(record, vertices, grid)
    if not geometry.is_upright(vertices):
        return None
    if record.kind is Kind.STRIPE:
        return geometry.reshape_stripe(record, Box.of(vertices), triangle, grid)
    return geometry.reshape_tad(record, Box.of(vertices), grid)


def _new(overlay: Overlay, index: int, grid: Grid, click_bp: float, fields: dict[str, Any]) -> Annotation | None:
    """The object that was drawn; None for a mere click, or where it is too small."""
    vertices = overlay.vertices(index)
    if overlay.kind is Kind.LOOP:
        return geometry.new_loop(vertices, grid, **fields)
    if overlay.kind is Kind.BOUNDARY:
        return geometry.new_boundary(vertices, grid, **fields)
    box = Box.of(vertices)
    if max(box.bottom - box.top, box.right - box.left) < click_bp:
        return None
    if overlay.kind is Kind.STRIPE:
        return geometry.new_stripe(box, grid, **fields)
    return geometry.new_tad((box.top, box.left), (box.bottom, box.right), grid, **fields)


def action_of(before: Sequence[Annotation], after: Sequence[Annotation]) -> str:
    """Name in the journal of what a drag did."""
    sizes = {r.uid: (len(r.anchor1), len(r.anchor2)) for r in before}
    return "move" if all(sizes[r.uid] == (len(r.anchor1), len(r.anchor2)) for r in after) else "resize"
