"""Types arcctl's lines, hits the process that has come of one, and ends whatever is left of it."""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.matrix.quick import Nursling
from tests.stage import Ended
from tests.stories.spying import descendants

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.matrix.quick import QuickStage

PATIENCE = 300
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGKILL)
_QUESTION = "[y/N]"


class Endless(Exception):
    """A command that has not ended in its time."""


@dataclass
class Typist:
    """One pair of hands at a stage."""

    stage: QuickStage
    _pid: int = 0
    _helms: dict[int, str] = field(default_factory=dict)

    def type(self, line: str) -> Ended:
        """Type a line, where no terminal is, and wait for its end."""
        with self.stage.start(line) as process:
            self._pid = process.pid
            try:
                out, err = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                raise self._given_up(process, line) from None
            finally:
                self._pid = 0
        return Ended(process.returncode, out, err)

    def _given_up(self, process: Nursling, line: str) -> Endless:
        """Hear of the end of a process that was killed, so that nobody else takes it for theirs."""
        process.returncode = json.loads(self.stage.client.recv(1 << 16))["code"]
        return Endless(line)

    def converse(self, line: str, meanwhile: Callable[[], None]) -> Ended:
        """Type a line at a terminal; do something while its question stands, then say yes."""
        leader, follower = pty.openpty()
        (out, out_end), (screen, screen_end) = os.pipe(), os.pipe()
        process = self._begin(line, (follower, out_end, follower), out, screen)
        for each in (follower, out_end):
            os.close(each)
        person = _Person(leader, screen_end, meanwhile)
        person.start()
        with process:
            self._pid = process.pid
            try:
                said, seen = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                raise self._given_up(process, line) from None
            finally:
                self._pid = 0
                person.join(PATIENCE)
                os.close(leader)
        return Ended(process.returncode, said, seen)

    def _begin(self, line: str, streams: tuple[int, int, int], out: int, err: int) -> Nursling:
        import socket

        wanted = {
            "arguments": shlex.split(line),
            "environment": self.stage.environment | {"COLUMNS": "100", "LINES": "40"},
            "folder": str(self.stage.folder),
        }
        socket.send_fds(self.stage.client, [json.dumps(wanted).encode()], list(streams))
        pid = json.loads(self.stage.client.recv(1 << 16))["pid"]
        return Nursling(pid, self.stage.client, out, err)

    def strike(self, dice: Random) -> str:
        """Send a signal to arcctl, or to a helm that it has started; say which to whom."""
        pid = self._pid
        if not pid:
            return "hit nobody"
        below = descendants(pid)
        self._helms.update({each: _started(each) for each in below})
        which = dice.choice(_SIGNALS)
        if below and dice.random() < 0.4:
            hit, who = below, "helm"
        elif which == signal.SIGKILL and dice.random() < 0.7:
            hit, who = [*below, pid], "machine"
        else:
            hit, who = [pid], "arcctl"
        for each in hit:
            with suppress(ProcessLookupError):
                os.kill(each, which)
        return f"{which.name} {who}"

    def sweep(self) -> None:
        """End the helms whose arcctl was killed, if they have not ended by themselves."""
        for pid, started in self._helms.items():
            if started and _started(pid) == started:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._helms.clear()


class _Person(threading.Thread):
    """Reads the screen, and answers the question that is asked there."""

    def __init__(self, leader: int, copy: int, meanwhile: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._leader, self._copy, self._meanwhile = leader, copy, meanwhile

    def run(self) -> None:
        screen, deadline = "", time.monotonic() + PATIENCE
        try:
            while time.monotonic() < deadline:
                if not select.select([self._leader], [], [], 0.2)[0]:
                    continue
                part = os.read(self._leader, 65536)
                os.write(self._copy, part)
                screen += part.decode("utf-8", "replace")
                if _QUESTION in screen:
                    screen = ""
                    self._meanwhile()
                    os.write(self._leader, b"y\n")
        except OSError:
            # The other end of a terminal is gone when the process is.
            return
        finally:
            os.close(self._copy)


def _started(pid: int) -> str:
    """Return when a process began, in ticks; nothing where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
