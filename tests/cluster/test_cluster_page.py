"""The scripts of docs/clusters.md: the one for queues runs, with jobs of this computer instead of a queue's."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_hicstruct.errors import JobError
from napari_hicstruct.jobs.cluster import Cluster, connect

PAGE = Path(__file__).parents[2] / "docs" / "clusters.md"


def script() -> str:
    found = re.search(r"<!-- script: begin -->\n```python\n(.*?)```\n<!-- script: end -->", PAGE.read_text(), re.S)
    assert found is not None
    return found[1]


def _answering(file: Path) -> Cluster | None:
    """The cluster whose address is in a file; None while it has no workers yet."""
    if not file.exists() or not (address := file.read_text()):
        return None
    try:
        return connect(address)
    except JobError as error:
        if "has no workers" in str(error):
            return None
        raise


@pytest.mark.skipif(sys.platform == "win32", reason="queues are not Windows'")
def test_the_script_gives_a_scheduler_whose_workers_can_take_part(tmp_path: Path) -> None:
    text = script()
    assert "SLURMCluster as Cluster" in text
    text = text.replace("from dask_jobqueue import SLURMCluster", "from dask_jobqueue.local import LocalCluster")
    # of queues; and jobs of this computer are one command, without what a shell reads before it
    text = re.sub(r"        (walltime|job_script_prologue)=.*\n", "", text)
    (tmp_path / "cluster.py").write_text(text)
    file = tmp_path / "address.txt"
    command = [sys.executable, str(tmp_path / "cluster.py"), "2", str(file)]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 90
        while (cluster := _answering(file)) is None:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
        with cluster:
            cluster.check_versions()
            assert cluster.threads >= 1
    finally:
        file.unlink(missing_ok=True)
        process.wait(60)  # jobs of this computer end with a traceback of dask-jobqueue's own test queue


@pytest.mark.parametrize("name", ["SLURMCluster", "PBSCluster", "SGECluster"])
def test_the_options_are_those_of_every_queue(name: str) -> None:
    """What a job of that queue would be is written as the page asks for it."""
    options = re.search(r"Cluster\(\n(.*?)\n    \)", script(), re.S)
    assert options is not None
    ask = (
        f"import dask_jobqueue\ncluster = dask_jobqueue.{name}(\n{options[1]}\n)\n"
        "print(cluster.job_script())\ncluster.close()\n"
    )
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert "--nthreads 1" in said
    assert "--lifetime 220m" in said
    assert "OMP_NUM_THREADS=1" in said
