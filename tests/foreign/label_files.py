"""Small label files as other programs and people leave them, each with the records that are right.

``|`` stands for a tab in the texts.  Loops are on chr1 at (100, 300), (200, 400) and (500, 800) kb with anchors of
10 kb; three raw scores of a program go with them, in that order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

PLACES = ((100_000, 300_000), (200_000, 400_000), (500_000, 800_000))
SIZE = 10_000
NAN = float("nan")
THIRDS = (1 / 3, 2 / 3, 1.0)


def pairs(*columns: Sequence[object], head: str = "", chrom: str = "chr1") -> str:
    """BEDPE of :data:`PLACES` with further columns, each given as three cells."""
    rows = []
    for k, (x, y) in enumerate(PLACES):
        cells = (chrom, x, x + SIZE, chrom, y, y + SIZE, *(column[k] for column in columns))
        rows.append("|".join(map(str, cells)))
    return head + "\n".join(rows) + "\n"


@dataclass(frozen=True)
class Case:
    """One file and what comes out of it.

    Attributes
    ----------
    name, text : str
    format : str
    scores : sequence of float
        NaN: none.
    places : sequence of (start1, end1, start2, end2)
        None: the three loops.
    kind : str
    extra : mapping
        What the first record keeps, among others.
    fields : mapping
        Further fields of the first record.
    trans, bad : int
        Lines between chromosomes; lines that are wrong.
    undecided : sequence of int
        Numbers of the columns that wait for a person.
    """

    name: str
    text: str
    format: str
    scores: Sequence[float]
    places: Sequence[tuple[int, int, int, int]] | None = None
    kind: str = "loop"
    extra: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    trans: int = 0
    bad: int = 0
    undecided: Sequence[int] = ()

    def right_places(self) -> list[tuple[int, int, int, int]]:
        if self.places is not None:
            return list(self.places)
        return [(x, x + SIZE, y, y + SIZE) for x, y in PLACES]


DOMAINS = ((0, 900_000), (100_000, 300_000), (400_000, 800_000))
_D = [(a, b, a, b) for a, b in DOMAINS]
NO = (NAN, NAN, NAN)


def domains(*columns: Sequence[object], head: str = "", twice: bool = False) -> str:
    """BED of :data:`DOMAINS` with further columns."""
    rows = []
    for k, (a, b) in enumerate(DOMAINS):
        cells = ("chr1", a, b, *(("chr1", a, b) if twice else ()), *(column[k] for column in columns))
        rows.append("|".join(map(str, cells)))
    return head + "\n".join(rows) + "\n"


_SIDES = "chrom1|start1|end1|chrom2|start2|end2"
_OLD_HICCUPS = (
    "{0}1|x1|x2|{0}2|y1|y2|color|o|e_bl|e_donut|e_h|e_v|fdr_bl|fdr_donut|fdr_h|fdr_v|num_collapsed|centroid1|"
    "centroid2|radius\n"
)
_HICCUPS = (
    "#chr1|x1|x2|chr2|y1|y2|name|score|strand1|strand2|color|observed|expectedBL|expectedDonut|expectedH|expectedV|"
    "fdrBL|fdrDonut|fdrH|fdrV|numCollapsed|centroid1|centroid2|radius\n# juicer_tools version 1.22.01\n"
)
_SAME = ["0"] * 3
_RGB = ["0,255,255"] * 3
_OLD_COLUMNS = (_RGB, ["30", "20", "10"], *[["5.5"] * 3] * 4, ["0.01", "0.2", "0.05"], ["0.1", "0.02", "0"])
_OLD_COLUMNS = (*_OLD_COLUMNS, _SAME, _SAME, ["4"] * 3, *[["105000"] * 3] * 2, ["12000"] * 3)
_FDR_SCORES = (0.9, 0.8, 0.95)
_P = ["1e-8", "1e-12", "0.03"]
_Q = ["0.1", "0.01", "0.001"]
_PYHICCUPS = (
    [*"..."],
    ["900", "300", "20"],
    [*"..."],
    [*"..."],
    ["2.5"] * 3,
    _P,
    _Q,
    ["3"] * 3,
    _P,
    ["0.01", "0.2", "0.01"],
)
_BEST_SECOND = (2 / 3, 1.0, 1 / 3)
_DOTS = ["."] * 3

LOOPS = [
    # headers and known layouts
    Case("hiccups_looplist.txt", pairs(*_OLD_COLUMNS, head=_OLD_HICCUPS.format("chr")), "HiCCUPS", _FDR_SCORES),
    Case("looplist.txt", pairs(*_OLD_COLUMNS, head=_OLD_HICCUPS.format("chromosome")), "HiCCUPS", _FDR_SCORES),
    Case("bare_looplist", pairs(*_OLD_COLUMNS), "HiCCUPS", _FDR_SCORES),
    Case("merged_loops.bedpe", pairs(*[_DOTS] * 4, *_OLD_COLUMNS, head=_HICCUPS), "HiCCUPS", _FDR_SCORES),
    Case("merged_loops_no_header", pairs(*[_DOTS] * 4, *_OLD_COLUMNS), "HiCCUPS", _FDR_SCORES),
    Case(
        "GM12878.hiccups.bedpe",
        pairs(list("abc"), ["0.5", "0.1", "1"]),
        "HiCCUPS",
        (0.5, 0.1, 1.0),
        fields={"name": "a", "source": "HiCCUPS"},
    ),
    Case("GM12878.hiccups.p.bedpe", pairs(_P), "HiCCUPS", NO, undecided=[7]),
    # hicpeaks as its manual names its files: the raw count in the eighth column ranks nothing, the q-value does
    *(
        Case(name, pairs(*_PYHICCUPS), "hicpeaks", (0.9, 0.8, 0.99), extra={"qvalueDonut": "0.1"})
        for name in ("K562-MboI-pyHICCUPS-5K.txt", "K562-MboI-HICCUPS-loops.txt", "loops.txt")
    ),
    *(
        Case(name, pairs(*_PYHICCUPS[:7]), "hicpeaks", (0.9, 0.99, 0.999), extra={"qvalueDonut": "0.1"})
        for name in ("K562-MboI-pyBHFDR-5K.txt", "K562-MboI-BHFDR-loops.txt", "loops.txt")
    ),
    Case("K562-MboI-pyHICCUPS-combined.bedpe", pairs(), "hicpeaks", NO, fields={"source": "hicpeaks"}),
    Case(
        "m.tsv",
        pairs(
            ["0.25", "0.01", "0"],
            ["1.6"] * 3,
            head="BIN1_CHR|BIN1_START|BIN1_END|BIN2_CHROMOSOME|BIN2_START|BIN2_END|FDR|DETECTION_SCALE\n",
        ),
        "mustache",
        (0.75, 0.99, 1.0),
        extra={"FDR": "0.25"},
    ),
    Case(
        "dots.tsv",
        pairs(["80"] * 3, ["0.1", "0.2", "0"], head=f"{_SIDES}|count|la_exp.donut.qval\n"),
        "cooltools dots",
        (0.9, 0.8, 1.0),
    ),
    Case(
        "fithichip.bed",
        pairs(["5"] * 3, _P, _P, head="chr1|s1|e1|chr2|s2|e2|cc|P-Value_Bias|Q-Value_Bias\n"),
        "FitHiChIP",
        _BEST_SECOND,
        extra={"Q-Value_Bias": "1e-8", "cc": "5"},
    ),
    Case(
        "sip.txt",
        pairs(
            ["0,0,0"] * 3,
            ["2.5", "1.5", "9"],
            head="chromosome1|x1|x2|chromosome2|y1|y2|color|APScoreAvg\n",
        ),
        "SIP",
        (2 / 3, 1 / 3, 1.0),
    ),
    Case(
        "maps.bedpe",
        pairs(
            ["30"] * 3,
            ["1e-9"] * 3,
            ["12.5", "3", "400"],
            head="chr1|start1|end1|chr2|start2|end2|count|fdr|ClusterNegLog10P\n",
        ),
        "MAPS",
        (2 / 3, 1 / 3, 1.0),
    ),
    Case(
        "hicdcplus.txt",
        pairs(["9"] * 3, _P, ["4"] * 3, ["2"] * 3, head="chrI|startI|endI|chrJ|startJ|endJ|counts|qvalue|mu|sdev\n"),
        "HiC-DC+",
        _BEST_SECOND,
    ),
    Case(
        "homer.txt",
        "InteractionID|PeakID(1)|chr(1)|start(1)|end(1)|strand(1)|PeakID(2)|chr(2)|start(2)|end(2)|strand(2)|LogP|FDR\n"
        + "".join(
            f"i{k}|p{k}|chr1|{x}|{x + SIZE}|+|q{k}|chr1|{y}|{y + SIZE}|-|{p}|0\n"
            for k, ((x, y), p) in enumerate(zip(PLACES, (-20, -50, -3), strict=True))
        ),
        "HOMER",
        _BEST_SECOND,
    ),
    Case(
        "c.loop",
        "loopId|ES|FDR|distance|iva|ivb|poisson_p-value|ra|rab|rb\n"
        + "".join(
            f"c{k}|{es}|0|9|chr1:{x}-{x + SIZE}|chr1:{y}-{y + SIZE}|0|4|5|6\n"
            for k, ((x, y), es) in enumerate(zip(PLACES, (5.5, 2.5, 9), strict=True))
        ),
        "cLoops",
        (2 / 3, 1 / 3, 1.0),
    ),
    Case(
        "x.significances.txt",
        "chr1|fragmentMid1|chr2|fragmentMid2|contactCount|p-value|q-value|bias1|bias2\n"
        + "".join(
            f"chr1|{x + SIZE // 2}|chr1|{y + SIZE // 2}|30|{p}|{p}|1|1\n"
            for (x, y), p in zip((*PLACES, (510_000, 730_000)), (*_P, "1"), strict=True)
        )
        + "chr1|105000|chr2|305000|9|0|0|1|1\n",
        "Fit-Hi-C",
        (3 / 4, 1.0, 2 / 4, 1 / 4),
        [(x, x + SIZE, y, y + SIZE) for x, y in (*PLACES, (510_000, 730_000))],
        fields={"resolution": SIZE},
        trans=1,
    ),
    Case(
        "x.longrange",
        "".join(
            f"chr1|{x}|{x + SIZE}|chr1:{y}-{y + SIZE},{s}\nchr1|{y}|{y + SIZE}|chr1:{x}-{x + SIZE},{s}\n"
            for (x, y), s in zip(PLACES, (7, 3, 12), strict=True)
        ),
        "WashU long-range",
        (2 / 3, 1 / 3, 1.0),
        extra={"score": "7"},
    ),
    *(
        Case(
            f"{name}.interact",
            head
            + "".join(
                f"chr1|{x}|{y + SIZE}|i{k}|{s}|{v}|exp|#7A67EE|chr1|{x}|{x + SIZE}|.|.|chr1|{y}|{y + SIZE}|.|.\n"
                for k, ((x, y), s, v) in enumerate(zip(PLACES, scores, (1.5, 2.5, 0.5), strict=True))
            ),
            "UCSC interact",
            right,
            fields={"name": "i0"},
        )
        for name, head, scores, right in (
            ("a", 'track type=interact name="x"\n', (350, 900, 100), _BEST_SECOND),
            ("zeros", "", (0, 0, 0), _BEST_SECOND),
        )
    ),
    Case(
        "chromosight.tsv",
        pairs(_SAME, ["0.62", "0.5", "0.9"], _P, head=f"{_SIDES}|kernel_id|score|pvalue\n"),
        "chromosight",
        (0.62, 0.5, 0.9),
    ),
    Case("x.peakachu.bedpe", pairs(["0.93", "0.9", "1"], ["17.2"] * 3), "Peakachu", (0.93, 0.9, 1.0)),
    # what no header and no layout says
    Case("loops.bedgraph", pairs(_P), "BEDPE", NO, extra={"column7": "1e-8"}, undecided=[7]),
    Case("lasca.bedpe", pairs(["0.1", "12", "3"]), "BEDPE", NO, extra={"column7": "0.1"}, undecided=[7]),
    Case("counts_and_p.bedpe", pairs(["35", "7", "90"], _P, list("+-+"), list("--+")), "BEDPE", NO, undecided=[7, 8]),
    Case("two.bedpe", pairs(_P, ["3", "2", "1"]), "BEDPE", NO, undecided=[7, 8]),
    Case("named_more.bedpe", pairs(list("abc"), ["1", "2", "3"], _P), "BEDPE", NO, undecided=[8, 9]),
    Case("p_only.tsv", pairs(_P, head=f"{_SIDES}|pvalue\n"), "BEDPE", NO, extra={"pvalue": "1e-8"}, undecided=[7]),
    # the layout of BEDPE itself
    Case("n.bedpe", pairs(list("abc"), ["0.5", "0", "1"]), "BEDPE", (0.5, 0.0, 1.0), fields={"name": "a"}),
    Case("s.bedpe", pairs(_DOTS, ["10", "1", "500"], list("+-."), _DOTS), "BEDPE", (2 / 3, 1 / 3, 1.0)),
    Case("ids.bedpe", pairs(list("123"), ["0.5", "0.1", "1"], _DOTS, _DOTS), "BEDPE", (0.5, 0.1, 1.0)),
    Case("na.bedpe", pairs(list("abc"), ["0.5", "NA", "."]), "BEDPE", (0.5, NAN, NAN)),
    Case("same.bedpe", pairs(list("abc"), ["350"] * 3), "BEDPE", NO, extra={"score": "350"}),
    Case("half.bedpe", pairs(list("abc"), ["0.5"] * 3), "BEDPE", (0.5, 0.5, 0.5)),
    Case("ties.bedpe", pairs(list("abc"), ["7", "7", "9"]), "BEDPE", (0.5, 0.5, 1.0), extra={"score": "7"}),
    Case("inf.bedpe", pairs(list("abc"), ["inf", "3", "20"]), "BEDPE", (1.0, 1 / 3, 2 / 3)),
    Case("percent.bedpe", pairs(list("abc"), ["1%", "0.5%", "99%"]), "BEDPE", (2 / 3, 1 / 3, 1.0)),
    # pairs in cells
    *(
        Case(
            f"pair{k}.txt",
            "".join(f"chr1:{x}-{x + SIZE}{sep}chr1:{y}-{y + SIZE}\n" for x, y in PLACES),
            "BEDPE",
            NO,
        )
        for k, sep in enumerate(("_", ";", "--", ",", "~", "\t", " "))
    ),
    Case(
        "commas.txt",
        "".join(f"chr1:{x:,}-{x + SIZE:,}_chr1:{y:,}-{y + SIZE:,}|{k}\n" for k, (x, y) in enumerate(PLACES)),
        "BEDPE",
        NO,
        undecided=[2],
    ),
    Case(
        "chia.bed",
        "".join(
            f"chr1|{x}|{y + SIZE}|chr1:{x}..{x + SIZE}-chr1:{y}..{y + SIZE},{k}|200|.|{x}|{y}|255,0,0|2|9,9|0,9\n"
            for k, (x, y) in enumerate(PLACES)
        ),
        "BEDPE",
        NO,
        extra={"column4": "chr1:100000..110000-chr1:300000..310000,0"},
        undecided=[2, 3, 5, 7, 8, 10],
    ),
    # lines that are right, but not for us; lines that are wrong
    Case("trans.bedpe", pairs() + "".join(f"chr1|1|2|chr{k}|3|4\n" for k in range(2, 12)), "BEDPE", NO, trans=10),
    Case("spelt.bedpe", pairs() + "1|1000|2000|chr1|3000|4000\n", "BEDPE", (*NO, NAN), None, fields={"level": 0}),
    Case(
        "bad.bedpe",
        pairs() + "chr1|1e300|2e300|chr1|1|2\nchr1|9007199254740993|9007199254741993|chr1|1|2\n",
        "BEDPE",
        NO,
        bad=2,
    ),
]
LOOPS[-2] = Case(
    "spelt.bedpe",
    pairs() + "1|1000|2000|chr1|3000|4000\n",
    "BEDPE",
    (*NO, NAN),
    [*LOOPS[-2].right_places(), (1000, 2000, 3000, 4000)],
)

_WIDE = [(a, a + n * SIZE, a, a + 4 * n * SIZE) for a, n in ((100_000, 1), (200_000, 3), (400_000, 2))]
"""Stripes whose anchors are one to three bins, and hardly longer than that."""
_ARROWHEAD = "#chr1|x1|x2|chr2|y1|y2|name|score|strand1|strand2|color|score|uVarScore|lVarScore|upSign|loSign\n"
TADS = [
    Case(
        "old_blocks.txt",
        domains(
            ["1,1,0"] * 3,
            ["1.2", "0.8", "1.1"],
            *[["0.1"] * 3] * 4,
            twice=True,
            head="chr1|x1|x2|chr2|y1|y2|color|corner_score|Uvar_score|Lvar_score|Upsign|Losign\n",
        ),
        "Arrowhead",
        (1.0, 1 / 3, 2 / 3),
        _D,
        "tad",
        {"corner_score": "1.2"},
    ),
    Case(
        "blocks.bedpe",
        domains(*[_DOTS] * 4, ["1,1,0"] * 3, ["0.9", "0.8", "0.7"], *[["0.1"] * 3] * 4, twice=True, head=_ARROWHEAD),
        "Arrowhead",
        (0.9, 0.8, 0.7),
        _D,
        "tad",
    ),
    Case("hitad.txt", domains(list("011")), "HiTAD", NO, _D, "tad", fields={"level": 1}),
    Case("spectral.txt", domains(list("122"), head="chr|start|end|Level\n"), "TADs with levels", NO, _D, "tad"),
    Case("rgmap.txt", domains(list("122"), head="chr|start|end|dom_order\n"), "TADs with levels", NO, _D, "tad"),
    Case(
        "ontad.bed",
        domains(list("011"), _SAME, _DOTS, _SAME, _SAME, _RGB, head='track name="OnTAD x" itemRgb="On"\n'),
        "OnTAD",
        NO,
        _D,
        "tad",
        fields={"level": 1},
    ),
    Case("armatus.txt", domains(), "BED", NO, _D, "tad"),
    Case(
        "contiguous.bed",
        "chr1|0|300000\nchr1|300000|500000\nchr1|500000|900000\n",
        "BED",
        NO,
        [(0, 300_000) * 2, (300_000, 500_000) * 2, (500_000, 900_000) * 2],
        "tad",
    ),
    Case("interval.txt", "".join(f"chr1:{a}-{b}\n" for a, b in DOMAINS), "BED", NO, _D, "tad"),
    Case(
        "multi_domains.bed",
        domains(["ID_1", "ID_2", "ID_3"], ["-0.1", "0.02", "-0.3"], _DOTS, *zip(*DOMAINS, strict=True), _RGB),
        "HiCExplorer domains",
        (2 / 3, 1 / 3, 1.0),  # the lower the separation, the stronger the boundary where the domain begins
        _D,
        "tad",
        {"score": "-0.1"},
        {"name": "ID_1"},
    ),
    Case("browser.bed", domains(list("abc"), ["1000", "0", "350"]), "BED", (1.0, 1 / 3, 2 / 3), _D, "tad"),
    Case("logp.bed", domains(list("abc"), ["3.2", "0.5", "200"]), "BED", (2 / 3, 1 / 3, 1.0), _D, "tad"),
    Case("index.csv", "".join(f"{k},21,{a},{b}\n" for k, (a, b) in enumerate(DOMAINS)), "BED", NO, _D, "tad"),
    Case(
        "ids.bed", domains(list("123"), ["0.5", "0.1", "0.9"]), "BED", (0.5, 0.1, 0.9), _D, "tad", fields={"name": "1"}
    ),
    Case(
        "genes_in_it.bed",
        "chr1|0|300000|7\nchr1|300000|500000|0\nchr1|500000|900000|3\n",
        "BED",
        NO,
        [(0, 300_000) * 2, (300_000, 500_000) * 2, (500_000, 900_000) * 2],
        "tad",
        {"column4": "7"},
        undecided=[4],
    ),
    Case(
        "excel.csv", "sep=;\nchrom;start;end\n" + "".join(f"chr1;{a};{b}\n" for a, b in DOMAINS), "BED", NO, _D, "tad"
    ),
    Case("supplement.txt", domains(head="Table S3. Domains of GM12878\n\nChr|Start|End\n"), "BED", NO, _D, "tad"),
    Case("unknown.bed", domains(["0.31", "0.2", "0.7"]), "BED", NO, _D, "tad", {"column4": "0.31"}, undecided=[4]),
]
_MARKS = [(50_000, 60_000) * 2, (150_000, 160_000) * 2, (250_000, 260_000) * 2]
OTHERS = [
    Case(
        "multi_boundaries.bed",
        "".join(
            f"chr1|{a}|{b}|B0000{k}|{s}|.\n"
            for k, ((a, b, _, _), s) in enumerate(zip(_MARKS, (-0.07, -0.2, 0.1), strict=True))
        ),
        "HiCExplorer boundaries",
        _BEST_SECOND,
        _MARKS,
        "boundary",
        {"score": "-0.07"},
    ),
    Case(
        "multi_boundaries.gff",
        "".join(
            f"chr1|HiCExplorer|boundary|{a}|{b}|{s}|.|.|ID=B{k}\n"
            for k, ((a, b, _, _), s) in enumerate(zip(_MARKS, (-0.07, -0.2, 0.1), strict=True))
        ),
        "HiCExplorer boundaries",
        _BEST_SECOND,
        _MARKS,
        "boundary",
    ),
    Case(
        "insulation.tsv",
        "chrom|start|end|is_bad_bin|boundary_strength_100000|boundary_strength_200000|is_boundary_100000\n"
        + "".join(f"chr1|{a}|{b}|False|{s}|0.1|True\n" for (a, b, _, _), s in zip(_MARKS, (0.7, 1.9, 0.2), strict=True))
        + "chr1|300000|310000|False|||False\n",
        "cooltools insulation",
        _BEST_SECOND,
        _MARKS,
        "boundary",
    ),
    Case(
        "stripenn.tsv",
        "chr|pos1|pos2|chr2|pos3|pos4|length|width|Mean|maxpixel|pvalue|Stripiness\n"
        + "".join(
            f"chr1|{x + 1}|{x + 20_000}|chr1|{x + 1}|{x + 600_000}|600000|20000|99.4|99.0%|0.02|{s}\n"
            for x, s in ((100_000, 8.7), (200_000, 9.5), (300_000, 2))
        ),
        "Stripenn",
        _BEST_SECOND,
        [(x, x + 20_000, x, x + 600_000) for x in (100_000, 200_000, 300_000)],
        "stripe",
        {"Stripiness": "8.7", "maxpixel": "99.0%"},
    ),
    *(
        Case(
            name,
            head
            + "".join(
                f"chr1|{x}|{x + SIZE}|chr1|{x}|{x + 300_000}{more}\n"
                for x, more in zip((100_000, 200_000, 300_000), columns, strict=True)
            ),
            made,
            scores,
            [(x, x + SIZE, x, x + 300_000) for x in (100_000, 200_000, 300_000)],
            "stripe",
        )
        for name, head, columns, made, scores in (
            ("called.bedpe", "", ("", "", ""), "stripe BEDPE", NO),
            ("O3.bedpe", "#chr1|x1|x2|chr2|y1|y2|enrichment\n", ("|261", "|300", "|12"), "StripeCaller", _BEST_SECOND),
        )
    ),
    Case(
        "wide.bedpe",
        "chr1|x1|x2|chr2|y1|y2|enrichment\n"
        + "".join(f"chr1|{a}|{b}|chr1|{a}|{d}|{s}\n" for (a, b, _, d), s in zip(_WIDE, (261, 300, 12), strict=True)),
        "StripeCaller",
        _BEST_SECOND,
        _WIDE,
        "stripe",
    ),
]

CASES = [*LOOPS, *TADS, *OTHERS]

BINS = [(f"chr1|{k * 10_000}|{k * 10_000 + 10_000}", f"{k * 0.013 - 0.4:.3f}" if k % 7 else "nan") for k in range(60)]
_TRACK = "".join(f"{place}|{value}\n" for place, value in BINS)

# name, text, what the sentence says, whether --kind tad reads it all the same
NOT_LABELS = [
    ("i.bedgraph", "chr1|0|20000|0.5\nchr1|30000|40000|0.1\n", "is a track", True),
    ("i.bg", _TRACK, "is a track", True),
    ("insulation.bed", _TRACK, "is a track", True),
    ("gaps.txt", "".join(line + "\n" for k, line in enumerate(_TRACK.splitlines()) if k % 9), "is a track", True),
    ("typed.txt", f'track type=bedGraph name="x"\n{_TRACK}', "is a track", True),
    ("headed.tsv", f"chrom|start|end|value\n{_TRACK}", "is a track", True),
    ("tad_score.bm", "".join(f"{place}|{value}|0.1|0.2\n" for place, value in BINS), "is a track", True),
    ("bins.bed", "".join(f"{place}\n" for place, _ in BINS), "is a list of bins", True),
    ("abs.bed", "".join(f"{place}|{k + 1}\n" for k, (place, _) in enumerate(BINS)), "is a track", True),
    ("x.wig", "track type=wiggle_0\nfixedStep chrom=chr1 start=1 step=10\n1\n2\n", "is a track", False),
    ("y.wig", "variableStep chrom=chr1\n100 1.5\n200 2.5\n", "is a track", False),
    ("x.narrowPeak", "chr1|9356548|9356648|.|0|.|182|5.0945|-1|50\n", "holds peaks", True),
    ("peaks.bed", "chr1|9356548|9356648|p|182|.|8.2|5.0945|2.1|50\n" * 3, "holds peaks", True),
    ("broad.bed", "chr1|9356548|9359648|p|182|.|8.2|5.0945|2.1\n" * 3, "holds peaks", True),
    ("genes.bed", "chr1|1000|5000|g|0|+|1000|5000|0|2|100,200|0,3800\n", "holds genes", True),
    ("genes.gtf", 'chr1|HAVANA|gene|11869|14409|.|+|.|gene_id "x"\n', "holds genes", True),
    ("genes.gff3", "##gff-version 3\nchr1|.|gene|11869|14409|.|+|.|ID=x\n", "holds genes", True),
    ("refGene.txt", "585|N|chr1|+|11873|14409|14409|14409|3|11873,12612,|12227,12721,|0|D\n", "holds genes", False),
    ("knownGene.txt", "N|chr1|+|11873|14409|14409|14409|3|11873,12612,|12227,12721,\n", "holds genes", False),
    ("motifs.bed", "chr1|11869|11888|m|7.5|+\nchr1|21869|21888|m|7.1|+\n", "holds stranded intervals", True),
    ("bodies.bed", "chr1|11869|114409|a|0|+\nchr1|211869|314409|b|0|-\n", "holds stranded intervals", True),
    ("x.vcf", "##fileformat=VCFv4.2\n#CHROM|POS|ID|REF|ALT\nchr1|100|.|A|T\n", "holds variants", False),
    ("x.sam", "@HD|VN:1.6\n@SQ|SN:chr1|LN:100\nr1|0|chr1|5|60|10M|*|0|0|ACGT|IIII\n", "holds aligned reads", False),
    ("x.fa", ">chr1\nACGTACGT\n", "holds sequences", False),
    ("x.pairs", "## pairs format v1.0\n.|chr1|100|chr1|200|+|-\n", "holds pairs of reads", False),
    ("bare.pairs", "r1|chr1|100|chr1|200|+|-\nr2|chr1|100|chr1|900|+|-\n", "holds pairs of reads", False),
    ("x.allValidPairs", "r1|chr1|100|+|chr1|200|-|99\n" * 3, "holds pairs of reads", False),
]

# first bytes, what the sentence says
BINARIES = [
    ("x.xlsx", b"PK\x03\x04" + b"x" * 50, "spreadsheet"),
    ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "Excel"),
    ("x.zip", b"PK\x03\x04" + b"x" * 50, "unzip x.zip"),
    ("x.bam", b"BAM\x01" + bytes(30), "aligned reads"),
    ("x.bw", b"\x26\xfc\x8f\x88" + bytes(30), "bigWig"),
    ("x.bb", b"\xeb\xf2\x89\x87" + bytes(30), "bigBedToBed"),
    ("x.cool", b"\x89HDF\r\n\x1a\n" + bytes(30), "contact map"),
    ("x.hic", b"HIC\x00" + bytes(30), "contact map"),
    ("x.hicproj", b"SQLite format 3\x00" + bytes(30), "hicstruct export"),
    ("x.npy", b"\x93NUMPY" + bytes(30), "NumPy"),
    ("x.pdf", b"%PDF-1.4 ...", "PDF"),
    ("x.bedpe", b"<!DOCTYPE html>\n<html><body>404</body></html>", "web page"),
    ("x.bed", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n", "git lfs pull"),
    ("x.json", b'{"loops": []}', "JSON"),
    ("x.tar", b"a" * 257 + b"ustar" + bytes(200), "tar xf"),
    ("x.zst", b"\x28\xb5\x2f\xfd" + bytes(30), "zstd -d"),
    ("x.bin", bytes(range(1, 9)) + b"\x00\x00\x00" + bytes(range(60)), "not a text file"),
]
