"""Worlds that cases begin with: each made once in a process, and put back before every case."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from arcctl.sandbox import mementos
from tests.ready_keys import READY
from tests.stories.moments import until

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from datetime import datetime
    from pathlib import Path

    from arcctl.sandbox.mementos import Memento
    from tests.matrix.quick import QuickStage
    from tests.stage import Stage

    Making = Callable[[Any], None]

Result = TypeVar("Result")
_PATIENCE = 60
# Azure hears of a connected cluster every few minutes, and calls it offline after a quarter of an hour.
_FRESH = timedelta(minutes=10)


def bare(stage: Stage) -> None:
    """Nothing but an empty cluster."""


@dataclass(frozen=True)
class _House:
    """What no reset brings back, since a sandbox has it from its start."""

    environment: dict[str, str]
    charts: dict[str, str]
    kubeconfig: bytes

    @classmethod
    def of(cls, stage: Stage) -> _House:
        charts = stage.within(lambda: dict(stage.world.agent_charts))
        found = stage.sandbox.home.kubeconfig.read_bytes()
        return cls(dict(stage.sandbox.environment), charts, found)

    def tidy(self, stage: Stage) -> None:
        """Put it back as it was, and send the witnesses home."""
        world = stage.world
        stage.sandbox.environment = dict(self.environment)
        stage.sandbox.home.kubeconfig.write_bytes(self.kubeconfig)
        stage.within(lambda: world.agent_charts.update(self.charts))
        stage.within(world.clock.restart)
        stage.within(world.witnesses.clear)


def _rest(stage: Stage) -> None:
    """Wait until Azure has ended what the making has begun: a child may settle after its PUT."""
    operations = stage.world.azure.operations

    def ended() -> bool:
        operations.settle()
        return not operations.running

    until(lambda: stage.within(ended), "the end of Azure's operations")


@dataclass
class Theatre:
    """A stage, and what was put aside of it."""

    stage: QuickStage
    _made: dict[Hashable, tuple[datetime, Memento]] = field(default_factory=dict)
    _given: dict[Hashable, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._house = _House.of(self.stage)
        self._delays = self.stage.world.delays

    @contextmanager
    def lent(self, folder: Path, helm: Path, *, apart: bool = False) -> Iterator[Stage]:
        """Let a story play on an empty stage, in a folder of its own."""
        from tests.stage import Stage

        self.begin(bare)
        stage = Stage(self.stage.sandbox, self.stage.loop, folder, helm, apart=apart)
        stage.beginnings = self
        yield stage

    def begin(self, making: Making) -> None:
        """Set the stage as `making` does, with nothing of an earlier run on this machine."""
        self.set(self.stage, making, lambda: making(self.stage))

    def set(self, stage: Stage, key: Hashable, making: Callable[[], object]) -> None:
        """Set the stage as `making` does, which is done again only where what it gave is old."""
        self._house.tidy(stage)
        self.forget(stage)
        stage.world.delays = self._delays
        now = stage.world.clock.now()
        made, memento = self._made.get(key, (now - 2 * _FRESH, None))
        if memento is None or now - made > _FRESH:
            stage.within(stage.world.reset)
            READY.begin("beginning")
            making()
            self._house.tidy(stage)
            self.forget(stage)
            _rest(stage)
            memento = stage.within(lambda: mementos.put_aside(stage.sandbox))
            self._made[key] = now, memento
        back = mementos.put_back(stage.sandbox, memento)
        asyncio.run_coroutine_threadsafe(back, stage.loop).result(_PATIENCE)
        READY.begin("story")

    def once(self, key: Hashable, work: Callable[[], Result]) -> Result:
        """Do something the first time only, and return what it gave."""
        if key not in self._given:
            self._given[key] = work()
        return cast("Result", self._given[key])

    def forget(self, stage: Stage | None = None) -> None:
        """Be another machine: nothing of arcctl's lies here."""
        folder = (stage or self.stage).folder
        shutil.rmtree(folder / "home", ignore_errors=True)
        shutil.rmtree(folder / "scratch", ignore_errors=True)
