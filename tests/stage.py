"""A sandbox beside the test, and arcctl typed into it as a person or a pipeline would.

The sandbox lives in a thread with an event loop of its own. arcctl is run inside the test's process
(`inside.py`), or in a process of its own where that is the point; either way with the sandbox's
environment and nothing of the machine's.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from tests import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.options import Options
    from arcctl.sandbox.server import Sandbox
    from arcctl.sandbox.world import World
    from tests.matrix.beginnings import Theatre

Answer = TypeVar("Answer")
PATIENCE = 120


class Started(subprocess.Popen[str]):
    """A command in a process of its own, which ends with a story that fails, asleep or not."""

    def __exit__(self, kind: type[BaseException] | None, *raised: Any) -> None:
        if kind:
            self.kill()
        super().__exit__(kind, *raised)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it wrote to stdout, as JSON."""
        return json.loads(self.out)


@dataclass
class Stage:
    """One sandbox with its clusters, and the commands that are typed at it."""

    sandbox: Sandbox
    loop: asyncio.AbstractEventLoop
    folder: Path
    helm: Path
    extra: dict[str, str] = field(default_factory=dict)
    apart: bool = False
    """Whether each command is a process of its own."""
    beginnings: Theatre | None = None
    """What keeps the worlds that `after` begins with"""

    @property
    def world(self) -> World:
        """The sandbox's Azure, with its faults, clock and journal."""
        return self.sandbox.world

    @property
    def cluster(self) -> Cluster:
        """The first embedded cluster."""
        return self.sandbox.clusters["sandbox"]

    def within(self, act: Callable[[], Answer]) -> Answer:
        """Do something in the sandbox's own loop, where its state may be touched."""

        async def acting() -> Answer:
            return act()

        return asyncio.run_coroutine_threadsafe(acting(), self.loop).result(PATIENCE)

    def fault(self, service: str, action: Mapping[str, Any], **where: Any) -> str:
        """Plan a bad day, and return its id."""
        plan = {"service": service, "action": dict(action), **where}
        return self.within(lambda: self.world.faults.add(plan).id)

    def happened(self, fault: str) -> int:
        """Return how often a planned fault has really happened."""
        return self.within(lambda: self.world.faults.happened(fault))

    def seed(self, **scenario: Any) -> None:
        """Plant resources in Azure, as `sandbox/azure/seeds.py` describes them."""
        from arcctl.sandbox.azure.seeds import plant

        self.within(lambda: plant(self.world.azure, scenario))

    @property
    def environment(self) -> dict[str, str]:
        """What arcctl's process sees."""
        home, scratch = self.folder / "home", self.folder / "scratch"
        for each in (home, scratch):
            each.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            # A process that is killed leaves its temporary files where the test's own ones go.
            "TMPDIR": str(scratch),
            "ARCCTL_HOME": str(home / "arcctl"),
            "ARCCTL_HELM": str(self.helm),
            "TERM": "dumb",
            **self.sandbox.environment,
            **self.extra,
        }

    def start(
        self, line: str, streams: tuple[TextIO, TextIO] | None = None, **environ: str
    ) -> Started:
        """Start `arcctl LINE` and return its process; its output goes to `streams`, or to us."""
        out, err = streams or (subprocess.PIPE, subprocess.PIPE)
        return Started(
            [sys.executable, "-m", "arcctl", *shlex.split(line)],
            env=self.environment | environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
            cwd=self.folder,
        )

    def after(self, *doings: str | Callable[[Stage], None]) -> None:
        """Begin where it leads to that these lines are typed well, or things done, in an empty world.

        Each beginning is made once in a process. What was planned before is forgotten.
        """

        def make() -> None:
            for each in doings:
                if isinstance(each, str):
                    self.well(each)
                else:
                    each(self)

        if self.beginnings:
            self.beginnings.set(self, (self.helm, *doings), make)
        else:
            make()

    def type(self, line: str, **environ: str) -> Ended:
        """Type `arcctl LINE` and wait for its end."""
        if self.apart or not inside.FREE.acquire(blocking=False):
            return self.type_apart(line, **environ)
        try:
            command = inside.Command(shlex.split(line), self.environment | environ, self.folder)
            return Ended(command.run(PATIENCE), command.out.getvalue(), command.err.getvalue())
        finally:
            inside.FREE.release()

    def type_apart(self, line: str, **environ: str) -> Ended:
        """Type it as a process of its own."""
        with self.start(line, **environ) as process:
            try:
                out, err = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                raise AssertionError(f"arcctl {line} did not end:\n{out}\n{err}") from None
        return Ended(process.returncode, out, err)

    def well(self, line: str, **environ: str) -> Ended:
        """Type a command that must end well."""
        ended = self.type(line, **environ)
        assert ended.code == 0, f"arcctl {line} ended with {ended.code}:\n{ended.out}\n{ended.err}"
        assert not self.world.crashes, self.world.crashes
        return ended

    def requests(self, service: str = "", method: str = "") -> list[str]:
        """Return what the sandbox was asked so far, as `METHOD path`."""
        entries = self.within(lambda: list(self.world.journal.select(service, method)))
        return [f"{entry.method} {entry.path}" for entry in entries]


class _Backstage:
    """The thread in which a sandbox lives."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.loop = asyncio.new_event_loop()
        self.sandbox: Sandbox | None = None
        self.trouble: BaseException | None = None
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def open(self) -> Sandbox:
        self._thread.start()
        self._ready.wait(PATIENCE)
        assert self.sandbox, self.trouble
        return self.sandbox

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE)
        self.loop.close()

    def _work(self) -> None:
        try:
            self.loop.run_until_complete(self._live())
        except BaseException as error:  # noqa: BLE001 - told to the test that waits
            self.trouble = error
        finally:
            self._ready.set()

    async def _live(self) -> None:
        from arcctl.sandbox.server import Sandbox

        async with Sandbox(self._options).running() as self.sandbox:
            self._ready.set()
            await self._over.wait()


@contextmanager
def staged(folder: Path, helm: Path, **options: Any) -> Iterator[Stage]:
    """Put up a sandbox for as long as the block lasts."""
    from arcctl.sandbox.options import Options

    backstage = _Backstage(Options(folder / "sandbox", **options))
    try:
        yield Stage(backstage.open(), backstage.loop, folder, helm)
    finally:
        backstage.close()
