"""Why a model called an object: what it saw, gated and exchanged there, and what its other tasks say."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.contacts.band_pair import iter_band_pair
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain
from napari_hicstruct.workflows.evidence import Evidence, dot_evidence, gather
from napari_hicstruct.workflows.predict import read_request_tracks
from napari_hicstruct.workflows.predict.request import MAX_DISTANCE, MODES, PredictRequest, check_model

if TYPE_CHECKING:
    from napari_hicstruct.config.model import ModelConfig
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.inference.chromosome import ChromosomeRun
    from napari_hicstruct.inference.explain import Layer, RegionTrace, TracingPredictor
    from napari_hicstruct.workflows.models import ModelInfo

PAD = 300_000
"""bp shown around an object."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model did around one object.

    Attributes
    ----------
    annotation : Annotation
    task : str
        The model's task for such objects.
    model : str
        Name and version.
    rows, cols : Interval
        The part of the map that the layers show; rows are the first anchors, so it lies above the diagonal.
    layers : dict of str to Layer
        Pictures by name: ``probability/<task>`` for every task, ``boundary_prior/boundary``, and of the pass that made
        the call ``gate/<task>/<scale>/<expert>``, ``scale_gate/…``, ``weights/<task>/<scale>``,
        ``exchange/<a>-<b>/<scale>``.  A TAD task's picture is the weaker boundary of row and column.
    probability : float
        What its task's layer says of the object, not calibrated; NaN where the model saw nothing.
    score : float
        The same as prediction would rank it: loops by how far their dot stands out and by their length.
    evidence : list of Evidence
        What other tasks and, if known, motif orientation say at the object; ``str(one)`` is the sentence.
    expert_use : dict of str to tuple of float
        Mean use of each expert there, ``<task>/<scale>`` → shares; empty for models without experts.
    """

    annotation: Annotation
    task: str
    model: str
    rows: Interval
    cols: Interval
    layers: dict[str, Layer]
    probability: float
    score: float
    evidence: list[Evidence]
    expert_use: dict[str, tuple[float, ...]]

    def relevant(self) -> dict[str, Layer]:
        """Probabilities of all tasks, the boundary prior, and what concerns the object's own task."""
        parts = {name: name.split("/") for name in self.layers}
        common = ("probability", "boundary_prior")
        return {n: v for n, v in self.layers.items() if parts[n][0] in common or self.task in parts[n][1].split("-")}


@dataclass(slots=True)
class Explainer:
    """Explains one object after another; keeps network and chromosome, which take longest to read.

    Attributes
    ----------
    orientation : (path, path), optional
        bigWigs of forward and of reverse CTCF motifs.
    """

    orientation: tuple[str, str] | None = None
    _key: Any = field(default=None, init=False)
    _predictor: TracingPredictor | None = field(default=None, init=False)
    _bands: tuple[Band | None, Band] | None = field(default=None, init=False)

    def iter_explain(
        self,
        source: ContactSource,
        annotation: Annotation,
        model: str = "default",
        device: str = "auto",
        *,
        request: PredictRequest | None = None,
        token: CancelToken | None = None,
    ) -> Generator[Progress, None, Explanation]:
        """Run the model again where it looks at ``annotation``: windows, boundary prior and channels as in prediction.

        Parameters
        ----------
        request : PredictRequest, optional
            The run that made the call; default: a fast one over the whole chromosome.  Strips begin where its region
            does, so boundaries of a run over another region may differ a little.

        Raises
        ------
        MapError, ConfigError, ModelError
        Cancelled
            Within one window after ``token`` was cancelled.
        """
        from napari_hicstruct.decode.prominence import loop_score
        from napari_hicstruct.inference.explain import RegionTracer

        token, clock, chrom = token or CancelToken(), Clock(), annotation.chrom
        length = source.chromsizes[chrom]
        request = request or PredictRequest(regions=(Interval(chrom, 0, length),), tasks=(), model=model, device=device)
        yield clock.step("read model", 0, 0)
        info = check_model(request)
        yield from self._read(source, chrom, request, info, token)
        assert self._predictor is not None
        assert self._bands is not None  # _read has just made both
        self._predictor.on_windows = lambda _: token.check()
        config, fine = self._predictor.net.config, self._bands[0] is not None
        task = _task(config, annotation, info)
        rows, cols = shown_part(annotation, length)
        yield clock.step("run the model", 0, 0)
        run = self._run(request, chrom, length, tuple(one.name for one in config.tasks))
        seen = RegionTracer(run, (rows.start, rows.end), (cols.start, cols.end)).trace()
        which = "fine" if fine and any(one.name == task and one.head == "point" for one in config.tasks) else "coarse"
        layers, use = _of_pass(seen, which)
        evidence = gather(annotation, layers, seen.boundaries, config, source, self.orientation)
        said = layers.get(f"probability/{task}")
        p, dot = probability_at(annotation, said), self._dot(annotation, said)
        score = loop_score(p, *dot) if p == p and dot is not None else p
        evidence[:0] = [] if dot is None else [dot_evidence(dot[0])]
        return Explanation(annotation, task, info.label, rows, cols, layers, p, score, evidence, use)

    def _read(
        self, source: ContactSource, chrom: str, request: PredictRequest, info: ModelInfo, token: CancelToken
    ) -> Generator[Progress, None, None]:
        """Network and bands of a chromosome, unless they are the ones at hand."""
        from napari_hicstruct.inference.device import choose_device
        from napari_hicstruct.inference.explain import TracingNet, TracingPredictor
        from napari_hicstruct.models.store import load_model

        key = (
            source.uri,
            chrom,
            request.norm,
            info.path,
            info.sha256,
            request.device,
            request.mode,
            request.resolution,
        )
        if key == self._key:
            return
        self._key = None
        device = choose_device(request.device)
        net, _ = load_model(info.path, device=device)
        self._predictor = TracingPredictor(TracingNet(net), device, MODES[request.mode])  # type: ignore[arg-type]  # stands in
        bins = request.bins(source, net.config)
        self._bands = yield from iter_band_pair(source, chrom, bins, norm=request.norm, token=token)
        self._predictor.tracks = read_request_tracks(source, chrom, request, bins)
        self._key = key

    def _dot(self, annotation: Annotation, layer: Layer | None) -> tuple[float, float] | None:
        """Standard deviations by which a loop's dot stands above its surround, and its length (bp); else None."""
        from napari_hicstruct.decode.prominence import prominence

        if annotation.kind is not Kind.LOOP or layer is None:
            return None
        assert self._bands is not None
        band = next(one for one in self._bands if one is not None and one.resolution == layer.resolution)
        i, j = layer.peak(annotation.anchor1.center, annotation.anchor2.center, 1)
        return prominence(band, i, j), (j - i) * band.network_resolution

    def _run(self, request: PredictRequest, chrom: str, length: int, tasks: tuple[str, ...]) -> ChromosomeRun:
        from napari_hicstruct.inference.chromosome import ChromosomeRun
        from napari_hicstruct.inference.stretch import Stretch

        assert self._predictor is not None
        assert self._bands is not None
        region = next((one for one in request.regions if one.chrom == chrom), Interval(chrom, 0, length))
        reach = round(MAX_DISTANCE / self._bands[1].scale)
        stretch = Stretch(start=region.start, end=region.end, length=length, tasks=tasks, max_distance=reach)
        return ChromosomeRun(self._predictor, *self._bands, stretch)


def iter_explain(
    source: ContactSource, annotation: Annotation, model: str = "default", device: str = "auto", **options: Any
) -> Generator[Progress, None, Explanation]:
    """:meth:`Explainer.iter_explain` of a fresh explainer."""
    return Explainer().iter_explain(source, annotation, model, device, **options)


def explain(
    source: ContactSource, annotation: Annotation, model: str = "default", device: str = "auto", **options: Any
) -> Explanation:
    """:func:`iter_explain` run to its end."""
    return drain(iter_explain(source, annotation, model, device, **options))


def model_of(annotation: Annotation) -> str:
    """Name of the installed model that called an object; empty if none did or it is no longer there."""
    from napari_hicstruct.workflows.models import list_models

    names = {info.label: info.name for info in list_models()}
    return names.get(annotation.model, "")


def shown_part(annotation: Annotation, length: int) -> tuple[Interval, Interval]:
    """Rows and columns to be shown around an object, above the diagonal."""
    if annotation.kind is Kind.LOOP:
        first, second = sorted((annotation.anchor1, annotation.anchor2))
    else:
        first = second = annotation.span
        if annotation.kind is Kind.STRIPE and annotation.direction is Direction.UP:
            second = annotation.anchor1
        elif annotation.kind is Kind.STRIPE:
            first = annotation.anchor1
    return first.expand(PAD, length), second.expand(PAD, length)


def probability_at(annotation: Annotation, layer: Layer | None) -> float:
    """What its task's layer says of an object: at a loop's dot, a domain's corner, a boundary; a stripe's mean."""
    if layer is None:
        return float("nan")
    one, other = annotation.anchor1, annotation.anchor2
    if annotation.kind is Kind.STRIPE:
        y, x = (other, one) if annotation.direction is Direction.UP else (one, other)
        rows, cols = (
            slice(max(0, part.start // layer.resolution - first), -(-part.end // layer.resolution) - first)
            for part, first in ((y, layer.row), (x, layer.col))
        )
        part = layer.values[rows, cols]
        return float(part.mean(0 if annotation.direction is Direction.UP else 1).max()) if part.size else float("nan")
    if annotation.kind is Kind.LOOP:
        return layer.around(one.center, other.center, 1)
    return layer.around(one.start, one.end - (annotation.kind is Kind.BOUNDARY))


def _task(config: ModelConfig, annotation: Annotation, info: ModelInfo) -> str:
    """The model's task for such objects."""
    for task in config.tasks:
        if task.head == KINDS[annotation.kind].head:
            return task.name
    said = f"the model '{info.name}' has no task for a {annotation.kind.value}"
    raise ConfigError(f"{said}: it cannot say why.", hint="Choose another model.")


def _of_pass(seen: RegionTrace, which: str) -> tuple[dict[str, Layer], dict[str, tuple[float, ...]]]:
    """Layers of the pass that made the call and those of no pass, and expert use in that pass; names without it."""
    common = ("probability/", "boundary_prior/")
    mine = f"{which}/"
    layers = {n.removeprefix(mine): one for n, one in seen.layers.items() if n.startswith((*common, mine))}
    uses = f"{which}/expert_use/"
    use = {n.removeprefix(uses): tuple(map(float, v)) for n, v in seen.use.items() if n.startswith(uses)}
    return layers, use
