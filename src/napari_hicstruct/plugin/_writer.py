"""*File → Save Selected Layers*: our overlays as label files.

A layer shows only what is in view, so the writer takes the records from the project, all of that kind on all
chromosomes except the rejected ones; the layer only tells which kind is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.errors import OutputError

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project

_Writer = Callable[[Iterable[Annotation], Path], Path]
KIND_KEY = "hicstruct_kind"
"""Key of a layer's metadata with the kind that it shows."""


def write_annotations(path: str, layer_data: Sequence[tuple[Any, dict[str, Any], str]]) -> list[str]:
    """Write the kinds that the given layers show; the extension chooses the format.

    ``.bedpe`` takes loops and stripes, ``.bed`` TADs and boundaries, ``.tsv`` (Stripenn) stripes.  Several kinds
    become several files, the kind's name before the extension.

    Raises
    ------
    OutputError
        If a layer is not one of ours, its kind does not fit the format, or the file cannot be written.
    """
    project = _project()
    kinds = [_kind_of(meta) for _, meta, _ in layer_data]
    suffix = Path(path).suffix.lower()
    written = []
    for kind in dict.fromkeys(kinds):
        write = _writers().get((suffix, kind))
        if write is None:
            raise OutputError(f"{kind.value} labels are not written as {suffix}.", where=path, hint=_HINT[kind])
        target = Path(path) if len(set(kinds)) == 1 else Path(path).with_suffix(f".{kind.value}{suffix}")
        statuses = [status for status in Status if status is not Status.REJECTED]
        written.append(str(write(project.query(kind=kind, statuses=statuses), target)))
    return written


_HINT = {
    Kind.LOOP: "Choose .bedpe.",
    Kind.STRIPE: "Choose .bedpe or .tsv.",
    Kind.TAD: "Choose .bed.",
    Kind.BOUNDARY: "Choose .bed.",
}


def _writers() -> dict[tuple[str, Kind], _Writer]:
    from napari_hicstruct import annotations as files

    return {
        (".bedpe", Kind.LOOP): files.write_loops,
        (".bedpe", Kind.STRIPE): files.write_stripes_bedpe,
        (".tsv", Kind.STRIPE): files.write_stripenn,
        (".bed", Kind.TAD): files.write_tads,
        (".bed", Kind.BOUNDARY): files.write_boundaries,
    }


def _kind_of(meta: dict[str, Any]) -> Kind:
    kind = meta.get("metadata", {}).get(KIND_KEY)
    if kind is None:
        raise OutputError(
            "is not a layer of HiC Structures.",
            where=f"Layer '{meta.get('name', '')}'",
            hint="Choose Loops, Stripes, TADs or Boundaries.",
        )
    return Kind(kind)


def _project() -> Project:
    from napari import current_viewer

    from napari_hicstruct.plugin.controllers.session import session_of

    viewer = current_viewer()
    session = None if viewer is None else session_of(viewer)
    project = None if session is None else session.find_project()
    if project is None:
        is_open = session is not None and session.source is not None
        raise OutputError(
            "There are no labels yet." if is_open else "No project is open.",
            hint="Run a model, import label files or draw some." if is_open else "Open a contact map first.",
        )
    return project
