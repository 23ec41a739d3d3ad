"""A program that holds a project and does what it is told, so that it can be killed.

``python project_worker.py SOCKET`` loads everything once and then waits: each connection to the socket gets a process
of its own (a fork, which costs 5 ms where a fresh start costs a second).  That process says its id, then answers
``(name, arguments, die_at)`` with ``(True, answer)`` or ``(False, error for people)``; with ``die_at`` it kills itself
when that many statements of SQL were carried out, as a machine that fails in the middle of a step.
"""

from __future__ import annotations

import itertools
import os
import select
import signal
import socket
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from napari_hicstruct.annotations import Kind, MapIdentity, ModelEntry, Origin, Status
from napari_hicstruct.annotations.codec import json_of, to_row
from napari_hicstruct.annotations.project import Project
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import Interval

BEFORE_ANSWERING = -1
"""``die_at`` of a process that carries its step out and dies before it can say so."""


class Worker:
    """One project in one process; every method is a word of the other side."""

    project: Project

    def open(self, path: Path, map: MapIdentity, reviewer: str) -> str:
        self.project = Project.open(path, map=map, reviewer=reviewer)
        return self.project.read_only_reason

    def close(self) -> None:
        self.project.close()

    def snapshot(self) -> dict[str, Any]:
        """All that the project holds, as values that compare equal in another process."""
        project = self.project
        homes = {uid: set_id for s in project.sets() for uid, set_id in self._of(s.id)}
        return {
            "records": {record.uid: (homes[record.uid], json_of(to_row(record))) for record in project.query()},
            "sets": [(s.id, s.name, s.origin, s.visible) for s in project.sets()],
            "undo": list(project._stacks.undo),
            "redo": list(project._stacks.redo),
            "journal": self._journal(),
            "regions": {r.id: (r.rows, r.cols, r.kinds) for r in project.reviewed()},
            "models": [(m.sha256, m.label, m.parent) for m in project.lineage.models()],
            "uses": [(use.sha256, use.reason) for use in project.lineage.uses()],
            "runs": [
                (run.id, run.parent, run.child, run.last_entry, dict(run.config), run.taken, run.finished is not None)
                for run in project.lineage.runs()
            ],
            "tiles": project.validation_regions(),
        }

    def _of(self, set_id: int) -> list[tuple[str, int]]:
        return [(record.uid, set_id) for record in self.project.query(set_ids=[set_id])]

    def _journal(self) -> list[tuple[int, str, int | None]]:
        with self.project._db.transaction() as connection:
            rows = connection.exec_driver_sql("SELECT id, action, target FROM journal ORDER BY id")
            return [(id_, action, target) for id_, action, target in rows]

    def add(self, records: list[Any], set_id: int) -> None:
        self.project.add(records, set_id=set_id)

    def update(self, records: list[Any]) -> None:
        self.project.update(records, action="move")

    def set_status(self, uids: list[str], status: Status) -> None:
        self.project.set_status(uids, status)

    def delete(self, uids: list[str]) -> None:
        self.project.delete(uids)

    def undo(self) -> bool:
        return self.project.undo() is not None

    def redo(self) -> bool:
        return self.project.redo() is not None

    def mark(self, rows: Interval, kinds: tuple[Kind, ...]) -> int:
        return self.project.mark_reviewed(rows, kinds=kinds).id

    def unmark(self, ids: list[int]) -> None:
        self.project.unmark_reviewed(ids)

    def add_set(self, name: str, origin: Origin) -> None:
        self.project.add_set(name, origin)

    def show_set(self, set_id: int, visible: bool) -> None:
        self.project.update_set(set_id, visible=visible)

    def add_model(self, sha256: str, parent: str | None) -> None:
        folder = self.project.models_folder / sha256[:4]
        self.project.lineage.add(ModelEntry(sha256, "m", sha256[:4], folder, parent=parent, card={"ap": 0.5}))

    def use(self, sha256: str, reason: str) -> None:
        self.project.lineage.use(sha256, reason)

    def start_run(self, parent: str, config: dict[str, Any], last_entry: int) -> int:
        return self.project.lineage.start_run(parent, config, last_entry)

    def finish_run(self, run_id: int, child: str | None, taken: bool) -> None:
        self.project.lineage.finish_run(run_id, child=child, before={}, after={"ap": 1.0}, taken=taken, reason="r")

    def die_at(self, statement: int) -> None:
        """Kill this process when that many more statements would begin; COMMIT is one of them."""
        count = itertools.count()

        def told(_sql: str) -> None:
            if next(count) >= statement:
                os.kill(os.getpid(), signal.SIGKILL)

        with self.project._db.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.set_trace_callback(told)


def serve(pipe: Connection) -> None:
    """Answer until the other side hangs up."""
    worker = Worker()
    pipe.send(os.getpid())
    while True:
        try:
            name, arguments, die_at = pipe.recv()
        except EOFError:
            return
        try:
            if die_at is not None and die_at != BEFORE_ANSWERING:
                worker.die_at(die_at)
            answer = True, getattr(worker, name)(*arguments)
        except HicStructError as error:
            answer = False, error
        if die_at == BEFORE_ANSWERING:
            os.kill(os.getpid(), signal.SIGKILL)
        pipe.send(answer)


def warm_up() -> None:
    """Use everything once, so that no fork has to load or compile it anew."""
    worker, identity = Worker(), MapIdentity("m", "f", "", {"c": 10**7})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.hicproj"
        Project.create(path, map=identity).close()
        worker.open(path, identity, "")
        worker.add_set("p", Origin.PREDICTED)
        worker.mark(Interval("c", 0, 9), ())
        worker.undo()
        worker.snapshot()
        worker.close()


def main(address: str) -> None:
    """Wait for connections; ends when standard input does, that is with the program that started this one."""
    warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen(16)
        print("ready", flush=True)
        while sys.stdin not in select.select([door, sys.stdin], [], [])[0]:
            visitor, _ = door.accept()
            if os.fork() == 0:
                door.close()
                serve(Connection(visitor.detach()))
                os._exit(0)
            visitor.close()


if __name__ == "__main__":
    main(sys.argv[1])
