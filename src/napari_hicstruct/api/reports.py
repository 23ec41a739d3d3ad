"""One page about predictions, from Python."""

from __future__ import annotations

from pathlib import Path

from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.progress import ProgressOption, run


@checked
def report(
    folder: str | Path,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressOption = None,
) -> Path:
    """Write one HTML page about the predictions of one map or of many, as ``hicstruct report`` does.

    The page holds counts, distributions, depth, quality, pictures of the strongest and of the most uncertain calls,
    and where everything comes from.  It needs no other file, no script and no network.

    Parameters
    ----------
    folder : path
        What ``hicstruct predict`` or :meth:`Calls.write` wrote: one result, or a batch of one sub-folder per map.
    out : path, optional
        The page.  Default: ``report.html`` in `folder`.
    overwrite : bool
        Replace a file that is no earlier report.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`, which counts maps.  A map that is not there
        any more, or has changed, is a notice.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    LabelError
        If the folder holds no result, or one that is damaged or of a newer program.
    OutputError
        If the page cannot be written, or would replace what it is made from.
    ConfigError
        If an argument is not what it says above.

    See Also
    --------
    predict : Makes the calls.
    evaluate : Compares calls with truth.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> calls = hs.predict(hs.sample_map(), "chr1:5M-7M")
    >>> files = calls.write("calls")
    >>> hs.report("calls").name
    'report.html'
    """
    from napari_hicstruct.workflows.report import ReportRequest, iter_report

    page = None if out is None else Path(out)
    return run(iter_report(ReportRequest(folder=Path(folder), out=page, overwrite=overwrite)), progress).page
