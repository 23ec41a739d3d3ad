"""Projects, label files, model cards and settings of the version before issue 18 open with all that they hold."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.annotations import Annotation, Kind, Project, Status, read_labels
from napari_hicstruct.config.base import load_config, parse_config
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.workflows.models import describe_model, find_model
from tests.before_18 import FOLDER, held, identity, write_project


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_project(tmp_path)


def stored(record: Annotation) -> dict[str, Any]:
    """A record as the columns of the table of that version, written down here once more."""
    number = {name: getattr(record, name) for name in ("score", "probability", "soft_score")}
    return {
        "uid": record.uid,
        "kind": str(record.kind),
        "chrom": record.anchor1.chrom,
        "start1": record.anchor1.start,
        "end1": record.anchor1.end,
        "start2": record.anchor2.start,
        "end2": record.anchor2.end,
        "status": str(record.status),
        "resolution": record.resolution,
        "source": record.source,
        "model": record.model,
        "n_calls": record.n_calls,
        "n_tools": record.n_tools,
        "supporters": json.dumps(list(record.supporters)) if record.supporters else "",
        "direction": str(record.direction),
        "level": record.level,
        "parent": record.parent,
        "name": record.name,
        "extra": json.dumps(dict(record.extra)) if record.extra else "",
        **{name: None if math.isnan(value) else value for name, value in number.items()},
    }


def test_records_are_those_of_the_table(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.row_factory = sqlite3.Row
    rows = {}
    for row in map(dict, raw.execute("SELECT * FROM annotation")):
        rows[row["uid"]] = {name: value for name, value in row.items() if name not in ("start", "end")}
    raw.close()
    with Project.open(path, map=identity(path), read_only=True) as project:
        records = project.query()
        assert {r.uid: {**stored(r), "set_id": project.set_of(r.uid)} for r in records} == rows
    assert {record.kind for record in records} == set(Kind)
    assert {record.status for record in records} == set(Status)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_project_holds_what_that_version_read(path: Path, read_only: bool) -> None:
    wanted = held()
    with Project.open(path, map=identity(path), reviewer="ada", read_only=read_only) as project:
        lineage = project.lineage
        found = {
            "sets": [[s.id, s.name, str(s.origin), s.visible, s.locked] for s in project.sets()],
            "verdicts": [list(verdict) for verdict in project.judgments()],
            "journal": [
                [e.id, e.time, e.reviewer, e.action, e.target, [r.uid for r in e.before], [r.uid for r in e.after]]
                + [[region.id for region in regions] for regions in (e.marked, e.unmarked)]
                for e in project.journal()
            ],
            "reviewed": [
                [r.id, str(r.rows), str(r.cols), [str(kind) for kind in r.kinds], r.reviewer, r.time]
                for r in project.reviewed()
            ],
            "tiles": [[tile.chrom, tile.start, tile.end] for tile in project.validation_regions()],
            "corrected": sorted(project.corrected_since(0)),
            "corrected_since_learnt": sorted(project.corrected_since(lineage.last_learnt())),
            "last_learnt": lineage.last_learnt(),
            "models": [[m.sha256, m.name, m.version, m.parent, m.added] for m in lineage.models()],
            "uses": [[use.sha256, use.reason, use.time] for use in lineage.uses()],
            "runs": [
                [r.id, r.parent, r.child, r.last_entry, r.taken, r.reason, r.started, r.finished]
                for r in lineage.runs()
            ],
        }
        step, again = project.next_undo(), project.next_redo()
        assert step is not None
        assert [step.action, str(step.count)] == wanted["undo"]
        assert again is wanted["redo"] is None
        assert [m.folder.name for m in lineage.models()] == ["tiny-0.3", "tiny-0.3+ft1"]
        assert lineage.runs()[0].config["trainable"] == "heads"
    for name, value in found.items():
        assert value == wanted[name], name


def test_all_of_its_journal_can_be_undone_and_made_again(path: Path) -> None:
    with Project.open(path, map=identity(path), reviewer="ada") as project:
        project.update_set(3, locked=False)
        end, verdicts = project.query(), project.judgments()
        steps = 0
        while project.undo() is not None:
            steps += 1
        assert (steps, project.query(), project.reviewed(), project.judgments()) == (50, [], [], [])
        while project.redo() is not None:
            steps -= 1
        assert (steps, project.query(), project.judgments()) == (0, end, verdicts)


def test_the_names_of_stored_actions_stay(path: Path) -> None:
    """What today's code writes into the journal is what that version wrote."""
    with Project.open(path, map=identity(path), reviewer="ada") as project:
        before = project.newest_entry()
        first, second = project.query(set_ids=[1], statuses=[Status.PROPOSED], limit=2)
        for status in (Status.ACCEPTED, Status.REJECTED, Status.PROPOSED):
            project.set_status([first.uid], status)
        project.promote([first.uid])
        region = project.mark_reviewed(first.anchor1)
        project.unmark_reviewed([region.id])
        project.delete([second.uid])
        project.undo()
        project.redo()
        made = [entry.action for entry in reversed(project.journal()) if entry.id > before]
    actions = ["accept", "reject", "reset", "promote", "review", "unreview", "delete", "undo", "redo"]
    assert made == actions
    assert set(actions) <= {entry[3] for entry in held()["journal"]}


@pytest.mark.parametrize("folder", ["calls", "exported"])
def test_label_files_are_read_in_full(folder: str) -> None:
    """The counts of run.json, from tables whose uids, models and statuses are kept."""
    run = json.loads((FOLDER / folder / "run.json").read_text(encoding="utf-8"))
    tables = [FOLDER / folder / name for name in run["files"] if name.endswith((".bedpe", ".bed"))]
    read = [read_labels(table) for table in tables]
    assert not any(file.problems for file in read)
    records = [record for file in read for record in file.records]
    assert Counter(str(record.kind) for record in records) == run["counts"]
    known = {entry for row in held()["journal"] for entry in row[6]}
    assert {record.uid for record in records} <= known
    if folder == "calls":
        assert {record.model for record in records} == {"tiny 0.3"}
    else:
        assert {record.status for record in records} == set(Status) - {Status.REJECTED}


def test_a_card_describes_its_model_and_builds_its_network(tmp_path: Path) -> None:
    from napari_hicstruct.models.store import load_model

    child = json.loads((FOLDER / "model.json").read_text(encoding="utf-8"))
    info = describe_model(FOLDER)
    assert (info.label, info.sha256) == ("tiny 0.3+ft1", held()["models"][1][0])
    assert info.card["finetuned"]["corrections"] == child["card"]["finetuned"]["corrections"] > 0
    # the weights are not part of the repository: those of its parent have the same names and shapes
    shutil.copy(find_model("tiny").path / "weights.safetensors", tmp_path)
    child["sha256"] = hashlib.sha256((tmp_path / "weights.safetensors").read_bytes()).hexdigest()
    (tmp_path / "model.json").write_text(json.dumps(child), encoding="utf-8")
    _, card = load_model(tmp_path)
    assert card == child["card"]


FINETUNE_NAMES = {
    "anchor": "regularization_weight",
    "share": "correction_share",
    "hard": "rejected_weight",
    "average": "ema_decay",
}
"""Keys of fine-tuning till 0.1, and their names today."""


@pytest.mark.parametrize(
    ("kind", "name"), [(TrainConfig, "recipe"), (FinetuneConfig, "finetune"), (SimulationConfig, "simulation")]
)
def test_every_key_of_settings_is_still_read(kind: Any, name: str) -> None:
    import yaml

    path = FOLDER / f"{name}.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "hint" in (model := written.get("model", {})):
        model["boundary_prior"] = model.pop("hint")  # its name today
    if kind is FinetuneConfig:
        written = {FINETUNE_NAMES.get(key, key): value for key, value in written.items()}
    found = load_config(kind, path).model_dump(mode="json")
    assert _as_far_as(found, written) == written


def _as_far_as(found: Any, written: Any) -> Any:
    """What was found, without the keys that came later."""
    if isinstance(found, dict) and isinstance(written, dict):
        return {key: _as_far_as(found[key], value) for key, value in written.items()}
    if isinstance(found, list) and isinstance(written, list) and len(found) == len(written):
        return [_as_far_as(one, former) for one, former in zip(found, written, strict=True)]
    return found


@pytest.mark.parametrize("former", FINETUNE_NAMES)
def test_a_former_key_of_fine_tuning_sets_todays(former: str) -> None:
    today = FINETUNE_NAMES[former]
    assert getattr(FinetuneConfig.model_validate({former: 0.25}), today) == 0.25
    assert getattr(FinetuneConfig.model_validate({today: 0.25}), today) == 0.25
    with pytest.raises(ConfigError, match=today):
        parse_config(FinetuneConfig, {today: -1})
