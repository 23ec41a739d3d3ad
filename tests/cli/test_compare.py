"""``hicstruct compare``: planted changes come out, a thinned copy differs in nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import pytest

from napari_hicstruct.annotations import Project, read_labels
from napari_hicstruct.cli.main import main
from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.workflows.compare import Change, CompareRequest, compare, iter_compare
from tests.fusion_kit import write_cool

N, FAR, BIN = 500, 120, 10_000
LOOPS = [(40 + 20 * k, 70 + 20 * k + k % 5) for k in range(20)]
GONE, NEW = {2, 7}, {11}
"""Loops that B lacks, and that A lacks."""


def _expected(without: set[int], moved: int | None = None) -> np.ndarray:
    d = np.arange(FAR)[:, None]
    band = np.broadcast_to(400 / (1 + d), (FAR, N)).astype(np.float32).copy()
    for k, (i, j) in enumerate(LOOPS):
        if k in without:
            continue
        by = 5 if k == moved else 0
        for x in (-1, 0, 1):
            for y in (-1, 0, 1):
                band[j + y + by - i - x, i + x] *= 4
    return band


def _counts(band: np.ndarray, depth: float, seed: int) -> np.ndarray:
    counts = np.random.default_rng(seed).poisson(band * depth).astype(np.float32)
    for d in range(FAR):
        counts[d, N - d :] = 0
    return counts


def _bedpe(path: Path, left_out: set[int], moved: int | None = None) -> Path:
    rows = [(i, j + (5 if k == moved else 0)) for k, (i, j) in enumerate(LOOPS) if k not in left_out]
    lines = ["#chrom1\tstart1\tend1\tchrom2\tstart2\tend2"]
    lines += [f"chr1\t{i * BIN}\t{(i + 1) * BIN}\tchr1\t{j * BIN}\t{(j + 1) * BIN}" for i, j in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Maps A and B (half as deep), a replicate of each, A thinned, B in other bins, others; their loops."""
    path = tmp_path_factory.mktemp("compare")
    a, b = _expected(NEW), _expected(GONE, moved=15)
    of_a = _counts(a, 1.0, 1)
    write_cool(path / "a.cool", {"chr1": of_a}, assembly="hg38")
    write_cool(path / "a2.cool", {"chr1": _counts(a, 0.7, 2)}, assembly="hg38")
    write_cool(path / "b.cool", {"chr1": _counts(b, 0.5, 3)}, assembly="hg38")
    write_cool(path / "b2.cool", {"chr1": _counts(b, 0.6, 4)}, assembly="hg38")
    thin = np.random.default_rng(5).binomial(of_a.astype(int), 0.3).astype(np.float32)
    write_cool(path / "thin.cool", {"chr1": thin}, assembly="hg38")
    write_cool(path / "mm10.cool", {"chr1": thin}, assembly="mm10")
    write_cool(path / "other.cool", {"chr7": thin})
    write_cool(path / "odd.cool", {"chr1": thin}, resolution=7_000)
    cooler.coarsen_cooler(str(path / "b.cool"), str(path / "b25.cool"), 3, 10**6)
    _bedpe(path / "a.bedpe", NEW)
    _bedpe(path / "b.bedpe", GONE, moved=15)
    return path


def _run(folder: Path, b: str, *options: str) -> int:
    return main(["compare", str(folder / "a.cool"), str(folder / b), "-q", *options])


def _calls(folder: Path, b: str = "b") -> list[str]:
    return ["--calls-a", str(folder / "a.bedpe"), "--calls-b", str(folder / f"{b}.bedpe")]


def test_planted_changes_come_out_on_top_in_all_files(folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert _run(folder, "b.cool", *_calls(folder), "-o", str(out), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert {name: said[name] for name in ("lost", "gained", "moved", "same")} == {
        "lost": 2,
        "gained": 1,
        "moved": 1,
        "same": 16,
    }
    table = pd.read_csv(out / "changes.tsv", sep="\t")
    assert len(table) == 20
    lost = table[table["change"] == "lost"]
    assert set(zip(lost["start1"] // BIN, lost["start2"] // BIN, strict=True)) == {LOOPS[k] for k in GONE}
    assert (lost["log2_ratio"] < -1).all()
    assert (table["change"].iloc[:4] != "same").all()
    size = table["shrunken_log2_ratio"].abs()
    assert size[:4].is_monotonic_decreasing
    assert size[4:].is_monotonic_decreasing
    assert size[3] > 4 * size[4]
    moved = table[table["change"] == "moved"].iloc[0]
    i, j = LOOPS[15]
    assert moved["moved_from"] == f"{i * BIN}-{(i + 1) * BIN}:{j * BIN}-{(j + 1) * BIN}"
    found = read_labels(out / "loops.bedpe").records
    assert {one.extra["change"] for one in found} == {"lost", "gained", "moved"}
    run = json.loads((out / "run.json").read_text())
    assert run["second_map"]["uri"].endswith("b.cool")
    assert run["parameters"]["resolution"] == BIN
    with Project.open(out / "changes.hicproj") as project:
        assert [one.name for one in project.sets()] == ["lost in b", "gained in b", "moved in b"]
        assert len(project.query()) == 4
    assert _run(folder, "b.cool", *_calls(folder), "-o", str(out)) == 0  # again into the same folder


def test_a_thinned_copy_differs_in_nothing(folder: Path) -> None:
    every = _bedpe(folder / "every.bedpe", set())
    found = compare(
        CompareRequest(
            a=str(folder / "a.cool"), b=str(folder / "thin.cool"), calls_a=(every,), calls_b=(every,), fdr=0.2
        )
    )
    assert found.counts()["same"] == len(found.table) == 20


def test_replicates_give_the_dispersion_and_add_their_contacts(folder: Path) -> None:
    def asked(**more: tuple[str, ...]) -> pd.DataFrame:
        request = CompareRequest(
            a=str(folder / "a.cool"),
            b=str(folder / "b.cool"),
            calls_a=(folder / "a.bedpe",),
            calls_b=(folder / "b.bedpe",),
            **more,
        )
        found = compare(request)
        assert any("No replicates" in note for note in found.notes) == (not more)
        return found.table.sort_values(["start1", "start2"], ignore_index=True)

    alone = asked()
    both = asked(replicates_a=(str(folder / "a2.cool"),), replicates_b=(str(folder / "b2.cool"),))
    assert (both["contacts_a"] > 1.3 * alone["contacts_a"]).all()
    assert set(both[both["change"] == "lost"]["start1"] // BIN) == {LOOPS[k][0] for k in GONE}


def test_maps_of_unlike_bins_are_compared_in_common_ones(folder: Path) -> None:
    found = compare(
        CompareRequest(
            a=str(folder / "a.cool"),
            b=str(folder / "b25.cool"),
            calls_a=(folder / "a.bedpe",),
            calls_b=(folder / "b.bedpe",),
        )
    )
    assert found.run["parameters"]["resolution"] == 30_000


def test_a_loop_whose_bins_b_has_lost_is_said_to_be_deleted(folder: Path, tmp_path: Path) -> None:
    counts = _counts(_expected(NEW), 1.0, 1)
    for d in range(FAR):
        counts[d, max(0, 75 - d) : 85] = 0
    write_cool(tmp_path / "cut.cool", {"chr1": counts}, assembly="hg38")
    calls = (folder / "a.bedpe",)
    found = compare(
        CompareRequest(a=str(folder / "a.cool"), b=str(tmp_path / "cut.cool"), calls_a=calls, calls_b=calls)
    )
    first = found.table.iloc[0]
    assert first["change"] == Change.WEAKER.value  # it is on both lists: its calls say that it is still there
    assert first["note"] == "its bins hold no contacts in B"
    assert first["contacts_b"] == 0
    assert LOOPS[2] == (first["start1"] // BIN, first["start2"] // BIN)


@pytest.mark.parametrize(
    ("b", "says"),
    [
        ("mm10.cool", "is of mm10, the first map of hg38"),
        ("other.cool", "has no chromosome of the first map"),
        ("a.cool", "is the same map as a: it differs in nothing"),
        ("none.cool", "none.cool"),
    ],
)
def test_what_cannot_be_compared_is_one_line(folder: Path, tmp_path: Path, capsys, b: str, says: str) -> None:
    assert _run(folder, b, *_calls(folder), "-o", str(tmp_path / "out")) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_no_common_bin_size_is_one_line(folder: Path, tmp_path: Path, capsys) -> None:
    odd = tmp_path / "odd.cool"
    sizes = {"chr1": N * BIN}
    bins = cooler.binnify(pd.Series(sizes), 7_000)
    pixels = pd.DataFrame({"bin1_id": [1, 2], "bin2_id": [2, 3], "count": [5, 6]})
    cooler.create_cooler(str(odd), bins, pixels, ordered=True)
    assert main(["compare", str(folder / "a.cool"), str(odd), "-q", "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "has bins of 7 kb, a of 10 kb" in said


def test_wrong_options_are_refused(folder: Path, tmp_path: Path, capsys) -> None:
    out = ["-o", str(tmp_path / "out")]
    for options, says in (
        (["--calls-a", str(folder / "a.bedpe")], "calls of A are given, but none of B"),
        ([*_calls(folder), "--fdr", "0"], "fdr=0.0 is no rate"),
        ([*_calls(folder), "-r", "chr1:1M-2M", "-c", "chr1"], "both say where"),
        ([*_calls(folder), "--resolution", "15k"], "does not give bins of 15 kb"),
        ([*_calls(folder), "-c", "chr9"], "chr9"),
    ):
        assert _run(folder, "b.cool", *options, *out) == 2, options
        assert says in capsys.readouterr().err


def test_a_folder_of_other_labels_is_left_alone(folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    out.mkdir()
    shutil.copy(folder / "a.bedpe", out / "loops.bedpe")
    assert _run(folder, "b.cool", *_calls(folder), "-o", str(out)) == 2
    assert "loops.bedpe" in capsys.readouterr().err
    assert [one.name for one in out.iterdir()] == ["loops.bedpe"]


def test_it_ends_where_it_is_cancelled(folder: Path) -> None:
    from napari_hicstruct.errors import Cancelled

    token = CancelToken()
    job = iter_compare(
        CompareRequest(
            a=str(folder / "a.cool"),
            b=str(folder / "b.cool"),
            calls_a=(folder / "a.bedpe",),
            calls_b=(folder / "b.bedpe",),
        ),
        token,
    )
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        list(job)
