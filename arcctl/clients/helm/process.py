"""Run one program so that nothing of it outlives us (`dependencies.md` 1 "Signals", 2 fault 1)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.clients import fence
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

log = logging.getLogger("arcctl.helm")

# helm answers SIGTERM within 0.01 s and marks the release failed; SIGKILL leaves it pending.
GRACE = 10.0
LONGEST_LINE = 2**24


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
    """Run `argv` to its end; TimeoutError after `limit` seconds.

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
    except BaseException:
        log.debug("%s stopped", said)
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
        await asyncio.gather(ended, return_exceptions=True)


async def _heard(process: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> int:
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.TaskGroup() as group:
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            group.create_task(_each_line(stream, on_line))
    return await process.wait()


async def _each_line(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    async for raw in stream:
        on_line(raw.decode("utf-8", "replace").rstrip("\r\n"))


async def _begun(argv: Sequence[str], environ: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start it; when cancelled meanwhile, stop it as at any later moment.

    asyncio itself would kill the program without grace, and not its children.
    """
    starting = asyncio.ensure_future(
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
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _stop(await starting)
        raise


async def _talk(
    process: asyncio.subprocess.Process, stdin: bytes, on_line: Callable[[str], None] | None
) -> Finished:
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.TaskGroup() as group:
        group.create_task(_feed(process, stdin))
        out = group.create_task(process.stdout.read())
        err = group.create_task(_lines(process.stderr, on_line))
    return Finished(await process.wait(), out.result(), err.result())


async def _feed(process: asyncio.subprocess.Process, stdin: bytes) -> None:
    assert process.stdin is not None
    # A program that fails early closes its end; its exit status tells more than our EPIPE.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(stdin)
        await process.stdin.drain()
    # Not waited for: asyncio 3.11 complains where such a wait is cancelled, and `wait` does it too.
    process.stdin.close()


async def _lines(stream: asyncio.StreamReader, on_line: Callable[[str], None] | None) -> str:
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        if on_line:
            on_line(line)

    await _each_line(stream, hear)
    return "\n".join(lines)


async def _stop(process: asyncio.subprocess.Process) -> None:
    _signal(process, signal.SIGTERM)
    try:
        await _exited(process)
    finally:
        # Reaches children that ignored SIGTERM as well as the program itself.
        _signal(process, signal.SIGKILL)
        await _exited(process)
        # Somebody may hold the pipes still; asyncio complains of those that outlive the loop.
        process._transport.close()  # type: ignore[attr-defined] # asyncio shows no other way


async def _exited(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of the program, `GRACE` at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            # `wait` would also wait for the pipes, which a child that lives on may hold open.
            while process.returncode is None:  # noqa: ASYNC110 - asyncio tells of an exit in no other way
                await asyncio.sleep(0.02)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Signal the group, whose id is the program's own since it began a session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
