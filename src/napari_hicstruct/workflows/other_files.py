"""Files that people bring to a map and that a window cannot show: what each is, in one sentence."""

from __future__ import annotations

from pathlib import Path

from napari_hicstruct.errors import HicStructError, LabelError

_TRACKS = {
    **dict.fromkeys((b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26"), "bigWig"),
    **dict.fromkeys((b"\xeb\xf2\x89\x87", b"\x87\x89\xf2\xeb"), "bigBed"),
}
_TRACK_HINT = (
    "A model takes bigWigs by hicstruct dataset --track; Why takes those of motifs in a notebook (docs/window.md)."
)


def refusal(path: str) -> HicStructError:
    """The error for what is neither a map nor labels nor a project, such as a folder."""
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.contacts.sources.not_a_map import check_regular
    from napari_hicstruct.contacts.sources.not_a_map import refusal as no_map

    if Path(path).is_dir():
        return LabelError(
            "is a folder.", where=path, hint="Drop the files in it, or choose them with Import … in Labels."
        )
    try:
        start = check_regular(path)
        if (kind := _TRACKS.get(start[:4])) is not None:
            return LabelError(
                f"is a {kind} track; tracks are not shown beside a map yet.", where=path, hint=_TRACK_HINT
            )
        if b"\0" in start:
            return no_map(path, start)
        read_labels(path)
    except HicStructError as error:
        return error
    return LabelError("holds labels, but its name does not say so.", where=path, hint="Use Import … in Labels.")
