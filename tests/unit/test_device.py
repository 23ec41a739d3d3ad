"""Threads that somebody asks for."""

from __future__ import annotations

import os

import torch

from napari_hicstruct.inference.device import one_each, torch_threads


def test_no_more_threads_than_processors() -> None:
    before, processors = torch.get_num_threads(), os.cpu_count() or 1
    with torch_threads(9_999):
        assert torch.get_num_threads() == processors
    assert torch.get_num_threads() == before
    with one_each(torch.device("cpu"), 9_999) as beside_each_other:
        assert beside_each_other == processors
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
