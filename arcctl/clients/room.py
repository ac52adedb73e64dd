"""What this machine has room for: files to open, folders to write."""

from __future__ import annotations

import errno
import os
import resource
import tempfile
from contextlib import suppress
from pathlib import Path

WANTED = 1024
_BLOCK = 2**16


def widen() -> None:
    """Let this process open as many files as it may, as Go programs do, up to what arcctl needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def require_files(count: int) -> None:
    """Raise OSError (EMFILE, ENFILE) unless `count` more files can be opened; opens them to see."""
    opened: list[int] = []
    try:
        for _ in range(count):
            opened.append(os.open(os.devnull, os.O_RDONLY))  # noqa: PERF401 - closed if one fails
    finally:
        for each in opened:
            os.close(each)


def require_folder(folder: Path, size: int) -> None:
    """Raise OSError unless a file of `size` bytes can be written in `folder`, synced and removed.

    The folder is made where it is missing, for this user alone.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".room-", dir=folder)
    except OSError as error:
        error.filename = error.filename or str(folder)
        raise
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            _fill(file.fileno(), size)
            os.fsync(file.fileno())
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno or errno.EIO), str(folder)) from error
    finally:
        Path(name).unlink(missing_ok=True)


def _fill(handle: int, size: int) -> None:
    """Write bytes that no file system packs away, in blocks, so that a short write is seen."""
    block = os.urandom(_BLOCK)
    left = size
    while left > 0:
        left -= os.write(handle, block[: min(left, _BLOCK)])
