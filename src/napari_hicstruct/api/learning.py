"""Models that learn, from Python: fine-tuning on a project, training by a recipe, calibration."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.arguments import listed, whole_number
from napari_hicstruct.api.arguments import settings as given_settings
from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.models import Model, ModelLike, load_model, name_of
from napari_hicstruct.api.opening import MapLike, source_of
from napari_hicstruct.api.progress import ProgressOption, run
from napari_hicstruct.api.projects import Project
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from napari_hicstruct.config.training import TrainConfig
    from napari_hicstruct.workflows.calibrate import CalibrateResult
    from napari_hicstruct.workflows.finetune.job import Figure

Settings = Mapping[str, Any] | str | Path
"""Settings by name, or a YAML file of them."""


@dataclass(frozen=True, slots=True)
class Finetuned:
    """What a fine-tuning came to.  Made by :func:`finetune`.

    Attributes
    ----------
    taken : bool
        True if the new model is better or no different, and is the project's from now on.
    reason : str
        The verdict in one plain sentence.
    model : Model
        The new model, kept in the project where it was not taken; where nothing new was learnt, the model in use.
    before, after : dict
        Figures of the model in use and of the new one: ``{on: {what: {measure: value}}}``.
    notes : tuple of str
        What else a person should know.
    seconds : float
    figures : tuple of Figure
        The same figures one by one, with their 90 % intervals.
    verdict : {"better", "no different", "too few to say", "worse"}
        What held-out corrections say of the new model, compared with the one in use.
    details : str
        The numbers that the verdict rests on, in words.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> result = hs.finetune("my.hicproj")  # doctest: +SKIP
    >>> result.verdict, result.taken, result.model.version  # doctest: +SKIP
    ('better', True, '0.4+ft1')
    """

    taken: bool
    reason: str
    model: Model
    before: dict[str, Any] = field(repr=False)
    after: dict[str, Any] = field(repr=False)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    figures: tuple[Figure, ...] = field(default=(), repr=False)
    verdict: str = ""
    details: str = field(default="", repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """Before and after as a data frame: ``what measure on n before after low high``.

        ``low`` and ``high`` bound the 90 % interval of after - before.
        """
        import pandas as pd

        names = ["what", "measure", "on", "n", "before", "after", "low", "high"]
        return pd.DataFrame([[getattr(one, name) for name in names] for one in self.figures], columns=names)


@checked
def finetune(
    project: str | Path | Project,
    map: MapLike | None = None,
    *,
    train: str | None = None,
    start: str | None = None,
    steps: int | None = None,
    settings: Settings | None = None,
    device: str = "auto",
    threads: int = 0,
    progress: ProgressOption = None,
) -> Finetuned:
    """Learn from the corrections in a project, as ``hicstruct finetune`` does.

    The new model is written beside the project, and comes into use there if it is better or no different.

    Parameters
    ----------
    project : path or Project
        With accepted and rejected candidates.
    map : ContactMap, path or str, optional
        Its contact map, where that has moved.
    train : {"heads", "decoders", "all", "adapters"}, optional
        What learns.  Default: the heads.
    start : {"base", "last"}, optional
        From the base model with all corrections (default), or from the model in use.
    steps : int, optional
        Gradient steps.  Default: by the number of corrections.
    settings : mapping or path, optional
        Further settings (``docs/fine-tuning.md``), or a YAML file of them.
    device : str
        ``auto``, ``cpu``, ``cuda``, ...
    threads : int
        Processor threads; 0 leaves torch's own choice.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    Finetuned
        Whether the new model was taken, why, the model itself, and its figures before and after.

    Raises
    ------
    ProjectError
        If the project cannot be written, or its corrections cannot teach anything.
    MapError
        If the map is not there or cannot be read.
    ConfigError
        If a setting is impossible, or an argument is not what it says above.
    ModelError, OutputError
        If a model cannot be read, or the new one cannot be written.
    JobError
        If memory is used up; the model in use stays.

    References
    ----------
    .. [1] ``docs/fine-tuning.md``: what corrections teach, and when a model is taken.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> with hs.open_project("my.hicproj") as p:  # doctest: +SKIP
    ...     result = hs.finetune(p, progress=True)
    >>> calls = hs.predict("map.mcool", "chr1:5M-7M", model=result.model)  # doctest: +SKIP
    """
    from napari_hicstruct.config import parse_config
    from napari_hicstruct.config.finetune import FinetuneConfig
    from napari_hicstruct.workflows.finetune import iter_finetune, open_for_learning, prepare_finetune, record_as_kept

    given = {"trainable": train, "start": start, "steps": steps}
    base = _config(FinetuneConfig, settings or {}).model_dump(exclude_unset=True)
    data = base | {key: value for key, value in given.items() if value is not None}
    config = parse_config(FinetuneConfig, data, options={} if train is None else {"trainable": f"train={train!r}"})
    own = not isinstance(project, Project)
    if isinstance(project, Project):
        opened, source = project.file, project.map.source if map is None else source_of(map)
    else:
        opened, source = open_for_learning(Path(project), None if map is None else source_of(map).uri)
    try:
        job = prepare_finetune(opened, source, config, device=device, threads=whole_number("threads", threads))
        result = run(iter_finetune(job), progress)
        result = record_as_kept(opened, job, result)
    finally:
        if own:
            opened.close()
    return Finetuned(
        result.taken,
        result.reason,
        load_model(result.model),
        result.side("before"),
        result.side("after"),
        tuple(result.notes),
        result.seconds,
        tuple(result.figures),
        str(result.verdict),
        result.details,
    )


@checked
def train(
    config: Settings | TrainConfig | Iterable[Settings | TrainConfig],
    out: str | Path,
    *,
    start_from: ModelLike | None = None,
    device: str = "auto",
    progress: ProgressOption = None,
) -> Model:
    """Train a model by a recipe, as ``hicstruct train`` does; called again with the same folder it goes on.

    Batches are made in processes of their own: in a script, call it below ``if __name__ == "__main__":``.

    Parameters
    ----------
    config : mapping, path, TrainConfig, or list of these
        A recipe (``docs/tutorial-training.md``); of several, each starts from the model before it.
    out : path
        Folder for maps, checkpoints, log and ``model/``.
    start_from : str, path or Model, optional
        Model whose weights a new run starts from; with one recipe only.
    device : str
        ``auto``, ``cpu``, ``cuda``, ...
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    Model
        The best on the validation maps.

    Raises
    ------
    ConfigError
        If a recipe asks for what cannot be, or an argument is not what it says above; before anything starts.
    ModelError
        If there is no model to start from.
    JobError
        If training fails; the best model before it stays.
    OutputError
        If the folder cannot be written, or holds another run.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> model = hs.train("resources/configs/default.yaml", "runs/default", progress=True)  # doctest: +SKIP
    """
    from napari_hicstruct.config.training import TrainConfig
    from napari_hicstruct.workflows.train import iter_train_model, iter_train_stages

    one = isinstance(config, str | os.PathLike | Mapping | TrainConfig)
    recipes: Iterable[Any] = [config] if one else listed("config", config)
    stages = [_config(TrainConfig, given_settings("config", recipe)) for recipe in recipes]
    if start_from is not None and len(stages) > 1:
        raise ConfigError("start_from goes with one recipe only.", hint="Name it in the first recipe (start_from).")
    if len(stages) == 1:
        parent = None if start_from is None else name_of(start_from)
        return load_model(run(iter_train_model(stages[0], out, device=device, parent=parent), progress))
    return load_model(run(iter_train_stages(stages, out, device=device), progress))


@checked
def calibrate(
    model: ModelLike,
    *,
    maps: int = 12,
    length: int = 8_000_000,
    depths: Iterable[float] | None = None,
    seed: int = 700_000,
    device: str = "auto",
    settings: Settings | None = None,
    progress: ProgressOption = None,
) -> CalibrateResult:
    """Fit a model's scores to probabilities on simulated maps that it has never seen; its card is rewritten.

    Parameters
    ----------
    model : str, path or Model
        Not a shipped one: copy that first (``hicstruct models install``).
    maps : int
        Simulated maps, at least 2, each taken at every depth.
    length : int
        bp of each map, at least 2 Mb.
    depths : iterable of float, optional
        Mean counts at a distance of one bin.  Default: 8, 40, 200 and 1000.
    seed : int
        Of the first map; never one that was trained on.
    device : str
        ``auto``, ``cpu``, ``cuda``, ...
    settings : mapping or path, optional
        Other ranges of the simulation (``docs/science/simulator.md``), or a YAML file of them.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    CalibrateResult
        ``calibration`` (by task, as it stands in the card), ``folder``, ``notes``.

    Raises
    ------
    ConfigError
        If the request is impossible, the model was trained on these maps, or an argument is not what it says above.
    ModelError
        If there is no such model, it is a shipped one, or it reads 1-D tracks.
    OutputError
        If the card cannot be written; the old one stays.

    References
    ----------
    .. [1] ``docs/science/calibration.md``: how probabilities come to mean what they say.

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> result = hs.calibrate("runs/default/model", progress=True)  # doctest: +SKIP
    >>> result.calibration["loop"]["ece"]  # doctest: +SKIP
    0.021
    """
    from napari_hicstruct.workflows.calibrate import DEPTHS, CalibrateRequest, iter_calibrate
    from napari_hicstruct.workflows.simulate import load_settings

    ranges = load_settings(Path(settings)) if isinstance(settings, str | os.PathLike) else dict(settings or {})
    request = CalibrateRequest(
        model=name_of(model),
        maps=maps,
        length=length,
        depths=DEPTHS if depths is None else tuple(depths),
        seed=seed,
        device=device,
        settings=ranges,
    )
    return run(iter_calibrate(request), progress)


def _config(kind: Any, given: Any) -> Any:
    """Settings as their frozen object, from a YAML file, a mapping, or one that is made already."""
    from napari_hicstruct.config import load_config, parse_config

    if isinstance(given, kind):
        return given
    if isinstance(given, str | os.PathLike):
        return load_config(kind, Path(given))
    return parse_config(kind, dict(given))
