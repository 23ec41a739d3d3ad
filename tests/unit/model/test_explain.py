"""Why: the windows of the very call, its gates, and what other tasks say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import pytest
import torch

from napari_hicstruct.annotations import Annotation, Kind
from napari_hicstruct.config.model import HIC_TASKS, ModelConfig, TaskConfig, WindowConfig
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import Cancelled, ConfigError
from napari_hicstruct.genome import Interval
from napari_hicstruct.inference import device
from napari_hicstruct.inference.explain import Layer, Track
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import save_model
from napari_hicstruct.workflows.evidence import gather
from napari_hicstruct.workflows.explain import Explainer, explain
from napari_hicstruct.workflows.predict import PredictResult, predict
from napari_hicstruct.workflows.predict.request import PredictRequest

LENGTH = 4_000_000
CONFIG = ModelConfig(
    channels=(8,) * 5,
    tasks=tuple(task.model_copy(update={"widths": (8, 8, 8)}) for task in HIC_TASKS),
    strip_channels=8,
    selector="low_rank_free",
    selector_options={"gate": "conv"},
    interaction="band_exchange",
    boundary_prior={"kind": "band", "width": 8},
    windows=WindowConfig(
        fine_size=96,
        fine_margin=8,
        coarse_size=96,
        coarse_margin=16,
        strip_length=128,
        strip_margin=16,
        strip_diagonals=16,
    ),
)


@pytest.fixture(scope="module", autouse=True)
def float32() -> Iterator[None]:
    """Scores are compared to 1e-4: bfloat16, used where the processor has it, rounds by batch and number of threads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "has_fast_bf16", lambda _: False)
        yield


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> ContactSource:
    """Counts that fall with distance, at 5 kb, twice as many within domains of 500 kb."""
    path, n = tmp_path_factory.mktemp("map") / "map.cool", LENGTH // 5_000
    i, j = np.triu_indices(n)
    keep = j - i < 640
    i, j = i[keep], j[keep]
    counts = np.random.default_rng(0).poisson(200 / (1 + j - i) * np.where(i // 100 == j // 100, 2, 1))
    pixels = pd.DataFrame({"bin1_id": i, "bin2_id": j, "count": counts})[counts > 0]
    cooler.create_cooler(str(path), cooler.binnify(pd.Series({"chr1": LENGTH}), 5_000), pixels, ordered=True)
    return open_map(path)


def write_model(folder: Path, config: ModelConfig = CONFIG, *, nudge: float = 0.0) -> str:
    """A network whose weights are random, sure enough of itself to call things; ``nudge`` shifts one gate's bias."""
    torch.manual_seed(3)
    net = MultiTaskNet(config)
    with torch.no_grad():
        for name, value in net.named_parameters():
            if "heads" in name and name.endswith("bias"):
                value.zero_()
            if name == "heads.stripe.out.bias":
                value[0] = 6.0  # a stripe must be sure over its whole length, and where no row stands out
            if value.abs().max() == 0 and "bias" not in name:
                value.normal_(0, 0.1)
            if ".gate.read.loop" in name and name.endswith("bias"):
                value[0] += nudge
    save_model(folder, config, net.state_dict(), {"name": folder.name, "version": "1"})
    return str(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_model(tmp_path_factory.mktemp("models") / "gated")


@pytest.fixture(scope="module")
def result(source: ContactSource, model: str) -> PredictResult:
    return predict(source, PredictRequest(regions=(Interval("chr1", 0, LENGTH),), model=model, device="cpu"))


def some(result: PredictResult, kind: Kind, n: int = 2) -> list[Annotation]:
    """A few, spread over the chromosome."""
    found = [a for a in result.annotations if a.kind is kind]
    assert found
    return found[:: max(1, len(found) // n)][:n]


@pytest.mark.parametrize("kind", [Kind.LOOP, Kind.BOUNDARY])
def test_the_picture_is_what_predict_gave(source: ContactSource, model: str, result: PredictResult, kind: Kind) -> None:
    explainer = Explainer()
    for record in some(result, kind, 4):
        seen = drain(explainer.iter_explain(source, record, model, "cpu"))
        assert seen.score == pytest.approx(record.score, abs=1e-4)
        assert seen.model == "gated 1"
        assert seen.layers[f"probability/{seen.task}"].values.std() > 0


def test_a_whole_stripe_is_drawn_from_the_mask_that_called_it(
    source: ContactSource, model: str, result: PredictResult
) -> None:
    explainer = Explainer()
    watcher = None
    for record in some(result, Kind.STRIPE):
        seen = drain(explainer.iter_explain(source, record, model, "cpu"))
        assert seen.rows.center <= seen.cols.center, "above the diagonal, whatever the direction"
        assert seen.rows.start <= record.span.start
        assert record.span.end <= seen.cols.end
        if watcher is None:  # the mask of the whole chromosome, as a run makes it
            watcher, (_, band) = explainer._predictor, explainer._bands
            watcher.prepare_prior(band, 0, band.n_bins)
            tiling = watcher.coarse_tiling(band, 0, band.n_bins, 302)
            rows = list(watcher.coarse(band, tiling, points=[], masks=["stripe"], strips={}))
            whole = rows[-1].canvas.rows(0, band.n_bins)[0]
        layer = seen.layers["probability/stripe"]
        for i, j in np.ndindex(layer.values.shape):
            low, d = min(layer.row + i, layer.col + j), abs(layer.row + i - layer.col - j)
            if i % 7 == 0 and d < whole.shape[1]:
                assert layer.values[i, j] == pytest.approx(whole[low, d], abs=1e-4)


def test_a_run_over_a_region_is_looked_at_as_that_run(source: ContactSource, model: str) -> None:
    request = PredictRequest(regions=(Interval("chr1", 1_300_000, 2_900_000),), model=model, device="cpu")
    found = predict(source, request)
    (record,) = some(found, Kind.BOUNDARY, 1)
    assert explain(source, record, request=request).score == pytest.approx(record.score, abs=1e-4)
    (record,) = some(found, Kind.LOOP, 1)
    assert explain(source, record, model, "cpu").score == pytest.approx(record.score, abs=1e-4)


def test_changing_a_gate_changes_its_picture(
    source: ContactSource, model: str, result: PredictResult, tmp_path: Path
) -> None:
    (record,) = some(result, Kind.LOOP, 1)
    other = write_model(tmp_path / "nudged", nudge=2.0)
    before, after = (explain(source, record, folder, "cpu") for folder in (model, other))
    gates = [name for name in before.layers if name.startswith("gate/loop/")]
    first = [name for name in gates if name.endswith("/1")]
    assert first
    read = before.layers[first[0]].values > 0  # 0 below the diagonal, which no window reads
    assert read.mean() > 0.5
    for name in first:
        assert before.layers[name].values.shape == before.layers["probability/loop"].values.shape
        assert (after.layers[name].values > before.layers[name].values)[read].mean() > 0.9
        assert before.layers[name].values.std() > 0, "a gate per pixel is a picture"
    scale = first[0].split("/")[2]
    shares = [before.layers[f"gate/loop/{scale}/{k}"].values for k in range(1, 5)]
    np.testing.assert_allclose(np.sum(shares, axis=0)[read], 1, atol=1e-4)
    assert sum(before.expert_use[f"loop/{scale}"]) == pytest.approx(1, abs=1e-4)
    assert after.expert_use[f"loop/{scale}"][0] > before.expert_use[f"loop/{scale}"][0]


def test_exchange_prior_and_all_tasks_are_shown(source: ContactSource, model: str, result: PredictResult) -> None:
    (record,) = some(result, Kind.TAD, 1)
    seen = explain(source, record, model, "cpu")
    assert {"probability/loop", "probability/stripe", "probability/tad", "boundary_prior/boundary"} <= set(
        seen.relevant()
    )
    exchange = [name for name in seen.relevant() if name.startswith("exchange/")]
    assert exchange
    assert all("tad" in name for name in exchange)
    assert any(name.startswith("exchange/loop-stripe") for name in seen.layers)


def test_a_model_without_gates_still_shows_what_it_thinks(source: ContactSource, tmp_path: Path) -> None:
    plain = CONFIG.model_copy(update={"selector": "identity", "interaction": "none"})
    place = Interval("chr1", 1_000_000, 1_005_000)
    far = Interval("chr1", 1_400_000, 1_405_000)
    record = Annotation(kind=Kind.LOOP, anchor1=place, anchor2=far)
    seen = explain(source, record, write_model(tmp_path / "plain", plain), "cpu")
    assert set(seen.layers) == {"probability/loop", "probability/stripe", "probability/tad", "boundary_prior/boundary"}
    assert seen.evidence
    assert "stand" in str(seen.evidence[0])
    assert seen.score != seen.probability, "loops are ranked by their dot, too"
    assert "No orientation known" in str(seen.evidence[-1])
    assert seen.evidence[-1].present is None


def test_what_it_cannot_say_is_said(source: ContactSource, model: str, result: PredictResult, tmp_path: Path) -> None:
    (record,) = some(result, Kind.LOOP, 1)
    tads = CONFIG.model_copy(
        update={"tasks": (TaskConfig(name="tad", head="boundary", widths=(8, 8, 8)),), "interaction": "none"}
    )
    with pytest.raises(ConfigError, match="no task for a loop"):
        explain(source, record, write_model(tmp_path / "tads", tads), "cpu")
    token = CancelToken()
    job = Explainer().iter_explain(source, record, model, "cpu", token=token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        drain(job)


def picture(*dots: tuple[int, int]) -> Layer:
    """0 but for bins (10 kb) that are 0.9, over 1 Mb."""
    values = np.zeros((100, 100), np.float32)
    for i, j in dots:
        values[i, j] = 0.9
    return Layer(values, 10_000, 0, 0)


def test_evidence_of_a_loop_names_what_is_at_its_anchors(source: ContactSource) -> None:
    loop = Annotation(
        kind=Kind.LOOP, anchor1=Interval("chr1", 200_000, 205_000), anchor2=Interval("chr1", 600_000, 605_000)
    )
    peaks = np.zeros(100, np.float32)
    peaks[21] = 0.8
    layers = {"probability/stripe": picture(*((20, k) for k in range(20, 60)))}

    def said() -> list[tuple[str, bool | None]]:
        found = gather(loop, layers, {"tad": Track(peaks, 10_000, 0)}, CONFIG, source, None)
        return [(str(one).split(" (")[0].split(":")[0], one.present) for one in found]

    one_side = [
        ("Stripe from anchor 1 rightwards", True),
        ("No stripe from anchor 2 upwards", False),
        ("TAD boundary at anchor 1", True),
        ("No TAD boundary at anchor 2", False),
        ("No TAD corner at the loop", False),
        ("No orientation known", None),
    ]
    assert said() == one_side
    peaks[60] = 0.5
    assert said()[3:5] == [("TAD boundary at anchor 2", True), ("TAD corner at the loop", True)]


@pytest.mark.parametrize(("ends", "convergent"), [(("+", "-"), True), (("-", "+"), False), (("+", ""), False)])
def test_convergent_pairs_are_told_from_others(
    source: ContactSource, monkeypatch: pytest.MonkeyPatch, ends: tuple[str, str], convergent: bool
) -> None:
    def bin_track(path: str, chrom: str, *, length: int, resolution: int) -> np.ndarray:
        values = np.zeros(length // resolution, np.float32)
        for place, strand in zip((210_000, 590_000), ends, strict=True):
            values[place // resolution] = 5.0 * (strand == path)
        return values

    monkeypatch.setattr("napari_hicstruct.tracks.binned.bin_track", bin_track)
    loop = Annotation(
        kind=Kind.LOOP, anchor1=Interval("chr1", 200_000, 205_000), anchor2=Interval("chr1", 600_000, 605_000)
    )
    (said,) = gather(loop, {}, {}, CONFIG, source, ("+", "-"))
    assert said.present is convergent
    assert str(said).startswith("Convergent pair" if convergent else "No convergent pair")
