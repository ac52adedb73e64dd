"""Run one program so that nothing of it outlives us (`dependencies.md` 1 "Signals", 2 fault 1)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.clients import clocks, fence
from arcctl.clients.finishing import Begun, stopped, to_its_end
from arcctl.errors import ArcctlError, StoppedPartWay
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

log = logging.getLogger("arcctl.helm")

# helm answers SIGTERM within 0.01 s and marks the release failed; SIGKILL leaves it pending.
GRACE = 10.0
LONGEST_LINE = 2**24
MOST_SAID = 64 * 2**20
_PART = 2**16
_CHANGING = frozenset({"install", "upgrade", "uninstall", "rollback"})
_GLANCE = 0.2
_SLEPT = 1.5
LINGER = 1.0
"""Seconds to read on after the program's own end: a child of it may hold the pipes for ever"""


class Flooded(OSError):
    """The program prints more than any that is meant."""

    def __init__(self) -> None:
        super().__init__("it prints without end")


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended: its exit status, all of stdout, and stderr as text."""

    status: int
    stdout: bytes
    stderr: str


async def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    limit: float,
    stdin: bytes = b"",
    on_line: Callable[[str], None] | None = None,
) -> Finished:
    """Run `argv` to its end; TimeoutError after `limit` seconds, Flooded where it says too much.

    Each line of stderr goes to `on_line` as it comes. When the caller is cancelled or time is
    up, the whole process group gets SIGTERM, `GRACE` seconds, and SIGKILL; a second
    cancellation brings the SIGKILL at once.
    """
    await fence.passed()
    began, said = time.monotonic(), scrubbed(" ".join(argv))
    process = await _begun(argv, environ)
    try:
        async with asyncio.timeout(limit):
            finished = await _talk(process, stdin, on_line)
        await fence.passed()  # where this process has slept, so has the program
    except BaseException:
        log.debug("%s stopped", said)
        if _CHANGING & {*argv}:
            fence.woke_with("helm")
        await _stop(process)
        raise
    log.debug("%s: %d, %.0f ms", said, finished.status, (time.monotonic() - began) * 1e3)
    return finished


@contextlib.asynccontextmanager
async def beside(
    argv: Sequence[str], *, environ: Mapping[str, str], on_line: Callable[[str], None]
) -> AsyncIterator[asyncio.Task[int]]:
    """Keep a program running for as long as the block lasts, and stop it as `run` does.

    What is yielded is done when the program has ended by itself, with its exit status; each line
    of its stdout and stderr goes to `on_line`.
    """
    process = await _begun(argv, environ)
    ended = asyncio.create_task(_heard(process, on_line))
    try:
        yield ended
    finally:
        ended.cancel()
        if process.returncode is None:
            await _stop(process)
        await stopped(ended)


async def _heard(process: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> int:
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.TaskGroup() as group:
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            group.create_task(_each_line(stream, on_line))
    return await process.wait()


async def _each_line(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    try:
        async for raw in stream:
            on_line(raw.decode("utf-8", "replace").rstrip("\r\n"))
    except ValueError as error:  # how asyncio tells of a line without end
        raise Flooded from error


async def _begun(argv: Sequence[str], environ: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start it; when cancelled meanwhile, stop it as at any later moment.

    asyncio itself would kill the program without grace, and not its children.
    """
    starting = Begun(
        asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environ),
            start_new_session=True,
            limit=LONGEST_LINE,
        )
    )
    try:
        return await to_its_end(starting)
    except asyncio.CancelledError:
        await _stop(starting.result())
        raise


async def _talk(
    process: asyncio.subprocess.Process, stdin: bytes, on_line: Callable[[str], None] | None
) -> Finished:
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = bytearray(), _Lines(on_line)
    tasks = [
        asyncio.create_task(each)
        for each in (
            _feed(process, stdin),
            _all_of(process.stdout, out),
            _each_line(process.stderr, err.hear),
        )
    ]
    ended = asyncio.create_task(_end(process))
    watch = asyncio.create_task(_held_after_sleep(process))
    try:
        held = await _heard_out(tasks, ended, watch)
    finally:
        await stopped(*tasks, ended, watch)
    if held:
        log.debug("a child of the program holds its pipes")
        _close(process)
    return Finished(ended.result(), bytes(out), "\n".join(err.lines))


async def _heard_out(
    tasks: Sequence[asyncio.Task[None]], ended: asyncio.Task[int], watch: asyncio.Task[None]
) -> bool:
    """Wait for the program's end and all that it says; tell whether somebody else may say more.

    `watch` never ends but by an error, which ends the waiting.
    """
    waiting: set[asyncio.Task[Any]] = {*tasks, ended}
    while waiting:
        limit = LINGER if ended.done() else None
        done, rest = await asyncio.wait(
            {*waiting, watch}, timeout=limit, return_when=asyncio.FIRST_COMPLETED
        )
        waiting = rest - {watch}
        for task in done:
            task.result()
        if not done:
            return True
    return False


async def _held_after_sleep(process: asyncio.subprocess.Process) -> None:
    """Hold the program after a sleep until this process may act again; it cannot ask for itself.

    A machine that wakes wakes both, and another may have taken the cluster over meanwhile. Where
    that is so, or somebody says stop while it is held, it is killed: told to stop, helm would write.
    """
    while True:
        before = clocks.now()
        await asyncio.sleep(_GLANCE)
        if clocks.since(before) < _SLEPT:
            continue
        _signal(process, signal.SIGSTOP)
        try:
            await _allowed()
        except BaseException:
            _signal(process, signal.SIGKILL)
            raise
        _signal(process, signal.SIGCONT)


async def _allowed() -> None:
    """Return once this process may act; a network that is not back yet is waited for."""
    while True:
        try:
            return await fence.passed()
        except StoppedPartWay:
            raise
        except ArcctlError as error:
            log.debug("held after a sleep: %s", error)
        await asyncio.sleep(_GLANCE)


async def _all_of(stream: asyncio.StreamReader, into: bytearray) -> None:
    while part := await stream.read(_PART):
        into += part
        if len(into) > MOST_SAID:
            raise Flooded


class _Lines:
    """What a program says to people, kept and handed on."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self.lines: list[str] = []
        self._on_line = on_line
        self._size = 0

    def hear(self, line: str) -> None:
        """Keep a line; raise Flooded where they are too many."""
        self._size += len(line) + 1
        if self._size > MOST_SAID:
            raise Flooded
        self.lines.append(line)
        if self._on_line:
            self._on_line(line)


async def _feed(process: asyncio.subprocess.Process, stdin: bytes) -> None:
    assert process.stdin is not None
    # A program that fails early closes its end; its exit status tells more than our EPIPE.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(stdin)
        await process.stdin.drain()
    # Not waited for: asyncio 3.11 complains where such a wait is cancelled, and `wait` does it too.
    process.stdin.close()


async def _stop(process: asyncio.subprocess.Process) -> None:
    _signal(process, signal.SIGTERM)
    try:
        await _exited(process)
    finally:
        # Reaches children that ignored SIGTERM as well as the program itself.
        _signal(process, signal.SIGKILL)
        await _exited(process)
        _close(process)


def _close(process: asyncio.subprocess.Process) -> None:
    """Let the pipes go, which somebody may hold still; asyncio complains of those that outlive it."""
    process._transport.close()  # type: ignore[attr-defined] # asyncio shows no other way


async def _exited(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of the program, `GRACE` at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> int:
    """Wait for the end of the program alone, and return its exit status.

    `wait` would also wait for the pipes, which a child that lives on may hold open.
    """
    while process.returncode is None:  # noqa: ASYNC110 - asyncio tells of an exit in no other way
        await asyncio.sleep(0.02)
    return process.returncode


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Signal the group, whose id is the program's own since it began a session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
