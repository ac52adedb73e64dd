"""Wait until connected clusters are as somebody needs them; change nothing."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.clients.arm_errors import transient
from arcctl.errors import AzureError, FindingsError
from arcctl.flow.runner import run
from arcctl.flow.step import Step
from arcctl.model.connected_cluster import agent_errors, provisioning, status
from arcctl.model.duration import spoken
from arcctl.operations.inventory import missing
from arcctl.operations.pacing import side_by_side
from arcctl.operations.steps.waiting import expired

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arcctl.clients import Clients
    from arcctl.clients.arm import Arm
    from arcctl.flow.events import Observer
    from arcctl.model.condition import Condition
    from arcctl.model.connected_cluster import Body
    from arcctl.model.resource_id import ClusterId

_LAST_LOOK = 10  # seconds that the look at the very end may take


@dataclass(frozen=True, slots=True)
class WaitRequest:
    """What is awaited; `interval` and `timeout` are seconds."""

    condition: Condition
    interval: float = 30
    timeout: int = 3600


async def wait(
    request: WaitRequest, clusters: Sequence[ClusterId], clients: Clients, observer: Observer
) -> None:
    """Return when the condition is met by all; raise FindingsError where it is not in time."""
    await run([Until(request, clusters)], clients, observer)


class Until(Step["Clients"]):
    """All of these clusters meet the condition, looked at side by side."""

    name = "until"

    def __init__(self, request: WaitRequest, clusters: Sequence[ClusterId]) -> None:
        self.title = f"until {request.condition.word}"  # type: ignore[misc] # of this wait alone
        self._request = request
        self._seen = dict.fromkeys(clusters, "nothing was heard of it")
        self._left = list(clusters)

    async def do(self, world: Clients, tell: Callable[[str], None]) -> str:
        arm = await world.arm()
        until = time.monotonic() + self._request.timeout
        while True:
            await self._look_at_all(arm, max(until - time.monotonic(), _LAST_LOOK))
            rest = until - time.monotonic()
            if not self._left:
                return self._standing(self._seen)
            if rest <= 0:
                raise self._too_late()
            tell(self._standing(self._left))
            await asyncio.sleep(min(self._request.interval, rest))

    async def _look_at_all(self, arm: Arm, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await side_by_side([self._look(arm, each) for each in self._left])
        except TimeoutError:
            raise self._too_late() from None

    async def _look(self, arm: Arm, cluster: ClusterId) -> None:
        try:
            resource = await arm.find_once(cluster.path)
            if resource is None and self._matters:
                resource = await arm.find_again(cluster.path)
        except AzureError as error:
            if not transient(error):
                raise
            # The client has tried for a while; who waits for an hour can wait for this, too.
            self._seen[cluster] = f"{error.message}; asking again"
            return
        self._seen[cluster] = _state(resource)
        if self._request.condition.met(resource):
            self._left.remove(cluster)
        elif resource is None and not self._request.condition.may_be_missing:
            raise missing(cluster)
        elif resource and (state := self._request.condition.given_up(resource)):
            raise _hopeless(cluster, resource, state)

    @property
    def _matters(self) -> bool:
        """Whether a resource that is not there ends the waiting."""
        condition = self._request.condition
        return condition.met(None) or not condition.may_be_missing

    def _standing(self, clusters: Sequence[ClusterId] | dict[ClusterId, str]) -> str:
        return ", ".join(f"{each.name}: {self._seen[each]}" for each in clusters)

    def _too_late(self) -> FindingsError:
        late, word = self._left[0], self._request.condition.word
        more = f" and {len(self._left) - 1} more" if self._left[1:] else ""
        agents = " --agents" if word == "connected" else ""
        return FindingsError(
            f"{late.name}{more}: not {word} within {spoken(self._request.timeout)}",
            code="not-in-time",
            why=tuple(f"{each.name}: {self._seen[each]}" for each in self._left),
            hints=f"arcctl show {late.named}{agents}",
        )


def _state(resource: Body | None) -> str:
    if resource is None:
        return "not there"
    return f"{status(resource)}, provisioningState {provisioning(resource)}"


def _hopeless(cluster: ClusterId, resource: Body, state: str) -> AzureError:
    if state == "Expired":
        return expired(cluster)
    return AzureError(
        f"provisioning {cluster.name} has ended as {state}",
        code="provisioning-failed",
        why=agent_errors(resource) or "the resource does not say why",
        hints=(
            f"arcctl show {cluster.named} --agents",
            f"go on from here: arcctl connect {cluster.named}",
        ),
    )
