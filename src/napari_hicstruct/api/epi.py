"""Enhancer–promoter pairs across cell lines, from Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.progress import ProgressOption, run

if TYPE_CHECKING:
    from napari_hicstruct.config.epi import EpiConfig
    from napari_hicstruct.workflows.epi.predict import PredictedEpi
    from napari_hicstruct.workflows.epi.train import TrainedEpi


@checked
def train_epi(
    pairs: str | Path,
    fasta: str | Path,
    out: str | Path,
    *,
    lines: str | Path | None = None,
    motifs: str | Path | None = None,
    settings: Mapping[str, Any] | str | Path | None = None,
    small: bool = False,
    device: str = "auto",
    threads: int | None = None,
    progress: ProgressOption = None,
) -> TrainedEpi:
    """Train on enhancer–promoter pairs of several cell lines, as ``hicstruct epi train`` does.

    Lines and chromosomes are held out at once, so that the figures are those of lines and places that training did not
    see.  Called again with the same folder, a run that was stopped goes on.

    Parameters
    ----------
    pairs : path
        Table with columns chrom, enhancer, promoter (start-end, bp, 0-based), line and label (0 or 1).
    fasta : path
        Sequences of the genome, not compressed.
    out : path
        Folder for checkpoint, log, figures and model.
    lines : path, optional
        Table of the lines: ``line``, ``peaks`` (BED), ``track:NAME`` (bigWig); other columns are numbers.  Default:
        their own enhancers, without labels, describe the lines.
    motifs : path, optional
        Motifs in JASPAR's format that the filters start at.  Default: frequent words of the training sequences.
    settings : mapping or path, optional
        What replaces the defaults, as ``{"train": {"epochs": 40}}``; or a YAML file.
    small : bool
        A small network, for trials on a processor.
    device : str
        ``auto``, ``cpu``, ``cuda`` or another one of torch.
    threads : int, optional
        Threads of the processor.  Default: as many as there are.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    TrainedEpi
        ``model`` (its folder), ``figures`` (AUPR and AUROC of ``validation``, ``seen`` and ``unseen`` lines,
        ``threshold``, ``f1``, ``gap``), ``per_line`` (the same by line), ``notes``.

    Raises
    ------
    LabelError
        If a table, or the file of motifs, cannot be read or holds something else.
    SequenceError
        If `fasta` cannot be read, or has none of the chromosomes.
    ConfigError
        If a setting or an argument is wrong, or `out` holds a run of other settings.
    OutputError
        If `out` cannot be written.

    See Also
    --------
    predict_epi : Probabilities of pairs by the model.

    Examples
    --------
    A simulated example, and settings of a second (which learn nothing yet):

    >>> import tempfile
    >>> import napari_hicstruct as hs
    >>> from pathlib import Path
    >>> from napari_hicstruct.workflows.epi.example import write_example
    >>> fast = {"train": {"epochs": 1, "steps_per_epoch": 1, "pairs_per_line": 4}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     at = Path(folder)
    ...     made_of = write_example(at / "example", lines=4)
    ...     pairs, fasta = at / "example" / "pairs.tsv", at / "example" / "genome.fa"
    ...     made = hs.train_epi(
    ...         pairs, fasta, at / "run", lines=at / "example" / "lines.tsv", settings=fast, small=True
    ...     )
    >>> sorted(made.figures)
    ['f1', 'gap', 'seen', 'threshold', 'unseen', 'validation']
    """
    from napari_hicstruct.workflows.epi.train import TrainEpiRequest, iter_train_epi

    config = _config(settings, small=small, motifs=motifs is not None)
    request = TrainEpiRequest(
        Path(pairs), Path(fasta), Path(out), config, _path(lines), device, threads or None, motifs=_path(motifs)
    )
    return run(iter_train_epi(request), progress)


@checked
def predict_epi(
    pairs: str | Path,
    fasta: str | Path,
    model: str | Path,
    *,
    lines: str | Path | None = None,
    out: str | Path | None = None,
    device: str = "auto",
    threads: int | None = None,
    overwrite: bool = False,
    progress: ProgressOption = None,
) -> PredictedEpi:
    """Give each enhancer–promoter pair its probability in its cell line, as ``hicstruct epi predict`` does.

    A line may be new to the model: what describes it is enough.

    Parameters
    ----------
    pairs : path
        Table with columns chrom, enhancer, promoter (start-end, bp, 0-based) and line; labels only give figures.
    fasta : path
        Sequences of the genome, not compressed.
    model : path
        Folder that :func:`train_epi` wrote.
    lines : path, optional
        Table of the lines, with the columns that training had.
    out : path, optional
        Table that is written: the pairs with p.  Default: none.
    device : str
        ``auto``, ``cpu``, ``cuda`` or another one of torch.
    threads : int, optional
        Threads of the processor.  Default: as many as there are.
    overwrite : bool
        Replace a file that `out` names.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    PredictedEpi
        ``probabilities`` (in the order of the table, NaN where a sequence is missing), ``threshold`` (called from it
        on), ``figures`` (AUPR and AUROC by line, where there are labels), ``path`` of the table, ``notes``.

    Raises
    ------
    LabelError
        If a table cannot be read or holds something else.
    SequenceError
        If `fasta` cannot be read, or has none of the chromosomes.
    ConfigError
        If an argument is wrong, or nothing that the model reads describes a line.
    ModelError
        If `model` holds no model of pairs, or a damaged one.
    OutputError
        If `out` exists, or cannot be written.

    See Also
    --------
    train_epi : Train a model.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> hs.predict_epi("pairs.tsv", "genome.fa", "nowhere")
    Traceback (most recent call last):
        ...
    napari_hicstruct.errors.ModelError: nowhere: is not a model folder. A model is a folder with model.json and \
weights.safetensors.
    """
    from napari_hicstruct.workflows.epi.predict import PredictEpiRequest, iter_predict_epi

    request = PredictEpiRequest(
        Path(pairs), Path(fasta), Path(model), _path(out), _path(lines), device, threads or None, overwrite
    )
    return run(iter_predict_epi(request), progress)


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _config(settings: Mapping[str, Any] | str | Path | None, *, small: bool, motifs: bool) -> EpiConfig:
    from napari_hicstruct.config.epi import epi_config, merged

    start = {"encoder": {"start": "motifs"}} if motifs else {}
    if settings is None or isinstance(settings, Mapping):
        return epi_config(small=small, changes=merged(dict(settings or {}), start))
    return epi_config(Path(settings), small=small, changes=start)
