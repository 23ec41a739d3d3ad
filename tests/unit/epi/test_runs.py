"""Training, prediction and explanation as the commands run them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from napari_hicstruct.errors import Cancelled, ConfigError, ModelError, OutputError
from napari_hicstruct.jobs import CancelToken, Progress, drain
from napari_hicstruct.models.epi.store import load_epi
from napari_hicstruct.workflows.epi.example import write_example
from napari_hicstruct.workflows.epi.explain import ExplainEpiRequest, iter_explain_epi
from napari_hicstruct.workflows.epi.predict import PredictEpiRequest, iter_predict_epi
from napari_hicstruct.workflows.epi.train import TrainedEpi, TrainEpiRequest, iter_train_epi
from tests.epi_kit import grammar_folder, tiny


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grammar_folder(tmp_path_factory.mktemp("epi") / "example")


def request_for(folder: Path, out: Path, **changes: Any) -> TrainEpiRequest:
    config = tiny(**changes)
    return TrainEpiRequest(folder / "pairs.tsv", folder / "genome.fa", out, config, folder / "lines.tsv", "cpu", 1)


@pytest.fixture(scope="module")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainedEpi, list[Progress]]:
    steps: list[Progress] = []
    out = tmp_path_factory.mktemp("run")
    return drain(iter_train_epi(request_for(folder, out)), steps.append), steps


def test_a_run_gives_a_model_a_threshold_and_figures_by_line(trained: tuple[TrainedEpi, list[Progress]]) -> None:
    found, steps = trained
    net, config, card = load_epi(found.model)
    assert config == tiny()
    assert not net.training
    assert 0 < card["threshold"] < 1
    assert set(card["lines"]) == set(found.per_line["seen"]) - {"all"}
    assert set(card["lines"]) & set(found.per_line["unseen"]) == set()
    assert found.figures["gap"] == pytest.approx(found.figures["seen"]["aupr"] - found.figures["unseen"]["aupr"])
    figures = json.loads((found.model.parent / "figures.json").read_text(encoding="utf-8"))
    assert figures["threshold"] == card["threshold"]
    log = [json.loads(line) for line in (found.model.parent / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["gate"] for entry in log] == [0, 1, 1]
    assert {"share_open", "distance", "align", "smooth", "entropy", "sparse", "task"} <= log[-1]["train"].keys()
    losses = [step.payload for step in steps if step.stage == "train" and not step.message]
    assert len(losses) == 9
    assert steps[-1].fraction <= 1


@pytest.mark.parametrize("control", ["none", "one_hot", "bias", "adversarial"])
def test_controls_train_and_are_judged_alike(folder: Path, tmp_path: Path, control: str) -> None:
    found = drain(iter_train_epi(request_for(folder, tmp_path, control=control, train={"steps_per_epoch": 1})))
    assert {"validation", "seen", "unseen", "gap", "threshold", "f1"} <= found.figures.keys()


@pytest.mark.parametrize("form", ["sigmoid", "sparsemax"])
def test_other_forms_train(folder: Path, tmp_path: Path, form: str) -> None:
    losses = {"align_form": "mean_square", "sparse_form": "participation"}
    found = drain(iter_train_epi(request_for(folder, tmp_path, gate={"form": form}, losses=losses)))
    assert found.model.is_dir()


def test_a_run_that_was_cancelled_goes_on_to_the_same_weights(
    folder: Path, tmp_path: Path, trained: tuple[TrainedEpi, list[Progress]]
) -> None:
    token = CancelToken()

    def cancel_at_4(step: Progress) -> None:
        if step.stage == "train" and step.done == 4:
            token.cancel()

    with pytest.raises(Cancelled):
        drain(iter_train_epi(request_for(folder, tmp_path), token), cancel_at_4)
    assert not (tmp_path / "model").exists()
    again = drain(iter_train_epi(request_for(folder, tmp_path)))
    first, second = (load_file(found.model / "weights.safetensors") for found in (trained[0], again))
    for name, value in first.items():
        torch.testing.assert_close(second[name], value)
    steps = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert steps == [3, 6, 9]


def test_stop_ends_early_and_keeps_a_model(folder: Path, tmp_path: Path) -> None:
    stop = CancelToken()
    request = replace(request_for(folder, tmp_path, train={"epochs": 50}), stop=stop)
    for step in (job := iter_train_epi(request)):
        if step.done == 7:
            stop.cancel()
    assert (tmp_path / "model" / "model.json").is_file()
    assert job is not None


def test_other_settings_or_pairs_in_a_runs_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    drain(iter_train_epi(request_for(folder, tmp_path, train={"epochs": 1})))
    with pytest.raises(ConfigError, match="'seed' is not that of the run in this folder"):
        drain(iter_train_epi(request_for(folder, tmp_path, train={"epochs": 1}, seed=5)))


def test_a_leak_is_reported_and_kept_in_the_card(folder: Path, tmp_path: Path) -> None:
    rows = list(csv.reader((folder / "pairs.tsv").open(encoding="utf-8"), delimiter="\t"))
    split = {"line01": "test", "line02": "validation"}
    text = "\n".join("\t".join([*row, "split" if not k else split.get(row[3], "train")]) for k, row in enumerate(rows))
    (tmp_path / "pairs.tsv").write_text(text + "\n", encoding="utf-8")
    request = replace(request_for(folder, tmp_path / "run", train={"epochs": 1}), pairs=tmp_path / "pairs.tsv")
    steps: list[Progress] = []
    found = drain(iter_train_epi(request), steps.append)
    assert any("Leak: " in note and "in training, too" in note for note in found.notes)
    assert any(step.notice and step.message.startswith("Leak: ") for step in steps)
    assert load_epi(found.model)[2]["leaks"]


# --- prediction -----------------------------------------------------------------------------------------------------


def predicted(folder: Path, model: Path, out: Path, **changes: Any) -> Any:
    request = PredictEpiRequest(folder / "pairs.tsv", folder / "genome.fa", model, out, folder / "lines.tsv", "cpu", 1)
    return drain(iter_predict_epi(replace(request, **changes)))


def test_predictions_stand_in_the_order_of_the_table(
    folder: Path, tmp_path: Path, trained: tuple[TrainedEpi, list[Progress]]
) -> None:
    model = trained[0].model
    found = predicted(folder, model.parent, tmp_path / "p.tsv")
    rows = list(csv.DictReader((tmp_path / "p.tsv").open(encoding="utf-8"), delimiter="\t"))
    given = list(csv.DictReader((folder / "pairs.tsv").open(encoding="utf-8"), delimiter="\t"))
    assert [(row["enhancer"], row["line"]) for row in rows] == [(row["enhancer"], row["line"]) for row in given]
    p = np.array([float(row["p"]) for row in rows])
    np.testing.assert_allclose(p, found.probabilities, rtol=1e-4)
    assert [row["called"] for row in rows] == [str(int(value >= found.threshold)) for value in found.probabilities]
    assert set(found.figures) == {*(f"line{k:02}" for k in range(1, 7)), "all"}
    with pytest.raises(OutputError, match="exists"):
        predicted(folder, model, tmp_path / "p.tsv")


def test_predicting_some_pairs_gives_what_predicting_all_gives(
    folder: Path, tmp_path: Path, trained: tuple[TrainedEpi, list[Progress]]
) -> None:
    lines = (folder / "pairs.tsv").read_text(encoding="utf-8").splitlines()
    some = [line for line in lines[1:] if "line03" in line][:5]
    (tmp_path / "some.tsv").write_text("\n".join([lines[0], *some, "chr77\t1-9\t20-30\tline03\t0"]), encoding="utf-8")
    whole = predicted(folder, trained[0].model, tmp_path / "p.tsv")
    few = predicted(folder, trained[0].model, tmp_path / "q.tsv", pairs=tmp_path / "some.tsv")
    at = [k for k, line in enumerate(lines[1:]) if "line03" in line][:5]
    assert np.isnan(few.probabilities[5])
    assert "chromosome not in the FASTA" in (tmp_path / "q.tsv").read_text(encoding="utf-8")
    np.testing.assert_allclose(few.probabilities[:5], whole.probabilities[at], rtol=1e-4)


def test_a_renamed_line_is_noticed_and_other_numbers_are_refused(
    folder: Path, tmp_path: Path, trained: tuple[TrainedEpi, list[Progress]]
) -> None:
    known = load_epi(trained[0].model)[2]["lines"][0]
    for name in ("pairs.tsv", "lines.tsv"):
        text = (folder / name).read_text(encoding="utf-8").replace(f"peaks/{known}", "PEAKS").replace(known, "K562")
        (tmp_path / name).write_text(text.replace("PEAKS", f"peaks/{known}"), encoding="utf-8")
    (tmp_path / "peaks").symlink_to(folder / "peaks")
    changes = {"pairs": tmp_path / "pairs.tsv", "lines": tmp_path / "lines.tsv"}
    found = predicted(folder, trained[0].model, tmp_path / "p.tsv", **changes)
    assert f"Line K562 is described exactly as line {known} of training: it is not new to the model." in found.notes
    rows = [line.split("\t")[:5] for line in (folder / "lines.tsv").read_text(encoding="utf-8").splitlines()]
    (tmp_path / "few.tsv").write_text("\n".join("\t".join([row[0], *row[2:]]) for row in rows), encoding="utf-8")
    with pytest.raises(ConfigError, match="3 numbers describe a line; training had 16"):
        predicted(folder, trained[0].model, tmp_path / "q.tsv", lines=tmp_path / "few.tsv")


def test_a_model_of_another_kind_is_refused(folder: Path, tmp_path: Path) -> None:
    from napari_hicstruct.config.resources import resource

    other = next(path.parent for path in sorted(Path(str(resource("models"))).rglob("model.json")))
    with pytest.raises(ModelError, match="is a model of another kind"):
        predicted(folder, other, tmp_path / "p.tsv")


# --- explanation ----------------------------------------------------------------------------------------------------


def test_a_heat_map_and_tables_are_written(
    folder: Path, tmp_path: Path, trained: tuple[TrainedEpi, list[Progress]]
) -> None:
    request = ExplainEpiRequest(
        folder / "pairs.tsv", folder / "genome.fa", trained[0].model, tmp_path / "e", folder / "lines.tsv",
        folder / "motifs.jaspar", "cpu", 1,
    )  # fmt: skip
    found = drain(iter_explain_epi(request))
    assert found.openness.openness.shape == (8, 6)
    rows = (tmp_path / "e" / "openness.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[0].split("\t") == ["motif", *(f"line{k:02}" for k in range(1, 7))]
    assert (tmp_path / "e" / "openness.png").read_bytes().startswith(b"\x89PNG")
    assert len((tmp_path / "e" / "gates.tsv").read_text(encoding="utf-8").splitlines()) == 7
    assert (tmp_path / "e" / "filters.tsv").is_file()


def test_a_model_without_a_gate_has_nothing_to_explain(folder: Path, tmp_path: Path) -> None:
    run = drain(iter_train_epi(request_for(folder, tmp_path / "run", control="none", train={"epochs": 1})))
    request = ExplainEpiRequest(folder / "pairs.tsv", folder / "genome.fa", run.model, tmp_path / "e")
    with pytest.raises(ConfigError, match="the model has no gate"):
        drain(iter_explain_epi(request))


def test_an_example_replaces_only_an_example(tmp_path: Path) -> None:
    found = write_example(tmp_path / "a", lines=3)
    assert found["lines"] == 3
    with pytest.raises(OutputError, match="replace it with --overwrite"):
        write_example(tmp_path / "a", lines=3)
    write_example(tmp_path / "a", lines=4, overwrite=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match="is not empty"):
        write_example(tmp_path / "b", overwrite=True)
