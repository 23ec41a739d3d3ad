"""Where predictions go: a folder of label files, a project."""

from __future__ import annotations

from pathlib import Path

from napari_hicstruct.annotations.records import Kind, Origin
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.workflows.predict import PredictResult

HEAD_KINDS: dict[str, tuple[Kind, ...]] = {
    "point": (Kind.LOOP,),
    "mask": (Kind.STRIPE,),
    "boundary": (Kind.TAD, Kind.BOUNDARY),
}
"""What tasks with each head call, whatever a task set names them."""


def write_predictions(result: PredictResult, out: str | Path) -> list[Path]:
    """``loops.bedpe``, ``stripes.bedpe``, ``stripes.tsv``, ``tads.bed``, ``boundaries.bed``, ``boundaries.bedgraph``,
    ``run.json``: those of the tasks that ran, also when nothing was found.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    from napari_hicstruct.annotations.writers import export_records
    from napari_hicstruct.annotations.writers.tracks import write_bedgraph

    kinds = [kind for head, own in HEAD_KINDS.items() if head in result.heads for kind in own]
    paths = export_records(
        result.annotations, out, formats=("bedpe", "bed", "stripenn"), provenance=result.run, kinds=kinds
    )
    if result.boundary_tracks:
        paths.insert(-1, write_bedgraph(result.boundary_tracks, Path(out) / "boundaries.bedgraph"))
    return paths


def check_targets(source: ContactSource, out: str | Path, project: str | Path | None = None) -> None:
    """Make the folder and open (or make) the project before hours are spent on what could not be kept.

    Raises
    ------
    OutputError
        If the folder cannot be made.
    ProjectError
        If the project cannot be written, or belongs to another map.
    """
    from napari_hicstruct.annotations.writers.atomic import make_folder
    from napari_hicstruct.workflows.projects import open_or_create

    make_folder(Path(out))
    if project is not None:
        with open_or_create(project, source) as opened:
            if opened.read_only:
                raise ProjectError(
                    f"cannot be edited: {opened.read_only_reason}.",
                    where=project,
                    mend="Close it there, or name another.",
                )


def store_predictions(result: PredictResult, source: ContactSource, path: str | Path) -> str:
    """Add predictions as a set of their own to a project, made if it is not there; gives the set's name.

    Raises
    ------
    ProjectError
        If the project belongs to another map or is open elsewhere.
    """
    from napari_hicstruct.workflows.projects import open_or_create

    project = open_or_create(path, source)
    try:
        name = f"{result.run['model']['name']} {result.run['model']['version']}"
        project.add(result.annotations, set_id=project.add_set(name, Origin.PREDICTED).id, action="predict")
    finally:
        project.close()
    return name
