"""Whatever is given for annotations: calls, a list, a data frame, their ids; and what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation, Origin
from napari_hicstruct.api.arguments import is_path_like, is_several
from napari_hicstruct.api.calls import Calls
from napari_hicstruct.contacts.fused import FUSED_FROM
from napari_hicstruct.errors import LabelError, ProjectError

if TYPE_CHECKING:
    import pandas as pd

    from napari_hicstruct.annotations.changes import MapIdentity


def as_calls(given: Iterable[Annotation] | pd.DataFrame, kind: str | None = None) -> Calls:
    """Calls of whatever holds annotations; ``kind`` is that of a data frame that does not say.

    Raises
    ------
    LabelError
        If it holds none, or a data frame cannot be read.
    """
    if isinstance(given, Calls):
        return given
    if is_path_like(given):
        raise LabelError(f"'{given}' is a path, not annotations.", hint="Read it: hs.read_labels(path, map=…).")
    frame = as_frame(given)
    if frame is None and not is_several(given):
        hint = "Give calls, a list of annotations, or a data frame."
        raise LabelError(f"{given!r} holds no annotations.", hint=hint)
    if frame is not None:
        return Calls.from_dataframe(frame, None if "kind" in frame.columns else kind)
    return Calls(given)  # type: ignore[arg-type]


def as_frame(given: object) -> pd.DataFrame | None:
    """``given`` if it is a data frame, without loading pandas for what is none."""
    return given if hasattr(given, "itertuples") else None  # type: ignore[return-value]


def uids_of(which: Any) -> list[str]:
    """The ids of annotations.

    Raises
    ------
    LabelError
        If it is none, or a data frame has no column of them.
    """
    if isinstance(which, str):
        return [which]
    if isinstance(which, Annotation):
        return [which.uid]
    frame = as_frame(which)
    if frame is None:
        given = list(which) if is_several(which) else [which]
        if wrong := [one for one in given if not isinstance(one, str | Annotation)]:
            hint = "Give annotations, their uid, or a data frame with a column 'uid'."
            raise LabelError(f"{wrong[0]!r} is neither an annotation nor the id of one.", hint=hint)
        return [one if isinstance(one, str) else one.uid for one in given]
    if "uid" not in frame.columns:
        raise LabelError("the data frame has no column 'uid'.", hint="Use one of Calls.to_dataframe.")
    return [str(uid) for uid in frame["uid"]]


def set_of(calls: Calls, map: MapIdentity | None = None) -> tuple[str, Origin, str]:
    """Name and origin of the set that calls make in a project, and what the journal calls the step."""
    model, labels = calls.run.get("model"), calls.run.get("labels")
    if model:
        return f"{model['name']} {model['version']}", Origin.PREDICTED, "predict"
    if labels:
        from napari_hicstruct.workflows.import_labels import name_of_import

        return name_of_import(Path(labels["file"]).name, list(calls), map), Origin.IMPORTED, "import"
    return "python", Origin.IMPORTED, "add"


def run_of(calls: Calls) -> dict[str, Any] | None:
    """What a project keeps of the run that calls are of; None if no model predicted them here."""
    from napari_hicstruct.workflows.predict.about_run import kept_run

    model, parameters = calls.run.get("model"), calls.run.get("parameters")
    fused = calls.run.get("map", {}).get(FUSED_FROM)
    return kept_run(model, parameters, fused) if model and parameters else None


def check_on_map(records: Iterable[Annotation], chromsizes: Mapping[str, int], where: object) -> None:
    """Refuse what does not lie on a map.

    Raises
    ------
    ProjectError
    """
    for record in records:
        if record.span.end > chromsizes.get(record.chrom, -1):
            hint = "Read labels with map=…, which spells chromosomes as the map does."
            raise ProjectError(f"the map has no {record.kind.value} at {record.span}.", where=where, hint=hint)
