"""``hicstruct calibrate`` on the shipped model: held-out maps, the card, what predictions make of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.cli.main import main
from napari_hicstruct.config.resources import resource
from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.evaluation.calibrate import key_of, maps_of
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.calibrate import CalibrateRequest, calibrate
from napari_hicstruct.workflows.predict import predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from napari_hicstruct.workflows.simulate import SimulateRequest, simulate

CHEAP = {"n_steps": 4000, "n_snapshots": 40}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped model without calibration."""
    folder = Path(shutil.copytree(resource("models", "default"), tmp_path_factory.mktemp("model") / "mine"))
    text = json.loads((folder / "model.json").read_text())
    text["card"].pop("calibration", None)
    (folder / "model.json").write_text(json.dumps(text))
    return folder


def test_a_model_is_calibrated_and_predictions_say_so(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads((model / "model.json").read_text())
    weights = (model / "weights.safetensors").read_bytes()
    path = tmp_path / "map.mcool"
    simulate(SimulateRequest(out=path, lengths={"chr1": 3_000_000}, depth=300.0, seed=3, settings=CHEAP))
    request = PredictRequest(regions=(Interval("chr1", 0, 3_000_000),), model=str(model), device="cpu")
    raw = predict(open_map(path), request).annotations
    assert all(np.isnan(r.probability) if r.kind is Kind.TAD else r.probability == r.score for r in raw)

    config = tmp_path / "cheap.yaml"
    config.write_text("\n".join(f"{key}: {value}" for key, value in CHEAP.items()))
    args = [
        "calibrate",
        str(model),
        "--maps",
        "2",
        "--length",
        "3M",
        "--depth",
        "250",
        "--depth",
        "60",
        "--config",
        str(config),
    ]
    assert main([*args, "--device", "cpu", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    after = json.loads((model / "model.json").read_text())
    assert after["card"].pop("calibration") == said["calibration"]
    assert after == before  # nothing else has changed
    assert (model / "weights.safetensors").read_bytes() == weights

    maps = maps_of({"calibration": said["calibration"]})
    assert "boundary" in maps
    said_now = predict(open_map(path), request).annotations
    assert [(r.kind, r.score) for r in said_now] == [(r.kind, r.score) for r in raw]
    for record in said_now:
        if (known := maps.get(key_of(record))) is not None:
            without_noise = float(known.apply(record.score))
            if record.kind in (Kind.TAD, Kind.BOUNDARY) and known.noise > 0:
                assert float(known.apply(record.score, 0.3)) < record.probability < without_noise
            else:
                assert record.probability == pytest.approx(without_noise, abs=1e-6)
        else:
            assert record.probability == record.score


def test_what_cannot_be_fitted_keeps_its_calibration(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(resource("models", "default"), tmp_path / "mine"))
    before = json.loads((folder / "model.json").read_text())["card"]["calibration"]
    found = calibrate(CalibrateRequest(model=str(folder), maps=2, length=2_000_000, depths=(40.0,), settings=CHEAP))
    after = json.loads((folder / "model.json").read_text())["card"]["calibration"]
    assert after.keys() == before.keys()
    kept = [key for key in before if f"{key}: its calibration before is kept." in found.notes]
    assert "stripe" in kept  # two maps of 2 Mb hold a handful
    assert all(after[key] == before[key] for key in kept)


def test_what_cannot_be_calibrated_is_refused(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "default"]) == 2
    assert "shipped and stays as it is" in capsys.readouterr().err
    assert main(["calibrate", str(model), "--length", "1M"]) == 2
    assert "at least 2 Mb" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="at least 2 maps"):
        calibrate(CalibrateRequest(model=str(model), maps=1))
    with pytest.raises(ConfigError, match="trained on maps of these seeds"):
        calibrate(CalibrateRequest(model=str(model), maps=2, seed=48))
    with pytest.raises(ConfigError, match=r"of these seeds. +Give --seed 145 or more"):  # of the first of two runs
        calibrate(CalibrateRequest(model=str(model), maps=2, seed=100))
    with pytest.raises(ConfigError, match="'resolution': 10000 is not the model's"):
        calibrate(
            CalibrateRequest(model=str(model), maps=2, settings={"resolution": 10_000, "max_distance": 2_000_000})
        )


def test_tads_and_boundaries_of_few_contacts_are_less_likely(tmp_path: Path) -> None:
    """The same chromosome, sampled deep and shallow: a score is worth less where it rests on few contacts."""
    maps = maps_of(json.loads((resource("models", "default") / "model.json").read_text())["card"])
    taken: dict[Kind, list[float]] = {Kind.TAD: [], Kind.BOUNDARY: []}
    for depth in (300.0, 3.0):
        path = tmp_path / f"{depth:.0f}.mcool"
        simulate(SimulateRequest(out=path, lengths={"chr1": 4_000_000}, depth=depth, seed=3, settings=CHEAP))
        request = PredictRequest(regions=(Interval("chr1", 0, 4_000_000),), tasks=("tad",), device="cpu")
        found = predict(open_map(path), request).annotations
        for kind, means in taken.items():
            own = [record for record in found if record.kind is kind]
            assert len(own) > 5
            means.append(float(np.mean([float(maps[key_of(r)].apply(r.score)) - r.probability for r in own])))
    for deep, shallow in taken.values():
        assert 0 < deep < 0.1 < shallow
