"""A program is run in a process group of its own, and nothing of it outlives the call."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sys
import time
from typing import TYPE_CHECKING

import pytest
from arcctl.clients.finishing import stop_the_others
from arcctl.clients.helm import process
from tests.clients.helm.scripts import GRANDCHILD, let_go, script, there, until

if TYPE_CHECKING:
    from pathlib import Path

ENVIRON = {"PATH": os.environ["PATH"]}
WAIT = "    import time; time.sleep(120)\n"


async def run(*argv: object, limit: float = 30, **more: object) -> process.Finished:
    """Run with a plain environment."""
    return await process.run([str(each) for each in argv], environ=ENVIRON, limit=limit, **more)


async def test_what_went_in_and_out_is_kept_apart(tmp_path: Path) -> None:
    """stdin reaches the program; stdout, stderr and the status come back separately."""
    program = script(
        tmp_path,
        """
        import sys
        sys.stdout.write(sys.stdin.read().upper())
        print("a warning", file=sys.stderr)
        sys.exit(3)
        """,
    )
    finished = await run(program, stdin=b'{"key": 1}')
    assert finished == process.Finished(3, b'{"KEY": 1}', "a warning")


async def test_lines_of_stderr_come_as_they_are_written(tmp_path: Path) -> None:
    """A program that waits for our reaction to its first line gets it."""
    program = script(
        tmp_path,
        f"""
        import os, sys, time
        print("first", file=sys.stderr, flush=True)
        while not os.path.exists({str(tmp_path / "heard")!r}):
            time.sleep(0.01)
        print("second", file=sys.stderr)
        """,
    )
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        (tmp_path / "heard").touch()

    await run(program, on_line=hear)
    assert lines == ["first", "second"]


async def test_output_that_is_no_utf8_is_replaced(tmp_path: Path) -> None:
    """Bytes of another encoding never raise."""
    program = script(tmp_path, "import os; os.write(2, b'caf\\xe9: d\\xc3\\xa9j\\xc3\\xa0\\n')")
    assert (await run(program)).stderr == "caf\ufffd: déjà"


async def test_a_program_may_ignore_its_stdin(tmp_path: Path) -> None:
    """Megabytes of values for a program that ends at once are no error of ours."""
    program = script(tmp_path, "import os, sys; os.close(0); sys.exit(2)")
    assert (await run(program, stdin=b"x" * 3_000_000)).status == 2


async def test_a_cancelled_program_is_asked_to_end(tmp_path: Path) -> None:
    """SIGTERM comes first, so that helm can mark its release as failed."""
    started, ended = tmp_path / "started", tmp_path / "ended"
    program = script(
        tmp_path,
        """
        import pathlib, signal, sys, time
        def end(*_):
            pathlib.Path(sys.argv[2]).touch()
            sys.exit(1)
        signal.signal(signal.SIGTERM, end)
        pathlib.Path(sys.argv[1]).touch()
        time.sleep(120)
        """,
    )
    task = asyncio.create_task(run(program, started, ended))
    await there(started)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.exists()


async def test_a_program_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """The time limit ends the program, and is told apart from a cancellation."""
    program = script(tmp_path, "import time; time.sleep(120)")
    with pytest.raises(TimeoutError):
        await run(program, limit=0.5)


async def test_a_cancelled_call_leaves_no_grandchild(tmp_path: Path) -> None:
    """A child of the program that ignores SIGTERM is gone too when the cancellation returns."""
    started = tmp_path / "started"
    program = script(tmp_path, GRANDCHILD + WAIT)
    task = asyncio.create_task(run(program, started))
    await there(started)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await let_go(tmp_path / "started.lock")


def test_a_stopped_program_leaves_no_pipe_to_the_loop(tmp_path: Path) -> None:
    """Somebody else may still hold its other end; asyncio would complain of it after our end."""
    program = script(
        tmp_path,
        """
        import subprocess, sys, time
        other = [sys.executable, "-c", "import time; time.sleep(2)"]
        subprocess.Popen(other, start_new_session=True)
        print("ready", file=sys.stderr, flush=True)
        time.sleep(120)
        """,
    )
    said: list[str] = []

    async def stopped() -> None:
        running = asyncio.ensure_future(run(program, on_line=said.append))
        await until(lambda: bool(said))
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(stopped())
    assert said == ["ready"]
    # What asyncio complains of in a finaliser is an error in these tests.
    gc.collect()


async def test_a_second_cancellation_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    """Ctrl-C twice means now, even for a program that ignores SIGTERM."""
    started = tmp_path / "started"
    program = script(
        tmp_path,
        """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        """
        + GRANDCHILD.replace("\n    ", "\n        ")
        + "    "
        + WAIT,
    )
    task = asyncio.create_task(run(program, started))
    await there(started)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=0.3)
    assert not done
    task.cancel()
    async with asyncio.timeout(process.GRACE / 2):
        with pytest.raises(asyncio.CancelledError):
            await task
    await let_go(tmp_path / "started.lock")


async def test_the_program_has_a_session_of_its_own(tmp_path: Path) -> None:
    """Ctrl-C in the terminal reaches arcctl alone, which then decides."""
    program = script(tmp_path, "import os; print(os.getsid(0) == os.getpid())")
    assert (await run(program)).stdout == b"True\n"


async def test_a_program_that_is_not_there_is_an_os_error() -> None:
    """The caller says which program it was looking for."""
    with pytest.raises(FileNotFoundError):
        await run("/nowhere/helm")


async def test_what_is_not_handed_on_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own environment does not leak into the program's."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "marked")
    finished = await run(sys.executable, "-c", "import os; print(sorted(os.environ))")
    assert b"AZURE_CLIENT_SECRET" not in finished.stdout
    assert b"PATH" in finished.stdout


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("what", ["'x' * 100 + chr(10)", "'x' * 2**16"])
async def test_a_program_that_prints_without_end_is_stopped(
    tmp_path: Path, stream: str, what: str
) -> None:
    """In lines or in one; what is kept of it has a bound, and the program ends."""
    path = script(tmp_path, f"import sys\nwhile True: sys.{stream}.write(({what}) * 1000)\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(process.Flooded):
        await process.run([str(path)], environ=dict(os.environ), limit=60)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1024 * 1024  # KiB


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_child_that_holds_a_pipe_is_not_waited_for(tmp_path: Path, stream: str) -> None:
    """The program's own end counts, and what it has said until then is whole."""
    path = script(
        tmp_path,
        f"""
        import subprocess, sys
        print("said", file=sys.{stream})
        sys.{stream}.flush()
        subprocess.Popen(
            ["sleep", "90"], start_new_session=True, stdin=subprocess.DEVNULL,
            **{{{"stderr" if stream == "stdout" else "stdout"!r}: subprocess.DEVNULL}},
        )
        sys.exit(3)
        """,
    )
    async with asyncio.timeout(30):
        finished = await process.run([str(path)], environ=dict(os.environ), limit=60)

    assert finished.status == 3
    assert (finished.stdout.decode() if stream == "stdout" else finished.stderr).strip() == "said"


@pytest.mark.parametrize("ticks", range(12))
async def test_a_start_in_the_midst_of_which_all_ends_is_no_trap(ticks: int) -> None:
    """asyncio itself would wait for ever, where the program has ended before its pipes are there."""
    calling = asyncio.create_task(run("/bin/true"))
    for _ in range(ticks):
        await asyncio.sleep(0)
    time.sleep(0.02)  # noqa: ASYNC251 - the program ends, and the loop has not heard of it

    async with asyncio.timeout(30):
        await stop_the_others()

    assert calling.done()
