"""mtan and mmoe: what tasks read of the shared encoder; and what cannot go with a selector that decodes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.model import DECODING
from napari_hicstruct.models import registry
from napari_hicstruct.models.context import Trace
from napari_hicstruct.models.library.interactions.mmoe import Mmoe
from napari_hicstruct.models.library.interactions.mtan import Mtan
from tests.unit.model.interaction_kit import config, count, loud, maps
from tests.unit.model.model_kit import TASKS, WIDTH, context, features, small

C, T = WIDTH, len(TASKS)


def conv(layer: nn.Conv2d, x: Tensor) -> Tensor:
    return functional.conv2d(x, layer.weight, layer.bias, padding=layer.weight.shape[2] // 2)


def norm(layer: nn.BatchNorm2d, x: Tensor) -> Tensor:
    x = (x - layer.running_mean[:, None, None]) / (layer.running_var + layer.eps).sqrt()[:, None, None]
    return x * layer.weight[:, None, None] + layer.bias[:, None, None]


class TestMtan:
    @pytest.mark.parametrize(("finest", "task"), [("f2", "tad"), ("f1", "loop")])
    def test_it_equals_the_formula_written_out(self, finest: str, task: str) -> None:
        module, seen = loud(Mtan(config("mtan"))), features(finest, 32)
        out = module.share(seen, task, context(32, finest))

        def masked(scale: str, x: Tensor, beside: list[Tensor]) -> Tensor:
            first, norm1, _, second, norm2, _ = module.mask[f"{task}-{scale}"]
            hidden = torch.relu(norm(norm1, conv(first, torch.cat([x, *beside], 1))))
            return torch.sigmoid(norm(norm2, conv(second, hidden))) * x

        expected = {"f2": masked("f2", seen["f2"], [])}
        if finest == "f1":
            expected["f1"] = masked("f1", seen["f1"], [])
        for before, scale in (("f2", "f3"), ("f3", "f4"), ("f4", "f5")):
            carry = module.carry[scale]
            passed = functional.max_pool2d(torch.relu(norm(carry[1], conv(carry[0], expected[before]))), 2)
            expected[scale] = masked(scale, seen[scale], [passed])
        assert set(out) == set(expected)
        for scale, value in expected.items():
            torch.testing.assert_close(out[scale], value, atol=1e-5, rtol=1e-4)

    def test_tasks_without_fine_bins_get_f1_untouched(self) -> None:
        seen = features("f1", 32)
        assert loud(Mtan(config("mtan"))).share(seen, "tad", context(32, "f1"))["f1"] is seen["f1"]

    def test_the_trace_shows_masks(self) -> None:
        trace = Trace()
        Mtan(config("mtan")).eval().share(features(), "tad", context(trace=trace))
        assert set(trace.maps) == {f"mask/tad/{scale}" for scale in ("f2", "f3", "f4", "f5")}
        assert trace.maps["mask/tad/f3"].shape == (2, 1, 32, 32)

    def test_parameters_are_as_documented(self) -> None:
        first, joined = 2 * (C * C + 3 * C), 3 * C * C + 6 * C
        masks = T * (first + 3 * joined) + first  # f2; f3 – f5; f1 of the one fine task
        assert count(Mtan(config("mtan"))) == masks + 3 * (9 * C * C + 3 * C)


class TestMmoe:
    def test_it_equals_the_formula_written_out(self) -> None:
        module, seen = loud(Mmoe(config("mmoe", experts=3))), features()
        out = module.share(seen, "stripe", context())
        for scale in ("f3", "f4"):
            bank, x = module.bank[scale], seen[scale]
            gate = torch.softmax(conv(module.gate[f"stripe-{scale}"], x), 1)
            expected = torch.zeros_like(x)
            for k in range(3):
                rows = slice(k * C, (k + 1) * C)
                said = torch.relu(functional.conv2d(x, bank.weight[rows], bank.bias[rows], padding=1))
                expected = expected + gate[:, k : k + 1] * said
            torch.testing.assert_close(out[scale], expected, atol=1e-5, rtol=1e-4)
        assert out["f2"] is seen["f2"]
        assert out["f5"] is seen["f5"]

    def test_the_bank_is_asked_once_for_the_same_features(self) -> None:
        module, seen, around = loud(Mmoe(config("mmoe"))), features(), context()
        calls = []
        module.bank["f3"].register_forward_hook(lambda *_: calls.append(1))
        for task in TASKS:
            module.share(seen, task, around)
        assert len(calls) == 1
        other = features(seed=1)
        out = module.share(other, "tad", around)["f3"]
        assert len(calls) == 2
        torch.testing.assert_close(out, module.share(other, "tad", context())["f3"])

    def test_decoders_are_cross_stitched(self) -> None:
        options = config("mmoe")
        seen = maps(options, "f2")
        out = Mmoe(options).exchange("f2", seen, context())
        expected = 0.9 * seen["tad"] + 0.05 * seen["loop"] + 0.05 * seen["stripe"]
        torch.testing.assert_close(out["tad"], expected)

    def test_parameters_are_as_documented(self) -> None:
        k = 4
        bank = k * (9 * C * C + C) + T * (C * k + k)
        assert count(Mmoe(config("mmoe"))) == 2 * bank + 2 * T * T * C

    def test_the_trace_shows_which_experts_are_used(self) -> None:
        trace = Trace()
        Mmoe(config("mmoe")).share(features(), "tad", context(trace=trace))
        torch.testing.assert_close(trace.maps["expert_use/tad/f3"].sum(1), torch.ones(2))


def test_a_selector_that_decodes_leaves_nothing_to_interact() -> None:
    with pytest.raises(ValueError, match=r"selector 'patch_gate' decodes by itself, so interaction 'mtan'"):
        small(selector="patch_gate", interaction="mtan")
    assert small(selector="patch_gate").interaction == "none"


def test_the_configuration_knows_which_selectors_decode() -> None:
    found = [name for name in registry.SELECTORS if registry.resolve(registry.SELECTORS, name, "selector").decodes]
    assert found == list(DECODING)
