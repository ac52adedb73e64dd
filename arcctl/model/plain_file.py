"""Files that a person or another program names, opened so that none of them stops arcctl.

A pipe keeps waiting whoever opens it until there is somebody at its other end, and a device has no
end or is always full. So files are opened without waiting, and only ordinary ones are used; where a
pipe makes sense (`--plan <(…)`), a signal ends the wait.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from arcctl.model.blocking import await_input, interruptible
from arcctl.model.bounded import MOST_BYTES

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_PART = 1024 * 1024
_TRIED = 64 * 1024
"""Bytes that are written to try a place: a full disk still makes empty files."""


class Odd(OSError):
    """No ordinary file, or one that is bigger than anything that is meant."""

    def __init__(self, why: str) -> None:
        super().__init__(errno.EINVAL, why)
        self.why = why


def handle(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open an ordinary file and return its number; raise Odd for anything else."""
    found = os.open(path, flags | os.O_NONBLOCK, mode)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise Odd("it is no ordinary file")
    return found


def contents(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return what an ordinary file holds; raise Odd where it is none, or holds more than `most`."""
    with os.fdopen(handle(path, os.O_RDONLY), "rb") as file:
        return _within(file.read(most + 1), most)


def text(path: Path, encoding: str = "utf-8") -> str:
    """Return the text of an ordinary file; raise as `contents`, and UnicodeDecodeError."""
    return contents(path).decode(encoding)


def given(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return what a person hands in, in a file or by a pipe, which is read once.

    Raise Odd where it is more than `most`, KeyboardInterrupt where a signal ends the wait.
    """
    found = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with interruptible():
            return _within(_to_the_end(found, most), most)
    finally:
        os.close(found)


def _to_the_end(file: int, most: int) -> bytes:
    """Read what comes, and wait for a writer who has not come yet."""
    content = bytearray()
    while len(content) <= most:
        await_input(file)
        with suppress(BlockingIOError):
            if not (part := os.read(file, _PART)):
                break
            content += part
    return bytes(content)


def given_text(path: Path) -> str:
    """Return what a person hands in as text, its line ends as Python's; raise as `given`."""
    return given(path).decode().replace("\r\n", "\n").replace("\r", "\n")


def write(path: Path, content: str, mode: int = 0o600) -> None:
    """Write a file whole or not at all; raise Odd where something else than a file stands there."""
    real = _free(path)
    beside = _beside(real)
    try:
        with os.fdopen(os.open(beside, _NEW, mode), "wb") as file:
            file.write(content.encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(real)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def try_to_write(path: Path) -> None:
    """Raise OSError where `write` would not work; nothing is left behind."""
    beside = _beside(_free(path))
    try:
        with os.fdopen(os.open(beside, _NEW, 0o600), "wb") as file:
            file.write(bytes(_TRIED))
            file.flush()
            os.fsync(file.fileno())
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _free(path: Path) -> Path:
    """Return the real path of a file that is to be written; a link stays and leads to the new one."""
    real = Path(os.path.realpath(path))
    try:
        found = real.stat().st_mode
    except FileNotFoundError:
        return real
    if stat.S_ISDIR(found):
        raise Odd("it is a folder")
    if not stat.S_ISREG(found):
        raise Odd("it is no ordinary file")
    return real


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:200]}.{os.getpid()}")


def _within(content: bytes, most: int) -> bytes:
    if len(content) > most:
        raise Odd(f"it is larger than {most // (1024 * 1024)} MiB")
    return content
