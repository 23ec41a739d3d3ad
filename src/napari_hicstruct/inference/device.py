"""Where the network runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from napari_hicstruct.errors import ConfigError


def choose_device(name: str) -> torch.device:
    """``auto`` (cuda, else mps, else cpu) or a torch device name.

    Raises
    ------
    ConfigError
        If the device is not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # a device like torch's meta holds no values
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"there is no device '{name}' here.", hint="Use auto or cpu.") from error
    return device


def at_most_all(threads: int) -> int:
    """``threads``, or as many as there are processors: more only wait for each other, and thousands stop a machine."""
    return min(threads, os.cpu_count() or 1)


@contextmanager
def torch_threads(n: int = 0) -> Iterator[None]:
    """Let torch use ``n`` processor threads (0: as it does) while the block runs, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(at_most_all(n) or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def one_each(device: torch.device, threads: int = 0) -> Iterator[int]:
    """Torch at one thread for each piece of work while the block runs; gives how many pieces may run beside each other.

    A layer's sums then never depend on how many processors a machine has, and small layers are not shared out among
    them: windows are, which is faster.

    Parameters
    ----------
    device : torch.device
        Anything but a processor takes one piece after another.
    threads : int
        Processor threads; 0: as many as torch would take.
    """
    before = torch.get_num_threads()
    on_cpu = device.type == "cpu"
    with torch_threads(1 if on_cpu else threads):
        yield (at_most_all(threads) or before) if on_cpu else 1


def has_fast_bf16(device: torch.device) -> bool:
    """True if bfloat16 is quicker than float32 there (processors emulate it otherwise)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return device.type == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and _has_avx512_bf16()


def _has_avx512_bf16() -> bool:
    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(check()) if check is not None else False


def precision(device: torch.device) -> AbstractContextManager[Any]:
    """Autocast to bfloat16 where it pays, else nothing."""
    return torch.autocast(device.type, torch.bfloat16) if has_fast_bf16(device) else nullcontext()
