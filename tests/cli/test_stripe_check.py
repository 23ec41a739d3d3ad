"""Pictures of stripes from the shell: the line of the file that was asked for, in the place the file says."""

from __future__ import annotations

from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import napari_hicstruct as hs
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.cli.main import main

HEAD = "chr\tpos1\tpos2\tchr2\tpos3\tpos4\tlength\twidth\tMean\tmaxpixel\tpvalue\tStripiness"
TAIL = "\t1\t1\t1\t99%\t0.01\t8"
LINES = [
    f"chr1\t2000001\t2020000\tchr1\t2000001\t2600000{TAIL}",
    f"chr1\tx\t2\tchr1\t3\t4{TAIL}",
    f"chr1\t6980001\t7000000\tchr1\t6400001\t7000000{TAIL}",
]


@pytest.fixture(scope="module")
def sample() -> str:
    return hs.sample_map().uri


@pytest.fixture
def stripes(tmp_path: Path) -> Path:
    path = tmp_path / "result.tsv"
    path.write_text("\n".join([HEAD, *LINES]) + "\n")
    return path


def blue(path: Path) -> tuple[slice, slice]:
    """Rows and columns of the picture that the rectangle covers."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    edge = pixels[..., 2] - pixels[..., 0] > 60
    rows, cols = np.flatnonzero(edge.any(axis=1)), np.flatnonzero(edge.any(axis=0))
    return slice(rows.min(), rows.max()), slice(cols.min(), cols.max())


def test_numbers_are_data_lines_of_the_file(stripes: Path, sample: str) -> None:
    chromsizes = dict(hs.open_map(sample).chromsizes)
    assert read_labels(stripes, chromsizes=chromsizes).rows == (1, 3)


def test_rows_are_x_and_columns_are_y(stripes: Path, sample: str, tmp_path: Path) -> None:
    for number in (1, 3):
        out = tmp_path / f"{number}.png"
        assert main(["stripe-check", sample, str(stripes), "-n", str(number), "-o", str(out), "-q"]) == 0
        rows, cols = blue(out)
        assert cols.stop - cols.start > 10 * (rows.stop - rows.start)
    down, up = (blue(tmp_path / f"{number}.png") for number in (1, 3))
    assert down[0].start < up[0].start  # downstream of the diagonal is on the right of it, in the upper part


def test_all_go_to_a_folder(stripes: Path, sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stripe-check", sample, str(stripes), "--all", "-o", str(tmp_path / "all"), "--balance"]) == 0
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["stripe_0001.png", "stripe_0003.png"]
    assert "line 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-n", "2", "-o", "a.png"], "line 3"),
        (["-n", "4", "-o", "a.png"], "1 to 3"),
        (["-n", "1", "-o", "a.xyz"], "kind of picture"),
        (["-o", "a.png"], "-n 5"),
        (["-n", "1", "--all", "-o", "a"], "-n 5"),
        (["--all", "-o", "a.png"], "folder"),
    ],
)
def test_bad_input_is_one_line(
    stripes: Path, sample: str, words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path / word) if word.startswith("a") else word for word in words]
    assert main(["stripe-check", sample, str(stripes), "-q", *words]) == 2
    said = capsys.readouterr().err.strip()
    assert says in said
    assert len(said.splitlines()) == 1
    assert not list(tmp_path.glob("a*"))


def test_a_list_of_loops_is_no_list_of_stripes(sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "merged_loops").write_text("chr1\t2000000\t2010000\tchr1\t2600000\t2610000\t0,0,255\t30\n")
    out = tmp_path / "a.png"
    assert main(["stripe-check", sample, str(tmp_path / "merged_loops"), "-n", "1", "-o", str(out)]) == 2
    assert "stripes" in capsys.readouterr().err
    assert not out.exists()


def test_where_the_map_has_no_contacts_nothing_is_drawn(
    stripes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bins = cooler.binnify(pd.Series({"chr1": 9_000_000}), 10_000)
    pixels = pd.DataFrame({"bin1_id": [600], "bin2_id": [660], "count": [4]})
    cooler.create_cooler(str(tmp_path / "m.cool"), bins, pixels)
    words = ["stripe-check", str(tmp_path / "m.cool"), str(stripes), "-q", "--margin", "400k"]
    assert main([*words, "-n", "1", "-o", str(tmp_path / "a.png")]) == 2
    assert "has no contacts where the stripes lie (chr1)" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()
    assert main([*words, "--all", "-o", str(tmp_path / "all")]) == 0
    assert "stripe 1 is not drawn: the map has no contacts there" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["stripe_0003.png"]
