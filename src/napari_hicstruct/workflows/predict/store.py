"""Where predictions go: a folder of label files, a project."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.kinds import kinds_of_heads
from napari_hicstruct.annotations.records import Annotation, Origin
from napari_hicstruct.config.files import try_folder
from napari_hicstruct.config.map_uri import absolute_uri
from napari_hicstruct.contacts.fused import FUSED_FROM
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.workflows.predict import PredictResult
from napari_hicstruct.workflows.predict.about_run import PARTIAL

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project


_NAMESPACE = uuid.UUID("0f3a6f0e-7c55-5a0b-9d1c-2f9c1c8f4d55")


def full_run(run: Mapping[str, Any]) -> dict[str, Any]:
    """A run as it is written down: the map's path in full, whatever folder it was named from."""
    about = run.get("map")
    if isinstance(about, Mapping) and about.get("uri"):
        return {**run, "map": {**about, "uri": absolute_uri(about["uri"])}}
    return dict(run)


def stable_uids(records: Sequence[Annotation], run: Mapping[str, Any]) -> list[Annotation]:
    """Records under uids that follow from the run and their place: the same run writes the same files."""
    model, about = run["model"], run["map"]
    asked = {"model": model.get("sha256"), "map": about["fingerprint"], "parameters": run.get("parameters")}
    seed, seen, renewed = json.dumps(asked, sort_keys=True, default=str), Counter[str](), dict[str, str]()
    for record in records:
        place = f"{record.kind.value} {record.anchor1} {record.anchor2} {record.direction.value}"
        seen[place] += 1
        renewed[record.uid] = uuid.uuid5(_NAMESPACE, f"{seed} {place} {seen[place]}").hex
    return [record.with_(uid=renewed[record.uid], parent=renewed.get(record.parent, "")) for record in records]


def write_predictions(result: PredictResult, out: str | Path, *, overwrite: bool = False) -> list[Path]:
    """``loops.bedpe``, ``stripes.bedpe``, ``stripes.tsv``, ``tads.bed``, ``boundaries.bed``, ``boundaries.bedgraph``,
    ``run.json``: those of the tasks that ran, also when nothing was found.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds label files that must not be replaced without ``overwrite``.
    """
    from napari_hicstruct.annotations.writers.export import DEFAULT_FORMATS, export_records

    return export_records(
        stable_uids(result.annotations, result.run),
        out,
        formats=DEFAULT_FORMATS,
        provenance=full_run(result.run),
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
    from napari_hicstruct.annotations.writers.export import DEFAULT_FORMATS, file_names
    from napari_hicstruct.annotations.writers.folder import plan_folder
    from napari_hicstruct.workflows.models import heads_of
    from napari_hicstruct.workflows.projects import check_project, identity_of

    heads = heads_of(model, tasks)
    names = file_names(kinds_of_heads(heads), DEFAULT_FORMATS, track="boundary" in heads)
    plan_folder(Path(out), names, {"map": identity_of(source).to_run()}, overwrite=overwrite)
    try_folder(Path(out))
    if project is not None:
        check_project(project, source)


class PredictedSet:
    """The set of a project that one prediction fills: from the window, the shell and Python alike.

    Parameters
    ----------
    name : str
        What it is to be called; numbered where the project has a set of that name.
    run : mapping, optional
        Model and parameters, as :func:`~napari_hicstruct.workflows.predict.about_run.kept_run` gives them.
    partial : bool
        Calls come while the run goes on: until :meth:`finish`, name and run say that it is not all.

    Attributes
    ----------
    name : str
        As the project has it.
    id : int or None
        Of the set; None until :meth:`add` has made it.
    entry : int or None
        First journal entry of the calls; None until there is one.
    """

    def __init__(self, name: str, run: Mapping[str, Any] | None = None, *, partial: bool = False) -> None:
        self._whole, self._run = name, dict(run or {})
        self.name = f"{name} · {PARTIAL}" if partial else name
        self._noted = self._run | {PARTIAL: True} if partial and run is not None else self._run
        self.id: int | None = None
        self.entry: int | None = None

    def take_up(self, project: Project) -> frozenset[str]:
        """Go on with the set of this very run that is not whole, if the project has one.

        Returns
        -------
        frozenset of str
            Chromosomes whose calls it holds.
        """
        begun = next((set_id for set_id, runs in project.runs().items() if self._noted in runs), None)
        known = next((one for one in project.sets() if one.id == begun), None)
        if known is None:
            return frozenset()
        self.id, self.name = known.id, known.name
        self._whole = known.name.removesuffix(f" · {PARTIAL}")
        return frozenset(record.chrom for record in project.query(set_ids=[known.id]))

    def add(self, project: Project, records: Sequence[Annotation]) -> int:
        """Add calls, first the set if it is not there (yet, or any more); gives its id.

        All calls of a run are one step; those behind a deletion of its set are another, in a new set.

        Raises
        ------
        ProjectError
        """
        if self.entry is not None and not project.stands(self.entry):  # undone, and the set with it
            self.id = self.entry = None
        if self.id is not None and self.id not in {one.id for one in project.sets()}:  # deleted, or merged into another
            self.id = self.entry = None
        if self.id is None:
            made = project.add_as_set(
                self.name, Origin.PREDICTED, records, action="predict", runs=[self._noted] if self._noted else []
            )
            self.name, self.id, self.entry = made.name, made.id, project.newest_entry()
        else:
            project.add(records, set_id=self.id, action="predict", continues=self.entry)
        return self.id

    def finish(self, project: Project) -> None:
        """The run has come to its end: what says that it is not all goes, a name that a person gave stays.

        Raises
        ------
        ProjectError
        """
        known = next((one for one in project.sets() if one.id == self.id), None)
        if known is None:
            return
        project.end_run(known.id, self._noted, self._run)
        if known.name == self.name:
            self.name = project.update_set(known.id, name=self._whole).name


def store_predictions(result: PredictResult, source: ContactSource, project: str | Path | Project) -> str:
    """Add predictions as a set of their own to a project; gives the set's name.

    Parameters
    ----------
    project : path or Project
        Open, or a file that is made if it is not there.

    Raises
    ------
    ProjectError
        If the project belongs to another map or is open elsewhere.
    """
    from napari_hicstruct.workflows.predict.about_run import kept_run, label_of_run
    from napari_hicstruct.workflows.projects import writing

    run = kept_run(result.run["model"], result.run["parameters"], result.run["map"].get(FUSED_FROM))
    found = PredictedSet(label_of_run(run), run)
    with writing(project, source) if isinstance(project, str | Path) else nullcontext(project) as opened:
        found.add(opened, result.annotations)
    return found.name
