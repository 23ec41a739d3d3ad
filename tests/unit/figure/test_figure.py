"""Figures: where bins, labels and tracks lie on the page, text as text, bad input in one line."""

from __future__ import annotations

import re
import signal
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import napari_hicstruct as hs
from napari_hicstruct.annotations import Annotation, Kind
from napari_hicstruct.cli.main import main
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.colours import Scale
from napari_hicstruct.errors import ConfigError, MapError, OutputError, RegionError, TrackError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import drain
from napari_hicstruct.workflows.figure import FigureRequest, Joined, LabelSet, Theme, TrackRow, iter_figure
from napari_hicstruct.workflows.figure.draw_labels import sets_in_view
from napari_hicstruct.workflows.figure.draw_tracks import gene_rows
from napari_hicstruct.workflows.figure.page import lay_out
from napari_hicstruct.workflows.figure.place import Place
from napari_hicstruct.workflows.figure.style import megabases, round_ticks
from napari_hicstruct.workflows.figure.values import limits_of, read_values

CHROM, START, END = "21", 34_000_000, 36_000_000
REGION = Interval(CHROM, START, END)


@pytest.fixture(scope="module")
def uri(data_dir: Path) -> str:
    return str(data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")


def _loop(a: int, b: int) -> Annotation:
    return Annotation(kind=Kind.LOOP, anchor1=Interval(CHROM, a, a + 10_000), anchor2=Interval(CHROM, b, b + 10_000))


def _tad(a: int, b: int) -> Annotation:
    return Annotation(kind=Kind.TAD, anchor1=Interval(CHROM, a, b), anchor2=Interval(CHROM, a, b))


LABELS = LabelSet("mine", (_loop(34_500_000, 35_000_000), _tad(34_200_000, 34_600_000)))


def _draw(uri: str, out: Path, **more: object) -> tuple[object, Path]:
    request = FigureRequest(map=uri, region=REGION, out=out, **more)  # type: ignore[arg-type]
    return drain(iter_figure(request)), out


def test_text_is_text_and_the_map_is_one_picture(uri: str, tmp_path: Path) -> None:
    """An editor can change every word of an SVG; the size is in mm; the same figure gives the same bytes."""
    result, path = _draw(uri, tmp_path / "a.svg", labels=(LABELS,), width_mm=89.0)
    tree = ET.parse(path).getroot()
    words = ["".join(one.itertext()).strip() for one in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"34", "35", "36", "chr21 (Mb)", "mine: loops (1)", "mine: TADs (1)"} <= {*words} | {
        word.replace(".0", "") for word in words
    }
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}image"))) == 2  # the bins and the colour bar
    assert float(tree.attrib["width"].removesuffix("pt")) / 72 * 25.4 == pytest.approx(89.0, abs=0.01)
    assert float(tree.attrib["height"].removesuffix("pt")) / 72 * 25.4 == pytest.approx(result.height_mm, abs=0.01)
    _draw(uri, tmp_path / "b.svg", labels=(LABELS,), width_mm=89.0)
    assert path.read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_names_are_drawn_as_they_are_written(uri: str, tmp_path: Path, ending: str) -> None:
    """A $ in a file's name is no formula, < no tag."""
    named = LabelSet("$x^$ <b>&", (_loop(34_500_000, 35_000_000),))
    _, path = _draw(uri, tmp_path / f"a.{ending}", labels=(named,))
    if ending == "svg":
        words = ["".join(one.itertext()).strip() for one in ET.parse(path).getroot().iter() if one.tag.endswith("text")]
        assert "$x^$ <b>& (1)" in words
        assert any("(10⁻" in word for word in words)  # the colour bar's power of ten


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_a_full_disk_is_said_in_a_line_and_nothing_is_left(uri: str, tmp_path: Path, ending: str) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            _draw(uri, tmp_path / f"a.{ending}", dpi=72)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handled)
    assert not list(tmp_path.iterdir())


def test_fonts_of_a_pdf_are_embedded_as_fonts(uri: str, tmp_path: Path) -> None:
    _, path = _draw(uri, tmp_path / "a.pdf", labels=(LABELS,))
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/FontFile2" in content
    assert b"/Type3" not in content


@pytest.mark.parametrize("tilted", [False, True])
def test_bins_and_marks_lie_at_the_same_place(tilted: bool) -> None:
    row, col = 34_505_000, 35_005_000
    points = Place(tilted).points([(row, col)])
    expected = (35_005_000, 34_505_000) if not tilted else ((row + col) / 2, col - row)
    assert points[0] == pytest.approx(expected)
    matrix = Place(tilted).matrix()
    assert matrix @ np.array([col, row, 1.0]) == pytest.approx([*expected, 1.0])
    assert Place(True, below=True).points([(row, col)])[0] == pytest.approx(((row + col) / 2, row - col))


def test_pixels_of_the_picture_are_bins(uri: str, tmp_path: Path) -> None:
    """A bin that is off by one, or mirrored, would change the picture: each pixel is the colour of its bin."""
    source = open_map(uri)
    part = read_values(source, REGION, REGION)
    assert part.resolution == 10_000
    limits = limits_of([part], 97.0)
    _, path = _draw(uri, tmp_path / "a.png", width_mm=89.0, colormap="gray", dpi=600)
    shades = np.asarray(Image.open(path).convert("RGB"), float)[..., 0] / 255
    page = lay_out(89.0, (1, 1), (), legend_lines=0)
    scale = 600 / 25.4
    n = len(part.values)
    box = page.map
    rng = np.random.default_rng(0)
    for i, j in rng.integers(0, n, (200, 2)):
        value = part.values[i, j]
        y, x = ((k + 0.5) * box.height / n + edge for k, edge in ((i, box.top), (j, box.left)))
        want = 0.82 if np.isnan(value) else np.clip((value - limits[0]) / (limits[1] - limits[0]), 0, 1)
        assert shades[round(y * scale - 0.5), round(x * scale - 0.5)] == pytest.approx(want, abs=0.02)


def test_off_the_diagonal_and_below_it(uri: str, tmp_path: Path) -> None:
    """Rows × columns; a loop that is stored above the diagonal is shown below it where the part lies there."""
    rows, cols = Interval(CHROM, 34_900_000, 35_200_000), Interval(CHROM, 34_300_000, 34_700_000)
    (drawn,) = sets_in_view([LABELS], rows, cols, ())
    assert drawn.kind is Kind.LOOP
    result = drain(
        iter_figure(FigureRequest(map=uri, region=rows, cols=cols, out=tmp_path / "a.png", labels=(LABELS,)))
    )
    assert result.drawn == {"mine": 1}
    assert result.height_mm < result.width_mm


def test_two_maps_share_colours_and_have_their_own_halves(data_dir: Path, tmp_path: Path) -> None:
    maps = [str(data_dir / "maps" / f"mouse_limbE11.5_Epha4_{one}_chr1_73-79Mb_10kb.cool") for one in ("WT", "DelB")]
    region = Interval("chr1", 75_000_000, 78_000_000)
    labels = Annotation(
        kind=Kind.TAD,
        anchor1=Interval("chr1", 75_600_000, 77_900_000),
        anchor2=Interval("chr1", 75_600_000, 77_900_000),
    )
    common = {"region": region, "second": maps[1], "names": ("WT", "DelB"), "colormap": "gray", "dpi": 200}
    sets = {"labels": (LabelSet("a", (labels,)),), "second_labels": (LabelSet("b", ()),)}
    result = drain(iter_figure(FigureRequest(map=maps[0], out=tmp_path / "a.png", **common, **sets)))  # type: ignore[arg-type]
    assert result.drawn == {"a": 1}
    shades = np.asarray(Image.open(tmp_path / "a.png").convert("L"), float)
    height, width = shades.shape
    middle = shades[int(height * 0.2) : int(height * 0.8), int(width * 0.2) : int(width * 0.6)]
    side = min(middle.shape)
    upper, lower = np.triu_indices(side, side // 3), np.tril_indices(side, -side // 3)
    assert middle[upper].mean() > 2 * middle[lower].mean()  # the deleted stretch is empty in DelB
    tilted = drain(iter_figure(FigureRequest(map=maps[0], out=tmp_path / "t.png", tilted=True, **common)))  # type: ignore[arg-type]
    assert tilted.height_mm > 0.7 * tilted.width_mm
    narrow = {**common, "names": ("", ""), "width_mm": 60.0}
    drain(iter_figure(FigureRequest(map=maps[0], out=tmp_path / "n.svg", **narrow)))  # type: ignore[arg-type]
    text = (tmp_path / "n.svg").read_text()
    assert ">…WT…<" in text, "long names of files say what differs: both do not fit"
    assert "mouse_limbE11.5" not in text


def test_ratio_is_symmetric_about_one(uri: str, tmp_path: Path) -> None:
    result, _ = _draw(uri, tmp_path / "a.png", norm="oe", theme=Theme.DARK, tilted=True, max_distance=500_000)
    assert result.limits[0] * result.limits[1] == pytest.approx(1.0, rel=1e-5)
    assert read_values(open_map(uri), REGION, REGION, norm="oe").scale is Scale.RATIO


def test_ticks() -> None:
    assert round_ticks(34_000_000, 38_000_000, 5) == [34e6, 35e6, 36e6, 37e6, 38e6]
    assert [megabases(x, 200_000) for x in (62_600_000, 62_800_000)] == ["62.6", "62.8"]
    assert megabases(34e6, 1e6) == "34"


class _Genes:
    name = ("A", "B", "LONGNAME")
    start, end = np.array([100_000, 105_000, 900_000]), np.array([102_000, 300_000, 950_000])

    def __len__(self) -> int:
        return 3


def test_genes_that_overlap_go_on_lines_of_their_own() -> None:
    rows = gene_rows(_Genes(), Interval("chr1", 0, 1_000_000), 60.0)
    assert rows.tolist() == [0, 1, 0]


def test_tracks_below(uri: str, tmp_path: Path) -> None:
    from napari_hicstruct.tracks import open_track

    bedgraph, motifs = tmp_path / "s.bedgraph", tmp_path / "ctcf.bed"
    bedgraph.write_text("".join(f"chr21\t{x}\t{x + 10_000}\t{x % 7}\n" for x in range(START, END, 10_000)))
    motifs.write_text("chr21\t34500000\t34500019\tm\t5\t+\nchr21\t34900000\t34900019\tm\t5\t-\n")
    tracks = (TrackRow(open_track(bedgraph, name="signal")), TrackRow(open_track(motifs, name="CTCF")))
    with_tracks, path = _draw(uri, tmp_path / "a.svg", tracks=tracks)
    without, _ = _draw(uri, tmp_path / "b.svg")
    assert with_tracks.height_mm > without.height_mm + 4
    text = path.read_text()
    assert re.search(r">\[0, 6\]<", text)
    assert ">CTCF<" in text


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"out": Path("a.gif")}, ConfigError, "not written as that"),
        ({"width_mm": 5.0}, ConfigError, "5 mm cannot be drawn"),
        ({"limits": (2.0, 1.0)}, ConfigError, "not below"),
        ({"cols": Interval(CHROM, 30_000_000, 31_000_000), "tilted": True}, RegionError, "lies on the diagonal"),
        ({"colormap": "no such"}, ConfigError, "no colour map 'no such'"),
        ({"resolution": 7_000}, MapError, "no bins of 7 kb"),
        ({"region": Interval(CHROM, 0, 5_000_000)}, MapError, "holds no contacts"),
        ({"norm": "oe", "limits": (0.0, 2.0)}, ConfigError, "a ratio is above 0"),
    ],
)
def test_what_cannot_be_drawn(uri: str, tmp_path: Path, more: dict[str, object], error: type, says: str) -> None:
    given = {"map": uri, "region": REGION, "out": tmp_path / "a.svg", **more}
    with pytest.raises(error, match=says):
        drain(iter_figure(FigureRequest(**given)))  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_second_map_must_fit(uri: str, data_dir: Path, tmp_path: Path) -> None:
    other = str(data_dir / "maps" / "GM12878_rep_chr20_25kb.cool")
    with pytest.raises(RegionError):
        _draw(uri, tmp_path / "a.png", second=other)
    ours, theirs = (str(data_dir / "maps" / f"mouse_{one}.cool") for one in
                    ("limbE11.5_Epha4_WT_chr1_73-79Mb_10kb", "ES_chr18_50-70Mb_25kb"))  # fmt: skip
    region = Interval("chr1", 74_000_000, 75_000_000)
    with pytest.raises(RegionError):
        drain(iter_figure(FigureRequest(map=ours, second=theirs, region=region, out=tmp_path / "a.png")))


def test_tracks_of_another_genome_are_refused(uri: str, tmp_path: Path) -> None:
    from napari_hicstruct.tracks import open_track

    rows = []
    for name, text in (("x.bed", "chrX\t1\t20\n"), ("far.bed", "21\t1\t48200000\n")):
        (tmp_path / name).write_text(text)
        rows.append(TrackRow(open_track(tmp_path / name)))
    with pytest.raises(TrackError, match="has no chromosome of this map"):
        _draw(uri, tmp_path / "a.png", tracks=(rows[0],))
    assert not (tmp_path / "a.png").exists()
    result, _ = _draw(uri, tmp_path / "b.png", tracks=(rows[1],), dpi=72)
    assert [note for note in result.notes if "reaches beyond the end of chr21" in note]  # type: ignore[attr-defined]


def test_shell(uri: str, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "fig.svg"
    loops = data_dir / "labels" / "GM12878_chr21.HiCCUPS.hg19.bedpe"
    args = ["figure", uri, "-r", "chr21:34M-36M", "-l", f"HiCCUPS={loops}", "-o", str(out), "--json", "-q"]
    assert main(args) == 0
    assert '"drawn": {"HiCCUPS": ' in capsys.readouterr().out
    assert "HiCCUPS (" in out.read_text()
    assert main(args) == 2
    assert "exists. Nothing was written." in capsys.readouterr().err
    assert main([*args, "--overwrite", "-r2", "chr21:35M-36M", "--limits", "0"]) == 2
    assert "these are no two numbers" in capsys.readouterr().err


def test_a_gene_of_the_tracks_is_a_region(uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    genes = tmp_path / "genes.bed"
    row = "chr21\t35000000\t35200000\tRUNX1\t0\t-\t35000000\t35200000\t0\t2\t5000,5000\t0,195000\n"
    genes.write_text(row)
    args = ["figure", uri, "-r", "runx1", "-o", str(tmp_path / "a.svg"), "-q"]
    assert main([*args, "-t", str(genes)]) == 0
    text = (tmp_path / "a.svg").read_text()
    assert ">RUNX1<" in text
    assert ">34.0<" not in text, "the gene and 600 kb on either side"
    assert main([*args, "--overwrite"]) == 2
    assert "has no chromosome 'runx1'" in (said := capsys.readouterr().err)
    assert "give a track of genes" in said
    assert main([*args, "--overwrite", "-r", "RUNX7", "-t", str(genes)]) == 2
    assert "No gene of the tracks is called RUNX7." in capsys.readouterr().err
    hs.figure(uri, "RUNX1", tmp_path / "b.svg", tracks=genes)
    assert (tmp_path / "b.svg").read_bytes() == (tmp_path / "a.svg").read_bytes()


def test_ratio_of_two_maps_is_of_what_was_lost(data_dir: Path, tmp_path: Path) -> None:
    """The lost TAD is blue: fewer contacts in the deletion; limits are the same on both sides of 0."""
    maps = [str(data_dir / "maps" / f"mouse_limbE11.5_Epha4_{one}_chr1_73-79Mb_10kb.cool") for one in ("WT", "DelB")]
    common = {"map": maps[0], "second": maps[1], "region": Interval("chr1", 75_000_000, 79_000_000)}
    for joined in (Joined.RATIO, Joined.DIFFERENCE):
        request = FigureRequest(out=tmp_path / f"{joined}.png", joined=joined, dpi=150, **common)  # type: ignore[arg-type]
        result = drain(iter_figure(request))
        assert result.limits[0] == -result.limits[1] < 0
        shades = np.asarray(Image.open(request.out).convert("RGB"), float)
        height, width = shades.shape[:2]
        lost = shades[int(height * 0.35) : int(height * 0.45), int(width * 0.55) : int(width * 0.65)]
        assert lost[..., 2].mean() > lost[..., 0].mean() + 30
    short = tmp_path / "short.cool"
    _write_short(short)
    request = FigureRequest(**{**common, "second": str(short), "out": tmp_path / "x.png"})  # type: ignore[arg-type]
    with pytest.raises(MapError, match="two assemblies"):
        drain(iter_figure(request))


def _write_short(path: Path) -> None:
    import cooler
    import pandas as pd

    bins = cooler.binnify(pd.Series({"chr1": 50_000_000}), 10_000)
    pixels = pd.DataFrame({"bin1_id": [10], "bin2_id": [20], "count": [5]})
    cooler.create_cooler(str(path), bins, pixels)
