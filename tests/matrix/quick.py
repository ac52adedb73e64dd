"""Types command lines at the nursery instead of at a fresh Python."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from tests.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOM = 1 << 16
_ROOT = Path(__file__).parents[2]


@dataclass
class Nursling:
    """A process of the nursery, as `subprocess.Popen` would show it."""

    pid: int
    client: socket.socket
    out: int
    err: int
    returncode: int | None = None

    def __enter__(self) -> Nursling:
        return self

    def __exit__(self, *_: object) -> None:
        if self.returncode is None:
            self.kill()
            self.communicate()

    def kill(self) -> None:
        """End it as a machine that dies does."""
        os.kill(self.pid, signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return all that it says until it ends."""
        self.client.settimeout(timeout)
        texts: dict[int, str] = {}
        readers = [Thread(target=_read, args=(each, texts)) for each in (self.out, self.err)]
        for reader in readers:
            reader.start()
        try:
            ended = json.loads(self.client.recv(_ROOM))
        except TimeoutError:
            self.kill()
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
        assert ended["ended"] == self.pid, ended
        self.returncode = ended["code"]
        for reader in readers:
            reader.join()
        return texts[self.out], texts[self.err]


def _read(stream: int, texts: dict[int, str]) -> None:
    with os.fdopen(stream, encoding="utf-8", errors="replace") as file:
        texts[stream] = file.read()


@dataclass
class QuickStage(Stage):
    """A stage whose command lines begin where a fresh process stands after its imports."""

    apart: bool = True
    client: socket.socket = field(default_factory=socket.socket)

    def start(self, line: str, **environ: str) -> Any:
        """Start `arcctl LINE` and return its process."""
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        ends = [nothing, out_end, err_end]
        wanted = {
            "arguments": shlex.split(line),
            "environment": self.environment | environ,
            "folder": str(self.folder),
        }
        socket.send_fds(self.client, [json.dumps(wanted).encode()], ends)
        for each in ends:
            os.close(each)
        return Nursling(json.loads(self.client.recv(_ROOM))["pid"], self.client, out, err)


@contextmanager
def quickened(stage: Stage) -> Iterator[QuickStage]:
    """Put a nursery beside a stage."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.matrix.nursery", str(theirs.fileno())],
        cwd=_ROOT,
        env=stage.environment,
        pass_fds=[theirs.fileno()],
    ):
        theirs.close()
        # It ends with the socket.
        with ours:
            yield QuickStage(
                stage.sandbox, stage.loop, stage.folder, stage.helm, stage.extra, client=ours
            )
