"""Command lines typed inside the test's own process, through `arcctl.app.run`.

A fresh Python spends half a second of each command on imports. Here the libraries are loaded once,
and a command gets its environment and streams from the test; what libraries ask the process for
(`os.environ`, the working folder, the folder for temporary files) is made to fit meanwhile.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import tempfile
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arcctl.app import run
from arcctl.model.surroundings import Streams
from tests import unexpected
from tests.ready_keys import READY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

unexpected.told()
FREE = threading.Lock()
"""Held while a command is typed: what is the process's cannot be two commands' at once."""


@dataclass
class Command:
    """One command line, run in a thread of its own as in a process of its own."""

    words: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)
    stdin: io.StringIO = field(default_factory=io.StringIO)
    code: int | None = None
    trouble: BaseException | None = None

    def run(self, patience: float) -> int:
        """Return its exit code; the caller holds `FREE`."""
        # A daemon, for a command that never ends not to keep the tests from ending.
        thread = threading.Thread(target=self._work, name="arcctl", daemon=True)
        with dressed(self.environ, self.folder):
            thread.start()
            thread.join(patience)
            if thread.is_alive():
                faulthandler.dump_traceback()
        if self.trouble:
            raise self.trouble
        assert self.code is not None, (
            f"it did not end:\n{self.out.getvalue()}\n{self.err.getvalue()}"
        )
        return self.code

    def _work(self) -> None:
        streams = Streams(self.stdin, self.out, self.err)
        try:
            self.code = int(run(self.words, self.environ, streams, READY.make))
        except BaseException as error:  # noqa: BLE001 - told to the test that waits
            self.trouble = error


@contextlib.contextmanager
def dressed(environ: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Let the process look as one of the command's own would."""
    kept, place = dict(os.environ), tempfile.tempdir
    with contextlib.chdir(folder):
        try:
            _become(environ)
            tempfile.tempdir = None  # found again, from TMPDIR
            yield
        finally:
            _become(kept)
            tempfile.tempdir = place


def _become(environ: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)
