"""xtam, mti, padnet: pairs of tasks that look into each other; identity at first where designed so."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.losses import auxiliary_maps as targets
from napari_hicstruct.models.context import Trace
from napari_hicstruct.models.library.interactions import padnet
from napari_hicstruct.models.library.interactions.distill import Distill
from napari_hicstruct.models.library.interactions.mti import Mti
from napari_hicstruct.models.library.interactions.padnet import AUXILIARY, PadNet
from napari_hicstruct.models.library.interactions.xtam import Directed, XTam
from tests.unit.model.interaction_kit import WIDE, config, count, loud, maps, others
from tests.unit.model.model_kit import TASKS, WIDTH, context, features


def linear(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """A 1×1 convolution written out."""
    y = torch.einsum("oc,bchw->bohw", conv.weight[:, :, 0, 0], x)
    return y if conv.bias is None else y + conv.bias[:, None, None]


def distilled(part: Distill, own: Tensor, other: Tensor) -> Tensor:
    return torch.sigmoid(linear(part.gate, own)) * linear(part.tell, other)


class TestXTam:
    def test_correlations_start_at_zero_and_masks_do_not(self) -> None:
        torch.manual_seed(0)
        taken = Directed(5, 6)(torch.randn(1, 6, 8, 8), torch.randn(1, 5, 8, 8))
        assert not taken[:, :6].any()
        assert taken[:, 6:].any()

    def test_what_is_taken_equals_the_formula_written_out(self) -> None:
        module = loud(Directed(5, 8))
        own, other = torch.randn(1, 8, 8, 12), torch.randn(1, 5, 8, 12)
        out = module(own, other)
        blocks = [(y, x) for y in range(2) for x in range(3)]

        def means(conv: nn.Conv2d, x: Tensor) -> Tensor:
            y = linear(conv, x)[0]
            return torch.stack([y[:, 4 * r : 4 * r + 4, 4 * c : 4 * c + 4].mean((1, 2)) for r, c in blocks])

        q, k, v = means(module.query, own), means(module.key, other), means(module.value, other)
        read = torch.softmax(q @ k.T / 2.0, 1) @ v  # width 4
        for n, (r, c) in enumerate(blocks):
            torch.testing.assert_close(out[0, :8, 4 * r + 3, 4 * c + 1], module.alpha * read[n], atol=1e-5, rtol=1e-4)
        masked = linear(module.feature, other) * torch.sigmoid(linear(module.mask, other))
        torch.testing.assert_close(out[:, 8:], masked, atol=1e-5, rtol=1e-4)

    def test_what_is_taken_is_joined_and_added(self) -> None:
        options = config("xtam", wide=True)
        module, seen = loud(XTam(options)), maps(options, "f3")
        out = module.exchange("f3", seen, context())
        for to in TASKS:
            taken = torch.cat([module.take[f"{other}-{to}"](seen[to], seen[other]) for other in others(to)], 1)
            conv, norm, _ = module.join[to]
            y = (linear(conv, taken) - norm.running_mean[:, None, None]) / (norm.running_var + norm.eps).sqrt()[
                :, None, None
            ]
            y = torch.relu(y * norm.weight[:, None, None] + norm.bias[:, None, None])
            torch.testing.assert_close(out[to], seen[to] + y, atol=1e-5, rtol=1e-4)

    def test_only_before_the_last_level(self) -> None:
        module, seen = loud(XTam(config("xtam"))), maps(config("xtam"), "f2")
        assert module.exchange("f2", seen, context()) is seen

    def test_first_predictions_are_left_to_be_supervised(self) -> None:
        module, trace = XTam(config("xtam")), Trace()
        module.exchange("f3", maps(config("xtam"), "f3"), context(trace=trace))
        shapes = {key: tuple(value.shape) for key, value in trace.auxiliary.items()}
        assert shapes == {("loop", "f3"): (2, 3, 8, 8), ("stripe", "f3"): (2, 2, 8, 8)}
        assert float(torch.sigmoid(trace.auxiliary["loop", "f3"][:, 0].detach()).mean()) < 0.1  # most pixels are empty

    def test_parameters_are_as_documented(self) -> None:
        def directed(a: int, b: int) -> int:  # from a to b
            d = max(4, b // 2)
            return (b + 1) * d + (a + 1) * d + 3 * (a + 1) * b + b

        widths = {name: w[1] for name, w in WIDE.items()}
        taking = sum(directed(widths[o], c) for to, c in widths.items() for o in others(to))
        joining = sum(2 * 2 * c * c + 2 * c for c in widths.values())
        heads = (widths["loop"] + 1) * 3 + (widths["stripe"] + 1) * 2
        assert count(XTam(config("xtam", wide=True))) == taking + joining + heads


class TestMti:
    @pytest.mark.parametrize("scale", ["f4", "f3", "f2"])
    def test_identity_at_first_then_the_formula_at_every_scale(self, scale: str) -> None:
        options = config("mti", wide=True)
        module, seen = Mti(options), maps(options, scale)
        assert all(torch.equal(x, seen[name]) for name, x in module.exchange(scale, seen, context()).items())
        out = loud(module).exchange(scale, seen, context())
        for to in TASKS:
            told = sum(distilled(module.tell[f"{o}-{to}-{scale}"], seen[to], seen[o]) for o in others(to))
            torch.testing.assert_close(out[to], seen[to] + told, atol=1e-5, rtol=1e-4)

    def test_5_and_10_kb_tell_each_other(self) -> None:
        module, seen = Mti(config("mti")), features("f1", 16)
        around = context(16, "f1")
        assert all(torch.equal(x, seen[name]) for name, x in module.share(seen, "loop", around).items())
        out = loud(module).share(seen, "loop", around)
        repeated = seen["f2"].repeat_interleave(2, 2).repeat_interleave(2, 3)
        averaged = (seen["f1"].unflatten(2, (8, 2)).unflatten(4, (8, 2))).mean((3, 5))
        finer = seen["f1"] + distilled(module.refine["loop"], seen["f1"], repeated)
        coarser = seen["f2"] + distilled(module.coarsen["loop"], seen["f2"], averaged)
        torch.testing.assert_close(out["f1"], finer, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(out["f2"], coarser, atol=1e-5, rtol=1e-4)
        assert out["f3"] is seen["f3"]

    def test_coarse_windows_and_coarse_tasks_are_left_alone(self) -> None:
        module, seen = loud(Mti(config("mti"))), features("f1", 16)
        assert module.share(seen, "tad", context(16, "f1")) is seen
        coarse = features("f2")
        assert module.share(coarse, "loop", context()) is coarse

    def test_first_predictions_at_f4_and_f3(self) -> None:
        module, trace = Mti(config("mti")), Trace()
        for scale in ("f4", "f3", "f2"):
            module.exchange(scale, maps(config("mti"), scale), context(trace=trace))
        assert set(trace.auxiliary) == {(t, s) for t in ("loop", "stripe") for s in ("f4", "f3")}

    def test_parameters_are_as_documented(self) -> None:
        def distill(a: int, b: int) -> int:
            return b * b + b + a * b

        telling = sum(distill(WIDE[o][k], WIDE[to][k]) for k in range(3) for to in TASKS for o in others(to))
        heads = sum((WIDE["loop"][k] + 1) * 3 + (WIDE["stripe"][k] + 1) * 2 for k in (0, 1))
        assert count(Mti(config("mti", wide=True))) == telling + 2 * distill(WIDTH, WIDTH) + heads


class TestPadNet:
    def test_identity_at_first_then_the_formula(self) -> None:
        options = config("padnet", wide=True)
        module, seen = PadNet(options), maps(options, "f3")
        assert all(torch.equal(x, seen[name]) for name, x in module.exchange("f3", seen, context()).items())
        trace = Trace()
        out = loud(module).exchange("f3", seen, context(trace=trace))
        predicted = linear(module.predict, torch.cat(list(seen.values()), 1))
        expected = dict(seen)
        for k, name in enumerate(AUXILIARY):
            torch.testing.assert_close(trace.live[f"auxiliary/{name}/f3"], predicted[:, k : k + 1])
            conv = module.feature[name][0]
            feature = torch.relu(functional.conv2d(predicted[:, k : k + 1], conv.weight, conv.bias, padding=1))
            for to in TASKS:
                expected[to] = expected[to] + distilled(module.tell[f"{name}-{to}"], seen[to], feature)
        for to in TASKS:
            torch.testing.assert_close(out[to], expected[to], atol=1e-5, rtol=1e-4)

    def test_only_at_f3(self) -> None:
        seen = maps(config("padnet"), "f2")
        assert loud(PadNet(config("padnet"))).exchange("f2", seen, context()) is seen

    def test_its_maps_are_those_there_are_targets_for(self) -> None:
        assert AUXILIARY == targets.NAMES
        around = context()
        wanted = targets.auxiliary_maps(around.x, around.inputs, around.factor(padnet.SCALE))
        trace = Trace()
        PadNet(config("padnet")).exchange("f3", maps(config("padnet"), "f3", 32), context(trace=trace))
        for name, value in wanted.items():
            assert trace.live[f"auxiliary/{name}/{padnet.SCALE}"].shape == value.shape

    def test_parameters_are_as_documented(self) -> None:
        widths = [w[1] for w in WIDE.values()]
        predict = (sum(widths) + 1) * 4
        expected = predict + 4 * (9 * 8 + 8) + 4 * sum(c * c + c + 8 * c for c in widths)
        assert count(PadNet(config("padnet", wide=True))) == expected
