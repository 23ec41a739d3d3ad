"""Where predictions go: a folder of label files, a project."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from napari_hicstruct.annotations.records import Kind, Origin
from napari_hicstruct.config.files import try_folder
from napari_hicstruct.config.map_uri import absolute_uri
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.workflows.predict import PredictResult

HEAD_KINDS: dict[str, tuple[Kind, ...]] = {
    "point": (Kind.LOOP,),
    "mask": (Kind.STRIPE,),
    "boundary": (Kind.TAD, Kind.BOUNDARY),
}
"""What tasks with each head call, whatever a task set names them."""


FORMATS = ("bedpe", "bed", "stripenn")


def kinds_of_heads(heads: Collection[str]) -> list[Kind]:
    """What tasks with these heads call."""
    return [kind for head, own in HEAD_KINDS.items() if head in heads for kind in own]


def write_predictions(result: PredictResult, out: str | Path, *, overwrite: bool = False) -> list[Path]:
    """``loops.bedpe``, ``stripes.bedpe``, ``stripes.tsv``, ``tads.bed``, ``boundaries.bed``, ``boundaries.bedgraph``,
    ``run.json``: those of the tasks that ran, also when nothing was found.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds label files that must not be replaced without ``overwrite``.
    """
    from napari_hicstruct.annotations.writers import export_records

    run = dict(result.run)
    if isinstance(about := run.get("map"), Mapping) and about.get("uri"):
        run["map"] = {**about, "uri": absolute_uri(about["uri"])}
    return export_records(
        result.annotations,
        out,
        formats=FORMATS,
        provenance=run,
        kinds=kinds_of_heads(result.heads),
        tracks=result.boundary_tracks if "boundary" in result.heads else None,
        overwrite=overwrite,
    )


def check_targets(
    source: ContactSource,
    out: str | Path,
    project: str | Path | None = None,
    *,
    model: str = "default",
    tasks: Collection[str] = (),
    overwrite: bool = False,
) -> None:
    """Look at folder and project before hours are spent on what could not be kept; nothing is left there.

    Parameters
    ----------
    source : ContactSource
    out, project : path
    model, tasks : str, collection of str
        What will run; no tasks: all of the model's.
    overwrite : bool
        Label files of other maps or projects in the folder may be replaced.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds label files that must not be replaced.
    ProjectError
        If the project cannot be written or made, or belongs to another map.
    """
    from napari_hicstruct.annotations.writers.export import file_names
    from napari_hicstruct.annotations.writers.folder import plan_folder
    from napari_hicstruct.workflows.models import heads_of
    from napari_hicstruct.workflows.projects import check_project, identity_of

    heads = heads_of(model, tasks)
    names = file_names(kinds_of_heads(heads), FORMATS, track="boundary" in heads)
    known = identity_of(source)
    plan_folder(Path(out), names, {"map": {"uri": known.uri, "fingerprint": known.fingerprint}}, overwrite=overwrite)
    try_folder(Path(out))
    if project is not None:
        check_project(project, source)


def store_predictions(result: PredictResult, source: ContactSource, path: str | Path) -> str:
    """Add predictions as a set of their own to a project, made if it is not there; gives the set's name.

    Raises
    ------
    ProjectError
        If the project belongs to another map or is open elsewhere.
    """
    from napari_hicstruct.workflows.projects import writing

    with writing(path, source) as project:
        name = f"{result.run['model']['name']} {result.run['model']['version']}"
        project.add(result.annotations, set_id=project.add_set(name, Origin.PREDICTED).id, action="predict")
    return name
