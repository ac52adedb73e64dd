"""What this machine refuses, in words: a full disk, too few open files, a missing folder.

One table for every place that meets an OSError or hears of one from another program.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass

from arcctl.errors import ArcctlError

_ROOM = (
    "free some space: df -h",
    "or name another folder: export TMPDIR=FOLDER ARCCTL_HOME=FOLDER",
)
_FILES = "allow more: ulimit -n 1024"
_MODES = "look at owner and mode: ls -ld PATH"


@dataclass(frozen=True, slots=True)
class _Words:
    message: str
    code: str = "os"
    hints: tuple[str, ...] = ()
    pathless: bool = False


_FULL = _Words("no space is left on the disk", "disk-full", _ROOM)
_OPEN = _Words("this process may not open any more files", "open-files", (_FILES,), pathless=True)
_BUSY = ("wait until other programs have ended, or give this one more: ulimit -a",)
_KNOWN = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _Words("the disk quota is used up", "disk-full", _ROOM),
    errno.EFBIG: _Words(
        "a file may not become as large as it must", "disk-full", ("ulimit -f unlimited", *_ROOM)
    ),
    errno.EMFILE: _OPEN,
    errno.ENFILE: _Words(
        "this machine has no more files to open", "open-files", _BUSY, pathless=True
    ),
    errno.EROFS: _Words("the disk can only be read", hints=_ROOM[1:]),
    errno.ENOENT: _Words("there is no such file or folder", hints=("ls -ld PATH",)),
    errno.EACCES: _Words("this user may not use it", hints=(_MODES,)),
    errno.EPERM: _Words("this user may not do it", hints=(_MODES,)),
    errno.ENOTDIR: _Words("a file stands where a folder must be", hints=("ls -ld PATH",)),
    errno.EEXIST: _Words("a file stands where a folder must be", hints=("ls -ld PATH",)),
    errno.EISDIR: _Words("a folder stands where a file must be", hints=("ls -ld PATH",)),
    errno.ENOEXEC: _Words("it is no program for this machine", hints=("file PATH",)),
    errno.ETXTBSY: _Words("the program is being written by another process"),
    errno.ENOMEM: _Words("this machine has no memory left", hints=_BUSY, pathless=True),
    errno.EAGAIN: _Words("this user may start no more processes", hints=_BUSY, pathless=True),
}
# How Go and C say it, in what other programs print.
_PHRASES = {
    "no space left on device": errno.ENOSPC,
    "disk quota exceeded": errno.EDQUOT,
    "file too large": errno.EFBIG,
    "too many open files in system": errno.ENFILE,
    "too many open files": errno.EMFILE,
    "read-only file system": errno.EROFS,
    "cannot allocate memory": errno.ENOMEM,
}
_ON_DISK = re.compile(
    r"(?:mkdir|open|create|write|stat|rename|chdir)(?:temp)? (/\S+): "
    r"(no such file or directory|permission denied|not a directory)",
    re.IGNORECASE,
)
_OF_DISK = {
    "no such file or directory": errno.ENOENT,
    "permission denied": errno.EACCES,
    "not a directory": errno.ENOTDIR,
}


def explained(error: OSError, *, why: tuple[str, ...] = ()) -> ArcctlError:
    """Return what happened on this machine and what to do; `why` comes after the system's words."""
    path = str(error.filename) if error.filename else ""
    said = error.strerror or str(error) or type(error).__name__
    found = _made(error.errno or 0, path, (said, *why))
    return found or ArcctlError(
        f"this machine could not do it{f': {path}' if path else ''}", code="os", why=(said, *why)
    )


def own(error: BaseException) -> bool:
    """Whether this is a refusal of the machine itself, not of a network or a reader."""
    return isinstance(error, OSError) and error.errno in _KNOWN


def heard(text: str, *, why: tuple[str, ...] = ()) -> ArcctlError | None:
    """Return what another program's words say of this machine, None where they say nothing of it."""
    low = text.lower()
    for phrase, number in _PHRASES.items():
        if phrase in low:
            return _made(number, "", why)
    found = _ON_DISK.search(text)
    error = _made(_OF_DISK[found[2].lower()], found[1], why) if found else None
    if error:
        error.hints = (*error.hints, _ROOM[1])
    return error


def beneath(error: BaseException) -> OSError | None:
    """Return what this machine refused beneath an error of a library: files, space, memory.

    None for what a network refuses, which the library's own words tell.
    """
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, OSError) and each.errno in _OWN:
            return each
        inner = (getattr(each, "reason", None), each.__cause__, each.__context__, *each.args)
        waiting += [found for found in inner if isinstance(found, BaseException)]
    return None


_OWN = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EROFS, errno.ENOMEM,
})  # fmt: skip


def _made(number: int, path: str, why: tuple[str, ...]) -> ArcctlError | None:
    words = _KNOWN.get(number)
    if words is None:
        return None
    at = path if path and not words.pathless else ""
    hints = tuple(each.replace("PATH", at) for each in words.hints if at or "PATH" not in each)
    message = f"{at}: {words.message}" if at else words.message
    return ArcctlError(message, code=words.code, why=why, hints=hints)
