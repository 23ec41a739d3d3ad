"""What a worker of dask does for a run besides its tasks: load the model, once."""

from __future__ import annotations

from distributed import Worker, WorkerPlugin

from napari_hicstruct.workflows.genome.plan import RunSpec


def name_of_plugin(spec: RunSpec) -> str:
    """Under which workers know it: runs of one model on one kind of device share it."""
    return f"hicstruct-{spec.sha256[:16]}-{spec.request.device}"


class LoadModel(WorkerPlugin):
    """Each worker loads the model as it starts, also one that takes the place of a dead one."""

    idempotent = True

    def __init__(self, spec: RunSpec) -> None:
        self.name, self._spec = name_of_plugin(spec), spec

    def setup(self, worker: Worker) -> None:
        """Load it."""
        from napari_hicstruct.workflows.genome.pieces import load_model_of

        load_model_of(self._spec)

    def teardown(self, worker: Worker) -> None:
        """Forget it."""
        from napari_hicstruct.workflows.genome.pieces import forget_model

        forget_model()
