"""Where a command line is typed: the environment that it sees, its three streams, what makes keys.

They are the process's own unless `arcctl.app.run` is given others, as a test does that types many
commands in one process. Nothing further down reads `os.environ` or `sys.stdout`.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from arcctl.model import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arcctl.model.keys import KeyPair


def fill_in() -> None:
    """Let each stream that the process was started without (`>&-`) lead nowhere, or come from there.

    Else Python has None for it, and the next file that is opened gets its number.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            with suppress(OSError):
                os.close(number)
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - as long as the process


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a command reads, where its data goes, and where it talks to people."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a command line finds around it."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    streams: Streams = field(default_factory=Streams)
    make_key: Callable[[], KeyPair] = keys.generate
    events: bool = False
    """Whether a program reads stderr, so that an error is an event too"""
