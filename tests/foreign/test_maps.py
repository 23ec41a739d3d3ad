"""Maps as other programs leave them: the right contacts under the right bins, or one true sentence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hicstruct.cli.main import main
from napari_hicstruct.contacts import COMPUTED, RAW, ContactSource, build_levels, open_map
from napari_hicstruct.contacts.values import ValueKind
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.open_map import summarise
from tests.foreign import map_files as files
from tests.foreign.map_files import COARSE, FINE, READABLE, REFUSED, SIZES, cis, ladder, write

QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def whole(source: ContactSource, chrom: str) -> Interval:
    return Interval(chrom, 0, source.chromsizes[chrom])


def block(source: ContactSource, chrom: str, resolution: int, norm: str = RAW) -> np.ndarray:
    span = whole(source, chrom)
    return source.fetch(span, span, resolution=resolution, norm=norm)


def check_contacts(source: ContactSource, chrom: str, resolution: int) -> None:
    """Dense blocks in both triangles, pixels, and what the pyramid shows."""
    truth = cis(chrom, resolution)
    np.testing.assert_array_equal(block(source, chrom, resolution), truth)
    rows, cols = Interval(chrom, 40 * resolution, 55 * resolution), Interval(chrom, 10 * resolution, 45 * resolution)
    np.testing.assert_array_equal(source.fetch(rows, cols, resolution=resolution), truth[40:55, 10:45])
    seen = np.zeros_like(truth)
    for part in source.pixels(chrom, resolution=resolution):
        np.add.at(seen, (part.bin1, part.bin2), part.count)
    np.testing.assert_array_equal(seen, np.triu(truth))


@pytest.mark.parametrize("name", sorted(READABLE))
def test_each_chromosome_has_its_own_contacts(name: str, tmp_path: Path) -> None:
    case = READABLE[name]
    source = open_map(case.build(tmp_path))
    assert set(source.chromsizes) == set(SIZES)
    for chrom, resolutions in case.resolutions.items():
        assert source.resolutions_of(chrom) == resolutions
        for resolution in resolutions:
            check_contacts(source, chrom, resolution)
        levels = build_levels(source, chrom, norm=RAW)
        assert tuple(level.resolution for level in levels if not level.derived) == resolutions
        n = len(cis(chrom, resolutions[0]))
        np.testing.assert_array_equal(np.asarray(levels[0])[:n, :n], cis(chrom, resolutions[0]))


@pytest.mark.parametrize("name", sorted(READABLE))
def test_what_is_peculiar_is_said_and_the_figures_are_right(name: str, tmp_path: Path) -> None:
    case = READABLE[name]
    summary = summarise(open_map(case.build(tmp_path)))
    totals = {chromosome.name: chromosome.contacts for chromosome in summary.chromosomes}
    assert totals == {chrom: np.triu(cis(chrom)).sum() for chrom in SIZES}
    said = [note for note in summary.notes if "balanced in memory" not in note]
    assert bool(said) == bool(case.note)
    assert re.search(case.note, " ".join(said))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_files_that_are_no_maps_say_what_they_are(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build, sentence = REFUSED[name]
    path = build(tmp_path)
    for words in (["info", path], ["predict", path, "-o", str(tmp_path / "out")]):
        assert main(words) == 2
        line = capsys.readouterr().err
        assert re.search(sentence, line)
        assert path in line
        assert line.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("address", ["https://example.org/a/map.mcool", "s3://bucket/map.cool", "ftp://x.org/m.hic"])
def test_web_addresses_are_to_be_downloaded(address: str) -> None:
    with pytest.raises(MapError, match=f"curl -LO {re.escape(address)}"):
        open_map(address)


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a b.cool"))
    source = open_map(path.as_uri())
    assert source.uri == str(path)


# ---- levels --------------------------------------------------------------------------------------------------------


@QUICK
@given(order=st.permutations(list(SIZES)), missing=st.sampled_from([None, *SIZES]), fine=st.booleans())
def test_levels_in_any_order_with_any_chromosome_missing(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], missing: str | None, fine: bool
) -> None:
    changed = {"order": tuple(name for name in order if name != missing)}
    path = tmp_path_factory.mktemp("levels") / "map.mcool"
    source = open_map(ladder(path, *((changed, {}) if fine else ({}, changed))))
    for chrom in SIZES:
        lost = (FINE if fine else COARSE) if chrom == missing else None
        assert source.resolutions_of(chrom) == tuple(r for r in (FINE, COARSE) if r != lost)
        for resolution in source.resolutions_of(chrom):
            np.testing.assert_array_equal(block(source, chrom, resolution), cis(chrom, resolution))
        if lost is not None:
            with pytest.raises(MapError, match=f"has no {chrom} at"):
                block(source, chrom, lost)


def test_weights_go_by_name_too(tmp_path: Path) -> None:
    """A weight per bin that says which bin it is of."""
    order = ("chr3", "chr1", "chr2")
    marks = {chrom: np.linspace(0.1 * (k + 1), 0.1 * (k + 1) + 0.05, 400) for k, chrom in enumerate(SIZES)}

    def column(names: tuple[str, ...], resolution: int) -> dict[str, np.ndarray]:
        return {"weight": np.concatenate([marks[name][: -(-SIZES[name] // resolution)] for name in names])}

    path = ladder(
        tmp_path / "w.mcool",
        {"columns": column(tuple(SIZES), FINE)},
        {"order": order, "columns": column(order, COARSE)},
    )
    source = open_map(path)
    for chrom, length in SIZES.items():
        for resolution in (FINE, COARSE):
            want = marks[chrom][: -(-length // resolution)]
            np.testing.assert_array_equal(source.weights(chrom, resolution=resolution, norm="weight"), want)


def test_a_level_that_contradicts_is_named_and_left_out(tmp_path: Path) -> None:
    shorter = {**SIZES, "chr2": 900_000}
    path = ladder(tmp_path / "c.mcool", {}, {"lengths": shorter}, {}, base=(FINE, COARSE, 15_000))
    source = open_map(path)
    assert source.resolutions == (FINE, 15_000)
    (note,) = source.notes
    assert "The 10 kb level is left out: its chr2 is 900,000 bp long, that of the 5 kb level 1,200,000 bp." == note
    np.testing.assert_array_equal(block(source, "chr2", 15_000), cis("chr2", 15_000))


def test_a_level_of_other_chromosomes_is_left_out(tmp_path: Path) -> None:
    path = ladder(tmp_path / "o.mcool", {}, {"spelling": lambda name: f"scaffold_{name}"})
    source = open_map(path)
    assert source.resolutions == (FINE,)
    assert "no chromosome in common" in source.notes[0]


# ---- bins ----------------------------------------------------------------------------------------------------------


def test_bins_that_were_cut_away_are_bad_bins(tmp_path: Path) -> None:
    source = open_map(files.bins_cut_away(tmp_path))
    assert dict(source.chromsizes) == {"chr1": 1_500_000, "chr2": 1_200_000}
    for chrom, kept in (("chr1", range(100, 300)), ("chr2", [*range(60), *range(70, 240)])):
        n = -(-source.chromsizes[chrom] // FINE)
        want = np.full((n, n), np.nan)
        want[np.ix_(kept, kept)] = cis(chrom)[np.ix_(kept, kept)]
        np.testing.assert_array_equal(block(source, chrom, FINE), want)
        weights = source.weights(chrom, resolution=FINE, norm=COMPUTED)
        assert np.isfinite(weights[list(kept)]).mean() > 0.9
        assert np.isnan(np.delete(weights, list(kept))).all()
        total = sum(part.count.sum() for part in source.pixels(chrom, resolution=FINE))
        assert total == np.triu(np.nan_to_num(want)).sum()
    assert "lacks 110 bins" in source.notes[0]


def test_bins_beside_the_grid_are_placed_at_the_nearest_and_it_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "one-based.cool")
    with h5py.File(path, "r+") as file:
        file["bins/start"][:] = file["bins/start"][:] + 1
    source = open_map(path)
    np.testing.assert_array_equal(block(source, "chr1", FINE), cis("chr1"))
    assert "up to 1 bp beside multiples of 5,000 bp" in source.notes[0]


def test_bins_of_variable_size_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "variable.cool")
    with h5py.File(path, "r+") as file:
        file["bins/end"][5] -= 1_200
        file["bins/start"][6] -= 1_200
        file.attrs["bin-type"] = "variable"
    with pytest.raises(MapError, match="bins of variable size"):
        open_map(path)


@pytest.mark.parametrize("length", [1_200_000_000, 2_500_000_000, 5_000_000_000])
def test_chromosomes_beyond_32_bits(tmp_path: Path, length: int) -> None:
    import cooler
    import pandas as pd

    resolution = 1_000_000
    path = tmp_path / "rye.cool"
    bins = cooler.binnify(pd.Series({"1R": length}), resolution)
    last = len(bins) - 1
    pixels = pd.DataFrame({"bin1_id": [0, last - 1], "bin2_id": [3, last], "count": [5, 9]})
    cooler.create_cooler(str(path), bins, pixels, ordered=True)
    source = open_map(path)
    assert dict(source.chromsizes) == {"1R": length}
    assert bool(source.notes) == (length > 2**31)
    end = Interval("1R", length - 2 * resolution, length)
    np.testing.assert_array_equal(source.fetch(end, end, resolution=resolution), [[0, 9], [9, 0]])


def test_lengths_that_are_nonsense_are_said(tmp_path: Path) -> None:
    path = write(tmp_path / "nonsense.cool")
    with h5py.File(path, "r+") as file:
        file["chroms/length"][1] = -12
    with pytest.raises(MapError, match="chr2 is -12 bp long"):
        open_map(path)


# ---- weights -------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_kr_on_chr2(tmp_path: Path) -> str:
    """KR everywhere but on chr2, VC everywhere."""
    n = [-(-length // FINE) for length in SIZES.values()]
    kr = np.concatenate([np.full(n[0], 2.0), np.full(n[1], np.nan), np.full(n[2], 3.0)])
    return write(tmp_path / "kr.cool", columns={"KR": kr, "VC": np.full(sum(n), 4.0)})


def test_a_chromosome_without_the_weights_gets_the_next_best(no_kr_on_chr2: str) -> None:
    source = open_map(no_kr_on_chr2)
    assert [source.default_norm(FINE, chrom) for chrom in SIZES] == ["KR", "VC", "KR"]
    np.testing.assert_allclose(block(source, "chr3", FINE, "KR"), cis("chr3") / 9, rtol=1e-6)
    np.testing.assert_allclose(
        block(source, "chr2", FINE, source.norm_for("chr2", FINE, "KR")), cis("chr2") / 16, rtol=1e-6
    )
    with pytest.raises(MapError, match=r"no normalisation 'KR' at 5 kb on chr2\. Choose VC or raw\."):
        block(source, "chr2", FINE, "KR")
    assert "chr2 has no KR weights at 5 kb: VC is used." in summarise(source).notes


def test_predict_says_which_weights_and_refuses_those_asked_for(
    no_kr_on_chr2: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", no_kr_on_chr2, "-c", "chr1", "-c", "chr2", "-o", str(tmp_path / "out"), "--tasks", "loop"]
    assert main([*words, "--norm", "KR"]) == 2
    assert "no normalisation 'KR' at 5 kb on chr2" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(words) == 0
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["parameters"]["norms"] == {"chr1": "KR", "chr2": "VC"}
    assert "chr2 has no KR weights at 5 kb: VC is used." in run["notes"]
    assert "chr2 has no KR weights at 5 kb: VC is used." in capsys.readouterr().err


@pytest.mark.parametrize("weight", [np.nan, 0.0, -1.0, np.inf])
def test_weights_that_are_none_are_balanced_in_memory(tmp_path: Path, weight: float) -> None:
    source = open_map(write(tmp_path / "none.cool", columns={"weight": np.full(files.N_FINE, weight)}))
    assert source.default_norm(FINE, "chr1") == COMPUTED
    balanced = block(source, "chr1", FINE, source.norm_for("chr1", FINE, "weight"))
    sums = np.nansum(np.triu(balanced, 2) + np.triu(balanced, 2).T, axis=0)
    assert sums[sums > 0].std() < 0.02 * sums.mean()


def test_a_column_shorter_than_the_table_is_named_and_not_used(tmp_path: Path) -> None:
    path = write(tmp_path / "short.cool")
    with h5py.File(path, "r+") as file:
        file["bins/weight"] = np.ones(files.N_FINE - 7)
    source = open_map(path)
    assert source.normalisations(FINE) == ()
    assert source.default_norm(FINE, "chr1") == COMPUTED
    assert "Weights 'weight' are not used: there are 752 for 759 bins." in source.notes


# ---- values --------------------------------------------------------------------------------------------------------


def test_a_few_impossible_pixels_are_bad_pixels(tmp_path: Path) -> None:
    source = open_map(files.infinite_pixels(tmp_path))
    assert source.value_kind is ValueKind.COUNTS
    got = np.triu(np.nan_to_num(block(source, "chr1", FINE), nan=-1))
    bad = got == -1
    assert bad.sum() == 5
    np.testing.assert_array_equal(got[~bad], np.triu(cis("chr1"))[~bad])
    weights, want = (
        one.weights("chr1", resolution=FINE, norm=COMPUTED) for one in (source, open_map(files.plain(tmp_path)))
    )
    good = np.isfinite(want) & np.isfinite(weights)
    assert good.sum() >= 0.97 * np.isfinite(want).sum()
    np.testing.assert_allclose(weights[good], want[good], rtol=0.1)


@pytest.mark.parametrize(
    ("build", "kind", "sentence"),
    [
        (files.signed, ValueKind.SIGNED, "values of both signs"),
        (files.over_expected, ValueKind.RATIO, "do not fall off with distance"),
    ],
)
def test_maps_of_no_contacts_are_shown_but_not_predicted_on(
    build: object, kind: ValueKind, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = build(tmp_path)  # type: ignore[operator]
    source = open_map(path)
    assert source.value_kind is kind
    assert source.default_norm(FINE, "chr1") == RAW
    assert np.isfinite(block(source, "chr1", FINE)).all()
    with pytest.raises(MapError, match=f"{sentence}.*cannot be balanced"):
        source.weights("chr1", resolution=FINE, norm=COMPUTED)
    assert main(["predict", path, "-c", "chr1", "-o", str(tmp_path / "out")]) == 2
    assert re.search(f"nothing can be predicted: it .*{sentence}", capsys.readouterr().err)
    assert main(["info", path, "--json"]) == 0
    assert all(sentence in why for why in json.loads(capsys.readouterr().out)["possible"].values())


@QUICK
@given(scale=st.floats(1e-6, 1e6), share=st.floats(0.3, 1.0))
def test_normalised_contacts_of_any_scale_are_contacts(
    tmp_path_factory: pytest.TempPathFactory, scale: float, share: float
) -> None:
    """What is scaled, thinned or smoothed still falls off with distance."""
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("scaled") / "map.cool"
    thin = lambda m: m * (rng.random(m.shape) < share) * scale * np.pi  # noqa: E731  (never whole numbers)
    source = open_map(write(path, values=thin, dtype=float))
    assert source.value_kind is ValueKind.NORMALISED


def test_the_depth_of_a_deep_map_has_no_exponent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "deep.cool", values=lambda m: np.triu(np.full_like(m, 1_780)))
    assert main(["info", path]) == 0
    said = capsys.readouterr().out
    assert "1,780" in said
    assert "e+03" not in said


def test_floats_are_never_called_counts_and_the_map_has_the_notes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import napari_hicstruct as hs

    path = write(tmp_path / "floats.cool", values=lambda m: m * np.pi, dtype=float)
    assert main(["info", path]) == 0
    said = capsys.readouterr().out
    assert "values as stored" in said
    assert "ICE (computed)" in said
    assert "mean count" not in said
    opened = hs.open_map(path)
    assert any("normalised contacts, not counts" in note for note in opened.notes)
    assert any("No weights at 5,000 bp" in note for note in opened.notes)
    assert set(opened.notes) <= set(opened.info().notes)


def test_the_bin_size_is_told_exactly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import cooler
    import pandas as pd

    path = tmp_path / "odd.cool"
    bins = cooler.binnify(pd.Series({"chr1": 10_240_000}), 102_400)
    pixels = pd.DataFrame({"bin1_id": [0, 1], "bin2_id": [3, 9], "count": [5, 9]})
    cooler.create_cooler(str(path), bins, pixels, ordered=True)
    assert main(["info", str(path)]) == 0
    assert "this map has 102.4 kb" in capsys.readouterr().out


# ---- file systems and other programs -------------------------------------------------------------------------------

_WRITER = """
import sys, time, h5py
with h5py.File(sys.argv[1], "r+"):
    print("open", flush=True)
    time.sleep(60)
"""


def test_a_file_that_another_program_writes_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = files.plain(tmp_path)
    with subprocess.Popen([sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        assert main(["info", path]) == 2
        assert "is being written by another program. Wait until that is done" in capsys.readouterr().err
        writer.kill()
    assert main(["info", path]) == 0


@pytest.mark.parametrize("number", [37, 95, 38])
def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """ENOLCK, EOPNOTSUPP, ENOSYS: the message is HDF5's own."""
    path, real = files.plain(tmp_path), h5py.File

    def refuse(name: str, mode: str = "r", *, locking: bool | None = None, **options: object) -> h5py.File:
        if locking is not False:
            raise OSError(number, f"Unable to synchronously open file (unable to lock file, errno = {number}, error)")
        return real(name, mode, locking=False, **options)

    monkeypatch.setattr(h5py, "File", refuse)
    source = open_map(path)
    check_contacts(source, "chr1", FINE)


@pytest.mark.skipif(sys.platform != "linux", reason="replaces flock by LD_PRELOAD")
def test_a_file_system_without_locks_for_every_library(tmp_path: Path) -> None:
    """No lock for any library of the process, hictkpy's own HDF5 included."""
    path, shim = files.plain(tmp_path), tmp_path / "nolock.so"
    code = "#include <errno.h>\nint flock(int f, int o) { errno = ENOLCK; return -1; }\n"
    made = subprocess.run(
        ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", shim], input=code, text=True, capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no C compiler")
    words = [sys.executable, "-c", "from napari_hicstruct.cli.main import run; run()", "info", path, "--json"]
    environment = {**os.environ, "LD_PRELOAD": str(shim)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["chromosomes"][0]["contacts"] == np.triu(cis("chr1")).sum()


# ---- pixels that are not where they belong -------------------------------------------------------------------------


def rewrite_pixels(path: str, change: object) -> None:
    """Replace the pixel table by what ``change(bin1, bin2, count)`` gives; the index of rows follows bin1."""
    with h5py.File(path, "r+") as file:
        columns = [file[f"pixels/{name}"][:] for name in ("bin1_id", "bin2_id", "count")]
        for name, column in zip(("bin1_id", "bin2_id", "count"), change(*columns), strict=True):  # type: ignore[operator]
            del file[f"pixels/{name}"]
            file[f"pixels/{name}"] = column
        n = len(file["bins/start"])
        file["indexes/bin1_offset"][:] = np.searchsorted(file["pixels/bin1_id"][:], np.arange(n + 1))


def mirrored(bin1: np.ndarray, bin2: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, ...]:
    """Both triangles."""
    off = bin1 != bin2
    first, second = np.concatenate([bin1, bin2[off]]), np.concatenate([bin2, bin1[off]])
    values = np.concatenate([count, count[off]])
    order = np.lexsort((second, first))
    return first[order], second[order], values[order]


def twice(bin1: np.ndarray, bin2: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, ...]:
    """Every pixel in two halves."""
    half = count // 2
    return np.repeat(bin1, 2), np.repeat(bin2, 2), np.stack([half, count - half], axis=1).ravel()


@pytest.mark.parametrize("change", [mirrored, twice])
def test_pixels_that_stand_twice_count_once(tmp_path: Path, change: object) -> None:
    path = files.plain(tmp_path)
    rewrite_pixels(path, change)
    source = open_map(path)
    for chrom in SIZES:
        check_contacts(source, chrom, FINE)
        assert bool(source.level_notes(chrom)) == (change is mirrored)


def test_a_map_of_the_lower_triangle_is_refused(tmp_path: Path) -> None:
    def lower(bin1: np.ndarray, bin2: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, ...]:
        order = np.lexsort((bin1, bin2))
        return bin2[order], bin1[order], count[order]

    path = files.plain(tmp_path)
    rewrite_pixels(path, lower)
    with pytest.raises(MapError, match=r"below the diagonal only.*cooler load"):
        block(open_map(path), "chr1", FINE)


def test_pixels_at_other_places_than_the_index_says_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = files.plain(tmp_path)
    with h5py.File(path, "r+") as file:
        order = np.argsort(file["pixels/bin2_id"][:], kind="stable")
        for name in ("bin1_id", "bin2_id", "count"):
            file[f"pixels/{name}"][:] = file[f"pixels/{name}"][:][order]
    assert main(["info", path]) == 2
    assert "pixels at other places than its index says" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["False", b"False", "0", 0, np.array([False]), False])
def test_weights_are_divisive_only_if_the_attribute_says_so(tmp_path: Path, value: object) -> None:
    path = write(tmp_path / "kr.cool", columns={"KR": np.full(files.N_FINE, 2.0)})
    with h5py.File(path, "r+") as file:
        file["bins/KR"].attrs["divisive_weights"] = value
    np.testing.assert_allclose(block(open_map(path), "chr1", FINE, "KR"), cis("chr1") * 4)


def with_trans(path: str, group: str, until: int) -> None:
    """Of chr1 keep cis contacts of the first ``until`` bins; every bin of it has one contact with chr3."""
    with h5py.File(path, "r+") as file:
        level = file[group]
        n1 = int(level["indexes/chrom_offset"][1])
        first3 = int(level["indexes/chrom_offset"][2])
        bin1, bin2, count = (level[f"pixels/{name}"][:] for name in ("bin1_id", "bin2_id", "count"))
        keep = (bin1 >= n1) | (bin2 < until)
        rows = np.concatenate([bin1[keep], np.arange(n1)])
        cols = np.concatenate([bin2[keep], np.full(n1, first3)])
        values = np.concatenate([count[keep], np.ones(n1, count.dtype)])
        order = np.lexsort((cols, rows))
        for name, column in (("bin1_id", rows), ("bin2_id", cols), ("count", values)):
            del level[f"pixels/{name}"]
            level[f"pixels/{name}"] = column[order]
        n = len(level["bins/start"])
        level["indexes/bin1_offset"][:] = np.searchsorted(rows[order], np.arange(n + 1))


def test_contacts_with_other_chromosomes_do_not_fill_a_level(tmp_path: Path) -> None:
    path = ladder(tmp_path / "t.mcool", {}, {})
    with_trans(path, f"resolutions/{FINE}", until=100)
    assert open_map(path).resolutions_of("chr1") == (COARSE,)


def test_contacts_with_other_chromosomes_do_not_empty_another_level(tmp_path: Path) -> None:
    path = ladder(tmp_path / "t.mcool", {}, {})
    with_trans(path, f"resolutions/{FINE}", until=100)
    with h5py.File(path, "r+") as file:  # the coarse level has cis contacts on the same stretch, and no others
        level = file[f"resolutions/{COARSE}"]
        bin1, bin2 = level["pixels/bin1_id"][:], level["pixels/bin2_id"][:]
        keep = (bin1 >= 200) | (bin2 < 50)
        for name in ("bin1_id", "bin2_id", "count"):
            column = level[f"pixels/{name}"][:][keep]
            del level[f"pixels/{name}"]
            level[f"pixels/{name}"] = column
        level["indexes/bin1_offset"][:] = np.searchsorted(bin1[keep], np.arange(len(level["bins/start"]) + 1))
    source = open_map(path)
    assert source.resolutions_of("chr1") == (FINE, COARSE)
    assert source.level_notes("chr1") == ()


@pytest.mark.parametrize("dtype", ["f8", "u4", "i8"])
def test_bin_numbers_of_any_type(tmp_path: Path, dtype: str) -> None:
    path = files.plain(tmp_path)
    with h5py.File(path, "r+") as file:
        for name in ("bin1_id", "bin2_id"):
            column = file[f"pixels/{name}"][:].astype(dtype)
            del file[f"pixels/{name}"]
            file[f"pixels/{name}"] = column
        del file["indexes/chrom_offset"]  # it follows from the bins
    source = open_map(path)
    for chrom in SIZES:
        check_contacts(source, chrom, FINE)
