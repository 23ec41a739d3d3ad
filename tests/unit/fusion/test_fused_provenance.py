"""A fused map says that it is one, and so does everything that is predicted on it."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band_loading import iter_load_band
from napari_hicstruct.contacts.fused import FUSED, FUSED_FROM, fused_note, fusion_of, names_of, parse_fusion, sources_of
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.fuse.maps import FuseMapsRequest, fuse_maps
from tests.fusion_kit import drawn, expected_band, silent_model, write_cool


@pytest.fixture(scope="module")
def fused(tmp_path_factory):
    folder = tmp_path_factory.mktemp("provenance")
    expected = expected_band(260, 200, 60)
    for name, depth in (("one", 1.0), ("two", 2.0)):
        write_cool(folder / f"{name}.cool", {"chr1": drawn(expected, depth, len(name) + int(depth))})
    request = FuseMapsRequest(
        str(folder / "one.cool"), str(folder / "two.cool"), folder / "fused.mcool", model=silent_model(folder / "net")
    )
    return fuse_maps(request).path


def test_run_json_names_both_maps(fused):
    from napari_hicstruct.workflows.models import find_model
    from napari_hicstruct.workflows.predict import run_record
    from napari_hicstruct.workflows.predict.request import PredictRequest, notes

    source = open_map(fused)
    request = PredictRequest(regions=(Interval("chr1", 0, 2_600_000),))
    record = run_record(source, request, find_model("tiny"), ["chr1"])
    made_from = json.loads(json.dumps(record))["map"][FUSED_FROM]
    assert made_from["first"]["uri"].endswith("one.cool")
    assert made_from["second"]["fingerprint"] == open_map(fused.parent / "two.cool").fingerprint()
    assert made_from["model"]["name"] == "silent"
    said = " ".join(notes(source, request))
    assert said.count("Fused from") == 1
    assert "Fused from one.cool and two.cool" in said
    assert "normalised" not in said


def test_what_a_project_keeps_says_so_in_words(fused):
    from napari_hicstruct.workflows.predict.about_run import kept_run, words_of_run
    from napari_hicstruct.workflows.predict.request import PredictRequest

    parameters = PredictRequest(regions=()).to_run()
    run = kept_run({"name": "tiny", "version": "1"}, parameters, sources_of(open_map(fused)))
    assert json.loads(json.dumps(run))[FUSED_FROM]["first"]["uri"].endswith("one.cool")
    assert words_of_run(run).endswith("on a map fused from one.cool and two.cool")
    plain = kept_run({"name": "tiny", "version": "1"}, parameters, sources_of(open_map(fused.parent / "one.cool")))
    assert FUSED_FROM not in plain
    assert "fused" not in words_of_run(plain)


def test_info_says_it(fused):
    from napari_hicstruct.workflows.open_map import summarise

    notes = summarise(open_map(fused)).notes
    assert any(note.startswith("Fused from one.cool and two.cool") for note in notes)
    assert not any("normalised" in note for note in notes)


def test_fractions_of_a_fused_map_are_counts(fused, tmp_path):
    """What a network blended is on the scale of counts; no other depth is guessed from its noise."""
    import shutil

    other = tmp_path / "fractions.mcool"
    shutil.copyfile(fused, other)
    with h5py.File(other, "r+") as file:
        pixels = file["resolutions/10000/pixels"]
        pixels["count"][:] = pixels["count"][:] * 0.9
    source = open_map(other)
    assert not source.integer_counts
    *_, band = iter_load_band(source, "chr1", resolution=10_000, max_distance=1_000_000)
    *_, whole = iter_load_band(open_map(fused), "chr1", resolution=10_000, max_distance=1_000_000)
    np.testing.assert_allclose(band.counts, 0.9 * whole.counts, rtol=1e-5)


def test_a_damaged_note_is_no_note(fused, tmp_path):
    import shutil

    assert parse_fusion("") is None
    assert parse_fusion("{") is None
    assert parse_fusion('{"first": 3}') is None
    other = tmp_path / "damaged.mcool"
    shutil.copyfile(fused, other)
    with h5py.File(other, "r+") as file:
        file["resolutions/10000"].attrs[FUSED] = "{"
    source = open_map(other)
    assert fusion_of(source) is None
    assert not any("Fused" in note for note in source.notes)


def test_maps_of_one_file_are_distinct_names():
    fusion = {"first": {"uri": "/x/a.mcool::/resolutions/1"}, "second": {"uri": "/x/a.mcool::/resolutions/2"}}
    assert names_of(fusion) == ("a.mcool::/resolutions/1", "a.mcool::/resolutions/2")
    fusion |= {"parameters": {"unlike_bins": [5_000, 10_000]}}
    assert "(5 kb and 10 kb bins)" in fused_note(fusion)
