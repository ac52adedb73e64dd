"""Tests leave nothing in the folder for temporary files.

Theirs is a folder of their own, with that of `tmp_path` in it. In the end nothing else may lie in
it, and it goes too, unless a test failed: what that test wrote is for people to look at, until the
next run sweeps it, with what a run that was killed has left.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

_FOLDER = pytest.StashKey[Path]()
_PREFIX = "arcctl-tests-"
_PYTESTS = "pytest-of-"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Let all that this process and its children make be made in a folder of their own."""
    if not hasattr(session.config, "workerinput"):
        sweep(Path(tempfile.gettempdir()))
        folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        session.config.stash[_FOLDER] = Path(folder)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where something was left behind."""
    folder = session.config.stash.get(_FOLDER, None)
    if folder is None:
        return
    _as_at_the_end_of_the_process()
    if left := leavings(folder):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if not session.exitstatus:
        shutil.rmtree(folder)
        return
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal:
        terminal.ensure_newline()
        said = f"; left behind in it: {', '.join(left)}" if left else ""
        terminal.write_line(f"temporary files are in {folder}{said}", red=bool(left))


def sweep(place: Path) -> None:
    """Remove the folders of runs whose process is gone; those of another user stay."""
    for folder in place.glob(f"{_PREFIX}*"):
        process = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdecimal() and not Path("/proc", process).exists():
            shutil.rmtree(folder, ignore_errors=True)


def leavings(folder: Path) -> list[str]:
    """What lies in the folder besides pytest's own."""
    return sorted(each.name for each in folder.iterdir() if not each.name.startswith(_PYTESTS))


def _as_at_the_end_of_the_process() -> None:
    """The kubernetes package keeps the files of certificates until then, arcctl its own folder."""
    if loaded := sys.modules.get("arcctl.clients.own_folder"):
        loaded.remove()
    if loaded := sys.modules.get("kubernetes.config.kube_config"):
        loaded._cleanup_temp_files()
