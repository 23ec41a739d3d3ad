"""``CALLER=FILE``: the columns and the ranking of a known program count, an unknown name stays a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.callers import program_meant
from napari_hicstruct.labels.consensus import ConsensusOptions, Method
from napari_hicstruct.workflows.consensus import CallFile, ConsensusRequest, ConsensusResult, consensus_of_files
from tests.foreign.label_files import PLACES, SIZE


def pairs(*columns: list[str], head: str = "") -> str:
    rows = []
    for k, (x, y) in enumerate(PLACES):
        cells = ("chr1", x, x + SIZE, "chr1", y, y + SIZE, *(column[k] for column in columns))
        rows.append("\t".join(map(str, cells)))
    return head + "\n".join(rows) + "\n"


@pytest.fixture
def write(tmp_path: Path):
    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write_file


def joined(*files: CallFile) -> ConsensusResult:
    return consensus_of_files(ConsensusRequest(files, None, ConsensusOptions(Method.COUNT)))


@pytest.mark.parametrize(
    ("caller", "program"),
    [
        ("Peakachu", "Peakachu"),
        (" peakachu 10kb", "Peakachu"),
        ("HiCCUPS_rep2", "HiCCUPS"),
        ("pyHICCUPS", "hicpeaks"),
        ("cooltools insulation", "cooltools insulation"),
        ("Quagga", "StripeCaller"),
        ("SIP", "SIP"),
        ("mine", ""),
        ("gossip", ""),
        ("not mustache", ""),
        ("", ""),
    ],
)
def test_which_program_a_name_means(caller: str, program: str) -> None:
    assert program_meant(caller) == program


PROBABILITY, SIGNAL = ["0.93", "0.9", "1"], ["17.2", "3", "9"]
P = ["1e-8", "1e-12", "0.03"]
Q = ["0.1", "0.01", "0.001"]
HICPEAKS = [["a", "b", "c"], ["900", "300", "20"], ["+"] * 3, ["-"] * 3, ["2"] * 3, P, Q]


@pytest.mark.parametrize(
    ("program", "columns", "scores"),
    [
        ("Peakachu", [PROBABILITY, SIGNAL], [0.93, 0.9, 1.0]),
        ("mustache", [Q, ["1.6"] * 3], [0.9, 0.99, 0.999]),
        ("chromosight", [PROBABILITY, P, P], [0.93, 0.9, 1.0]),
        ("hicpeaks", HICPEAKS, [0.9, 0.99, 0.999]),
    ],
)
def test_a_program_that_is_said_gives_its_columns_and_its_ranking(write, program, columns, scores) -> None:
    path = write("x.bedpe", pairs(*columns))
    found = read_labels(path, program=program)
    assert found.format == program
    assert [record.score for record in found.records] == pytest.approx(scores)
    assert not any("in no format" in note for note in found.notes)
    assert read_labels(path).format == "BEDPE"


def test_hitad_is_said_where_its_levels_do_not_show(write) -> None:
    text = "chr1\t0\t400000\t1\nchr1\t400000\t800000\t0\nchr1\t800000\t900000\t2\n"
    assert read_labels(write("x.txt", text)).format == "BED"
    found = read_labels(write("x.txt", text), program="HiTAD")
    assert (found.format, [record.level for record in found.records]) == ("HiTAD", [2, 1, 3])


def test_stripecaller_is_said_where_its_header_is_gone(write) -> None:
    found = read_labels(write("x.bedpe", pairs(["261", "300", "12"])), program="StripeCaller")
    assert (found.format, [record.score for record in found.records]) == ("StripeCaller", [2 / 3, 1.0, 1 / 3])


def test_a_file_of_another_program_than_its_caller_is_said(write) -> None:
    mustache = "BIN1_CHR\tBIN1_START\tBIN1_END\tBIN2_CHROMOSOME\tBIN2_START\tBIN2_END\tFDR\tDETECTION_SCALE\n"
    files = [
        CallFile(write("a.tsv", pairs(Q, ["1.6"] * 3, head=mustache)), "Peakachu"),
        CallFile(write("b.bedpe", pairs(["n", "n", "n"], ["0.5", "0.7", "1"])), "mustache"),
        CallFile(write("c.bedpe", pairs()), "chromosight"),
        CallFile(write("d.bedpe", pairs(PROBABILITY, SIGNAL)), "mine"),
    ]
    result = joined(*files)
    assert [one.caller for one in result.files] == ["Peakachu", "mustache", "chromosight", "mine"]
    said = [[note for note in one.notes if "in no format" in note] for one in result.files]
    assert said == [
        ["is in no format of Peakachu that is known here; read as mustache."],
        ["is in no format of mustache that is known here; read as BEDPE."],
        [],  # pairs and nothing else contradict nobody
        [],
    ]
    assert len(result.consensus.records) == 3
