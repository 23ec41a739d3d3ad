"""The replay set: written and read whole, of one model alone, made anew where it is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.errors import ModelError, OutputError
from napari_hicstruct.jobs import CancelToken, Clock, drain
from napari_hicstruct.models.store import load_model
from napari_hicstruct.training.head_fit import HeadChange
from napari_hicstruct.training.replay import Replay, ReplayRows, load_replay, save_replay
from napari_hicstruct.workflows.finetune import replay as workflow
from napari_hicstruct.workflows.models import describe_model, find_model
from tests.unit.finetune.kit import tiny_folder


def made(sha256: str = "a" * 64, n: int = 60) -> Replay:
    rng = np.random.default_rng(0)
    there = rng.random(n) < 0.4
    rows = ReplayRows(
        rng.normal(size=(n, 3)).astype(np.float16), (2 * there + rng.normal(size=n)).astype(np.float32), there,
        np.zeros(n, np.float32), (np.arange(n) % 4).astype(np.int16),
    )  # fmt: skip
    return Replay({"heads.loop": rows}, 2, sha256)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    save_replay(made(), tmp_path / "r.npz")
    read = load_replay(tmp_path / "r.npz")
    assert (read.held, read.sha256) == (2, "a" * 64)
    for name in ReplayRows.__dataclass_fields__:
        old, new = getattr(made().rows["heads.loop"], name), getattr(read.rows["heads.loop"], name)
        assert np.array_equal(old, new)
        assert old.dtype == new.dtype
    assert [p.name for p in tmp_path.iterdir()] == ["r.npz"]


def test_held_maps_are_never_learnt_from() -> None:
    replay = made()
    examples = replay.samples("heads.loop", 10.0)
    assert examples is not None
    assert len(examples) == 30
    assert examples.weight.sum() == pytest.approx(10)
    assert replay.samples("heads.loop", 0.0) is None
    assert replay.samples("heads.tad", 10.0) is None


def test_precision_of_the_held_maps_before_and_after() -> None:
    replay = made()
    as_it_is = replay.precision("heads.loop", None)
    assert as_it_is.shape == (2,)
    nothing = replay.precision("heads.loop", HeadChange(0.0, np.zeros(3), -5.0))
    assert np.array_equal(as_it_is, nothing)  # a level ranks nothing
    assert (replay.precision("heads.loop", HeadChange(-2.0, np.zeros(3), 0.0)) < as_it_is).all()


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "array", "header", "missing", "newer"])
def test_damage_is_one_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "r.npz"
    save_replay(made(), path)
    whole = path.read_bytes()
    data = dict(np.load(path))
    if damage in ("cut", "empty", "text"):
        path.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "text": b"no replay set"}[damage])
    elif damage == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    else:
        if damage == "missing":
            del data["heads.loop/map"]
        else:
            data["header"] = np.array([{"header": "x", "newer": "9"}[damage], "2", "a"])
        np.savez(path, **data)
    with pytest.raises(ModelError, match="newer version" if damage == "newer" else "no whole replay set"):
        load_replay(path)


def test_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="replay set cannot be written"):
        save_replay(made(), tmp_path / "file" / "r.npz")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Sets that were made anew, by the model's sha256."""
    found: list[str] = []

    def make(model, *, token):  # type: ignore[no-untyped-def]
        found.append(model.sha256)
        yield Clock().step("replay set", 0, 1)
        return made(model.sha256)

    monkeypatch.setattr(workflow, "iter_make_replay", make)
    return found


def test_shipped_else_cached_else_made(tmp_path: Path, counted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "cache_dir", lambda: tmp_path / "cache")
    model = describe_model(tiny_folder(tmp_path / "tiny"))
    shipped = model.path / workflow.FILE
    shipped.unlink(missing_ok=True)
    for _ in range(2):
        assert drain(workflow.iter_replay(model, token=CancelToken())).sha256 == model.sha256
    assert len(counted) == 1  # the second time it was cached
    (cached,) = (tmp_path / "cache" / "replay").iterdir()
    cached.write_bytes(b"damaged")
    drain(workflow.iter_replay(model, token=CancelToken()))
    assert len(counted) == 2
    save_replay(made("f" * 64), shipped)  # another model's
    assert drain(workflow.iter_replay(model, token=CancelToken())).sha256 == model.sha256
    assert len(counted) == 2
    save_replay(made(model.sha256, 8), shipped)
    assert len(drain(workflow.iter_replay(model, token=CancelToken())).rows["heads.loop"].map) == 8


def test_the_rows_of_a_model_are_its_own_words() -> None:
    """Made by the small pool; the same as the network says of these maps now."""
    info = find_model("tiny")
    replay = drain(workflow.iter_make_replay(info, token=CancelToken()))
    assert {"fine_heads.loop", "heads.loop", "heads.stripe", "heads.tad"} <= replay.rows.keys()
    net, _ = load_model(info.path)
    for layer, rows in replay.rows.items():
        out = net.get_submodule(layer).out.state_dict()
        weight, bias = out["weight"][0].numpy().reshape(-1), float(out["bias"][0])
        assert np.allclose(rows.features.astype(float) @ weight + bias, rows.logit, atol=0.05)
        assert set(rows.map.tolist()) <= {0, 1, 2, 3}
        assert len(rows.map) <= 4 * workflow.MAX_CANDIDATES
    loops = replay.rows["fine_heads.loop"]
    assert 0 < loops.there.mean() < 1
    assert loops.logit[loops.there].mean() > loops.logit[~loops.there].mean()
