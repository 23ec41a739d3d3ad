"""Loops as enhancer–promoter pairs: elements at anchors, genes' starts, the best pair of each loop, messages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.config.loop_pairs import LoopPairsConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import drain
from napari_hicstruct.tracks import open_track
from napari_hicstruct.workflows.epi.loops import LoopPairs, LoopPairsRequest, iter_loop_pairs, pairs_of
from napari_hicstruct.workflows.epi.predict import PredictEpiRequest, iter_predict_epi
from napari_hicstruct.workflows.epi.train import TrainEpiRequest, iter_train_epi
from tests.epi_kit import grammar_folder, tiny


def loop(a: tuple[int, int], b: tuple[int, int], chrom: str = "chr1") -> Annotation:
    return Annotation(kind=Kind.LOOP, anchor1=Interval(chrom, *a), anchor2=Interval(chrom, *b))


def request(folder: Path, **changes: object) -> LoopPairsRequest:
    given = {"model": folder / "run", "fasta": folder / "genome.fa", "enhancers": folder / "e.bed"}
    return LoopPairsRequest(**(given | {"promoters": folder / "p.bed", "line": "line01", "flank": 0} | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = grammar_folder(tmp_path_factory.mktemp("epi"))
    drain(
        iter_train_epi(
            TrainEpiRequest(
                folder / "pairs.tsv", folder / "genome.fa", folder / "run", tiny(), folder / "lines.tsv", "cpu", 1
            )
        )
    )
    rows = [line.split("\t") for line in (folder / "pairs.tsv").read_text().splitlines()[1:]]
    for name, column in (("e.bed", 1), ("p.bed", 2)):
        spans = sorted({(row[0], *map(int, row[column].split("-"))) for row in rows})
        (folder / name).write_text("".join(f"{c}\t{s}\t{e}\n" for c, s, e in spans))
    return folder


def _spans(folder: Path, name: str, chrom: str = "chr1") -> list[tuple[int, int]]:
    rows = [line.split("\t") for line in (folder / name).read_text().splitlines()]
    return [(int(row[1]), int(row[2])) for row in rows if row[0] == chrom]


def test_elements_of_either_anchor_count_and_starts_of_genes(tmp_path: Path) -> None:
    (tmp_path / "e.bed").write_text("chr1\t1000\t1200\nchr1\t51000\t51200\nchr1\t90000\t90100\n")
    (tmp_path / "p.bed").write_text("chr1\t50000\t52000\tup\t0\t+\nchr1\t100\t1100\tdown\t0\t-\n")
    (tmp_path / "g.gtf").write_text(
        'chr1\tx\tgene\t51001\t80000\t.\t+\t.\tgene_id "A"; gene_name "A";\n'
        'chr1\tx\tgene\t20001\t51500\t.\t-\t.\tgene_id "B"; gene_name "B";\n'
        'chr1\tx\tgene\t40001\t60000\t.\t+\t.\tgene_id "C"; gene_name "C";\n'
    )
    own, asked = [loop((0, 5_000), (50_000, 55_000))], request(tmp_path)
    table, owners = pairs_of(own, open_track(tmp_path / "e.bed"), open_track(tmp_path / "p.bed"), asked)
    pairs = {(tuple(e), tuple(p)) for e, p in zip(table.enhancers.tolist(), table.promoters.tolist(), strict=True)}
    assert pairs == {((1000, 1200), (50_000, 52_000)), ((51_000, 51_200), (100, 1_100))}
    assert owners == [0, 0]
    table, _ = pairs_of(own, open_track(tmp_path / "e.bed"), open_track(tmp_path / "g.gtf"), asked)
    assert sorted(table.promoters.tolist()) == [[50_500, 51_500], [51_000, 52_000]]  # C begins before the anchor


def test_a_flank_reaches_farther_and_at_most_64_pairs_are_tried(tmp_path: Path) -> None:
    (tmp_path / "e.bed").write_text("".join(f"chr1\t{k * 100}\t{k * 100 + 50}\n" for k in range(20)))
    (tmp_path / "p.bed").write_text("".join(f"chr1\t{60_000 + k * 100}\t{60_050 + k * 100}\n" for k in range(20)))
    tracks = open_track(tmp_path / "e.bed"), open_track(tmp_path / "p.bed")
    own = [loop((0, 5_000), (50_000, 55_000))]
    assert len(pairs_of(own, *tracks, request(tmp_path))[0]) == 0
    assert len(pairs_of(own, *tracks, request(tmp_path, flank=10_000))[0]) == 64


def test_the_best_pair_of_a_loop_has_the_probability_that_predict_gives(trained: Path, tmp_path: Path) -> None:
    e, p = _spans(trained, "e.bed"), _spans(trained, "p.bed")
    own = [loop((e[0][0], e[2][1]), (p[0][0], p[1][1])), loop((e[0][0] + 1, e[0][0] + 2), (1, 2))]
    asked = request(trained, lines=trained / "lines.tsv")
    found = drain(iter_loop_pairs(own, asked))
    best = found.found[own[0].uid]
    assert own[1].uid not in found.found
    assert (best.enhancer.start, best.enhancer.end) in e
    table = tmp_path / "pairs.tsv"
    rows = [(x, y) for x in e[:3] for y in p[:2]]
    both = "".join(f"chr1\t{x[0]}-{x[1]}\t{y[0]}-{y[1]}\tline01\n" for x, y in rows)
    table.write_text("chrom\tenhancer\tpromoter\tline\n" + both)
    plain = drain(iter_predict_epi(PredictEpiRequest(table, asked.fasta, asked.model, tmp_path / "o.tsv", asked.lines)))
    assert best.tried >= 6
    assert best.p >= np.nanmax(plain.probabilities) - 1e-6
    assert best.note("line01") == f"E–P pair in line01: p {best.p:.2f}"
    assert found.words().startswith("1 loop of 2 with an enhancer at one anchor")


def test_what_is_missing_is_said(trained: Path) -> None:
    with pytest.raises(ConfigError, match="there are no loops"):
        drain(iter_loop_pairs([], request(trained)))
    with pytest.raises(ConfigError, match="no loop has an enhancer at one anchor"):
        drain(iter_loop_pairs([loop((1, 2), (3, 4))], request(trained)))
    with pytest.raises(ConfigError, match="no loop has an enhancer"):  # another assembly's chromosomes
        drain(iter_loop_pairs([loop((1, 9_999), (3, 99_999), "chr99")], request(trained)))
    assert LoopPairsConfig().missing() == "Give the model's folder, a FASTA, enhancers, promoters, the cell line."
    assert LoopPairs({}, 3, "K562", 0.5).words().startswith("0 loops of 3")


def test_the_command_writes_a_row_for_each_loop(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from napari_hicstruct.cli.main import main

    e, p = _spans(trained, "e.bed"), _spans(trained, "p.bed")
    rows = [(e[0][0], e[2][1], p[0][0], p[1][1]), (1, 2, 3, 4)]
    (tmp_path / "l.bedpe").write_text("".join(f"chr1\t{a}\t{b}\tchr1\t{c}\t{d}\n" for a, b, c, d in rows))
    words = ["epi", "loops", str(tmp_path / "l.bedpe"), "--quiet", "--flank", "0", "--line", "line01"]
    for name, path in (("fasta", "genome.fa"), ("model", "run"), ("enhancers", "e.bed"), ("promoters", "p.bed")):
        words += [f"--{name}", str(trained / path)]
    words += ["--lines", str(trained / "lines.tsv"), "--out", str(tmp_path / "o.tsv")]
    assert main(words) == 0
    written = [line.split("\t") for line in (tmp_path / "o.tsv").read_text().splitlines()]
    assert written[0][6:] == ["p", "called", "enhancer", "promoter", "tried"]
    assert 0 <= float(written[1][6]) <= 1
    assert written[2][6:] == ["NA"] * 4 + ["0"]
    assert "pairs" in capsys.readouterr().out
    assert main(words) == 2  # the table is there
