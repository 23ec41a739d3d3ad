"""Every readable map through every command: the same contacts give the same calls, whoever wrote the file and how."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.cli.main import main
from tests.foreign import map_files as files
from tests.foreign.map_files import COARSE, DOTS, FINE, READABLE, write

CHROM = "chr2"
Call = tuple[int, int, int, int, int]


def predicted(address: str, out: Path) -> tuple[list[Call], dict[str, object]]:
    """Loops of one chromosome (positions, probability in thousandths) and the parameters of the run."""
    words = ["predict", address, "-c", CHROM, "-o", str(out), "--tasks", "loop", "--quiet"]
    assert main(words) == 0
    loops = read_labels(out / "loops.bedpe").records
    calls = [
        (r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end, round(1000 * r.probability)) for r in loops
    ]
    return sorted(calls), json.loads((out / "run.json").read_text())["parameters"]


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Call]]:
    """What is called on the plain map of each bin size."""
    folder = tmp_path_factory.mktemp("plain")
    addresses = {r: write(folder / f"{r}.cool", r) for r in (FINE, COARSE)}
    return {r: predicted(address, folder / str(r))[0] for r, address in addresses.items()}


@pytest.mark.parametrize("name", sorted(READABLE))
def test_same_contacts_same_calls_import_export_evaluate(
    name: str, wanted: dict[int, list[Call]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = READABLE[name]
    address, out = case.build(tmp_path), tmp_path / "out"
    finest = case.resolutions[CHROM][0]
    calls, parameters = predicted(address, out)
    assert calls == wanted[finest]
    for i, j in DOTS:
        place = (i * FINE, j * FINE)
        assert any(abs(call[0] - place[0]) + abs(call[2] - place[1]) <= 20_000 for call in calls)
    assert parameters["norms"] == {CHROM: "ICE (computed)"}

    project = tmp_path / "p.hicproj"
    assert main(["import", str(out / "loops.bedpe"), "--map", address, "--project", str(project), "--quiet"]) == 0
    assert main(["export", str(project), "-o", str(tmp_path / "lists"), "--quiet"]) == 0
    ours, theirs = (sorted(r.span for r in read_labels(p / "loops.bedpe").records) for p in (out, tmp_path / "lists"))
    assert ours == theirs

    capsys.readouterr()
    words = ["evaluate", "--pred", str(tmp_path / "lists"), "--truth", str(out), "--map", address, "--json", "--quiet"]
    assert main(words) == 0
    loops = json.loads(capsys.readouterr().out)["loops"]
    assert loops["calls"] == loops["truth"] == len(calls)


VIEWS = {
    "fixed-length attributes": (READABLE["fixed-length attributes"].build, CHROM),
    "coarse level empty": (READABLE["coarse level empty"].build, CHROM),
    "fine level partial": (READABLE["fine level partial"].build, "chr1"),
    "a name that is no UTF-8": (READABLE["a name that is no UTF-8"].build, CHROM),
    "bins cut away": (files.bins_cut_away, CHROM),
    "infinite pixels": (files.infinite_pixels, "chr1"),
    "differences": (files.signed, "chr1"),
    "very long": (files.rye, "1R:1.1G-1.102G"),
}


DRAW = """
import json, sys
from napari_hicstruct.cli.main import main
print(json.dumps({name: main(words) for name, words in json.loads(sys.argv[1]).items()}))
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, Path, str]]:
    """Status, picture and messages of each view; one process draws them all, as it takes seconds to start napari."""
    targets, words = {}, {}
    for number, (name, (build, region)) in enumerate(VIEWS.items()):
        folder = tmp_path_factory.mktemp(f"view{number}")
        targets[name] = folder / "picture.png"
        words[name] = ["view", build(folder), "--region", region, "--screenshot", str(targets[name])]
    command = [sys.executable, "-c", DRAW, json.dumps(words)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
    statuses = json.loads(done.stdout.splitlines()[-1])
    return {name: (statuses[name], target, done.stderr) for name, target in targets.items()}


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_the_window_draws_it(name: str, drawn: dict[str, tuple[int, Path, str]]) -> None:
    """The middle of the picture holds colours other than grey: contacts, not missing data."""
    import numpy as np
    from matplotlib.image import imread

    status, target, said = drawn[name]
    assert status == 0, said
    picture = (np.asarray(imread(target))[..., :3] * 255).astype(int)
    middle = picture[picture.shape[0] // 4 : -picture.shape[0] // 4, 400:1000]
    coloured = middle.max(axis=2) - middle.min(axis=2) > 40
    assert coloured.mean() > 0.02


def test_regions_that_overlap_are_predicted_once(tmp_path: Path) -> None:
    address, out = write(tmp_path / "plain.cool"), tmp_path / "out"
    words = ["predict", address, "-c", CHROM, "-r", f"{CHROM}:0-600k", "-r", f"{CHROM}:100k-700k", "--tasks", "loop"]
    assert main([*words, "-o", str(out), "--quiet"]) == 0
    loops = [record.span for record in read_labels(out / "loops.bedpe").records]
    assert loops
    assert len(set(loops)) == len(loops)
    assert "predicted as one" in " ".join(json.loads((out / "run.json").read_text())["notes"])


def test_a_region_without_contacts_is_no_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address, out = files.bins_cut_away(tmp_path), tmp_path / "out"
    words = ["predict", address, "-r", "chr1:0-400k", "-o", str(out), "--tasks", "loop", "--quiet"]
    assert main(words) == 2
    line = capsys.readouterr().err
    assert "holds no contacts in chr1:0-400,000. Its contacts on chr1 lie between 500,000 and 1,500,000." in line
    assert not list(out.glob("*.bedpe"))


def test_a_map_of_its_diagonal_alone_is_said_to_be_one(tmp_path: Path) -> None:
    near = write(tmp_path / "near.cool", values=lambda matrix: np.triu(np.tril(matrix, 1)))
    assert main(["predict", near, "-c", CHROM, "-o", str(tmp_path / "out"), "--tasks", "loop", "--quiet"]) == 0
    notes = " ".join(json.loads((tmp_path / "out" / "run.json").read_text())["notes"])
    assert f"{CHROM} has contacts up to 5,000 bp from the diagonal only: too near for any structure." in notes
    assert "shallow" not in notes


def test_a_map_that_was_cut_near_its_diagonal_is_said_to_be_one(tmp_path: Path) -> None:
    near = write(tmp_path / "near.cool", values=lambda matrix: np.triu(np.tril(matrix, 8)))
    assert main(["predict", near, "-c", CHROM, "-o", str(tmp_path / "out"), "--tasks", "tad", "--quiet"]) == 0
    notes = " ".join(json.loads((tmp_path / "out" / "run.json").read_text())["notes"])
    assert "contacts up to 40,000 bp from the diagonal only: boundaries and TADs are judged by more" in notes


def test_a_shallow_map_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = write(tmp_path / "thin.cool", values=lambda matrix: matrix * (matrix > 60) / 60 // 1)
    assert main(["info", address]) == 0
    assert "Very shallow at the finest bins" in capsys.readouterr().out
