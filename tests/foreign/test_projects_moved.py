"""Projects and maps that were moved, renamed or named from another folder; folders that hold somebody else's files."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Kind, Origin, Project, Status, read_labels
from napari_hicstruct.annotations.maps import look_at
from napari_hicstruct.cli.main import main
from napari_hicstruct.config.map_uri import absolute_uri, split_uri
from napari_hicstruct.contacts import open_map
from napari_hicstruct.errors import ProjectError, readable
from napari_hicstruct.workflows import projects
from napari_hicstruct.workflows.export import default_folder
from napari_hicstruct.workflows.finetune import open_for_learning
from tests.annotation_kit import loop, tad
from tests.contacts_kit import upper_counts, write_cool

SIZES = {"chr1": 1_000_000}


def make_map(path: Path, seed: int) -> Path:
    """A map of one chromosome; another seed is another map."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_cool(path, SIZES, 10_000, upper_counts(100, seed))
    return path


def make_project(path: Path, source_path: str | Path, *, edited: bool = True) -> Path:
    source = open_map(source_path)
    with projects.open_or_create(path, source, reviewer="ada") as project:
        if edited:
            project.add([loop(3), tad(0, 300_000)], set_id=project.add_set("calls", Origin.PREDICTED).id)
    return path


def fingerprint(path: str | Path) -> str:
    return open_map(path).fingerprint()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# ---------------------------------------------------------------------- the map of a project
def as_typed(path: Path, uri: str | bytes) -> None:
    """Write the map's path as older versions did, or other computers do."""
    import sqlite3

    raw = sqlite3.connect(path)
    raw.execute("UPDATE map_identity SET uri = ?", (uri,))
    raw.commit()
    raw.close()


def test_the_map_beside_the_project_wins_over_a_like_named_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = make_map(tmp_path / "a" / "m.cool", 1), make_map(tmp_path / "b" / "m.cool", 2)
    monkeypatch.chdir(own.parent)
    project = make_project(tmp_path / "a" / "p.hicproj", "m.cool")
    assert look_at(project).map.uri == str(own), "the full path is kept, whatever was typed"
    as_typed(project, "m.cool")
    monkeypatch.chdir(other.parent)
    assert projects.find_map(project).uri == str(own)
    opened, source = open_for_learning(Path("..", "a", "p.hicproj"))
    opened.close()
    assert source.fingerprint() == fingerprint(own)
    assert main(["export", str(project), "-o", str(tmp_path / "out"), "-q"]) == 0
    assert json.loads((tmp_path / "out" / "run.json").read_text())["map"]["uri"] == str(own)
    own.unlink()
    as_typed(project, "m.cool")  # opened for writing it had remembered the full path
    with pytest.raises(ProjectError) as caught:
        projects.find_map(project)
    assert str(other) in str(caught.value)
    assert str(own) in str(caught.value)
    with pytest.raises(ProjectError) as caught:
        Project.open(project, map=projects.identity_of(open_map("m.cool")))
    assert str(other) in str(caught.value)


def test_a_map_in_the_working_folder_is_taken_if_it_is_the_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = make_map(tmp_path / "work" / "m.cool", 1)
    project = make_project(tmp_path / "p" / "x.hicproj", there)
    as_typed(project, "m.cool")
    make_map(tmp_path / "p" / "m.cool", 2)
    monkeypatch.chdir(there.parent)
    assert projects.find_map(project).uri == str(there)


@pytest.mark.parametrize("layout", ["beside", "sub", "../maps", "renamed"])
def test_project_and_map_move_together(layout: str, tmp_path: Path) -> None:
    name = "old.cool" if layout == "renamed" else "m.cool"
    place = {"beside": ".", "renamed": "."}.get(layout, layout)
    own = make_map(tmp_path / "old" / "p" / place / name, 1)
    project = make_project(tmp_path / "old" / "p" / "x.hicproj", own.resolve())
    make_map(tmp_path / "old" / "p" / "z.cool", 3)
    shutil.move(tmp_path / "old", tmp_path / "new")
    project = tmp_path / "new" / "p" / project.name
    if layout == "renamed":
        os.rename(project.with_name(name), project.with_name("another name.cool"))
    found = projects.find_map(project)
    assert found.fingerprint() == look_at(project).map.fingerprint
    assert Path(found.uri).is_relative_to(tmp_path / "new")


@pytest.mark.parametrize(
    ("folder", "group"), [("plain", ""), ("plain", "/cell/1"), ("with::colons", ""), ("with::colons", "/cell/1")]
)
def test_groups_and_colons_in_folder_names(
    folder: str, group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / folder / "m.cool"
    file.parent.mkdir()
    file.touch()
    uri = f"{file}::{group}" if group else str(file)
    assert split_uri(uri) == (str(file), group)
    monkeypatch.chdir(file.parent)
    assert absolute_uri(uri.replace(str(file), "m.cool")) == uri
    assert absolute_uri(uri) == uri


def test_a_group_of_a_moved_file_is_found(tmp_path: Path) -> None:
    file = tmp_path / "old" / "m.cool"
    file.parent.mkdir()
    write_cool(f"{file}::/10000", SIZES, 10_000, upper_counts(100, 1))
    project = make_project(tmp_path / "old" / "x.hicproj", f"{file}::/10000")
    assert look_at(project).map.uri == f"{file}::/10000"
    shutil.move(tmp_path / "old", tmp_path / "new")
    assert projects.find_map(tmp_path / "new" / "x.hicproj").uri == f"{tmp_path}/new/m.cool::/10000"


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_of_any_bytes_are_kept_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / os.fsdecode(b"map\xe9")
    folder.mkdir()
    project = make_project(folder / os.fsdecode(b"p\xe9.hicproj"), make_map(tmp_path / "m.cool", 1))
    uri = os.fsdecode(os.fsencode(folder) + b"/m.cool::/cell")
    with Project.open(project) as opened:
        identity = opened.map
        with_bytes = type(identity)(uri, identity.fingerprint, identity.assembly, identity.chromsizes)
        opened.relink(with_bytes)
        opened.add_set(os.fsdecode(b"l\xe9.bed"), Origin.IMPORTED)
    with Project.open(project, map=with_bytes) as opened:
        assert opened.map.uri == uri
        assert [one.name for one in opened.sets()] == ["calls", "l\\xe9.bed"]
    assert readable(uri).endswith("map\\xe9/m.cool::/cell")
    assert main(["export", str(project), "-o", str(folder / "out")]) == 0
    assert "map\\xe9" in capsys.readouterr().out
    assert os.fsdecode(json.loads((folder / "out" / "run.json").read_text())["project"]) == str(project)


# ---------------------------------------------------------------------- the project of a map
@pytest.fixture
def automatic(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "projects"
    folder.mkdir(parents=True)
    return folder


def automatic_project(folder: Path, map_path: Path, *, edited: bool = True) -> Path:
    return make_project(projects.automatic_path(open_map(map_path), folder), map_path, edited=edited)


@pytest.mark.parametrize("change", ["renamed", "moved", "both"])
def test_a_renamed_or_moved_map_keeps_its_project(change: str, tmp_path: Path, automatic: Path) -> None:
    old = make_map(tmp_path / "maps" / "old.cool", 1)
    other = make_map(tmp_path / "maps" / "other.cool", 2)
    project, _ = automatic_project(automatic, old), automatic_project(automatic, other)
    folder = tmp_path / ("maps" if change == "renamed" else "elsewhere")
    folder.mkdir(exist_ok=True)
    new = Path(shutil.move(old, folder / ("old.cool" if change == "moved" else "new.cool")))
    assert projects.project_of(open_map(new), automatic) == project
    make_map(old, 3)  # another map under the old name has no project
    assert projects.project_of(open_map(old), automatic) is None


def test_of_several_the_one_that_was_worked_in_last_is_taken(tmp_path: Path, automatic: Path) -> None:
    own = make_map(tmp_path / "m.cool", 1)
    code = fingerprint(own)[:12]
    for name, edited, seconds in (("empty", False, 300), ("older", True, 100), ("newer", True, 200)):
        path = make_project(automatic / f"{name}-{code}.hicproj", own, edited=edited)
        os.utime(path, (seconds, seconds))
    assert projects.project_of(open_map(own), automatic) == automatic / f"newer-{code}.hicproj"
    (automatic / f"junk-{code}.hicproj").write_bytes(b"SQLite format 3\0 but no more")
    assert projects.project_of(open_map(own), automatic) == automatic / f"newer-{code}.hicproj"


def test_the_only_project_beside_the_map_is_taken_where_no_other_was_worked_in(tmp_path: Path, automatic: Path) -> None:
    own = make_map(tmp_path / "maps" / "m.cool", 1)
    beside = make_project(tmp_path / "maps" / "study.hicproj", own)
    make_project(tmp_path / "maps" / "other.hicproj", make_map(tmp_path / "maps" / "o.cool", 2))
    automatic_project(automatic, own, edited=False)
    assert projects.project_of(open_map(own), automatic) == beside
    shutil.copy(beside, tmp_path / "maps" / "copy.hicproj")
    assert projects.project_of(open_map(own), automatic).parent == automatic, "two: nobody can tell which"
    project = automatic_project(automatic, own)
    (tmp_path / "maps" / "copy.hicproj").unlink()
    assert projects.project_of(open_map(own), automatic) == project


# ---------------------------------------------------------------------- no project without anything to keep
def test_what_fails_leaves_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = make_map(tmp_path / "m.cool", 1)
    bad = tmp_path / "bad.bed"
    bad.write_text("chr1\tx\ty\nchr1\t5\t2\n")
    project, out = tmp_path / "sub" / "p.hicproj", tmp_path / "out"
    assert main(["import", str(bad), "--map", str(own), "--project", str(project)]) == 2
    words = ["predict", str(own), "-o", str(out), "--project", str(project), "--model", "tiny", "--chrom", "chr9"]
    assert main(words) == 2
    assert names(tmp_path) == {"m.cool", "bad.bed"}
    from napari_hicstruct.workflows.predict.store import check_targets

    check_targets(open_map(own), out, project)
    assert names(tmp_path) == {"m.cool", "bad.bed"}, "looked at, nothing made"
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match=r"p\.hicproj: cannot be created: a file stands where"):
        check_targets(open_map(own), out, tmp_path / "file" / "p.hicproj")
    other = make_project(tmp_path / "o.hicproj", make_map(tmp_path / "o.cool", 2))
    with pytest.raises(ProjectError, match="belongs to another map"):
        check_targets(open_map(own), out, other)
    capsys.readouterr()


def test_work_that_is_refused_takes_its_project_with_it(tmp_path: Path) -> None:
    source = open_map(make_map(tmp_path / "m.cool", 1))
    with pytest.raises(ProjectError, match="is locked"), projects.writing(tmp_path / "p.hicproj", source):
        raise ProjectError("is locked")
    assert names(tmp_path) == {"m.cool"}
    with projects.writing(tmp_path / "p.hicproj", source) as project:
        project.mark_reviewed(loop(3).anchor1)
    with pytest.raises(ProjectError), projects.writing(tmp_path / "p.hicproj", source):
        raise ProjectError("is locked")
    with Project.open(tmp_path / "p.hicproj") as kept:
        assert len(kept.reviewed()) == 1


# ---------------------------------------------------------------------- folders with somebody else's files
@pytest.fixture
def study(tmp_path: Path) -> dict[str, Path]:
    """Two maps, a project of each."""
    found: dict[str, Path] = {}
    for number, name in enumerate(("a", "b"), 1):
        found[f"{name}.cool"] = make_map(tmp_path / f"{name}.cool", number)
        found[name] = make_project(tmp_path / f"{name}.hicproj", found[f"{name}.cool"])
    return found


def run_of(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "run.json").read_text()))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_export_never_replaces_another_maps_files(
    tmp_path: Path, study: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["export", str(study["a"]), "-o", str(out)]) == 0
    before = content(out)
    capsys.readouterr()
    assert main(["export", str(study["b"]), "-o", str(out)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    for word in ("loops.bedpe", "tads.bed", "another map", str(study["a.cool"]), "--overwrite", str(out)):
        assert word in said
    assert content(out) == before
    assert main(["export", str(study["a"]), "-o", str(out)]) == 0, "its own files need no question"
    assert main(["export", str(study["b"]), "-o", str(out), "--format", "bedpe", "--overwrite"]) == 0
    run = run_of(out)
    assert names(out) == {"loops.bedpe", "run.json"}, "what is not written anew goes"
    assert run["files"] == ["loops.bedpe"]
    assert run["other_files"] == []
    assert run["map"]["fingerprint"] == fingerprint(study["b.cool"])
    assert run["project"] == str(study["b"])


def test_another_project_of_the_same_map_is_asked_for_too(
    tmp_path: Path, study: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    second = make_project(tmp_path / "second.hicproj", study["a.cool"])
    assert main(["export", str(study["a"]), "-o", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    assert main(["export", str(second), "-o", str(tmp_path / "out")]) == 2
    assert f"another project ({study['a']})" in capsys.readouterr().err


def test_stale_and_unknown_files_are_named(
    tmp_path: Path, study: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out, project = tmp_path / "out", str(study["a"])
    assert main(["export", project, "-o", str(out), "--format", "bed", "--format", "juicebox"]) == 0
    capsys.readouterr()
    assert main(["export", project, "-o", str(out), "--format", "bed"]) == 2
    said = capsys.readouterr().err
    assert "loops.juicebox.bedpe, tads.juicebox.bedpe of an earlier run" in said
    assert "tads.bed" not in said.replace("loops.juicebox.bedpe, tads.juicebox.bedpe", "")
    assert main(["export", project, "-o", str(out), "--format", "bed", "--overwrite"]) == 0
    assert names(out) == {"tads.bed", "run.json"}
    (out / "mine.bedpe").write_text("by hand")
    (out / "notes.txt").write_text("mine")
    capsys.readouterr()
    assert main(["export", project, "-o", str(out), "--format", "bed"]) == 2
    assert "mine.bedpe, of which no run.json tells" in capsys.readouterr().err
    assert main(["export", project, "-o", str(out), "--format", "bed", "--overwrite"]) == 0
    assert (out / "mine.bedpe").read_text() == "by hand"
    assert run_of(out)["other_files"] == ["mine.bedpe", "notes.txt"]
    assert main(["export", project, "-o", str(out), "--format", "bed"]) == 0, "what run.json names needs no question"


def test_a_file_of_ones_own_name_is_not_lost(tmp_path: Path, study: dict[str, Path]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "loops.bedpe").write_text("by hand")
    assert main(["export", str(study["a"]), "-o", str(out)]) == 2
    assert content(out) == {"loops.bedpe": b"by hand"}
    (out / "run.json").write_text('{"tool": "another program"}')
    (out / "loops.bedpe").unlink()
    assert main(["export", str(study["a"]), "-o", str(out)]) == 2
    assert names(out) == {"run.json"}


def test_what_the_window_of_older_versions_wrote_is_known(tmp_path: Path, study: dict[str, Path]) -> None:
    out = tmp_path / "out"
    assert main(["export", str(study["a"]), "-o", str(out)]) == 0
    run = run_of(out)
    run |= {"map": run["map"]["uri"], "fingerprint": run["map"]["fingerprint"]}
    (out / "run.json").write_text(json.dumps(run))
    assert main(["export", str(study["b"]), "-o", str(out)]) == 2
    assert main(["export", str(study["a"]), "-o", str(out)]) == 0


def test_a_path_in_run_json_leads_nowhere(tmp_path: Path, study: dict[str, Path]) -> None:
    out, precious = tmp_path / "out", tmp_path / "precious.bed"
    assert main(["export", str(study["a"]), "-o", str(out)]) == 0
    precious.write_text("mine")
    run = run_of(out)
    run["files"] = [*run["files"], "../precious.bed", str(precious)]
    (out / "run.json").write_text(json.dumps(run))
    assert main(["export", str(study["a"]), "-o", str(out), "--format", "bed", "--overwrite"]) == 0
    assert precious.read_text() == "mine"


def test_an_export_that_fails_in_the_middle_changes_nothing(
    tmp_path: Path, study: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_hicstruct.annotations.writers import own

    out = tmp_path / "out"
    assert main(["export", str(study["a"]), "-o", str(out)]) == 0
    before = content(out)
    with Project.open(study["a"]) as project:
        project.add([loop(50)], set_id=project.sets()[0].id)

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    real = own.write_text
    with monkeypatch.context() as patch:
        patch.setattr(own, "write_text", lambda p, t: full(0) if Path(p).name == "tads.bed" else real(p, t))
        assert main(["export", str(study["a"]), "-o", str(out)]) == 2
        assert main(["export", str(study["a"]), "-o", str(tmp_path / "new" / "out")]) == 2
    assert content(out) == before
    assert not (tmp_path / "new").exists()


def test_predictions_are_held_to_the_same_before_they_start(
    tmp_path: Path, study: dict[str, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_hicstruct.workflows import predict as workflow

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the prediction was started")

    monkeypatch.setattr(workflow, "iter_predict", never)
    out = tmp_path / "out"
    assert main(["export", str(study["a"]), "-o", str(out), "-q"]) == 0
    before = content(out)
    for name in ("a.cool", "b.cool"):
        capsys.readouterr()
        assert main(["predict", str(study[name]), "-o", str(out), "-q"]) == 2
        assert "loops.bedpe, tads.bed" in capsys.readouterr().err
    assert content(out) == before


def test_run_json_of_a_prediction_tells_of_every_file(tmp_path: Path, study: dict[str, Path]) -> None:
    import numpy as np

    from napari_hicstruct.annotations import BinTrack
    from napari_hicstruct.workflows.predict import PredictResult
    from napari_hicstruct.workflows.predict.store import write_predictions

    run = {"model": {"name": "m"}, "map": {"uri": "a.cool", "fingerprint": fingerprint(study["a.cool"])}}
    track = BinTrack("chr1", 0, 10_000, np.array([0.1, 0.9]))
    result = PredictResult((tad(0, 300_000),), (track,), run, (), frozenset({"boundary"}))
    paths = write_predictions(result, tmp_path / "out")
    assert [path.name for path in paths] == ["tads.bed", "boundaries.bed", "boundaries.bedgraph", "run.json"]
    told = run_of(tmp_path / "out")
    assert set(told["files"]) | {"run.json"} == names(tmp_path / "out")
    assert told["map"]["uri"] == os.path.abspath("a.cool")
    assert [record.kind for record in read_labels(paths[0]).records] == [Kind.TAD]


def test_truth_of_another_simulation_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--truth", str(tmp_path / "truth"), "--length", "2M", "--depth", "20", "-q"]
    assert main(["simulate", "-o", str(tmp_path / "one.mcool"), *words]) == 0
    assert main(["simulate", "-o", str(tmp_path / "one.mcool"), *words]) == 0
    capsys.readouterr()
    assert main(["simulate", "-o", str(tmp_path / "two.mcool"), *words]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "one.mcool") in said
    assert "--overwrite" not in said
    assert not (tmp_path / "two.mcool").exists()


def test_the_folder_bears_map_and_project(tmp_path: Path) -> None:
    assert default_folder(tmp_path / "study.hicproj", "GM12878") == tmp_path / "GM12878-study-export"
    assert default_folder(tmp_path / "GM12878-0123.hicproj", "GM12878") == tmp_path / "GM12878-0123-export"
    (tmp_path / "maps").mkdir()
    uri = f"{tmp_path / 'maps' / 'GM12878.mcool'}::resolutions/5000"
    assert default_folder(tmp_path / "GM12878-0123.hicproj", "GM12878", uri) == tmp_path / "maps" / "GM12878-export"
    assert default_folder(tmp_path / "s.hicproj", "GM12878", uri) == tmp_path / "maps" / "GM12878-s-export"


def test_statuses_and_sets_stand_in_run_json(tmp_path: Path, study: dict[str, Path]) -> None:
    with Project.open(study["a"]) as project:
        project.set_status([record.uid for record in project.query(kind=Kind.LOOP)], Status.ACCEPTED)
    words = ["--status", "accepted", "--set", "calls", "--once"]
    assert main(["export", str(study["a"]), "-o", str(tmp_path / "out"), *words, "-q"]) == 0
    run = run_of(tmp_path / "out")
    assert run["parameters"] == {
        "formats": ["bedpe", "bed", "stripenn"],
        "sets": ["calls"],
        "statuses": ["accepted"],
        "deduplicate": True,
        "runs": {},
    }
    assert run["counts"] == {"loop": 1}
