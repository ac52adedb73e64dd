"""The sandbox's time, which can be moved, and how long things take in it (`arm.md` 14.3)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset, which only grows while a world lasts."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    def advance(self, seconds: float) -> datetime:
        """Move time forward and wake whoever sleeps in it; return the new time."""
        if seconds < 0:
            raise ValueError("time moves forward only")
        self._offset += timedelta(seconds=seconds)
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        return self.now()

    async def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds of the sandbox's time."""
        await self.until(self.after(seconds))

    async def until(self, moment: datetime) -> None:
        """Sleep until the sandbox's time has come to `moment`, however it gets there."""
        while (left := (moment - self.now()).total_seconds()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._moved.wait()
            except TimeoutError:
                continue

    def restart(self) -> None:
        """Show the real time again: for a sandbox whose world is made anew, with all that slept in it."""
        self._offset = timedelta()

    @property
    def offset(self) -> float:
        return self._offset.total_seconds()


@dataclass(frozen=True, slots=True)
class Delays:
    """How long each thing takes, in seconds; all zero but the beat unless a profile says more."""

    arm_put: float = 0.0
    arm_patch: float = 0.0
    arm_delete: float = 0.0
    group_delete: float = 0.0
    child_put: float = 0.0
    child_patch: float = 0.0
    child_delete: float = 0.0
    flux_put: float = 0.0
    flux_comply: float = 0.0
    flux_delete: float = 0.0
    first_heartbeat: float = 0.0
    beat_interval: float = 1.0
    pod_ready: float = 0.0
    pod_delete: float = 0.0
    job_run: float = 0.0
    namespace_delete: float = 0.0


INSTANT = Delays()
# connectedk8s.md G.1, G.2 and arm.md 2.7, 4.3, 5.8: medians of recordings. A job's pod takes as
# long to start as any other, so that diagnostics come to the 16 s of G.1.
RECORDED = Delays(
    arm_put=7.0,
    arm_patch=2.0,
    arm_delete=5.0,
    group_delete=30.0,
    child_put=45.0,
    child_patch=20.0,
    child_delete=30.0,
    flux_put=60.0,
    flux_comply=30.0,
    flux_delete=30.0,
    first_heartbeat=45.0,
    beat_interval=300.0,
    pod_ready=12.0,
    pod_delete=30.0,
    job_run=4.0,
    namespace_delete=5.0,
)
# A deletion that takes no time leaves none for the looks of a move, and its report would say so.
DEMO = Delays(arm_delete=RECORDED.arm_delete)
PROFILES = {"instant": INSTANT, "recorded": RECORDED, "demo": DEMO}
