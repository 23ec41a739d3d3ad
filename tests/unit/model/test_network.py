"""The network as a whole: shapes, gradients, off-switches, tasks as data, save and load, damage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from napari_hicstruct.config.model import INPUTS, TaskConfig
from napari_hicstruct.contacts.channels import CHANNELS
from napari_hicstruct.errors import ConfigError, ModelError
from napari_hicstruct.models import registry
from napari_hicstruct.models.identity import IdentitySelector, NoInteraction
from napari_hicstruct.models.store import load_model, save_model
from napari_hicstruct.models.strip import WindowBoundaryHead, unfold_diagonal
from tests.unit.model.model_kit import SMALL, context, net


def x(size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(2, len(CHANNELS), size, size, generator=torch.Generator().manual_seed(seed))


def test_the_network_reads_the_channels_that_contacts_makes() -> None:
    assert CHANNELS == INPUTS == SMALL.inputs
    assert SMALL.in_channels == len(CHANNELS)


def test_shapes_of_every_head() -> None:
    model = net()
    fine = model.fine(x(32), ["loop", "stripe", "tad"])
    assert set(fine) == {"loop"}
    assert fine["loop"]["fine"].shape == (2, 3, 32, 32)
    assert fine["loop"]["coarse"].shape == (2, 3, 16, 16)
    coarse = model.coarse(x(64), ["loop", "stripe", "tad"])
    assert coarse["loop"].shape == (2, 3, 64, 64)
    assert coarse["stripe"].shape == (2, 2, 64, 64)
    strip = model.read_diagonal(coarse["tad"], 16)
    assert strip.shape == (2, 8, 16, 32)
    assert model.strip(torch.randn(2, len(CHANNELS), 16, 32), strip, "tad").shape == (2, 32)


def test_gradients_reach_the_encoder_from_every_task_and_no_other_task_s_decoder() -> None:
    for task in ("loop", "stripe", "tad"):
        model = net()
        out = model.coarse(x(64), [task])[task]
        out.square().mean().backward()
        reached = {name.split(".")[1] for name, p in model.decoders.named_parameters(prefix="d") if p.grad is not None}
        assert reached == {task}
        assert model.encoder.coarse_stem[0].weight.grad is not None


def test_without_the_band_branch_a_boundary_depends_on_its_own_bin_alone() -> None:
    torch.manual_seed(1)
    head = WindowBoundaryHead(5, 8, 12, 16)
    strip, features = torch.randn(1, 5, 16, 32), torch.randn(1, 8, 16, 32)
    changed = features.clone()
    changed[..., 20] += 1
    moved = (head(strip, features) != head(2 * strip, changed))[0]
    assert moved.nonzero().flatten().tolist() == [20]
    weight, bias = head.read_features.weight[..., 0], head.read_features.bias
    hidden = torch.nn.functional.silu(weight @ features[0, :, :, 7].flatten() + bias)
    naive = head.out.weight[0, :, 0] @ hidden + head.out.bias[0]
    torch.testing.assert_close(head(strip, features)[0, 7], naive)
    assert sum(p.numel() for p in head.parameters()) == 8 * 16 * 12 + 12 + 12 + 1


def test_a_forward_pass_is_deterministic_and_windows_do_not_influence_each_other() -> None:
    model = net().eval()
    both, again = model.coarse(x(64), ["loop"])["loop"], model.coarse(x(64), ["loop"])["loop"]
    assert torch.equal(both, again)
    alone = model.coarse(x(64)[:1], ["loop"])["loop"]
    torch.testing.assert_close(both[:1], alone, atol=1e-5, rtol=1e-4)


def test_unfolding_the_diagonal_equals_reading_it_pixel_by_pixel() -> None:
    features = x(40)
    strip = unfold_diagonal(features, 12, 8)
    for d in range(12):
        for k in range(24):
            row = 8 + k - d // 2
            assert torch.equal(strip[:, :, d, k], features[:, :, row, row + d])


def test_off_switches_change_nothing() -> None:
    features = {"f1": x(16)}
    assert IdentitySelector(SMALL)(features, "loop", context()) is features
    none = NoInteraction(SMALL)
    assert none.share(features, "loop", context()) is features
    assert none.exchange("f2", features, context()) is features
    assert not none.exchanges


def test_tasks_are_data() -> None:
    two = SMALL.model_copy(
        update={
            "tasks": (
                TaskConfig(name="dots", head="point", widths=(8, 8, 8)),
                TaskConfig(name="lines", head="mask", widths=(8, 8, 8)),
            )
        }
    )
    model = net(two)
    assert set(model.coarse(x(64), ["dots", "lines"])) == {"dots", "lines"}
    assert model.fine(x(32), ["dots"]) == {}  # not a fine task


def test_an_unknown_part_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"encoder 'vit'.*unet_small"):
        net(SMALL.model_copy(update={"encoder": "vit"}))


def test_every_registered_part_exists() -> None:
    for table in (registry.ENCODERS, registry.SELECTORS, registry.INTERACTIONS, registry.HEADS):
        for name in table:
            assert callable(registry.resolve(table, name, "part"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(tmp_path / "m", SMALL, net().state_dict(), {"name": "m"})
    return tmp_path / "m"


def test_a_saved_model_gives_the_same_numbers(folder: Path) -> None:
    loaded, card = load_model(folder)
    assert card == {"name": "m"}
    same = net().to(memory_format=torch.channels_last).eval()
    for name, value in same.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name]), name
    torch.testing.assert_close(loaded.coarse(x(64), ["loop"])["loop"], same.coarse(x(64), ["loop"])["loop"])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _pickled(path: Path) -> None:
    torch.save(net().state_dict(), path)


def _other_architecture(path: Path) -> None:
    text = json.loads((path.parent / "model.json").read_text())
    text["config"]["channels"] = [16, 8, 8, 8, 8]
    (path.parent / "model.json").write_text(json.dumps(text))


def _changed(path: Path, **entries: object) -> None:
    text = json.loads((path.parent / "model.json").read_text())
    (path.parent / "model.json").write_text(json.dumps(text | entries))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_flip, "checksum"),
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), "checksum"),
        (_pickled, "pickled"),
        (lambda path: path.unlink(), "lacks"),
        (_other_architecture, "another architecture"),
        (lambda path: _changed(path, format=99), "newer version"),
        (lambda path: (path.parent / "model.json").write_text("{"), "not valid JSON"),
        (lambda path: (path.parent / "model.json").write_text("{}"), "lacks 'format'"),
        (lambda path: (path.parent / "model.json").unlink(), "not a model folder"),
        (lambda path: _changed(path, format="one"), "no int as 'format'"),
        (lambda path: _changed(path, card=3), "no dict as 'card'"),
        (lambda path: _changed(path, config=[]), "no dict as 'config'"),
        (lambda path: (path.parent / "model.json").write_text("[1]"), "lacks 'format'"),
    ],
)
def test_a_damaged_model_is_refused_with_one_clear_line(folder: Path, damage: object, message: str) -> None:
    damage(folder / "weights.safetensors")  # type: ignore[operator]
    with pytest.raises(ModelError, match=message):
        load_model(folder)
