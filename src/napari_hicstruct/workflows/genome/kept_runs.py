"""Runs that belong to a scheduler: what they were asked, so that whoever opens the map again can follow them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_hicstruct.config.paths import cache_dir
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.decode.limits import DecodingLimits
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.genome.run_store import RunStore
from napari_hicstruct.workflows.predict.request import PredictRequest

OF_SCHEDULER = "scheduler"
"""What the store of such a run keeps about it."""


MAX_AGE_DAYS = 30
"""Runs in the user's cache that nobody has gone on with for so long are removed: they may hold gigabytes."""


def runs_folder() -> Path:
    """Where runs lie that nobody has given a folder: the user's cache, which the machines of a cluster share.

    Runs there that were left for :data:`MAX_AGE_DAYS` are removed.
    """
    folder, oldest = cache_dir(create=False) / "runs", time.time() - MAX_AGE_DAYS * 86_400
    for store in folder.glob("*.store"):
        with suppress(OSError):
            if max(path.stat().st_mtime for path in (store, store / "done") if path.exists()) < oldest:
                RunStore(store).remove()
    return folder


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run that goes on by itself, or ended while nobody followed it.

    Attributes
    ----------
    scheduler : str
        Its address.
    request : PredictRequest
    """

    scheduler: str
    request: PredictRequest


def note_scheduler(store: RunStore, address: str, request: PredictRequest) -> None:
    """Keep what :func:`kept_runs` reads."""
    regions = [[region.chrom, region.start, region.end] for region in request.regions]
    about = {"address": address, "model": request.model, "device": request.device, "norm": request.norm}
    store.finish(OF_SCHEDULER, {**about, "parameters": request.to_run(), "regions": regions})


def kept_runs(folder: Path, source: ContactSource) -> list[KeptRun]:
    """Runs of a map in ``folder`` that belong to a scheduler, the newest first; what cannot be read is left out."""
    found = []
    for store in sorted(folder.glob("*.store"), key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            about, kept = RunStore(store).about(), RunStore(store).done(OF_SCHEDULER)
        except HicStructError:
            continue
        if about and kept and about["map"]["fingerprint"] == source.fingerprint():
            found.append(KeptRun(str(kept["address"]), _request(kept)))
    return found


def _request(kept: Mapping[str, Any]) -> PredictRequest:
    asked = kept["parameters"]
    return PredictRequest(
        regions=tuple(Interval(*region) for region in kept["regions"]),
        tasks=tuple(asked["tasks"]),
        model=kept["model"],
        device=kept["device"],
        mode=asked["mode"],
        norm=kept["norm"],
        tracks=asked["tracks"],
        min_probability=asked["min_probability"],
        limits=DecodingLimits.of(asked["limits"]),
        resolution=asked["resolution"] or 0,
    )
