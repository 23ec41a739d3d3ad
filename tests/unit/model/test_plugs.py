"""The shared model test: every registered part, in a whole small network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models import registry
from napari_hicstruct.models.context import Trace
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import load_model, save_model
from tests.unit.model.model_kit import TASKS, net, prior, small, window


def _cases() -> list[Any]:
    cases = [("encoder", name, {"encoder": name}) for name in registry.ENCODERS]
    cases += [("attention", name, {"attention": {"kind": name, "heads": 2}}) for name in registry.ATTENTIONS]
    cases += [("selector", name, {"selector": name}) for name in registry.SELECTORS]
    cases += [("interaction", n, {"interaction": n, "boundary_prior": {"kind": "band"}}) for n in registry.INTERACTIONS]
    cases += [
        ("boundary_prior", n, {"boundary_prior": {"kind": n, "inject": n != "none"}}) for n in registry.BOUNDARY_PRIORS
    ]
    cases += [("position", "on", {"position": True})]
    cases += [("band_branch", "off", {"band_branch": False})]
    cases += [("tad_prior", "on", {"tad_prior": True, "boundary_prior": {"kind": "band"}})]
    return [pytest.param(small(**changes), id=f"{table}-{name}") for table, name, changes in cases]


def run(model: MultiTaskNet, trace: Trace | None = None) -> dict[str, torch.Tensor]:
    """Every output of a network: dense heads at both bin sizes and the strip."""
    if model.config.selector == "cell_gate":
        model.adapt(window(32, seed=5))
    fine = model.fine(window(32), TASKS, prior=prior(16), trace=trace)
    coarse = model.coarse(window(64), TASKS, prior=prior(64), trace=trace)
    out = {f"{task}/{name}": value for task, heads in fine.items() for name, value in heads.items()}
    strip = model.read_diagonal(coarse.pop("tad"), 16)
    return out | coarse | {"tad": model.strip(torch.ones(2, model.config.in_channels, 16, 32), strip, "tad")}


@pytest.mark.parametrize("config", _cases())
class TestEveryPart:
    def test_shapes(self, config: ModelConfig) -> None:
        shapes = {name: tuple(value.shape) for name, value in run(net(config)).items()}
        assert shapes == {
            "loop/fine": (2, 3, 32, 32),
            "loop/coarse": (2, 3, 16, 16),
            "loop": (2, 3, 64, 64),
            "stripe": (2, 2, 64, 64),
            "tad": (2, 32),
        }

    def test_gradients_reach_every_weight(self, config: ModelConfig) -> None:
        model, trace = net(config).train(), Trace()
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():  # what starts at zero must not hide what lies behind it
            for p in model.parameters():
                p.add_(0.05 * torch.randn(p.shape, generator=generator))
        loss = torch.stack([value.square().mean() for value in run(model, trace).values()]).sum()
        extra = [value.square().mean() for value in trace.auxiliary.values()] + list(trace.penalties.values())
        loss = loss + sum(extra, torch.zeros(()))
        if config.boundary_prior.kind != "none":
            loss = loss + model.prior_logits(torch.ones(2, config.in_channels, 16, 32)).square().mean()
        loss.backward()
        assert torch.isfinite(loss)
        # a selector on a detached encoder says so: then nothing before it may learn, all behind it must
        cut = ("encoder.", "attention.", "boundary_prior.injected.") if model.selector.detaches_encoder else ()
        without = [name for name, p in model.named_parameters() if p.grad is None and p.requires_grad]
        assert without == [name for name, _ in model.named_parameters() if name.startswith(cut)]

    def test_deterministic_and_windows_do_not_mix(self, config: ModelConfig) -> None:
        model = net(config).eval()
        with torch.no_grad():
            once, again = run(model), run(model)
            alone = model.coarse(window(64)[:1], ["loop"], prior=type(prior(64))(*(p[:1] for p in _pair())))["loop"]
        for name, value in once.items():
            assert torch.equal(value, again[name]), name
        torch.testing.assert_close(once["loop"][:1], alone, atol=1e-4, rtol=1e-3)

    def test_a_saved_network_gives_the_same_numbers(self, config: ModelConfig, tmp_path: Path) -> None:
        model = net(config).to(memory_format=torch.channels_last).eval()
        save_model(tmp_path / "m", config, model.state_dict(), {"name": "m"})
        loaded, _ = load_model(tmp_path / "m")
        assert loaded.config == config
        with torch.no_grad():
            said, expected = run(loaded), run(model)
        for name, value in expected.items():
            torch.testing.assert_close(said[name], value)

    def test_a_trace_does_not_change_what_is_said(self, config: ModelConfig) -> None:
        model = net(config).eval()
        with torch.no_grad():
            plain, traced = run(model), run(model, Trace())
        for name, value in plain.items():
            assert torch.equal(value, traced[name]), name


def _pair() -> tuple[torch.Tensor, torch.Tensor]:
    whole = prior(64)
    return whole.rows, whole.cols
