"""The two ports of a session on loopback (`connectedk8s.md` B.6.2)."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the relay program listens: `https` for kubectl, `http` for arcctl alone."""

    https: int
    http: int


def obstacle(number: int) -> str:
    """Return what keeps a program from listening there, "" where nothing does."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as tried:
                # What an earlier session has left behind in the system does not count.
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind((address, number))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is already in use"
            # A machine without IPv6 is none.
            if error.errno in (errno.EACCES, errno.EPERM):
                return "may not be opened by you"
    return ""
