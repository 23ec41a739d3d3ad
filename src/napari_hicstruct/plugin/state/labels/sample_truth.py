"""What is known of the sample map, as a set that cannot be edited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.plugin.state.labels.labels import LabelState

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project

TRUTH = "truth (simulated)"
"""Name of the set."""

TRUTH_STEP = f"import {TRUTH}"
"""The journal's name of its coming in, which is no step of a person's: undo ends there."""

_FILES = ("loops.bedpe", "stripes.bedpe", "tads.bed")


def show_truth(labels: LabelState, folder: Path) -> None:
    """Put the truth beside the sample map into its project, once; where that cannot be written, nothing is shown."""
    labels.window.open_existing_project()
    if labels.refusal or any(one.name == TRUTH for one in labels.sets()):
        return
    from napari_hicstruct.annotations import read_labels

    source = labels.window.source
    assert source is not None  # else there is a refusal
    files = [read_labels(folder / name, chromsizes=source.chromsizes) for name in _FILES]
    records = [record for file in files for record in file.records]

    def put(project: Project) -> None:
        made = project.add_set(TRUTH, Origin.IMPORTED)
        project.add(records, set_id=made.id, action=TRUTH_STEP)
        project.update_set(made.id, locked=True)

    labels.attempt(put)
    labels.sets_changed()
