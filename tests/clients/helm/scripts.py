"""Small programs that stand where helm would: real processes, written for one test each."""

from __future__ import annotations

import asyncio
import fcntl
import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GRANDCHILD = """
    import os, subprocess, sys, signal, time
    child = subprocess.Popen([sys.executable, "-c", '''
    import fcntl, pathlib, signal, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stream = open(sys.argv[1] + ".lock", "w")
    fcntl.flock(stream, fcntl.LOCK_EX)
    pathlib.Path(sys.argv[1]).touch()
    time.sleep(120)
    '''.replace("\\n    ", "\\n"), sys.argv[1]])
"""


def script(folder: Path, code: str, name: str = "program") -> Path:
    """Write a Python program, executable."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(code)}")
    path.chmod(0o755)
    return path


async def until(condition: Callable[[], bool]) -> None:
    """Look again and again, for 20 seconds at most."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


async def there(path: Path) -> None:
    """Wait until a program has made this file."""
    await until(path.exists)


async def let_go(lock: Path) -> None:
    """Wait until no process holds this lock any more."""
    await until(lambda: _free(lock))


def _free(lock: Path) -> bool:
    with lock.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
