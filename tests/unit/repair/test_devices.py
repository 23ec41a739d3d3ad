"""Several devices give what one gives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch

from napari_hicstruct.jobs import drain
from napari_hicstruct.training.checkpoint import load_checkpoint
from napari_hicstruct.workflows.repair import RepairOptions, iter_repair
from tests.unit.repair.repair_kit import FAST, samples

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
from napari_hicstruct.jobs import drain
from napari_hicstruct.workflows.repair import RepairOptions, iter_repair
from tests.unit.repair.repair_kit import FAST, samples
if __name__ == "__main__":
    result = drain(iter_repair(samples(), FAST, RepairOptions(folder=Path(sys.argv[1]), device="cpu", devices=2)))
    print("leads" if result.leads else "follows", len(result.samples))
"""


def test_two_processes_give_what_one_gives(tmp_path: Path) -> None:
    script = tmp_path / "repair.py"  # further devices run the same script again
    script.write_text(SCRIPT, encoding="utf-8")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, str(script), str(tmp_path / "two")]
    done = subprocess.run(command, check=False, env=environment, timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split("\n")[:2]) == ["follows 2", "leads 2"]
    one = drain(iter_repair(samples(), FAST, RepairOptions(folder=tmp_path / "one", device="cpu")))
    assert one.leads
    for name in ("shape-1.ckpt", "shape-2.ckpt", "joint.ckpt"):
        alone, shared = (load_checkpoint(tmp_path / folder / "checkpoints" / name) for folder in ("one", "two"))
        for key, value in alone["module"].items():
            torch.testing.assert_close(shared["module"][key], value, atol=2e-3, rtol=1e-2, msg=f"{name}: {key}")
