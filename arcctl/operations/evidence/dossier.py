"""The folder of one collection, 0700, its files 0600, and the archive that is made of it."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.model.evidence import File

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST = 4_000_000
_LONGEST_NAME = 120
_WITH_ENDING = 140


class Unwritable(ArcctlError):
    """The disk does not take what was collected, so there is nothing to hand over."""

    default_code = "evidence-folder"


def safe(name: str, longest: int = _LONGEST_NAME) -> str:
    """Return a name that is a file's and nothing else, whatever a server has called a thing."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:longest].lstrip(".")
    return plain or "_"


class Dossier:
    """One folder below `base`, named anew where the name is taken. May raise Unwritable."""

    def __init__(self, base: Path, name: str) -> None:
        self._base = base
        with self._writing():
            _private(base)
            self.folder = self._made(safe(name))
        self._taken: set[str] = set()

    @property
    def archive(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.tar.gz")

    def _made(self, name: str) -> Path:
        for number in count(1):
            folder = self._base / (name if number == 1 else f"{name}-{number}")
            if folder.with_name(f"{folder.name}.tar.gz").exists():
                continue
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                return folder
        raise AssertionError("numbers have no end")

    def write(self, path: str, text: str, *, cut: str = "") -> File:
        """Keep a text under a relative path, of which every part is made safe."""
        content, more = _fitting(text)
        if left_out := cut or more:
            content = f"[{left_out}]\n".encode() + content
        parts = [safe(part, _WITH_ENDING) for part in path.split("/")]
        with self._writing():
            self._folders(parts[:-1])
            name = self._free("/".join(parts))
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(self.folder / name, flags, 0o600), "wb") as file:
                file.write(content)
        return File(name, len(content), left_out)

    def _folders(self, parts: list[str]) -> None:
        folder = self.folder
        for part in parts:
            folder /= part
            folder.mkdir(mode=0o700, exist_ok=True)

    def _free(self, path: str) -> str:
        """Two names that are the same once they are safe are still two files."""
        stem, dot, end = path.rpartition(".")
        chosen, number = path, 1
        while chosen in self._taken:
            number += 1
            chosen = f"{stem}-{number}{dot}{end}"
        self._taken.add(chosen)
        return chosen

    def seal(self) -> Path:
        """Pack everything, and return the archive once it is whole."""
        aside = self.folder.with_name(f".{self.folder.name}.part")
        with self._writing():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(aside, flags, 0o600), "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
                    archive.add(self.folder, arcname=self.folder.name, filter=_nobodys)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.archive)
        return self.archive

    def discard(self) -> None:
        """Take back the folder and what is packed of it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for path in (self.folder.with_name(f".{self.folder.name}.part"), self.archive):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unwritable(
                f"nothing can be written in {self._base}",
                why=error.strerror or str(error),
                hints="choose another place with --folder DIR",
            ) from error


def _private(folder: Path) -> None:
    """Make a folder and its parents; those that are made are for their owner alone."""
    for each in [*reversed(folder.parents), folder]:
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)


def _fitting(text: str) -> tuple[bytes, str]:
    content = text.encode("utf-8", "replace")
    if len(content) <= LARGEST:
        return content, ""
    return content[:LARGEST], f"cut: the first {LARGEST:,} of {len(content):,} bytes"


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whose machine it was is not told."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
