"""What drives the controllers: events in, keys to look at, one task that looks (no polling)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.problems import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.kinds import KindKey
    from arcctl.sandbox.kubernetes.store import Event

log = logging.getLogger(__name__)

ROUND = 50
Key = tuple[str, ...]


class Controller(Protocol):
    """Looks at one thing at a time and makes one step towards what it should be.

    `watches` names the kinds it hears of (None: all), `concerns` the keys that an event touches,
    `look` compares and acts. Looking twice must not do a thing twice.
    """

    @property
    def watches(self) -> frozenset[KindKey] | None: ...

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]: ...

    def look(self, cluster: Cluster, key: Key) -> None: ...


class Engine:
    """Runs the controllers of one cluster in one task."""

    def __init__(self, cluster: Cluster, controllers: tuple[Controller, ...]) -> None:
        self._cluster = cluster
        self._controllers = controllers
        self._waiting: dict[tuple[Controller, Key], None] = {}
        self._awake = asyncio.Event()
        self._timers: dict[tuple[Controller, Key], tuple[float, asyncio.Task[None]]] = {}
        cluster.store.listen(self._hear)

    def _hear(self, event: Event) -> None:
        for controller in self._controllers:
            if controller.watches is None or event.key in controller.watches:
                for key in controller.concerns(self._cluster, event):
                    self.soon(controller, key)

    def soon(self, controller: Controller, key: Key) -> None:
        """Look at a key in a moment; asking twice is asking once."""
        self._waiting[controller, key] = None
        self._awake.set()

    def later(self, seconds: float, controller: Controller, key: Key) -> None:
        """Look at a key after so many seconds of the sandbox's time."""
        if seconds <= 0:
            self.soon(controller, key)
            return
        due = self._cluster.clock.now().timestamp() + seconds
        known = self._timers.get((controller, key))
        if known is not None:
            # An earlier look comes first and asks anew; a later one is not needed any more.
            if known[0] <= due:
                return
            known[1].cancel()
        timer = asyncio.get_running_loop().create_task(self._sleep(seconds, controller, key))
        self._timers[controller, key] = due, timer

    async def _sleep(self, seconds: float, controller: Controller, key: Key) -> None:
        await self._cluster.clock.sleep(seconds)
        del self._timers[controller, key]
        self.soon(controller, key)

    def look_at_pods(self) -> None:
        """Let every controller that hears of pods look at all of them again."""
        pods = KINDS["pods"].key
        for controller in self._controllers:
            if controller.watches is not None and pods in controller.watches:
                for pod in self._cluster.store.items(pods):
                    self.soon(controller, (pod["metadata"]["namespace"], pod["metadata"]["name"]))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield
        finally:
            running = [task, *(timer for _, timer in self._timers.values())]
            self._timers.clear()
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._waiting:
                self._look_at_some()
                await asyncio.sleep(0)

    def _look_at_some(self) -> None:
        """Look as often as a few Deployments need from their creation until they are available.

        A client that asks right after its last write then finds them ready (helm 3 asks again
        only after two seconds); requests are answered between two such rounds.
        """
        for _ in range(ROUND):
            if not self._waiting:
                return
            controller, key = next(iter(self._waiting))
            del self._waiting[controller, key]
            self._look(controller, key)

    def _look(self, controller: Controller, key: Key) -> None:
        try:
            controller.look(self._cluster, key)
        except ApiError as error:
            log.debug("%s %s: %s", type(controller).__name__, key, error)
        except Exception:
            log.exception("%s failed at %s", type(controller).__name__, key)
