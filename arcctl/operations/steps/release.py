"""The agents' release, changed where it stands; what goes wrong is taken back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.checks.agents import triage
from arcctl.errors import ArcctlError, ClusterError, Refusal
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.model.duration import spoken
from arcctl.model.helm_values import layered
from arcctl.model.installed import read_record
from arcctl.operations.agents.values import AgentChart
from arcctl.operations.steps.agents import UntilReady, chart_reference, forget, tell_brought_back
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arcctl.model.installed import Aim, Installed
    from arcctl.model.onboarding import Release
    from arcctl.operations.request import Charts


class Pull(Step[World]):
    """The chart of one version lies on this disk; `path` is where the service keeps another one."""

    name = "pull-chart"

    def __init__(self, path: str, version: str, charts: Charts) -> None:
        self._path = path
        self._version = version
        self._charts = charts

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        where = Path(self._charts.path) if self._charts.path else await self._pulled(world)
        world.chart = AgentChart(where, self._version, {}, self._charts.train)
        return self._version

    async def _pulled(self, world: World) -> Path:
        reference, _ = chart_reference(self._path)
        helm = await world.clients.helm()
        return await helm.pulled(reference, self._version, world.folder)


class Change(Step[World]):
    """The release is what is aimed at and every agent is ready; else it is as it was before.

    Helm is not made to wait: what it would poll for is watched instead, and explained.
    """

    name = "change-release"
    title = "agents"

    def __init__(self, was: Installed, aim: Aim, patience: int) -> None:
        self._was = was
        self._aim = aim
        self._patience = patience

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        world.sight.forget()  # the chart may have taken minutes; others have helm as well
        before = await _newest(world)
        require_same(self._was, await world.sight.installed(), world.cluster.named)
        try:
            await self._upgrade(world, tell)
            ready = await _in_time(world, self._patience, tell)
        except ArcctlError as error:
            error.why = (*error.why, await self._back(world, before, tell))
            raise
        return f"{self._aim.version}, {ready}"

    async def _upgrade(self, world: World, tell: Callable[[str], None]) -> None:
        assert world.chart
        await tell_brought_back(world)
        helm = await world.clients.helm()
        await helm.upgrade_install(
            names.RELEASE,
            world.chart.path,
            self._was.namespace,
            layered(self._was.values, self._aim.change),
            timeout=self._patience,
            on_line=tell,
        )

    async def _back(self, world: World, before: int, tell: Callable[[str], None]) -> str:
        """Roll back what our helm has made since, and say how that ended.

        Where a revision is another's, going back would undo what somebody was told to be done.
        """
        was = self._was
        try:
            world.sight.forget()
            if (release := await world.sight.release()) and release.revision == before:
                return "helm has changed nothing"
            if release and not await self._is_ours(world, release, before):
                return f"not rolled back: revision {release.revision} is somebody else's"
            tell(f"rolling back to revision {was.revision}")
            helm = await world.clients.helm()
            await helm.rollback(names.RELEASE, was.namespace, was.revision, timeout=self._patience)
        except ArcctlError as error:
            return f"rolling back failed as well: {error.message}"
        said = f"rolled back: the agents are {was.version} as of revision {was.revision} again"
        try:
            return f"{said}, {await _in_time(world, self._patience, tell)}"
        except ArcctlError as error:
            return f"{said}, but {error.message}"

    async def _is_ours(self, world: World, release: Release, before: int) -> bool:
        """Whether it comes directly after what was there, and is what helm was told to make."""
        if release.revision != before + 1:
            return False
        made = read_record(release, await world.sight.recorded(release), newest=True)
        wanted = layered(self._was.values, self._aim.change)
        return made.values == wanted and made.version == self._aim.version


class Ready(Step[World]):
    """Every agent is ready, where nothing had to be changed."""

    name = "agents-settled"
    title = "agents"

    def __init__(self, patience: int) -> None:
        self._patience = patience

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        return await _in_time(world, self._patience, tell)


def require_same(was: Installed, now: Installed | None, named: str) -> None:
    """Raise Refusal `agents-changed` where somebody has changed the agents since they were read."""
    told = was.differences(now) if now else ["the agents' release is gone"]
    if told:
        raise changed(told, named)


def changed(told: Sequence[str], named: str) -> Refusal:
    """Return the refusal to change agents that are not those that were read; `told` says how."""
    return Refusal(
        "somebody has changed the agents meanwhile",
        code="agents-changed",
        why=(*told, "arcctl has left them as they are"),
        hints=(f"arcctl show {named} --agents", "then the same command again"),
    )


async def _newest(world: World) -> int:
    """Return the newest revision, once the record of a helm that was killed is out of the way."""
    release = await world.sight.release()
    if release and release.unfinished:
        await forget(world, release)
        world.sight.forget()
        release = await world.sight.release()
    return release.revision if release else 0


async def _in_time(world: World, patience: int, tell: Callable[[str], None]) -> str:
    try:
        async with asyncio.timeout(patience):
            return await UntilReady().do(world, tell)
    except TimeoutError:
        found = await triage(world.sight)
        raise ClusterError(
            f"the agents are not ready after {spoken(patience)}: {found.cause}",
            code=found.code,
            why=found.evidence,
            hints=f"arcctl show {world.cluster.named} --agents",
        ) from None
