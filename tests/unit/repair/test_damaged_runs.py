"""Folders and functions that are damaged or foreign: one line, and what a run left stays until another one begins."""

from __future__ import annotations

import copy
import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from napari_hicstruct.cli.ending import terminated_as_interrupted
from napari_hicstruct.config.repair import RepairConfig, Touches
from napari_hicstruct.errors import ConfigError, HicStructError, OutputError
from napari_hicstruct.jobs import drain
from napari_hicstruct.label_repair.checks import check_labels
from napari_hicstruct.models.implicit.store import load_function
from napari_hicstruct.workflows.repair import RepairOptions, apply_function, iter_repair
from napari_hicstruct.workflows.repair.label_files import check_targets, read_label_files
from napari_hicstruct.workflows.repair.over_files import RepairRequest, iter_repair_files
from tests.unit.repair.repair_kit import FAST, sample, samples, two_disks

ODD: tuple[Any, ...] = (None, 5, -1, "x", "", [], {}, [[]], [None], True, float("nan"), {"a": 1})


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    drain(iter_repair(samples(2), FAST, RepairOptions(folder=folder, device="cpu")))
    return folder


def mutate(given: Any, random: np.random.Generator) -> Any:
    """Something in it is gone or odd."""
    if isinstance(given, dict | list) and given and random.random() < 0.85:
        keys = list(given) if isinstance(given, dict) else list(range(len(given)))
        key = keys[random.integers(len(keys))]
        if random.random() < 0.2:
            del given[key]
        else:
            given[key] = mutate(given[key], random)
        return given
    return ODD[random.integers(len(ODD))]


def test_odd_cards_are_refused_or_do(kept: Path, tmp_path: Path) -> None:
    path, odd, random = kept / "function.safetensors", tmp_path / "odd.safetensors", np.random.default_rng(1)
    tensors, card = load_file(path), load_function(path)[1]
    texts = [json.dumps(mutate(copy.deepcopy(card), random)) for _ in range(120)]
    broken, refused = ("", "[]", "5", "null", "{", '"x"'), set[str]()
    for text in (*texts, *broken):
        save_file(tensors, odd, metadata={"card": text})
        steps = apply_function(odd, [sample(two_disks())])
        try:
            next(steps)
        except HicStructError:
            refused.add(text)
        except StopIteration:
            continue
        finally:
            steps.close()
    assert set(broken) < refused, "none of these is a card, and some of the others lack what is needed"


@pytest.mark.parametrize("what", ["rule", "device"])
def test_a_refused_run_leaves_what_it_would_have_replaced(kept: Path, tmp_path: Path, what: str) -> None:
    np.save(tmp_path / "a.npy", two_disks())
    before = {path.name: path.read_bytes() for path in kept.iterdir() if path.is_file()}
    bad = RepairConfig(rules=(Touches(of="x", other="y"),))
    config, device = (bad, "cpu") if what == "rule" else (FAST, "nowhere")
    options = RepairOptions(device=device)
    request = RepairRequest((tmp_path / "a.npy",), kept, config, options, overwrite=True)
    with pytest.raises(ConfigError):
        drain(iter_repair_files(request))
    assert {path.name: path.read_bytes() for path in kept.iterdir() if path.is_file()} == before


def test_overwrite_begins_anew(tmp_path: Path) -> None:
    options = RepairOptions(folder=tmp_path, until="shape", device="cpu")
    drain(iter_repair(samples(1), FAST, options))
    with pytest.raises(OutputError, match="holds an earlier repair"):
        drain(iter_repair(samples(1), FAST, options))
    other = FAST.model_copy(update={"seed": 5})
    drain(iter_repair(samples(1), other, RepairOptions(tmp_path, until="shape", device="cpu", overwrite=True)))
    assert json.loads((tmp_path / "run.json").read_text())["settings"]["seed"] == 5


@pytest.mark.parametrize("text", ["", "[]", "5", "null", '"x"', "[[1, 2]"])
def test_settings_that_say_nothing_are_no_leave_to_resume(tmp_path: Path, text: str) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "settings.json").write_text(text)
    options = RepairOptions(folder=tmp_path, resume=True, device="cpu")
    with pytest.raises(ConfigError, match=r"cannot be resumed|is not that of the run"):
        drain(iter_repair(samples(1), FAST, options))


def test_a_damaged_log_is_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('5\n[1]\n{"stage": [1]}\n{"stage": "sha')
    drain(iter_repair(samples(1), FAST, RepairOptions(folder=tmp_path, until="shape", device="cpu")))
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert lines[3] == '{"stage": "sha'
    assert [json.loads(line)["stage"] for line in lines[4:]]


def test_a_folder_in_place_of_the_log_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(OutputError):
        drain(iter_repair(samples(1), FAST, RepairOptions(folder=tmp_path, device="cpu")))


def test_places_that_cannot_take_the_result_are_refused_at_first(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", two_disks())
    files, out = read_label_files([tmp_path / "a.npy"], FAST), tmp_path / "out"
    (out / "a.npy").mkdir(parents=True)
    with pytest.raises(OutputError, match="is a folder already"):
        check_targets(files, out, overwrite=True)
    (out / "a.npy").rmdir()
    (out / "a.npy").symlink_to(tmp_path / "no" / "where")
    with pytest.raises(OutputError, match="a link to nowhere"):
        check_targets(files, out, overwrite=True)


def test_sigterm_ends_as_ctrl_c_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_largest_label_comes_back() -> None:
    labels = np.where(two_disks() == 2, np.uint64(2**64 - 1), two_disks().astype(np.uint64))
    labelled = check_labels([sample(labels)], RepairConfig())
    assert np.array_equal(labelled.restored(labelled.images)[0].labels, labels)
