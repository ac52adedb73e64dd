"""A session of `arcctl proxy` beside a test, and kubectl in it."""

from __future__ import annotations

import os
import random
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from arcctl.clients.relay.ports import obstacle
from tests.stage import PATIENCE, Ended
from tests.stories.test_interrupt import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stage import Stage

PROXY = "proxy -n harbor -g edge"


@dataclass
class Opened:
    """A session that is open, or was."""

    stage: Stage
    process: subprocess.Popen[str]
    file: Path
    port: int
    told: Path
    out: Path

    @property
    def config(self) -> dict[str, Any]:
        """What it wrote for kubectl."""
        found: dict[str, Any] = yaml.safe_load(self.file.read_text())
        return found

    @property
    def said(self) -> str:
        """What it has said to people so far."""
        return self.told.read_text()

    def kubectl(self, program: Path, line: str) -> subprocess.CompletedProcess[str]:
        """Run kubectl through it."""
        return subprocess.run(
            [str(program), "--kubeconfig", str(self.file), *line.split()],
            env=self.stage.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def ask(self, program: Path, line: str) -> str:
        """Run kubectl, which must succeed."""
        done = self.kubectl(program, line)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self, number: int) -> Ended:
        """Send a signal, and wait for the end."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> Ended:
        """Wait for the end."""
        self.process.wait(PATIENCE)
        return Ended(self.process.returncode, self.out.read_text(), self.said)


def free_port() -> int:
    """A port that is free, as the one below it is; none that the system gives to connections."""
    while True:
        number = random.randrange(20001, 32000, 2)
        if not (obstacle(number) or obstacle(number - 1)):
            return number


@contextmanager
def opened(
    stage: Stage, more: str = "", *, file: Path | None = None, verb: str = PROXY, **environ: str
) -> Iterator[Opened]:
    """Open a session on ports of its own, and end it with the block."""
    port = free_port()
    file = file or stage.folder / f"session-{port}"
    told, out = stage.folder / f"told-{port}", stage.folder / f"out-{port}"
    line = f"{verb} --port {port} --file {file} {more}"
    with told.open("w") as err, out.open("w") as data:
        process = stage.start(line, streams=(data, err), **environ)
    session = Opened(stage, process, file, port, told, out)
    try:
        until(lambda: "open until" in session.said or process.poll() is not None, "a session")
        assert process.poll() is None, session.said
        yield session
    finally:
        process.terminate()
        process.wait(PATIENCE)


def relays(pid: int) -> list[int]:
    """The relay programs below a process."""
    from tests.stories.spying import descendants

    return [
        each
        for each in descendants(pid)
        if "arcctl.sandbox.relay" in Path(f"/proc/{each}/cmdline").read_text()
    ]


def running(pid: int) -> bool:
    """Whether a process with this id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
