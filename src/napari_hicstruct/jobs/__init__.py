"""Long work: generators of frozen Progress, cancel tokens, and runners that lose no exception."""

from napari_hicstruct.jobs.cancel import CancelToken
from napari_hicstruct.jobs.preload import preload_torch
from napari_hicstruct.jobs.process import in_process
from napari_hicstruct.jobs.progress import Clock, Progress
from napari_hicstruct.jobs.runner import RequestIds, close_quietly, drain, guarded

__all__ = [
    "CancelToken",
    "Clock",
    "Progress",
    "RequestIds",
    "close_quietly",
    "drain",
    "guarded",
    "in_process",
    "preload_torch",
]
