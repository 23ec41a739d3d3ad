"""Calling loops, stripes and TADs from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.api.arguments import whole_number
from napari_hicstruct.api.calls import Calls
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.models import ModelLike, name_of
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.api.regions import Region, to_intervals
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from distributed import Client

    from napari_hicstruct.annotations import Project as ProjectFile
    from napari_hicstruct.api.projects import Project
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.workflows.predict import PredictResult
    from napari_hicstruct.workflows.predict.request import PredictRequest


@checked
def predict(
    map: MapLike,
    regions: Region | Iterable[Region] | None = None,
    *,
    tasks: str | Iterable[str] | None = None,
    model: ModelLike = "default",
    device: str = "auto",
    mode: str = "fast",
    norm: str | None = None,
    resolution: int = 0,
    min_probability: float | Mapping[str, float] | None = None,
    limits: Mapping[str, int | tuple[int, int]] | None = None,
    tracks: Mapping[str, str | Path] | None = None,
    adapt: bool = False,
    threads: int = 0,
    project: str | Path | Project | None = None,
    client: Client | None = None,
    workers: int = 0,
    resume: bool = False,
    store: str | Path | None = None,
    progress: ProgressOption = None,
) -> Calls:
    """Call loops, stripes, TADs and boundaries on a contact map, as ``hicstruct predict`` does.

    Nothing is written unless `project` is given; :meth:`Calls.write` writes what the command writes.

    Parameters
    ----------
    map : ContactMap, path or str
        What is predicted on; a path is opened.
    regions : str, Interval, (chrom, start, end), or an iterable of them, optional
        ``chr17:60M-70M``, or a chromosome's name; 0-based half-open bp.  Default: all chromosomes, one after another.
        Chromosomes shorter than 200 kb are skipped.
    tasks : str or iterable of str, optional
        ``loop``, ``stripe``, ``tad`` (with boundaries).  Default: all of the model's.
    model : str, path or Model
        Name of a model or its folder.
    device : str
        ``auto``, ``cpu``, ``cuda``, ...
    mode : {"fast", "accurate"}
        ``accurate`` sees each place four times.
    norm : str, optional
        Stored weights to use.  Default: the map's best, else balanced in memory.
    resolution : int
        Bins that are read, bp: smaller ones for small genomes, larger ones for shallow maps.  0: 10 kb (loops 5 kb),
        or the nearest that the map has.
    min_probability : float or mapping of str to float, optional
        Least calibrated probability that is listed, between 0 and 1, for all tasks or by task; that of ``tad`` is
        also that of boundaries, unless ``boundary`` has its own.  Default: the model's own.
    limits : mapping of str to int or (int, int), optional
        Of what is called, bp: ``tad_size``, ``loop_distance`` and ``stripe_length`` are a least and a most,
        ``loop_separation`` and ``stripe_width`` one number.  Default: the decoders' own.
    tracks : mapping of str to path, optional
        The bigWig file of each 1-D track, for a model that reads some.
    adapt : bool
        Let unlabelled windows of the map set the model's gate first; for a model that has one (``docs/adapt.md``).
    threads : int
        Processor threads of the network; 0 leaves torch's own choice.
    project : path or Project, optional
        Also add the calls to this project as a set of their own; a file that is missing is made.
    client : distributed.Client, optional
        Whose workers do the work; each must see the map and `store` by the same path.  The calls are the same.
    workers : int
        Processes of this computer that do the work; 0: this process alone.
    resume : bool
        Go on where an interrupted run by workers of the same map, model and settings has ended.
    store : path, optional
        Folder for what workers leave until the run ends, gigabytes for a large genome.  Default: the user's cache
        folder.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`, whose ``payload`` is a tuple of the
        annotations that have just become final, or None.

    Returns
    -------
    Calls
        By region and position as they became final; ``run`` says by which model and how.

    Raises
    ------
    RegionError
        If a region is misspelt or not on the map.
    MapError
        If the map cannot be read, holds no contacts, or lacks bins or weights; before anything is predicted.
    ConfigError
        If the model has no such task, there is no such mode, device, probability or limit, or another argument is not
        what it says above.
    ModelError
        If there is no such model, or it is damaged.
    ProjectError
        If the project cannot be written or belongs to another map.
    JobError
        If workers cannot take part, or their scheduler does not answer any more; what is done is kept.
    OutputError
        If the store cannot be written, another run writes to it, or an interrupted run is there and `resume` is not
        asked for.

    References
    ----------
    .. [1] ``docs/science/model.md``: what the model reads, how it was trained and how it calls.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> calls = hs.predict(hs.sample_map(), "chr1:5M-7M")
    >>> calls.kinds
    ('loop', 'stripe', 'tad', 'boundary')
    >>> len(calls.loops) > 0
    True
    >>> calls.run["model"]["name"]
    'default'
    """
    from napari_hicstruct.decode.limits import DecodingLimits
    from napari_hicstruct.workflows.predict.request import PredictRequest
    from napari_hicstruct.workflows.predict.store import store_predictions

    source, name = source_of(map), name_of(model)
    chosen = _chosen_tasks(name, tasks)
    request = PredictRequest(
        regions=to_intervals(regions, source.chromsizes),
        tasks=chosen,
        model=name,
        device=device,
        mode=mode,
        norm=norm,
        resolution=whole_number("resolution", resolution, unit="bp"),
        threads=whole_number("threads", threads),
        tracks={key: os.fspath(path) for key, path in (tracks or {}).items()},
        min_probability=_min_probability(min_probability, chosen),
        limits=DecodingLimits.of(limits or {}),
        adapt=adapt,
    )
    target = _target(project, source)
    by_workers = _Workers(client, whole_number("workers", workers), resume, store)
    result = by_workers.run(source, request, progress)
    if target is not None:
        store_predictions(result, source, target)
    by_workers.finish(source, request)
    return _calls(result)


def _chosen_tasks(model: str, tasks: str | Iterable[str] | None) -> tuple[str, ...]:
    """Tasks of a model by the names given, else all of them."""
    from napari_hicstruct.workflows.models import find_model, named_tasks

    own = find_model(model).tasks
    return own if tasks is None else named_tasks(own, (tasks,) if isinstance(tasks, str) else tasks)


def _calls(result: PredictResult) -> Calls:
    from napari_hicstruct.annotations.kinds import kinds_of_heads

    tracks = result.boundary_tracks if "boundary" in result.heads else ()
    kinds = kinds_of_heads(result.heads)
    return Calls(result.annotations, run=result.run, notes=result.notes, kinds=kinds, tracks=tracks)


@dataclass(frozen=True, slots=True)
class _Workers:
    """Who does the work, and where that is kept meanwhile."""

    client: Client | None
    workers: int
    resume: bool
    store: str | Path | None

    @property
    def _asked(self) -> bool:
        return self.client is not None or bool(self.workers) or self.resume

    @property
    def _folder(self) -> Path:
        from napari_hicstruct.workflows.genome.kept_runs import runs_folder

        return runs_folder() if self.store is None else Path(self.store)

    def run(self, source: ContactSource, request: PredictRequest, progress: ProgressOption) -> PredictResult:
        """Predict by them, or here."""
        if not self._asked:
            from napari_hicstruct.workflows.predict import iter_predict

            return run(iter_predict(source, request), progress)
        from napari_hicstruct.jobs.cluster import of_client, start_local
        from napari_hicstruct.workflows.genome.run import iter_predict_on

        if self.client is not None and self.workers:
            raise ConfigError("client and workers are both given.", hint="Give one of them.")
        with start_local(self.workers or 1) if self.client is None else of_client(self.client) as cluster:
            return run(iter_predict_on(cluster, source, request, self._folder, resume=self.resume), progress)

    def finish(self, source: ContactSource, request: PredictRequest) -> None:
        """The calls have been kept, or are about to be given: what workers left goes."""
        if self._asked:
            from napari_hicstruct.workflows.genome.genome_run import discard_store

            discard_store(source, request, self._folder)


def _min_probability(given: float | Mapping[str, float] | None, tasks: Iterable[str]) -> dict[str, float]:
    """Least probability by task.

    Raises
    ------
    ConfigError
        If it is none, or names a task that does not run.
    """
    from napari_hicstruct.decode.thresholds import with_boundary

    by_task = given if isinstance(given, Mapping) else {} if given is None else dict.fromkeys(tasks, given)
    known = with_boundary(tasks)
    for task, value in by_task.items():
        if task not in known:
            hint = f"Choose from {', '.join(known)}."
            raise ConfigError(f"min_probability names '{task}', which is no task that runs.", hint=hint)
        if not isinstance(value, Real) or not 0 < float(value) < 1:
            raise ConfigError(f"min_probability is {value!r} for {task}.", hint="Give a number above 0 and below 1.")
    return {task: float(value) for task, value in by_task.items()}


def _target(project: str | Path | Project | None, source: ContactSource) -> str | Path | ProjectFile | None:
    """The project that is to hold the calls; refused before anything is predicted if it cannot."""
    from napari_hicstruct.workflows.projects import check_project

    if project is None:
        return None
    if isinstance(project, str | os.PathLike):
        check_project(project, source)
        return project
    project.check_takes(source)
    return project.file
