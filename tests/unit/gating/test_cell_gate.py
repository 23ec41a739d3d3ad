"""The gate of maps: nothing changes until it has learnt; what describes a map; training it alone; lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from napari_hicstruct.config.training import LineConfig, TrainConfig
from napari_hicstruct.contacts.band import make_band
from napari_hicstruct.contacts.support import support_starts, support_windows
from napari_hicstruct.errors import ModelError
from napari_hicstruct.jobs import drain
from napari_hicstruct.models.gating.cell_gate import CellGateSelector
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import load_model, save_model
from napari_hicstruct.synth import simulate_map
from napari_hicstruct.training import engine
from napari_hicstruct.training.checkpoint import load_checkpoint
from napari_hicstruct.training.lines import Line, draw_line, of_line
from napari_hicstruct.training.samples import SampleStream
from napari_hicstruct.workflows.train import iter_train_model
from tests.unit.model.model_kit import TASKS, net, small, window
from tests.unit.model.test_training import CONFIG, SETTINGS

GATED = small(selector="cell_gate", cell_gate={"size": 32, "code": 8, "hidden": 16})


def gated(amount: float = 0.0) -> MultiTaskNet:
    model = net(GATED)
    assert isinstance(model.selector, CellGateSelector)
    with torch.no_grad():
        model.selector.amount.fill_(amount)
    return model.eval()


def said(model: MultiTaskNet) -> torch.Tensor:
    with torch.no_grad():
        return model.coarse(window(64), ["loop"])["loop"]


def factors(model: MultiTaskNet) -> torch.Tensor:
    return torch.cat([f.flatten() for own in model.selector.factors.values() for f in own.values()]).detach()


def test_a_new_gate_changes_nothing_to_the_bit() -> None:
    model = gated()
    before = said(model)
    model.adapt(window(32, seed=3, batch=5))
    assert len(factors(model)) == len(TASKS) * 5 * 8
    assert torch.equal(said(model), before)


def test_what_it_has_learnt_changes_answers_keeps_the_mean_and_can_be_taken_back() -> None:
    model = gated(0.8)
    before = said(model)
    model.adapt(window(32, seed=3, batch=5))
    assert factors(model).mean().item() == pytest.approx(1, abs=1e-5)
    assert factors(model).min() >= 0
    assert not torch.allclose(said(model), before, atol=1e-3)
    model.adapt(None)
    assert torch.equal(said(model), before)


def test_the_order_of_windows_does_not_matter_but_what_they_show_does() -> None:
    model, windows = gated(0.8), window(32, seed=3, batch=7)
    model.adapt(windows)
    once = factors(model)
    model.adapt(windows.flip(0))
    torch.testing.assert_close(factors(model), once, atol=1e-5, rtol=1e-4)
    model.adapt(windows * torch.tensor([3.0, 3, 1, 1, 1])[None, :, None, None])
    assert (factors(model) - once).abs().max() > 1e-3


def test_the_control_of_equal_size_gives_every_map_the_same_gate() -> None:
    config = small(selector="cell_gate", cell_gate={"size": 32, "code": 8, "hidden": 16, "control": "none"})
    model = net(config)
    assert sum(p.numel() for p in model.parameters()) == sum(p.numel() for p in gated().parameters())
    with torch.no_grad():
        model.selector.amount.fill_(0.8)
    model.adapt(window(32, seed=3, batch=5))
    once = factors(model)
    model.adapt(window(32, seed=4, batch=2))
    assert torch.equal(factors(model), once)


def test_bad_pixels_describe_nothing() -> None:
    model, x = gated(), window(32, seed=3)
    features = {"f2": torch.randn(2, 8, 32, 32)} | {
        f"f{k}": torch.randn(2, 8, 2 ** (7 - k), 2 ** (7 - k)) for k in (3, 4, 5)
    }
    assert isinstance(model.selector, CellGateSelector)
    once = model.selector.describe(features, x)
    bad = x[:, GATED.inputs.index("valid")] == 0
    assert bad.any()
    features["f2"] = torch.where(bad[:, None], torch.tensor(99.0), features["f2"])
    torch.testing.assert_close(model.selector.describe(features, x), once)


def test_a_network_without_a_gate_says_so() -> None:
    with pytest.raises(ModelError, match="cannot adapt to a map: it has no gate"):
        net().adapt(window(32))


# ---------------------------------------------------------------------- windows that describe a map
def band(n: int, *, empty: bool = False) -> object:
    counts = np.zeros((40, n), np.float32)
    if not empty:
        counts[:] = np.random.default_rng(1).poisson(20 / (1 + np.arange(40)))[:, None]
        for d in range(40):
            counts[d, n - d :] = 0
    return make_band("chr1", 10_000, counts)


def test_windows_are_spread_evenly_and_fewer_where_the_map_is_short() -> None:
    starts = support_starts(band(2_000), 32, 32)
    assert len(starts) == 32
    assert starts[0] < 40
    assert 2_000 - 40 <= starts[-1] + 32 <= 2_000
    assert len(support_starts(band(60), 32, 32)) == 8
    assert len(support_starts(band(200, empty=True), 32, 32)) == 0
    drawn = support_starts(band(2_000), 32, 6, np.random.default_rng(1))
    assert len(set(drawn)) == 6
    assert support_windows(band(2_000), drawn, 32).shape == (6, 5, 32, 32)


# ---------------------------------------------------------------------- lines
@pytest.fixture(scope="module")
def simulated() -> object:
    return simulate_map(SETTINGS, 3)


def test_a_line_shows_the_same_structures_otherwise(simulated: object) -> None:
    rng = np.random.default_rng(1)
    same = of_line(simulated, Line(), rng)
    np.testing.assert_allclose(same.band, simulated.band / simulated.band[1].mean(), rtol=1e-5)
    other = of_line(simulated, Line(blur=1.5, tilt=0.3, roughness=0.2, bin_roughness=0.3, noise=0.1), rng)
    assert other.truth is simulated.truth
    assert other.band[1].mean() == pytest.approx(1, rel=1e-4)
    assert other.overdispersion == pytest.approx(simulated.overdispersion + 0.1)
    assert np.log(other.bias).std() > np.log(simulated.bias).std() + 0.03
    assert (other.band[simulated.band == 0] == 0).all()


def test_blur_lowers_peaks_and_tilt_changes_the_decay_alone(simulated: object) -> None:
    rng = np.random.default_rng(1)
    mean = simulated.band[1:50].mean(1, keepdims=True)
    peaks = (simulated.band[1:50] / mean).std()
    blurred = of_line(simulated, Line(blur=1.5), rng).band[1:50]
    assert (blurred / blurred.mean(1, keepdims=True)).std() < 0.95 * peaks
    tilted = of_line(simulated, Line(tilt=0.3), rng).band[1:50]
    slope = np.polyfit(np.log(np.arange(1, 50)), np.log(tilted.mean(1) / mean[:, 0]), 1)[0]
    assert slope == pytest.approx(0.3, abs=1e-3)
    assert (tilted / tilted.mean(1, keepdims=True)).std() == pytest.approx(peaks, rel=1e-3)


def test_lines_are_drawn_within_their_ranges() -> None:
    config, rng = LineConfig(), np.random.default_rng(1)
    drawn = [draw_line(config, rng) for _ in range(50)]
    assert all(config.tilt[0] <= line.tilt <= config.tilt[1] for line in drawn)
    assert np.std([line.blur for line in drawn]) > 0.2


# ---------------------------------------------------------------------- training the gate alone
@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stream(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[engine.Batch]:
        return iter(SampleStream(config, paths, first_step=first, last_step=config.steps, seed=config.seed, part=part))

    monkeypatch.setattr(engine, "_stream", stream)
    monkeypatch.setattr("napari_hicstruct.workflows.train.VALIDATION_BATCHES", 1)
    monkeypatch.setenv("HICSTRUCT_POOL", str(tmp_path / "pool"))


@pytest.mark.usefixtures("in_process")
def test_only_the_gate_learns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    plain = MultiTaskNet(CONFIG.model)
    card = {
        "name": "start",
        "version": "1",
        "tasks": TASKS,
        "calibration": {"stripe": {"temperature": 2.0, "bias": 0.0}},
    }
    save_model(tmp_path / "start", CONFIG.model, plain.state_dict(), card)
    model = CONFIG.model.model_dump() | {"selector": "cell_gate", "cell_gate": {"size": 32, "code": 8, "hidden": 16}}
    own = {"model": model, "learns": "cell_gate", "start_from": str(tmp_path / "start"), "lines": {"enabled": True}}
    config = TrainConfig.model_validate(CONFIG.model_dump() | own | {"steps": 3})
    drain(iter_train_model(config, tmp_path / "run", device="cpu"))
    learnt = load_checkpoint(tmp_path / "run" / engine.CHECKPOINT)["net"]
    assert all(torch.equal(value, learnt[name]) for name, value in plain.state_dict().items())
    assert learnt["selector.amount"].abs().max() > 0
    assert load_model(tmp_path / "run" / "model")[1]["calibration"] == card["calibration"]


def test_the_gate_alone_needs_a_gate_and_a_trained_network() -> None:
    for changes in (
        {"learns": "cell_gate"},
        {"learns": "cell_gate", "model": CONFIG.model.model_dump() | {"selector": "cell_gate"}},
    ):
        with pytest.raises(ValidationError, match=r"needs model\.selector 'cell_gate' and start_from"):
            TrainConfig.model_validate(CONFIG.model_dump() | changes)


def test_every_step_is_of_one_map_and_brings_its_windows(tmp_path: Path) -> None:
    from napari_hicstruct.training.pool import save_map

    for seed in (1, 2):
        save_map(replace(simulate_map(SETTINGS, seed), seed=seed), tmp_path / f"{seed}.npz")
    model = CONFIG.model.model_dump() | {"selector": "cell_gate", "cell_gate": {"size": 32, "train_windows": (3, 3)}}
    config = TrainConfig.model_validate(CONFIG.model_dump() | {"model": model, "maps_per_draw": 2})
    batches = list(SampleStream(config, sorted(tmp_path.iterdir()), first_step=0, last_step=2, seed=1))
    assert [tuple(batch["support"]["x"].shape) for batch in batches] == [(3, 5, 32, 32)] * 2
