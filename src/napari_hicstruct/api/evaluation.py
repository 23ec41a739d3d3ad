"""Comparing calls with truth from Python: metrics, a table, figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.api.arguments import is_path_like, is_several, names, whole_number, whole_numbers
from napari_hicstruct.api.arguments import path as a_path
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.frames import kind_of
from napari_hicstruct.api.given import as_calls, as_frame
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.api.regions import Region, regions_as_text
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.workflows.evaluate.regions import regions_of_run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_hicstruct.workflows.evaluate import EvaluateResult
    from napari_hicstruct.workflows.evaluate.request import Side

LabelsLike = str | Path | Iterable[Annotation] | Any
"""Calls, annotations, a data frame, a label file, or a folder of label files."""


class Report:
    """How calls compare with truth.  Made by :func:`evaluate`.

    Parameters
    ----------
    result : EvaluateResult
        Of the workflow.

    See Also
    --------
    evaluate : Makes one.

    Examples
    --------
    >>> import pandas as pd
    >>> import napari_hicstruct as hs
    >>> tads = pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [500_000]})
    >>> report = hs.evaluate(tads, tads, kind="tad")
    >>> report.metrics["tads"]["mean_best_jaccard"]
    1.0
    """

    def __init__(self, result: EvaluateResult) -> None:
        self._result = result

    def __repr__(self) -> str:
        """What was compared."""
        return f"<Report: {', '.join(self._result.sections)}>"

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)

    @property
    def metrics(self) -> dict[str, Any]:
        """All figures as nested dictionaries, by section (``loops``, ``stripes``, ``tads``, ``boundaries``, …).

        Rates lie in [0, 1], lengths are bp; None where a thing is not defined; all are
        explained in ``docs/science/evaluation.md``.
        """
        return self._result.metrics

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know: what was left out, what has no scores."""
        return self._result.notes

    @property
    def table(self) -> pd.DataFrame:
        """All figures as a data frame: ``section``, ``metric`` (nested names joined by `` · ``), ``value``."""
        import pandas as pd

        rows = [
            (section, name, value)
            for section, content in self.metrics.items()
            if section in self._result.sections
            for name, value in _flat(content)
        ]
        frame = pd.DataFrame(rows, columns=["section", "metric", "value"])
        return frame.astype({"value": "float64"})

    @property
    def plots(self) -> tuple[str, ...]:
        """Names of the figures for which there is something to draw."""
        from napari_hicstruct.workflows.evaluate.report import PICTURES

        return tuple(name for name, picture in PICTURES.items() if picture.chosen(self._result.sections))

    @checked
    def plot(self, name: str = "precision_recall", *, ax: Axes | None = None) -> Figure:
        """Draw one of the figures with matplotlib.

        Parameters
        ----------
        name : str
            One of :attr:`plots`.
        ax : Axes, optional
            Draw into these axes, without a legend, instead of a figure of its own.

        Returns
        -------
        Figure
            ``figure.savefig("curve.png")`` writes it; a notebook shows it.

        Raises
        ------
        ConfigError
            If there is no such figure, or nothing to draw in it, or `ax` are no axes.

        Examples
        --------
        >>> import pandas as pd
        >>> import napari_hicstruct as hs
        >>> tads = pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [500_000]})
        >>> report = hs.evaluate(tads, tads, kind="tad")
        >>> report.plots
        ('by_tad_size',)
        >>> len(report.plot("by_tad_size").axes)
        1
        """
        from napari_hicstruct.workflows.evaluate.report import PICTURES, draw_into, draw_picture

        if name not in self.plots:
            have = ", ".join(self.plots) or "none: there is nothing to draw"
            raise ConfigError(f"there is no figure '{name}' of this report.", hint=f"It has {have}.")
        if ax is not None and not hasattr(ax, "spines"):
            raise ConfigError(f"ax={ax!r} are no axes.", hint="Give one of matplotlib's, or leave it out.")
        if ax is None:
            figure = draw_picture(PICTURES[name], self._result.sections)
            figure._repr_png_ = partial(_png, figure)  # type: ignore[attr-defined]  # shown without any pyplot backend
            return figure
        draw_into(ax, PICTURES[name], self._result.sections)
        return ax.figure

    @checked
    def write(self, folder: str | Path) -> list[Path]:
        """Write ``metrics.json`` and all figures (PNG and SVG) into a folder.

        Parameters
        ----------
        folder : path
            Made if it is missing; a report that lies there is replaced.

        Returns
        -------
        list of Path
            The files.

        Raises
        ------
        OutputError
            If the folder cannot be written to.
        ConfigError
            If `folder` is no path.

        Examples
        --------
        >>> import pandas as pd
        >>> import napari_hicstruct as hs
        >>> tads = pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [500_000]})
        >>> [path.name for path in hs.evaluate(tads, tads, kind="tad").write("report")]
        ['metrics.json', 'by_tad_size.png', 'by_tad_size.svg']
        """
        from napari_hicstruct.workflows.evaluate.report import write_evaluation

        content = {"metrics": self.metrics, "notes": list(self.notes)}
        return list(write_evaluation(Path(folder), content, self._result.sections))


def _png(figure: Figure) -> bytes:
    """What a notebook shows of a figure."""
    from io import BytesIO

    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float | None]]:
    for name, value in content.items():
        label = f"{prefix} · {name}" if prefix else str(name)
        if isinstance(value, Mapping):
            yield from _flat(value, label)
        elif value is None or isinstance(value, int | float):
            yield label, value


@checked
def evaluate(
    predictions: LabelsLike,
    truth: LabelsLike,
    *,
    ignore: LabelsLike | None = None,
    kind: str | None = None,
    chroms: str | Iterable[str] | None = None,
    region: Region | Iterable[Region] | None = None,
    tolerance: int = 20_000,
    resolution: int = 0,
    top: int | Iterable[int] = (25, 50, 100),
    score_column: str | int | None = None,
    ascending: bool = False,
    map: MapLike | None = None,
    progress: ProgressOption = None,
) -> Report:
    """Compare calls with truth, as ``hicstruct evaluate`` does; nothing is written.

    Parameters
    ----------
    predictions, truth : Calls, iterable of Annotation, DataFrame, path, or list of these
        Paths are label files of any known format, or folders of them.  Several truths of one kind are united.
    ignore : as `truth`, optional
        Structures too faint to ask for: a call that only fits one of these counts neither way.
    kind : str, optional
        What data frames without a column ``kind`` hold: ``loop``, ``stripe``, ``tad`` or ``boundary``.
    chroms : str or iterable of str, optional
        Chromosomes to judge.  Default: those on which there are predictions.
    region : str, Interval or (chrom, start, end), or a list of these, optional
        Judge there alone.  Default: where the predictions were sought, if they say so; else whole chromosomes.
    tolerance : int
        How far a call may be off, bp.
    resolution : int
        bp per bin for the metrics within one and two bins and for the pile-up; 0: as the predictions say, else 10 kb.
    top : int or iterable of int
        Numbers of best calls for precision at n.
    score_column : str or int, optional
        Column of the predictions' files or data frames that ranks them, where they do not say.
    ascending : bool
        True if lower is better in that column.
    map : ContactMap, path or str, optional
        Adds the pile-up of the called loops on this map.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    Report
        Metrics, a table of them, and figures.

    Raises
    ------
    ConfigError
        If `tolerance`, `resolution` or `top` is no whole number, `chroms` no name, or another argument is not what it
        says above.
    LabelError
        If a file or data frame cannot be read, nothing can be compared, or there is no such kind.
    RegionError
        If neither side has a chromosome of `chroms` or `region`, or a region is misspelt.
    MapError
        If the map cannot be read.

    References
    ----------
    .. [1] ``docs/science/evaluation.md``: what is measured, and how.

    Examples
    --------
    >>> from pathlib import Path
    >>> import napari_hicstruct as hs
    >>> m = hs.sample_map()
    >>> calls = hs.predict(m, "chr1:4M-8M", tasks="loop")
    >>> truth = hs.read_labels(Path(m.uri).parent / "truth" / "loops.bedpe")  # judged where calls were sought
    >>> report = hs.evaluate(calls, truth)
    >>> report.metrics["loops"]["average_precision"] > 0.5
    True
    """
    from napari_hicstruct.workflows.evaluate import iter_evaluate
    from napari_hicstruct.workflows.evaluate.request import EvaluateRequest

    if kind is not None:
        kind_of(kind)  # refused also where every part says itself what it holds
    request = EvaluateRequest(
        predictions=_sides(predictions, "predictions", kind, score_column, ascending),
        truth=_sides(truth, "truth", kind),
        ignore=() if ignore is None else _sides(ignore, "ignore", kind),
        chroms=() if chroms is None else names("chroms", chroms),
        regions=() if region is None else regions_as_text(region),
        searched=_sought(predictions),
        tolerance=whole_number("tolerance", tolerance, unit="bp"),
        resolution=whole_number("resolution", resolution, unit="bp"),
        top=whole_numbers("top", top, least=1),
        score_column=score_column,
        ascending=ascending,
        map=None if map is None else source_of(map).uri,
    )
    return Report(run(iter_evaluate(request), progress))


def _sought(predictions: LabelsLike) -> tuple[str, ...]:
    """The regions in which calls at hand were sought; the workflow asks folders itself."""
    from napari_hicstruct.api.calls import Calls

    parts = list(predictions) if isinstance(predictions, list | tuple) else [predictions]
    sought = [regions_of_run(part.run) if isinstance(part, Calls) else None for part in parts]
    return () if None in sought else tuple(region for regions in sought for region in regions or ())


def _sides(
    given: LabelsLike, name: str, kind: str | None, score_column: str | int | None = None, ascending: bool = False
) -> tuple[Side, ...]:
    """The parts of one side, each a path or records."""
    from napari_hicstruct.api.calls import Calls

    if is_path_like(given):
        return (Path(a_path(name, given)),)
    frame = as_frame(given)
    if frame is not None:
        own = None if "kind" in frame.columns else kind
        column = None if score_column is None else str(score_column)
        return (tuple(Calls.from_dataframe(frame, own, score_column=column, ascending=ascending)),)
    if isinstance(given, Calls):
        return (tuple(given),)
    if not is_several(given):
        hint = "Give calls, annotations, a data frame, or the path of a file or folder."
        raise LabelError(f"{name}: {given!r} is neither labels nor a path of some.", hint=hint)
    parts: list[Any] = list(given)
    if all(isinstance(part, Annotation) for part in parts):
        return (tuple(as_calls(parts)),)
    return tuple(side for part in parts for side in _sides(part, name, kind, score_column, ascending))
