"""Sees what arcctl's children are told, and what lies on its disk while it runs."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

_LARGEST = 1_000_000


def spy_on_helm(folder: Path, helm: Path) -> tuple[Path, Path]:
    """Return a helm that writes down its arguments and environment, and where it does."""
    seen, script = folder / "seen", folder / "helm"
    script.write_text(
        "#!/bin/sh\n"
        f'{{ for each in "$@"; do printf "%s\\n" "$each"; done; env; }} >> "{seen}"\n'
        f'exec "{helm}" "$@"\n'
    )
    script.chmod(0o755)
    return script, seen


@contextmanager
def watching(process: subprocess.Popen[str], scratch: Path) -> Iterator[list[str]]:
    """Read argv and environment of every descendant, and every file in `scratch`, all the time."""
    found: set[str] = set()
    texts: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.002):
            for pid in descendants(process.pid):
                found.update(_told(pid))
            found.update(text for _, text in files(scratch))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield texts
    finally:
        over.set()
        thread.join(60)
        texts.extend(found)


def descendants(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    found: list[int] = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(each) for task in tasks for each in _read(task / "children").split()]
    except OSError:
        return found
    for child in children:
        found += [child, *descendants(child)]
    return found


def _told(pid: int) -> list[str]:
    place = Path(f"/proc/{pid}")
    try:
        # Between fork and exec a child still looks like arcctl itself.
        if (place / "exe").readlink() == Path("/proc/self/exe").readlink():
            return []
    except OSError:
        return []
    return ["\0".join((_read(place / "cmdline"), _read(place / "environ")))]


def files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file below a folder, as text; a pipe, which nobody writes to, is none."""
    for root, _, names in os.walk(folder):
        for path in (Path(root) / name for name in names):
            if path.is_file() and (text := _read(path)):
                yield path, text


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
