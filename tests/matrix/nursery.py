"""The process from which command lines are forked: it has read arcctl's libraries, and nothing else.

A matrix types some thousand command lines, and a fresh Python spends most of each on imports. What
is forked here is a process of its own, with the arguments, environment, folder and streams it is
given, and it can be killed like any other; it begins where a fresh one stands after its imports.

Spoken to through a socket (`quick.py`); it learns what to import from what its children have
imported.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import socket
import sys
import threading
from contextlib import suppress
from typing import Any

_ROOM = 1 << 20


class Nursery:
    """Forks a process for each request, and says how it ended."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._poll = select.poll()
        self._poll.register(client, select.POLLIN)
        self._children: dict[int, int] = {}
        self._learning: dict[int, int] = {}

    def serve(self) -> list[str] | None:
        """Return the arguments in the child that is to be arcctl, None in the parent at the end."""
        while True:
            for handle, _ in self._poll.poll():
                if handle != self._client.fileno():
                    self._ended(handle)
                    continue
                text, streams, _, _ = socket.recv_fds(self._client, _ROOM, 3)
                if not text:
                    return None
                if arguments := self._bear(json.loads(text), streams):
                    return arguments

    def _bear(self, wanted: dict[str, Any], streams: list[int]) -> list[str] | None:
        # A process with threads cannot be forked and be whole.
        assert threading.active_count() == 1
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._client.close()
            os.close(reading)
            _become(wanted, streams, writing)
            return list(wanted["arguments"])
        for each in (*streams, writing):
            os.close(each)
        handle = os.pidfd_open(pid)
        self._children[handle], self._learning[handle] = pid, reading
        self._poll.register(handle, select.POLLIN)
        self._say({"pid": pid})
        return None

    def _ended(self, handle: int) -> None:
        self._poll.unregister(handle)
        os.close(handle)
        pid = self._children.pop(handle)
        _, status = os.waitpid(pid, 0)
        self._say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})
        with os.fdopen(self._learning.pop(handle)) as names:
            _learn(names.read().split())

    def _say(self, what: dict[str, Any]) -> None:
        self._client.send(json.dumps(what).encode())


def _become(wanted: dict[str, Any], streams: list[int], writing: int) -> None:
    """Be as a fresh process would be."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    known = set(sys.modules)

    def tell() -> None:
        with os.fdopen(writing, "w") as stream:
            # In their order: `_asyncio` before `asyncio` would leave halves that do not fit.
            stream.write("\n".join(name for name in sys.modules if name not in known))

    # The first to be registered is the last to be called.
    atexit.register(tell)


def _learn(names: list[str]) -> None:
    for name in names:
        if name not in sys.modules and name != "__main__":
            with suppress(ImportError):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    arguments = Nursery(socket.socket(fileno=int(sys.argv[1]))).serve()
    if arguments is not None:
        from arcctl.app import main
        from tests import unexpected

        unexpected.told()
        sys.argv = ["arcctl", *arguments]
        main()
