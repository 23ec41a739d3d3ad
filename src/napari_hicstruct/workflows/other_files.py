"""Files that people bring to a map and that a window cannot show: what each is, in one sentence."""

from __future__ import annotations

from pathlib import Path

from napari_hicstruct.errors import HicStructError, LabelError, TrackError


def refusal(path: str) -> HicStructError:
    """The error for what is neither a map nor labels nor a project, such as a folder."""
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.contacts.sources.not_a_map import check_regular
    from napari_hicstruct.contacts.sources.not_a_map import refusal as no_map
    from napari_hicstruct.tracks.opening import is_track

    if Path(path).is_dir():
        return LabelError(
            "is a folder.", where=path, hint="Drop the files in it, or choose them with Import … in Labels."
        )
    try:
        start = check_regular(path)
        if is_track(path):
            return TrackError("is a track.", where=path, hint="Open a contact map, then drop it onto the window.")
        if b"\0" in start:
            return no_map(path, start)
        read_labels(path)
    except HicStructError as error:
        return error
    return LabelError("holds labels, but its name does not say so.", where=path, hint="Use Import … in Labels.")
