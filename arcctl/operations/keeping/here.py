"""The copy of a run on this machine: one folder per run, 0700, its files 0600."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from arcctl.errors import ArcctlError, NotFound, Refusal
from arcctl.model import run as written
from arcctl.model.bounded import MOST_BYTES
from arcctl.model.plain_file import Odd, contents
from arcctl.model.plain_file import handle as _handle
from arcctl.model.run_shape import is_name, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from arcctl.model.run import Entry, Header, Record

_JOURNAL = "journal.jsonl"
_ELSEWHERE = "finished-elsewhere"
_LOCK = "lock"
CHANGES = "changes"
"""The folder beside the runs with a lock of each change that has no journal"""
_MOST_HOLDERS = 1024 * 1024
_A_DAY = 24 * 3600


class Folder:
    """`runs/<id>` in arcctl's state folder.

    Raise NotFound `run-unknown` for what is no name, Refusal `journal-damaged` where something
    else than an ordinary file of fitting size lies there, ArcctlError `state-folder` where the
    disk fails.
    """

    def __init__(self, home: Path, run: str) -> None:
        self.path = home / named(run)
        self.name = str(self.path / _JOURNAL)

    def journal(self) -> Record | None:
        """Return what is written here, None where nothing is; Refusal as `model.run.parse`."""
        found = self._read(_JOURNAL)
        return None if found is None else self.parsed(found)

    def parsed(self, text: str) -> Record:
        """Return what a journal's text says; Refusal `journal-damaged` for that of another run."""
        record = written.parse(text, self.name)
        if record.header.run != self.path.name:
            why = f"it is that of {record.header.run}"
            raise Refusal(f"{self.name} is damaged", code="journal-damaged", why=why)
        return record

    def document(self, name: str) -> bytes | None:
        """Return a document as it was stored, or None."""
        found = self._read(f"{name}.json")
        return None if found is None else found.encode()

    def store(self, name: str, document: bytes) -> None:
        """Keep a document."""
        self.write(f"{name}.json", document)

    def finished_elsewhere(self, record: Record) -> bool:
        """Tell whether the run's cluster was seen without it, and nothing was written here since."""
        with suppress(ArcctlError):
            return self.document(_ELSEWHERE) == packed(len(record.entries))
        return False

    def mark_finished_elsewhere(self, record: Record) -> None:
        """Remember that; the journal stays as it is, for a person who knows better."""
        self.store(_ELSEWHERE, packed(len(record.entries)))

    def _read(self, name: str) -> str | None:
        try:
            return contents(self.path / name).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except Odd as error:
            where = str(self.path / name)
            raise Refusal(f"{where} is damaged", code="journal-damaged", why=error.why) from error
        except OSError as error:
            raise _unusable(self.path, error) from error

    def write(self, name: str, content: bytes) -> None:
        """Write aside, sync and rename, so that a file is whole or as it was before."""
        aside = self.path / f".{name}.{os.getpid()}"
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _private(aside, os.O_TRUNC, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.path / name)
            _sync_folder(self.path)
        except OSError as error:
            raise _unusable(self.path, error) from error
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)

    def append(self, content: bytes) -> None:
        """Add to the journal, and return once it is on the disk."""
        try:
            with _private(self.path / _JOURNAL, os.O_APPEND, "ab") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unusable(self.path, error) from error

    def lock(self, holder: str) -> tuple[IO[str], frozenset[str]]:
        """Take this machine's lock; return it, and its earlier holders, which are dead therefore.

        Closing what is returned lets it go. Raise Refusal `run-in-progress` where a process of
        this machine holds it.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            stream = _private(self.path / _LOCK, os.O_APPEND, "a+")
            _lock(stream, self.path.name)
            stream.seek(0)
            before = frozenset(stream.read(_MOST_HOLDERS).split())
            stream.write(f"{holder}\n")
            stream.flush()
        except OSError as error:
            raise _unusable(self.path, error) from error
        return stream, before


def has_died(home: Path, holder: str) -> bool:
    """Tell whether a holder (`RUN/TOKEN`) was a process of this machine that has ended.

    Its lock tells: it names the holder, and nobody holds it any more. A run that was killed before
    it had a journal is known by this alone, and so is a change that has none (`/TOKEN`).
    """
    run, _, token = holder.partition("/")
    try:
        folder = home / named(run) if run else home.parent / CHANGES / named(token)
        with _opened(folder / _LOCK) as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return holder.encode() in stream.read(_MOST_HOLDERS).split()
    except (OSError, NotFound):
        return False


@contextmanager
def at_work(home: Path, holder: str, needed: Callable[[], bool]) -> Iterator[None]:
    """Hold a lock that tells this machine's other processes whether `/TOKEN` has died.

    It stays after the block where it is `needed`, for a while. A disk that fails leaves the others
    to wait until the Lease is stale.
    """
    changes = home.parent / CHANGES
    folder = Folder(changes, holder.removeprefix("/"))
    for name in _names(changes):
        if _is_old(changes / name) and has_died(home, f"/{name}"):
            shutil.rmtree(changes / name, ignore_errors=True)
    stream = None
    with suppress(ArcctlError):
        stream, _ = folder.lock(holder)
    try:
        yield
    finally:
        if stream and not needed():
            shutil.rmtree(folder.path, ignore_errors=True)
        if stream:
            stream.close()


def _is_old(folder: Path) -> bool:
    """Whether it says what no Lease needs any more; the clusters' own clocks are not asked."""
    with suppress(OSError):
        return time.time() - folder.stat().st_mtime > _A_DAY
    return False


def lives(home: Path, run: str) -> bool:
    """Tell whether a process of this machine is at work on a run."""
    try:
        with _opened(home / run / _LOCK) as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lock(stream: IO[str], run: str) -> None:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        stream.close()
        raise Refusal(
            f"{run} is under way on this machine",
            code="run-in-progress",
            hints=(f"wait for it; how far it is: arcctl history {run}", "or stop it with Ctrl-C"),
        ) from error


class LocalKeeper:
    """Keeps the journal in a folder: whole the first time and after trouble, else by appending."""

    def __init__(self, folder: Folder, header: Header) -> None:
        self.name = f"the journal in {folder.path}"
        self._folder = folder
        self._header = header
        self._kept = -1

    async def keep(self, entries: Sequence[Entry]) -> None:
        """Return once all of these are on the disk."""
        kept, self._kept = self._kept, -1
        if kept < 0:
            self._folder.write(_JOURNAL, written.text(self._header, entries).encode())
        else:
            self._folder.append("".join(map(written.line, entries[kept:])).encode())
        self._kept = len(entries)


def runs(home: Path) -> dict[str, Record | ArcctlError]:
    """Return every run that this machine knows, newest last; an error where one cannot be read."""
    names = sorted(_names(home))
    found = {name: copy(Folder(home, name)) for name in names}
    return {name: each for name, each in found.items() if each}


def open_runs(home: Path) -> dict[str, Record]:
    """Return the runs that have not ended, as far as this machine knows, once they changed anything."""
    return {
        name: each
        for name, each in runs(home).items()
        if not isinstance(each, ArcctlError)
        and each.changed
        and not each.ending
        and not Folder(home, name).finished_elsewhere(each)
    }


def beginnings(home: Path) -> list[Record]:
    """Return header and first entry of every run that this machine knows, and no more of it."""
    found = [_beginning(Folder(home, name)) for name in _names(home)]
    return [each for each in found if each]


def _names(home: Path) -> list[str]:
    try:
        return [path.name for path in home.iterdir() if is_name(path.name)]
    except OSError:
        return []


def _beginning(folder: Folder) -> Record | None:
    try:
        with _opened(Path(folder.name)) as journal:
            first = journal.readline(MOST_BYTES) + journal.readline(MOST_BYTES)
        return folder.parsed(first.decode("utf-8", "replace"))
    except (OSError, ArcctlError):
        return None


def copy(folder: Folder) -> Record | ArcctlError | None:
    """Return the journal of one folder, what is wrong with it, or None where there is none."""
    try:
        return folder.journal()
    except ArcctlError as error:
        return error


def packed(document: Any) -> bytes:
    """Write a document so that a person can read it, and the same each time."""
    return (json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _opened(path: Path) -> IO[bytes]:
    return os.fdopen(_handle(path, os.O_RDONLY), "rb")


def _private(path: Path, flags: int, mode: str) -> IO[Any]:
    return os.fdopen(_handle(path, os.O_RDWR | os.O_CREAT | flags), mode)


def _sync_folder(path: Path) -> None:
    """A rename is on the disk once its folder is."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unusable(path: Path, error: OSError) -> ArcctlError:
    return ArcctlError(
        f"the run cannot be written down in {path}",
        code="state-folder",
        why=error.strerror or str(error),
        hints="make room, or set ARCCTL_HOME to a folder on another disk",
    )
