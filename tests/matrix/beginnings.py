"""Worlds that cases begin with: each made once in a process, and put back before every case."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from arcctl.sandbox import mementos

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from arcctl.sandbox.mementos import Memento
    from tests.matrix.quick import QuickStage

    Making = Callable[[QuickStage], None]

Result = TypeVar("Result")
_PATIENCE = 60


@dataclass
class Theatre:
    """A stage, and what was put aside of it."""

    stage: QuickStage
    _made: dict[Making, Memento] = field(default_factory=dict)
    _given: dict[Hashable, Any] = field(default_factory=dict)

    def begin(self, making: Making) -> None:
        """Set the stage as `making` does, with nothing of an earlier run on this machine."""
        self.forget()
        if making not in self._made:
            self.stage.within(self.stage.world.reset)
            making(self.stage)
            self.forget()
            self._made[making] = self.stage.within(lambda: mementos.put_aside(self.stage.sandbox))
        back = mementos.put_back(self.stage.sandbox, self._made[making])
        asyncio.run_coroutine_threadsafe(back, self.stage.loop).result(_PATIENCE)

    def once(self, key: Hashable, work: Callable[[], Result]) -> Result:
        """Do something the first time only, and return what it gave."""
        if key not in self._given:
            self._given[key] = work()
        return cast("Result", self._given[key])

    def forget(self) -> None:
        """Be another machine: nothing of arcctl's lies here."""
        shutil.rmtree(self.stage.folder / "home", ignore_errors=True)
        shutil.rmtree(self.stage.folder / "scratch", ignore_errors=True)
