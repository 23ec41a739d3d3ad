"""One run over a map by the workers of a cluster, followed from here to its result."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import ConfigError, HicStructError, JobError, MapError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.jobs.cluster import Cluster
from napari_hicstruct.workflows.genome.following import Following, Tokens
from napari_hicstruct.workflows.genome.genome_run import GenomeRun
from napari_hicstruct.workflows.genome.plan import RunSpec, name_of_region
from napari_hicstruct.workflows.genome.run_store import RunStore
from napari_hicstruct.workflows.models import find_model
from napari_hicstruct.workflows.predict import PredictResult, run_record
from napari_hicstruct.workflows.predict.request import PredictRequest, check_request, notes
from napari_hicstruct.workflows.sole_writer import sole_writer


def iter_predict_on(
    cluster: Cluster,
    source: ContactSource,
    request: PredictRequest,
    folder: Path,
    *,
    resume: bool = False,
    tokens: Tokens | None = None,
) -> Generator[Progress, None, PredictResult]:
    """As :func:`~napari_hicstruct.workflows.predict.iter_predict`, by a cluster's workers; regions come as they end.

    Parameters
    ----------
    cluster : Cluster
    source : ContactSource
        Must be a file that every worker sees by the same path.
    request : PredictRequest
    folder : Path
        Where the run's store is made, which every worker must see too.  It stays: whoever has kept the result calls
        :func:`discard_store`.
    resume : bool
        Go on where an interrupted run of the same map, model and settings has ended.
    tokens : Tokens, optional
        With a ``stop`` among them the run belongs to the scheduler: it goes on when the other token is cancelled, or
        this process ends, and the same call finds it again.

    Raises
    ------
    MapError, ConfigError, ModelError
        Before the first piece, if the request cannot be done.
    JobError
        If workers cannot take part, or the scheduler does not answer any more.
    OutputError
        If the store cannot be written, or another run writes to it.
    Cancelled
    """
    clock = Clock()
    _check(source, request)
    said = notes(source, request)
    yield clock.step("start", 0, 0, " ".join(said))
    run = GenomeRun(source, request, folder)
    if resume and (text := run.why_anew()):
        yield clock.step("start", 0, 0, text, notice=True)
    with sole_writer(run.spec.store, "Wait until it has ended, or name another folder with --store."):
        store = RunStore.opened(run.spec.store, run.spec.content, resume=resume)
        _check_workers(cluster, run)
        following = Following(cluster, run, store, tokens or Tokens(CancelToken()))
        found = yield from following.iter_follow(Clock())
        return _result(run, found, said, clock, cluster)


def _check(source: ContactSource, request: PredictRequest) -> None:
    """Refuse what cannot be done, or not by workers."""
    check_request(source, request)
    if request.adapt:
        hint = "Leave out the workers, or adapt."
        raise ConfigError("adapting to a map is done in one process, not by workers.", hint=hint)


def _check_workers(cluster: Cluster, run: GenomeRun) -> None:
    """Refuse workers of other versions, and those that do not see what they must read and write."""
    from napari_hicstruct.workflows.genome.pieces import check_map

    cluster.check_versions()
    said = []
    for worker, why in cluster.on_every_worker(check_map, run.spec).items():
        if isinstance(why, BaseException):
            said.append(f"{worker}: {why}")
        elif why:
            said.append(why)
    if said:
        hint = "Every worker must see the map and the store by the same path."
        raise JobError(" ".join(dict.fromkeys(said)), hint=hint)
    _load_model(cluster, run.spec)


def _load_model(cluster: Cluster, spec: RunSpec) -> None:
    from napari_hicstruct.workflows.genome.worker_plugin import LoadModel

    try:
        cluster.client.register_plugin(LoadModel(spec))
    except HicStructError:
        raise
    except Exception as error:
        hint = "Look at the workers' own log."
        raise JobError(f"a worker cannot load the model ({type(error).__name__}: {error}).", hint=hint) from error


def _result(
    run: GenomeRun,
    found: dict[int, tuple[list[Annotation], dict[str, Any]]],
    said: list[str],
    clock: Clock,
    cluster: Cluster,
) -> PredictResult:
    """All regions in the order of the request, as one process would have given them."""
    from napari_hicstruct.annotations.writers.tracks import BinTrack

    store, annotations, tracks, skipped = run.store, list[Annotation](), list[BinTrack](), set[int]()
    device = run.request.device
    for index, region in enumerate(run.spec.regions):
        plan, prepared = run.plans[index], store.done(f"{name_of_region(index)}-prepare") or {}
        if isinstance(plan, MapError) or "skipped" in prepared:
            skipped.add(index)
            why = plan.message if isinstance(plan, MapError) else prepared["message"]
            said.append(f"{region.chrom} is skipped: {why}")
            if len(skipped) == len(run.spec.regions):  # an empty result would look like a finding
                raise plan if isinstance(plan, MapError) else MapError(why, where=run.source.uri)
            continue
        said += [note for note in prepared.get("notes", ()) if note not in said]
        if index not in found:
            raise store.damaged(f"lacks the calls of {region.chrom}")
        calls, about = found[index]
        annotations += calls
        device = prepared.get("device", device)
        if about["track"]:
            values = store.read(f"{name_of_region(index)}/track")
            tracks.append(BinTrack(region.chrom, 0, about["resolution"], values, plan.stretch.length))
    chroms = [region.chrom for index, region in enumerate(run.spec.regions) if index not in skipped]
    info = find_model(run.spec.model)
    record = run_record(run.source, run.request, info, chroms)
    record["model"]["device"] = device
    record |= {"notes": said, "seconds": round(clock.step("", 0, 0).elapsed, 2), "workers": cluster.threads}
    record["peak_memory_mb"] = _peak_memory_mb(store, found)
    heads = frozenset(task.head for plan in run.plans if not isinstance(plan, MapError) for task in plan.config.tasks
                      if task.name in run.request.tasks)  # fmt: skip
    return PredictResult(tuple(annotations), tuple(tracks), record, tuple(said), heads)


def _peak_memory_mb(store: RunStore, found: Iterable[int]) -> float | None:
    """Of the largest worker, by what each kept when it had read or decoded a region; None where no system says it."""
    names = [f"{name_of_region(index)}-{piece}" for index in found for piece in ("prepare", "decode")]
    peaks = [(store.done(name) or {}).get("peak_memory_mb") for name in names]
    return max((peak for peak in peaks if peak), default=None)
