"""What is exported: records by set and status, each place once, in the order of their files.

Annotations are not postponed here: magicgui makes the form from the types themselves.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_hicstruct.annotations.records import Annotation, Status
from napari_hicstruct.plugin.state.review import ReviewState


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Formats by name, statuses, and whether of several calls at one place one is written."""

    formats: tuple[str, ...]
    statuses: tuple[Status, ...]
    once: bool


def export_settings(  # noqa: PLR0913 - keywords of a use case
    *,
    bedpe: bool = True,
    bed: bool = True,
    stripenn: bool = False,
    juicebox: bool = False,
    higlass: bool = False,
    parquet: bool = False,
    proposed: bool = True,
    accepted: bool = True,
    edited: bool = True,
    rejected: bool = False,
    once: bool = True,
) -> ExportSettings:
    """One switch per format and status; forms are generated from this signature."""
    formats = {"bedpe": bedpe, "bed": bed, "stripenn": stripenn, "juicebox": juicebox, "higlass": higlass}
    statuses = {"proposed": proposed, "accepted": accepted, "edited": edited, "rejected": rejected}
    return ExportSettings(
        tuple(name for name, on in {**formats, "parquet": parquet}.items() if on),
        tuple(Status(name) for name, on in statuses.items() if on),
        once,
    )


def records_to_export(review: ReviewState, settings: ExportSettings, set_ids: Collection[int]) -> list[Annotation]:
    """The records of some sets that these settings choose."""
    catalogue = review.labels.catalogue
    if catalogue is None:
        return []
    found = [
        record
        for uid, record in catalogue.records.items()
        if catalogue.set_ids[uid] in set_ids and record.status in settings.statuses
    ]
    if settings.once:
        pool = review.queue.pool
        mine = np.zeros(len(pool), bool)
        mine[[pool.row(record.uid) for record in found]] = True
        found = [catalogue.records[uid] for uid in pool.uids(pool.deduplicated(mine))]
    return sorted(found, key=lambda record: catalogue.arrival(record.uid))


def write_export(
    review: ReviewState,
    settings: ExportSettings,
    set_ids: Collection[int],
    folder: Path,
    *,
    may_replace: Callable[[str], bool],
) -> list[Path]:
    """Write what these settings choose; empty where there is nothing, or what the folder holds must not be replaced.

    Parameters
    ----------
    may_replace : callable
        ``(what the folder holds)`` → whether label files of another map or project, or of unknown origin, may go.
    """
    from napari_hicstruct.annotations.writers.folder import FolderTaken
    from napari_hicstruct.workflows.export import ExportRequest, export_project

    labels = review.labels
    if labels.project is None or not records_to_export(review, settings, set_ids):
        return []
    request = ExportRequest(
        formats=settings.formats,
        set_ids=tuple(set_ids) if len(set_ids) < len(labels.sets()) else None,
        statuses=settings.statuses,
        deduplicate=settings.once,
    )
    where = getattr(labels.window.source, "uri", "")
    try:
        return list(export_project(labels.project, folder, request, map_uri=where).files)
    except FolderTaken as taken:
        if not may_replace(taken.message):
            return []
    return list(export_project(labels.project, folder, request, map_uri=where, overwrite=True).files)
