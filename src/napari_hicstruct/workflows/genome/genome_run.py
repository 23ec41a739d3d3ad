"""A run over a map that has been planned: what it is called, where it lies, and which windows it has."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from napari_hicstruct.config.map_uri import absolute_uri
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import HicStructError, MapError
from napari_hicstruct.workflows.genome.plan import RegionPlan, RunSpec, plan_regions, regions_of
from napari_hicstruct.workflows.genome.run_store import RunStore, run_key
from napari_hicstruct.workflows.models import find_model
from napari_hicstruct.workflows.predict.request import PredictRequest


@dataclass
class GenomeRun:
    """A run that has been planned.

    Parameters
    ----------
    source : ContactSource
    request : PredictRequest
    folder : Path
        Where the store lies, in a folder named by its content.
    """

    source: ContactSource
    request: PredictRequest
    folder: Path
    spec: RunSpec = field(init=False)
    plans: list[RegionPlan | MapError] = field(init=False)

    def __post_init__(self) -> None:
        info = find_model(self.request.model)
        uri, fingerprint = absolute_uri(self.source.uri), self.source.fingerprint()
        regions = regions_of(self.source, self.request)
        model = str(info.path) if not info.shipped else self.request.model
        blank = RunSpec(Path(), uri, fingerprint, self.request, model, info.sha256, regions)
        store = Path(self.folder).absolute() / f"{run_key(blank.content)}.store"
        self.spec = RunSpec(store, uri, fingerprint, self.request, model, info.sha256, regions)
        self.plans = plan_regions(self.source, self.spec, info)

    def why_anew(self) -> str:
        """A sentence where nothing of this run is kept, but something of others; empty otherwise."""
        if self.spec.store.exists() or not any(Path(self.folder).glob("*.store")):
            return ""
        return "Nothing is there to resume: the interrupted run is of another map, model or settings. It begins anew."

    @property
    def store(self) -> RunStore:
        """Where its pieces are kept."""
        return RunStore(self.spec.store)


def discard_store(source: ContactSource, request: PredictRequest, folder: Path) -> None:
    """Remove the store of a run whose result has been kept, and ``folder`` if nothing else is in it.

    Stores of the same map as it was before it changed, which nobody can resume, go too.
    """
    run = GenomeRun(source, request, folder)
    run.store.remove()
    for path in Path(folder).glob("*.store"):
        with suppress(HicStructError, KeyError, TypeError):
            about = (RunStore(path).about() or {})["map"]
            if about["uri"] == run.spec.map and about["fingerprint"] != run.spec.fingerprint:
                RunStore(path).remove()
    with suppress(OSError):
        Path(folder).rmdir()
