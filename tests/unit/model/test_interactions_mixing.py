"""cross_stitch, sluice, nddr: how they start, their formula written out, what they cost."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.context import Trace
from napari_hicstruct.models.library.interactions.cross_stitch import CrossStitch
from napari_hicstruct.models.library.interactions.nddr import Nddr
from napari_hicstruct.models.library.interactions.sluice import Sluice
from tests.unit.model.interaction_kit import WIDE, config, count, loud, maps
from tests.unit.model.model_kit import TASKS, WIDTH, context

T = len(TASKS)
MIXING = [("cross_stitch", CrossStitch), ("sluice", Sluice), ("nddr", Nddr)]


@pytest.mark.parametrize(("name", "kind"), MIXING)
def test_scales_not_asked_for_pass_untouched(name: str, kind: type) -> None:
    options = config(name, scales=["f3"])
    features = maps(options, "f2")
    assert loud(kind(options)).exchange("f2", features, context()) is features


@pytest.mark.parametrize(("name", "kind"), MIXING)
def test_scales_that_only_one_task_has_get_no_weights(name: str, kind: type) -> None:
    # only loops go to fine bins
    assert count(kind(config(name, scales=["f2", "f1"]))) == count(kind(config(name, scales=["f2"])))


@pytest.mark.parametrize("name", ["cross_stitch", "sluice", "mmoe"])
def test_mixing_channels_needs_equal_widths(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' mixes channels"):
        config(name, wide=True)


class TestCrossStitch:
    def test_it_starts_with_nine_tenths_of_its_own(self) -> None:
        options = config("cross_stitch")
        features = maps(options, "f2")
        out = CrossStitch(options).exchange("f2", features, context())
        expected = 0.9 * features["stripe"] + 0.05 * features["loop"] + 0.05 * features["tad"]
        torch.testing.assert_close(out["stripe"], expected)

    def test_it_equals_the_formula_written_out(self) -> None:
        options = config("cross_stitch", scales=["f3"])
        module, features = loud(CrossStitch(options)), maps(options, "f3")
        out = module.exchange("f3", features, context())
        for t, task in enumerate(TASKS):
            for c in range(WIDTH):
                expected = sum(module.weight["f3"][t, s, c] * features[n][:, c] for s, n in enumerate(TASKS))
                torch.testing.assert_close(out[task][:, c], expected)

    def test_parameters_and_learning_rate(self) -> None:
        module = CrossStitch(config("cross_stitch"))
        assert count(module) == 2 * T * T * WIDTH  # two scales
        assert module.learning_rate_scale == 100


class TestSluice:
    def test_it_starts_with_nine_tenths_of_its_own_half(self) -> None:
        options = config("sluice", scales=["f3"])
        features = maps(options, "f3")
        out = Sluice(options).exchange("f3", features, context())
        halves = {name: x.chunk(2, 1) for name, x in features.items()}
        rest = halves["stripe"][0] + sum(half for name in ("loop", "tad") for half in halves[name])
        torch.testing.assert_close(out["stripe"][:, WIDTH // 2 :], 0.9 * halves["stripe"][1] + 0.02 * rest)

    def test_it_equals_the_formula_written_out(self) -> None:
        options = config("sluice")
        module, around = loud(Sluice(options)), context()
        coarse, fine = maps(options, "f3", 4), maps(options, "f2", 8)
        first = module.exchange("f3", coarse, around)
        last = module.exchange("f2", fine, around)

        def stitched(scale: str, features: dict[str, torch.Tensor], task: int) -> torch.Tensor:
            halves = [x[:, a : a + WIDTH // 2] for x in features.values() for a in (0, WIDTH // 2)]
            alpha = module.alpha[scale]
            return torch.cat([sum(alpha[2 * task + k, n] * h for n, h in enumerate(halves)) for k in (0, 1)], 1)

        for t, task in enumerate(TASKS):
            before, here = stitched("f3", coarse, t), stitched("f2", fine, t)
            torch.testing.assert_close(first[task], before)
            seen = torch.einsum("oc,bchw->bohw", module.project["f3"].weight[:, :, 0, 0], before)
            seen = seen.repeat_interleave(2, 2).repeat_interleave(2, 3)
            expected = module.beta[task][0] * seen + module.beta[task][1] * here
            torch.testing.assert_close(last[task], expected, atol=1e-5, rtol=1e-4)

    def test_halves_that_say_the_same_cost(self) -> None:
        options = config("sluice", scales=["f3"], orthogonality=0.5)
        module, features, trace = Sluice(options), maps(options, "f3"), Trace()
        module.exchange("f3", features, context(trace=trace))
        expected = torch.zeros(())
        for x in features.values():
            for b in range(2):
                first, second = x[b, : WIDTH // 2].reshape(-1, 64), x[b, WIDTH // 2 :].reshape(-1, 64)
                expected = expected + 0.5 * sum((u @ v / 64) ** 2 for u in first for v in second) / 2
        torch.testing.assert_close(trace.penalties["orthogonality"], expected)
        silent = Trace()
        Sluice(config("sluice", orthogonality=0.0)).exchange("f3", features, context(trace=silent))
        assert not silent.penalties

    def test_parameters_are_as_in_the_paper_and_one_projection(self) -> None:
        k = 2
        assert count(Sluice(config("sluice"))) == 4 * k * T * T + k * T + (k - 1) * WIDTH * WIDTH

    def test_odd_widths_cannot_be_halved(self) -> None:
        odd = config("sluice").model_dump()
        for task in odd["tasks"]:
            task["widths"] = (8, 7, 8)
        with pytest.raises(ConfigError, match="7 wide at f3"):
            Sluice(type(config("sluice")).model_validate(odd))


class TestNddr:
    def test_it_starts_with_nine_tenths_of_its_own(self) -> None:
        options = config("nddr", wide=True)
        features = maps(options, "f2")
        out = Nddr(options).eval().exchange("f2", features, context())
        own = 0.9 * features["loop"]
        own[:, :4] += 0.05 * features["stripe"]  # 4 of the 6 channels
        own = own + 0.05 * features["tad"][:, :6]
        torch.testing.assert_close(out["loop"], own, atol=1e-4, rtol=1e-4)

    @pytest.mark.parametrize("shortcut", [False, True])
    def test_it_equals_the_formula_written_out(self, shortcut: bool) -> None:
        options = config("nddr", wide=True, shortcut=shortcut)
        module, around = loud(Nddr(options)), context()
        coarse, fine = maps(options, "f3", 4), maps(options, "f2", 8)
        first, last = module.exchange("f3", coarse, around), module.exchange("f2", fine, around)

        def fused(scale: str, features: dict[str, torch.Tensor], task: str) -> torch.Tensor:
            conv, norm = module.mix[f"{task}-{scale}"]
            y = torch.einsum("oc,bchw->bohw", conv.weight[:, :, 0, 0], torch.cat(list(features.values()), 1))
            y = (y - norm.running_mean[:, None, None]) / (norm.running_var + norm.eps).sqrt()[:, None, None]
            return y * norm.weight[:, None, None] + norm.bias[:, None, None]

        for task in TASKS:
            before, here = fused("f3", coarse, task), fused("f2", fine, task)
            torch.testing.assert_close(first[task], before, atol=1e-5, rtol=1e-4)
            if shortcut:
                both = torch.cat([functional.interpolate(before, scale_factor=2), here], 1)
                here = torch.einsum("oc,bchw->bohw", module.shortcut[task].weight[:, :, 0, 0], both)
            torch.testing.assert_close(last[task], here, atol=1e-5, rtol=1e-4)

    def test_the_shortcut_starts_shut(self) -> None:
        plain, short = (Nddr(config("nddr", shortcut=on)).eval() for on in (False, True))
        around, coarse, fine = context(), maps(config("nddr"), "f3", 4), maps(config("nddr"), "f2", 8)
        short.exchange("f3", coarse, around)
        for name, x in short.exchange("f2", fine, around).items():
            torch.testing.assert_close(x, plain.exchange("f2", fine, context())[name])

    def test_parameters_and_learning_rate(self) -> None:
        def at(k: int) -> int:
            widths = [w[k] for w in WIDE.values()]
            return sum(widths) ** 2 + 2 * sum(widths)  # 1×1 without bias, scale and shift

        plain, short = (Nddr(config("nddr", wide=True, shortcut=on)) for on in (False, True))
        assert count(plain) == at(1) + at(2)
        assert count(short) - count(plain) == sum((w[1] + w[2]) * w[2] for w in WIDE.values())
        assert plain.learning_rate_scale == 100

    def test_frozen_norms_stay_frozen(self) -> None:
        features = maps(config("nddr"), "f2")
        for frozen in (True, False):
            module = Nddr(config("nddr", frozen_norm=frozen)).train()
            norm = module.mix["loop-f2"][1]
            module.exchange("f2", features, context())
            assert bool((norm.running_mean == 0).all()) == frozen
            assert norm.weight.requires_grad
