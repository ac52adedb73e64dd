"""The append-only record of a run, written before it is needed.

Two keepers hold it, one on this machine and one in the cluster. Every method returns once both
have what it says. Before the point of no return either may stop the run; after it the run goes on
with the one that is left, because stopping would help nobody. The mark itself is kept by the first
keeper before the second is asked: where the second has it, the first cannot lack it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from arcctl.errors import ArcctlError, StoppedPartWay
from arcctl.flow.events import Noted
from arcctl.model import mask
from arcctl.model.run import Entry, begun, named_now
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from arcctl.flow.events import Observer
    from arcctl.model.run import Kind

__all__ = ["Entry", "Journal", "Keeper"]


class Keeper(Protocol):
    """One of the places that hold a journal; `name` is what people call it."""

    name: str

    async def keep(self, entries: Sequence[Entry]) -> None:
        """Hold all of these, of which the first are held already; raise ArcctlError otherwise.

        StoppedPartWay means that somebody else has gone on with the run: nothing excuses that.
        """


class Journal:
    """What has happened in one run, and the only way to say that something has."""

    def __init__(
        self,
        run: str,
        keepers: Sequence[Keeper] = (),
        entries: Iterable[Entry] = (),
        *,
        observer: Observer | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        marked: bool = True,
    ) -> None:
        """`entries` are known already; `marked` whether the first keeper has the mark, if they have."""
        self.run = run
        self._keepers = keepers
        self._entries = list(entries)
        self._kept = 0
        self._excused = self.no_return and marked
        self._behind: set[str] = set()
        self._observer = observer
        self._clock = clock
        self._writing = asyncio.Lock()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything so far, oldest first."""
        return tuple(self._entries)

    @property
    def no_return(self) -> bool:
        """Whether the point of no return lies behind."""
        return any(each.kind == "passed" for each in self._entries)

    @property
    def changed(self) -> bool:
        """Whether a step was begun that has not been undone since."""
        return bool(begun(self._entries))

    async def opened(self, detail: Any = None) -> None:
        """The run has begun; `detail` is what a person should know of it."""
        await self._write("opened", "", detail)

    async def begin(self, step: str) -> None:
        """A step is about to change something."""
        await self._write("begun", step)

    async def done(self, step: str, detail: str = "") -> None:
        """A step has changed what it was to change."""
        await self._write("done", step, mask.current().text(detail))

    async def failed(self, step: str, reason: str) -> None:
        """A step has ended badly."""
        await self._write("failed", step, scrubbed(mask.current().text(reason)))

    async def undone(self, step: str, detail: str | None = None) -> None:
        """What a step had changed is as it was before."""
        await self._write("undone", step, detail and mask.current().text(detail))

    async def fact(self, name: str, value: Any) -> None:
        """Remember a value (JSON, no secret) for whoever takes the run up."""
        await self._write("fact", name, value)

    async def passed(self) -> None:
        """From here on there is no way back; written once."""
        if not self.no_return:
            await self._write("passed", "")

    async def turned(self, name: str, value: Any) -> None:
        """The run goes back from here on: no step counts as begun or done any more.

        One entry, so that a cut leaves either all of the turn or nothing; `name` and `value` are
        as a fact's.
        """
        await self._write("turned", name, value)

    async def ended(self, outcome: str, **more: Any) -> None:
        """The run is over, for better or worse."""
        await self._write("ended", "", {"outcome": mask.current().text(outcome), **more})

    def fact_of(self, name: str, default: Any = None) -> Any:
        """Return the newest value remembered under this name."""
        for each in reversed(self._entries):
            if each.kind == "fact" and each.step == name:
                return each.detail
        return default

    def fact_since_the_turn(self, name: str, default: Any = None) -> Any:
        """As `fact_of`, of what was remembered in this direction only."""
        for each in reversed(self.since_the_turn()):
            if each.kind == "fact" and each.step == name:
                return each.detail
        return default

    def has_begun(self, step: str) -> bool:
        """Tell whether this step was begun in this direction and not undone, however it ended."""
        return step in begun(self.since_the_turn())

    def has_done(self, step: str) -> bool:
        """Tell whether this step's last word in this direction is that it is done."""
        own = [each for each in self.since_the_turn() if each.step == step]
        return [each.kind for each in own if each.kind != "fact"][-1:] == ["done"]

    def has_failed(self, step: str) -> bool:
        """Tell whether this step's last word in this direction is that it has failed."""
        own = [each for each in self.since_the_turn() if each.step == step]
        return [each.kind for each in own if each.kind != "fact"][-1:] == ["failed"]

    def refused(self, step: str) -> bool:
        """Tell whether every attempt at this step was refused before it could change anything."""
        own = [each.kind for each in self.since_the_turn() if each.step == step]
        return 0 < own.count("begun") == own.count("fact")

    def since_the_turn(self) -> Sequence[Entry]:
        """Return the entries of this direction, under the names that steps have now."""
        turns = [at for at, each in enumerate(self._entries) if each.kind == "turned"]
        return named_now(self._entries[turns[-1] + 1 :] if turns else self._entries)

    async def _write(self, kind: Kind, step: str, detail: Any = None) -> None:
        at = self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._entries.append(Entry(at, kind, step, detail))
        await self.settle(len(self._entries))

    async def settle(self, upto: int | None = None) -> None:
        """Return once the first `upto` entries are kept.

        Whoever gets the lock writes for all who wait, so three hundred steps side by side cost a
        few writes.
        """
        upto = len(self._entries) if upto is None else upto
        async with self._writing:
            if self._kept < upto:
                await self._keep()

    async def _keep(self) -> None:
        entries, keepers = tuple(self._entries), self._keepers
        if keepers and self.no_return and not self._excused:
            await keepers[0].keep(entries)
            keepers = keepers[1:]
        answers = await asyncio.gather(
            *(keeper.keep(entries) for keeper in keepers), return_exceptions=True
        )
        failures: dict[str, BaseException] = {}
        for keeper, answer in zip(keepers, answers, strict=True):
            if answer is not None:
                failures[keeper.name] = answer
        self._judge(failures)
        self._kept = len(entries)
        # The mark itself must be in both copies, so it excuses only what comes after it.
        self._excused = any(each.kind == "passed" for each in entries)

    def _judge(self, failures: dict[str, BaseException]) -> None:
        for error in failures.values():
            tolerable = isinstance(error, ArcctlError) and not isinstance(error, StoppedPartWay)
            if not (tolerable and self._excused and len(failures) < len(self._keepers)):
                raise error
        for name, error in failures.items():
            if name not in self._behind:
                self._say(Noted(f"{name} cannot be written, going on: {error}", warning=True))
        for name in self._behind - failures.keys():
            self._say(Noted(f"{name} is written again, and complete"))
        self._behind = set(failures)

    def _say(self, event: Noted) -> None:
        if self._observer:
            self._observer(event)
