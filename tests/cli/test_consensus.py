"""Calls of several programs become one soft list from the shell; what cannot be used is named, the rest goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import Kind, read_labels
from napari_hicstruct.cli.main import main

PLACES = [(k * 1_000_000 + 100_000, k * 1_000_000 + 400_000) for k in range(40)]


def bedpe(path: Path, rows: list[tuple[int, int]], *, chrom: str = "chr1", header: str = "", tail: str = "") -> str:
    lines = [f"{chrom}\t{a}\t{a + 10_000}\t{chrom}\t{b}\t{b + 10_000}{tail}" for a, b in rows]
    path.write_text("\n".join([*([header] if header else []), *lines]) + "\n")
    return str(path)


PAIR = "chrom1\tstart1\tend1\tchrom2\tstart2\tend2"


@pytest.fixture
def three(tmp_path: Path) -> list[str]:
    mustache = "BIN1_CHR\tBIN1_START\tBIN1_END\tBIN2_CHROMOSOME\tBIN2_START\tBIN2_END\tFDR\tDETECTION_SCALE"
    return [
        bedpe(tmp_path / "m.tsv", PLACES[:30], header=mustache, tail="\t0.01\t1.6"),
        bedpe(
            tmp_path / "loops.chromosight.tsv", [(a + 10_000, b) for a, b in PLACES[10:]], chrom="1", tail="\t.5\t0\t0"
        ),
        bedpe(tmp_path / "mine.bedpe", PLACES[5:25]),
    ]


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict, str]:
    status = main(["consensus", *words, "--json", "--quiet"])
    shown = capsys.readouterr()
    return status, json.loads(shown.out) if status == 0 else {}, shown.err


def test_three_callers(tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "soft.bedpe"
    status, said, _ = run([*three, "-o", str(out), "--method", "count"], capsys)
    assert status == 0
    assert [one["caller"] for one in said["callers"]] == ["chromosight", "mine", "mustache"]
    assert out.read_text().splitlines()[0] == f"{PAIR}\tsoft_score\tn_calls\tn_tools\tsupporters"
    found = read_labels(out)
    assert found.format == "soft loops"
    assert len(found.records) == 25  # what at least two call
    assert {record.supporters for record in found.records if record.n_tools == 3} == {
        ("chromosight", "mine", "mustache")
    }
    assert run([*three, "-o", str(out), "--keep-all", "--overwrite"], capsys)[1]["soft_labels"] == 40


def test_a_program_is_not_silent_where_it_did_not_look(
    tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Predictions of a region, beside lists of the whole chromosome: elsewhere only those two could have called."""
    ours = tmp_path / "ours"
    ours.mkdir()
    loops = [
        hs.Annotation(kind="loop", anchor1=("chr1", a, a + 10_000), anchor2=("chr1", b, b + 10_000), model="our 1.0")
        for a, b in PLACES[10:15]
    ]
    hs.write_labels(loops, ours / "loops.bedpe")
    words = [f"ours={ours / 'loops.bedpe'}", *three[::2], "-o", str(tmp_path / "soft.bedpe"), "--method", "count"]

    def scores() -> dict[int, float]:
        assert run([*words, "--overwrite"], capsys)[0] == 0
        return {r.anchor1.start // 1_000_000: r.soft_score for r in read_labels(tmp_path / "soft.bedpe").records}

    silent = scores()
    assert (silent[7], silent[12]) == (pytest.approx(2 / 3, abs=1e-3), 1)
    (ours / "run.json").write_text(json.dumps({"parameters": {"regions": ["1:10,000,000-16,000,000"]}}))
    known = scores()
    assert (known[7], known[12], known[15]) == (1, 1, pytest.approx(2 / 3, abs=1e-3))


def test_names_given_by_hand_and_several_files_of_one_program(
    tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "soft.bedpe")
    words = [three[0], f"SIP={three[1]}", f"SIP={three[2]}", "-o", out, "--method", "weighted", "--weight", "SIP=3"]
    status, said, err = run(words, capsys)
    assert status == 0
    assert [one["caller"] for one in said["callers"]] == ["SIP", "mustache"]
    assert "together they are one vote" in err
    assert {record.soft_score for record in read_labels(out).records} == {1.0}


def test_files_that_cannot_be_used_are_named_and_the_others_go_on(
    tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.bedpe").write_text("")
    (tmp_path / "tads.bed").write_text("chr1\t0\t500000\nchr1\t500000\t900000\n")
    bad = [str(tmp_path / "empty.bedpe"), str(tmp_path / "tads.bed"), str(tmp_path / "none.bedpe"), three[0]]
    status, said, err = run([*three, *bad, "-o", str(tmp_path / "s.bedpe"), "--kind", "loop"], capsys)
    assert status == 0
    assert len(said["files"]) == 7
    for name, word in (
        ("empty", "is empty"),
        ("tads", "not loops"),
        ("none", "none.bedpe"),
        ("m.tsv", "twice"),
    ):
        assert any(name in line and word in line for line in err.splitlines()), (name, err)


def test_files_that_name_another_assembly_are_left_out_and_named(
    tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["a.hg19.bedpe", "b.GRCh37.bedpe", "c.hg38.bedpe"]
    files = [bedpe(tmp_path / name, PLACES, header=f"# {name[0]}") for name in names]
    status, said, err = run([*files, three[0], "-o", str(tmp_path / "s.bedpe")], capsys)
    assert status == 0
    assert [line for line in err.splitlines() if "left out" in line] == [
        f"{files[2]}: left out: is of hg38, as its name or its comments say; hg19 is wanted. "
        "Lift it over, or give files of one assembly."
    ]
    assert [one["caller"] for one in said["callers"]] == ["a.hg19", "b.GRCh37", "mustache"]


def test_one_file_is_no_consensus(tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s.bedpe"
    assert main(["consensus", three[0], "-o", str(out)]) == 2
    assert "needs calls of two programs or more" in capsys.readouterr().err
    assert not out.exists()
    assert main(["consensus", *three, "-o", str(out), "--weight", "SIP=2"]) == 2


def test_fit_hic_lists_all_it_tested(tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        f"chr1\t{a + 5_000}\tchr1\t{b + 5_000}\t9\t1e-9\t{q}"
        for (a, b), q in zip(PLACES, [1e-6] * 20 + [0.4] * 20, strict=True)
    ]
    header = "chr1\tfragmentMid1\tchr2\tfragmentMid2\tcontactCount\tp-value\tq-value"
    (tmp_path / "f.txt").write_text("\n".join([header, *rows]) + "\n")
    status, said, err = run([*three, str(tmp_path / "f.txt"), "-o", str(tmp_path / "s.bedpe")], capsys)
    assert status == 0
    assert {one["caller"]: one["calls"] for one in said["callers"]}["Fit-Hi-C"] == 20
    assert "20 of 40 contacts have a q-value above 0.01" in err


@pytest.mark.parametrize("kind", ["tad", "boundary", "stripe"])
def test_other_kinds_read_back(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.bed"
        if kind == "stripe":
            rows = [f"chr1\t{k}000000\t{k}020000\tchr1\t{k}000000\t{k}900000" for k in range(1, 9)]
        else:
            rows = [
                f"chr1\t{k}000000\t{k}010000" if kind == "boundary" else f"chr1\t{k}000000\t{k}900000"
                for k in range(1, 9)
            ]
        path.write_text("\n".join([f"# {name}", *rows]) + "\n")  # else they would be one file under two names
        files.append(str(path))
    out = tmp_path / "soft.tsv"
    status, said, _ = run([*files, "-o", str(out), "--kind", kind], capsys)
    assert status == 0
    found = read_labels(out)
    assert {record.kind for record in found.records} == {Kind(kind)}
    assert len(found.records) == said["soft_labels"] == 8
    assert {record.soft_score for record in found.records} == {1.0}


def test_files_of_one_program_are_no_consensus(
    tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.bedpe"
    assert main(["consensus", f"A={three[0]}", f"A={three[1]}", "-o", str(out)]) == 2
    assert "two programs or more; all 2 files count as calls of A. Say the program" in capsys.readouterr().err
    assert not out.exists()


def test_it_is_said_why_the_list_is_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = bedpe(tmp_path / "a.bedpe", PLACES[:5])
    other = bedpe(tmp_path / "b.bedpe", PLACES[:5], chrom="chr2")
    far = bedpe(tmp_path / "c.bedpe", [(a + 500_000, b + 500_000) for a, b in PLACES[:5]])
    for second, reason in (
        (other, "no chromosome has calls of two programs (a: chr1; b: chr2)"),
        (far, "no two programs call one place within 15,000 bp; --tolerance"),
    ):
        status, said, err = run([first, second, "-o", str(tmp_path / "s.bedpe"), "--overwrite"], capsys)
        assert (status, said["soft_labels"]) == (0, 0)
        assert reason in err


def test_a_chromosome_without_calls_is_named(
    tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.bedpe"
    assert main(["consensus", *three, "-o", str(out), "--chrom", "chr99"]) == 2
    assert "no list has calls on 'chr99'. They have calls on chr1." in capsys.readouterr().err
    assert not out.exists()


def test_nothing_is_said_of_a_caller_whom_nobody_can_confirm(
    tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It alone called on chr2: how many of its calls are right cannot be known."""
    alone, out = bedpe(tmp_path / "alone.bedpe", PLACES, chrom="chr2"), str(tmp_path / "s.bedpe")
    status, said, _ = run([*three, alone, "-o", out], capsys)
    assert status == 0
    rows = {one["caller"]: one for one in said["callers"]}
    assert (rows["alone"]["of its calls right"], rows["alone"]["of all found"]) == (None, None)
    assert all(0 < rows[name]["of its calls right"] <= 1 for name in ("chromosight", "mine", "mustache"))
    assert main(["consensus", *three, alone, "-o", out, "--overwrite", "--quiet"]) == 0
    (shown,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("alone")]
    assert shown == ["alone", "40", "0", "–", "–"]
    found = hs.consensus({**dict(zip("abc", three, strict=True)), "alone": alone})
    assert found.run["consensus"]["callers"]["alone"]["precision"] is None


def test_rounds_that_have_not_settled_are_said(
    tmp_path: Path, three: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*three, "-o", str(tmp_path / "s.bedpe"), "--overwrite"]
    assert "settled" not in run(words, capsys)[2]
    monkeypatch.setattr("napari_hicstruct.labels.consensus.reliability.MAX_ROUNDS", 1)
    assert "note: What calls are worth has not settled after 1 round;" in run(words, capsys)[2]
