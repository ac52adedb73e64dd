"""One command line measured as the system counts it: wall, CPU, peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE = 600.0


class Sample(NamedTuple):
    """Seconds of wall time, seconds of CPU (children included), MB of the largest process.

    Peak memory has a floor: a child starts as a copy of this process, about 30 MB.
    """

    wall: float
    cpu: float
    memory: float


class Spread(NamedTuple):
    """What several samples of the same command come to."""

    least: float
    median: float
    most: float
    cpu: float
    memory: float

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Spread:
        walls = [sample.wall for sample in samples]
        return cls(
            min(walls),
            statistics.median(walls),
            max(walls),
            statistics.median([sample.cpu for sample in samples]),
            max(sample.memory for sample in samples),
        )


def once(command: Sequence[str], environment: Mapping[str, str]) -> Sample:
    """Run a command to its end; one that fails is an error, for its time means nothing."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
        )
        limit = threading.Timer(PATIENCE, process.kill)
        limit.start()
        assert process.stdout is not None
        with process.stdout as stdout:
            stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        limit.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"exit {process.returncode} of {' '.join(command)}\n{words}")
    return Sample(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
