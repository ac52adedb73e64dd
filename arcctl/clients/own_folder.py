"""This process's own folder for files that nobody else may read, gone when the process ends.

It lies in the folder for temporary files, mode 0700, as `arcctl-PID-START-…`: process id, and when
the process started. A process that is killed leaves its folder behind; the next start sweeps it.
Whether its process lives is told by a lock, since a process id says nothing across containers.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import shutil
import stat
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_NAME = re.compile(r"arcctl-\d+-\d+-\w+")
_LOCK = "lock"
_YOUNG = 60  # seconds in which a folder may not have its lock yet


@dataclass(frozen=True, slots=True)
class _Held:
    path: Path
    lock: IO[str]
    owner: int


_held: list[_Held] = []
_one_at_a_time = threading.RLock()


def folder() -> Path:
    """Return this process's folder, made when first asked for; OSError where that cannot be."""
    with _one_at_a_time:
        for each in _held:
            if each.owner == os.getpid() and each.path.is_dir():
                return each.path
        remove()
        prefix = f"arcctl-{os.getpid()}-{_started()}-"
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=_temporary()))
        lock = (path / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _held.append(_Held(path, lock, os.getpid()))
        return path


def _temporary() -> str:
    """Return the folder for temporary files; where none can be used, raise what the first one says.

    Python says only that it has found none: not that the disk is full, or that files may not grow.
    """
    with suppress(FileNotFoundError):
        return tempfile.gettempdir()
    first = os.environ.get("TMPDIR") or "/tmp"
    handle, name = tempfile.mkstemp(dir=first)
    try:
        os.write(handle, b"x")
    except OSError as error:
        raise OSError(error.errno, error.strerror, first) from error
    finally:
        os.close(handle)
        Path(name).unlink()
    return first


def keep(name: str, content: bytes) -> Path:
    """Write a file of mode 0600 into a place of its own in this folder, and return its path."""
    path = Path(tempfile.mkdtemp(dir=folder())) / name
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return path


def remove() -> None:
    """Remove the folder and all that is in it; the next call of `folder` makes another."""
    with _one_at_a_time:
        while _held:
            each = _held.pop()
            if each.owner == os.getpid():
                shutil.rmtree(each.path, ignore_errors=True)
            each.lock.close()


def sweep() -> None:
    """Remove the folders of processes of this user that have ended without doing so."""
    with suppress(OSError):
        for name in filter(_NAME.fullmatch, os.listdir(tempfile.gettempdir())):  # noqa: PTH208 - names
            with suppress(OSError):
                _sweep(Path(tempfile.gettempdir(), name))


def _sweep(path: Path) -> None:
    about = path.lstat()
    if about.st_uid != os.getuid() or not stat.S_ISDIR(about.st_mode):
        return
    try:
        lock = (path / _LOCK).open("r+")
    except FileNotFoundError:
        if time.time() - about.st_mtime > _YOUNG:
            shutil.rmtree(path, ignore_errors=True)
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: its process lives
        shutil.rmtree(path, ignore_errors=True)


def _started() -> int:
    """Return when this process started, in the system's ticks; seconds where it does not tell."""
    try:
        told = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace")
        return int(told.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return int(time.time())


atexit.register(remove)
