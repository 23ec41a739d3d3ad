"""Conflicting gradients: the papers' rules on toys, buckets, the log, and what reaches which weight."""

from __future__ import annotations

import builtins
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_hicstruct.errors import ConfigError
from napari_hicstruct.losses.buckets import BUCKETS, distance_parts, only
from napari_hicstruct.losses.mask import mask_loss
from napari_hicstruct.losses.point import point_loss
from napari_hicstruct.training.conflict import ConflictLog, Row, TaskGradients, conflict_weighting
from scripts.conflict_pictures import ORDER, draw, read_curves
from tests.unit.model.model_kit import TASKS, net, window

A = torch.tensor([1.0, 0.0, 1.0])
B = torch.tensor([-2.0, 1.0, 0.5])
LOOP, STRIPE = ("loop", ""), ("stripe", "")


def resolve(gradients: dict[Row, torch.Tensor], method: str) -> tuple[torch.Tensor, ConflictLog]:
    """One shared weight whose gradient from each row is given."""
    shared = torch.zeros(3, requires_grad=True)
    table = TaskGradients([shared], [])
    table.add({row: (shared * g).sum() for row, g in gradients.items()})
    log = table.resolve(conflict_weighting(method), seed=0)
    assert shared.grad is not None
    return shared.grad, log


def test_pcgrad_is_the_papers_projection() -> None:
    projected = A - (A @ B) / (B @ B) * B + B - (A @ B) / (A @ A) * A
    assert torch.allclose(resolve({LOOP: A, STRIPE: B}, "pcgrad")[0], projected, atol=1e-6)


def test_upgrad_harms_no_task_and_averages_the_projections() -> None:
    # onto the dual cone of two conflicting gradients each is projected to be orthogonal to the other
    projected = A - (A @ B) / (B @ B) * B + B - (A @ B) / (A @ A) * A
    update, _ = resolve({LOOP: A, STRIPE: B}, "upgrad")
    assert torch.allclose(update, projected, atol=2e-3)
    three = {("a", ""): A, ("b", ""): B, ("c", ""): torch.tensor([-3.0, -2.0, -1.0])}
    update, _ = resolve(three, "upgrad")
    assert all(float(update @ g) >= -2e-3 for g in three.values())
    plain, _ = resolve(three, "none")
    assert any(float(plain @ g) < -0.1 for g in three.values())


def test_cagrad_is_the_best_update_near_the_mean() -> None:
    """Its worst inner product is the largest of all updates within c·‖g0‖ of the mean, found here by brute force."""
    g = torch.stack([A, B])
    mean = g.mean(0)
    update, _ = resolve({LOOP: A, STRIPE: B}, "cagrad")
    update = update / 2  # ours is scaled to the sum
    radius = 0.5 * float(mean.norm())
    assert float((update - mean).norm()) == pytest.approx(radius, rel=1e-2)
    ways = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0))
    tried = mean + radius * ways / ways.norm(dim=1, keepdim=True)
    assert float((g @ update).min()) >= float((tried @ g.T).min(1).values.max()) - 1e-3


@pytest.mark.parametrize("method", ["none", "pcgrad", "upgrad"])
def test_without_conflict_every_method_is_the_plain_sum(method: str) -> None:
    other = torch.tensor([0.5, 1.0, 0.0])
    update, log = resolve({LOOP: A, STRIPE: other}, method)
    assert torch.allclose(update, A + other, atol=1e-3)
    assert log.as_dict()["conflict_rate"] == 0


@pytest.mark.parametrize("method", ["pcgrad", "cagrad", "upgrad"])
def test_equals_torchjds_own_way_of_taking_gradients(method: str) -> None:
    from torchjd.aggregation import CAGrad, PCGrad, UPGrad
    from torchjd.autojac import backward, jac_to_grad

    weight = torch.randn(4, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(2))

    def losses() -> list[torch.Tensor]:
        y = (x @ weight).tanh()
        return [y[:, 0].mean() - y[:, 1].mean(), (y[:, 1] - 1).square().mean(), -y.square().mean()]

    aggregator: Any = {"pcgrad": PCGrad, "cagrad": lambda: CAGrad(0.5), "upgrad": UPGrad}[method]()
    scale = 1 if method == "pcgrad" else 3
    torch.manual_seed(5)
    backward(losses(), inputs=[weight], parallel_chunk_size=1)
    jac_to_grad([weight], aggregator)
    assert weight.grad is not None
    theirs, weight.grad = weight.grad * scale, None
    table = TaskGradients([weight], [])
    table.add({(name, ""): loss for name, loss in zip("abc", losses(), strict=True)})
    table.resolve(conflict_weighting(method), seed=5)
    assert weight.grad is not None
    assert torch.allclose(weight.grad, theirs, atol=1e-5)


def toy() -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    shared = torch.tensor([1.0, 2.0], requires_grad=True)
    return shared, {name: torch.tensor([float(k + 1), -1.0], requires_grad=True) for k, name in enumerate("ab")}


def test_own_weights_and_regularisers_get_their_plain_gradients() -> None:
    shared, own = toy()
    unused = torch.ones(2, requires_grad=True)
    table = TaskGradients([shared], [*own.values(), unused])
    for _ in range(2):  # two pieces of a batch
        losses = {(name, ""): (shared * w).sum().square() for name, w in own.items()}
        table.add(losses, extra=3 * shared.sum() + own["a"].sum())
    table.resolve(None, seed=0)
    got = [shared.grad, own["a"].grad, own["b"].grad]
    shared.grad = own["a"].grad = own["b"].grad = None
    total = sum((shared * w).sum().square() for w in own.values()) + 3 * shared.sum() + own["a"].sum()
    (2 * total).backward()
    for value, p in zip(got, [shared, *own.values()], strict=True):
        assert value is not None
        assert p.grad is not None
        assert torch.allclose(value, p.grad)
    assert unused.grad is None


def test_devices_are_averaged_before_conflicts_are_resolved() -> None:
    shared, _ = toy()
    table = TaskGradients([shared], [])
    table.add({LOOP: shared[0] * 2, STRIPE: shared[1] * 2}, extra=shared.sum())
    log = table.resolve(None, seed=0, reduce=lambda g: g / 2)
    assert shared.grad is not None
    assert shared.grad.tolist() == [1.5, 1.5]
    assert torch.diagonal(log.gramian).tolist() == [1.0, 1.0]


def test_log_by_bucket_equals_cosines_taken_by_hand() -> None:
    rng = np.random.default_rng(0)
    near, far = BUCKETS[0], BUCKETS[2]
    rows: list[Row] = [("loop", near), ("loop", far), ("stripe", near), ("stripe", far), ("tad", "")]
    g = {row: rng.normal(size=3).astype(np.float32) for row in rows}
    _, log = resolve({row: torch.from_numpy(v) for row, v in g.items()}, "none")

    def cos(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    found = log.as_dict()
    loop, stripe = g["loop", near] + g["loop", far], g["stripe", near] + g["stripe", far]
    whole = [cos(loop, stripe), cos(loop, g["tad", ""]), cos(stripe, g["tad", ""])]
    assert [found[f"cosine/{p}"] for p in ("loop-stripe", "loop-tad", "stripe-tad")] == pytest.approx(whole, abs=1e-5)
    assert found["conflict_rate"] == pytest.approx(sum(c < 0 for c in whole) / 3)
    for bucket in (near, far):
        a, b, c = g["loop", bucket], g["stripe", bucket], g["tad", ""]
        by_hand = [cos(a, b), cos(a, c), cos(b, c)]
        assert found[f"cosine/loop-stripe/{bucket}"] == pytest.approx(by_hand[0], abs=1e-5)
        assert found[f"conflict_rate/{bucket}"] == pytest.approx(sum(c < 0 for c in by_hand) / 3)


def test_a_bucket_without_pixels_takes_no_part() -> None:
    update, log = resolve({LOOP: A, STRIPE: B, ("tad", ""): torch.zeros(3)}, "pcgrad")
    assert torch.allclose(update, resolve({LOOP: A, STRIPE: B}, "pcgrad")[0])
    assert math.isnan(log.pairs()["loop", "tad"])
    assert "cosine/loop-tad" not in log.as_dict()


def test_gradients_by_bucket_sum_to_the_whole() -> None:
    seeds = torch.Generator().manual_seed(0)
    output = torch.randn(1, 3, 16, 16, generator=seeds).requires_grad_()
    heat, known = torch.rand(1, 16, 16, generator=seeds), torch.ones(1, 16, 16)
    heat[0, 3, 9] = 1
    bins = torch.arange(16.0)
    distance = (bins[:, None] - bins).abs()[None, None] * 100_000
    parts = distance_parts(distance)
    assert torch.equal(sum(parts.values()), torch.ones_like(distance))
    assert [float(parts[name][0, 0, 0, k]) for name, k in zip(BUCKETS, (1, 2, 10), strict=True)] == [1, 1, 1]

    def losses(x: torch.Tensor) -> torch.Tensor:
        mask = (heat > 0.5).float()
        return point_loss(x, heat, torch.zeros(1, 2, 16, 16), known) + mask_loss(x[:, :2], mask, mask, known)

    (whole,) = torch.autograd.grad(losses(output), output)
    by_part = [torch.autograd.grad(losses(only(output, part)), output)[0] for part in parts.values()]
    assert torch.allclose(sum(by_part), whole, atol=1e-6)
    for gradient, part in zip(by_part, parts.values(), strict=True):
        assert (gradient * (1 - part) == 0).all()
        assert losses(only(output, part)).item() == pytest.approx(losses(output).item())


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("torchjd"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert conflict_weighting("none") is None
    with pytest.raises(ConfigError, match=r"napari-hicstruct\[conflict\]"):
        conflict_weighting("upgrad")


def test_pcgrads_order_depends_on_the_step_alone() -> None:
    three = {("a", ""): A, ("b", ""): B, ("c", ""): torch.tensor([0.3, -2.0, -1.4])}
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first, _ = resolve(three, "pcgrad")
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert torch.equal(resolve(three, "pcgrad")[0], first)


def test_the_network_learns_as_ever_without_a_method_and_harms_no_task_with_upgrad() -> None:
    model, x = net(), window(64)
    shared = list(model.encoder.parameters())
    ids = {id(p) for p in shared}
    own = [p for p in model.parameters() if id(p) not in ids]

    def losses() -> dict[Row, torch.Tensor]:
        out = model.coarse(x, TASKS)
        return {(task, ""): (3**k * out[task] * (-1) ** k).mean() for k, task in enumerate(TASKS)}

    def gradients(method: str) -> tuple[list[torch.Tensor | None], ConflictLog]:
        model.zero_grad(set_to_none=True)
        table = TaskGradients(shared, own)
        table.add(losses())
        log = table.resolve(conflict_weighting(method), seed=0)
        return [p.grad for p in model.parameters()], log

    model.zero_grad(set_to_none=True)
    torch.stack(list(losses().values())).sum().backward()
    ever = [p.grad for p in model.parameters()]
    for a, b in zip(ever, gradients("none")[0], strict=True):
        assert (a is None and not (b is not None and b.any())) or torch.allclose(a, b, atol=1e-5)  # type: ignore[arg-type]
    found, log = gradients("upgrad")
    assert log.as_dict()["conflict_rate"] > 0
    update = log.gramian @ log.weights  # inner product of the update with each task's gradient
    assert (update >= -1e-3 * torch.diagonal(log.gramian)).all()
    mine = [g for p, g in zip(model.parameters(), found, strict=True) if id(p) in ids]
    length = sum(float(g.square().sum()) for g in mine if g is not None)
    assert length == pytest.approx(float(log.weights @ log.gramian @ log.weights), rel=1e-3)


def test_logged_conflicts_are_drawn(tmp_path: Path) -> None:
    log, out = tmp_path / "log.jsonl", tmp_path / "conflicts.png"
    entries = []
    for step in (100, 200):
        rows = {(t, b): torch.randn(3) for t in ("loop", "stripe") for b in BUCKETS} | {("tad", ""): torch.randn(3)}
        figures = resolve(rows, "none")[1].as_dict()
        entries.append({"step": step, "train": {"loop": 1.0, **figures}, "validation": {}})
    log.write_text("\n".join(map(json.dumps, entries)))
    rates = read_curves(log, "conflict_rate")
    assert set(rates) == set(ORDER) == {"", *BUCKETS}
    assert rates["<200kb"] == ([100, 200], [e["train"]["conflict_rate/<200kb"] for e in entries])
    draw(log, out)
    assert out.read_bytes().startswith(b"\x89PNG")
    log.write_text(json.dumps({"step": 1, "train": {"loop": 1.0}}))
    with pytest.raises(SystemExit, match="no conflicts were logged"):
        draw(log, out)
