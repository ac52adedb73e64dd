"""One process at a time: an advisory lock on a file, let go when its holder ends."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def take(path: Path) -> IO[str]:
    """Wait for the lock at `path`; closing what is returned lets it go. The file itself stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    stream = path.open("a")
    fcntl.flock(stream, fcntl.LOCK_EX)
    return stream


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock for as long as the block runs."""
    with take(path):
        yield
