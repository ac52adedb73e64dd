"""A terminal with a person at it."""

from __future__ import annotations

import os
import pty
import select
import shlex
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.stage import PATIENCE, Ended

if TYPE_CHECKING:
    from tests.stage import Stage


def typed_at_a_terminal(stage: Stage, line: str, answer: str = "") -> Ended:
    """Type `arcctl LINE` at a pseudo-terminal, answer its question, and read the screen."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "arcctl", *shlex.split(line)],
        env=stage.environment | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        cwd=stage.folder,
        start_new_session=True,
    )
    os.close(follower)
    try:
        screen = _read(leader, process, answer)
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(leader)
    return Ended(process.returncode, screen, "")


def _read(leader: int, process: subprocess.Popen[bytes], answer: str) -> str:
    screen, deadline = "", time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                screen += os.read(leader, 65536).decode("utf-8", "replace")
            except OSError:
                break
        elif process.poll() is not None:
            break
        if answer and ("[y/N]" in screen or "Type its name" in screen):
            os.write(leader, answer.encode())
            answer = ""
    process.wait(PATIENCE)
    return screen
