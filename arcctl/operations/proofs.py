"""What a command needs after its first irreversible request, proved before it: one list each.

A command puts its list beside its cheap checks, and `check --before` asks the very same. Each list
names only what its command will use: `delete` fetches no chart, and `--azure-only` starts no helm.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.checks import tools
from arcctl.checks.check import Answer, Check, check, passed
from arcctl.errors import AzureError, NotFound
from arcctl.operations.agents import values as values_of
from arcctl.operations.keeping import lookup
from arcctl.operations.request import Charts
from arcctl.operations.standing import Standing, judge
from arcctl.operations.steps import agents

if TYPE_CHECKING:
    from arcctl.checks.sight import Sight
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.request import ConnectRequest, DeleteRequest
    from arcctl.operations.world import World

HELM, CHART = tools.helm_reads.sentence, "the agents' chart can be had"
_REFUSED, _FAILED = 400, 500
_MIB = 2**20
_CHART, _JOURNAL = 4 * _MIB, _MIB
# Seconds, from the middle of what was recorded.
_DELETE, _CONNECT, _CHANGE = 120, 240, 300


def before_delete(request: DeleteRequest, world: World) -> tuple[Check, ...]:
    """Return what `delete` uses once Azure has taken the deletion."""
    return (
        tools.files(),
        tools.folders((world.folder, _MIB)),
        _helm_where_a_release_is,
        tools.rights(tools.TO_REMOVE),
        tools.credentials(_DELETE, azure=not request.cluster_only),
    )


@check(HELM, code="AZK8S0510", reaching=True)
async def _helm_where_a_release_is(sight: Sight) -> Answer:
    """Without a release there is nothing that helm would be asked to remove."""
    if not await sight.release():
        return passed("no release to remove")
    return await tools.helm_reads.ask(sight)


def before_connect(request: ConnectRequest, world: World) -> tuple[Check, ...]:
    """Return what `connect` uses once stale agents are removed, or the resource is made."""

    @check(HELM, code="AZK8S0510", reaching=True)
    async def helm(sight: Sight) -> Answer:
        if await _nothing_to_install(request, world):
            return passed("nothing to install")
        return await tools.helm_reads.ask(sight)

    @check(CHART, code="AZK8S0502", reaching=True)
    async def chart(_sight: Sight) -> Answer:
        if await _nothing_to_install(request, world):
            return passed("nothing to install")
        return await _newest_chart(world, request.charts)

    return (
        tools.files(),
        tools.folders((world.folder, _CHART)),
        values_file(request.values_file),
        helm,
        chart,
        tools.rights(tools.TO_INSTALL),
        tools.credentials(_CONNECT),
    )


async def _nothing_to_install(request: ConnectRequest, world: World) -> bool:
    """Whether a whole release with its key is there, which no flag would change."""
    if request.private_key or not await world.sight.key():
        return False
    if not await agents.whole(world, request):
        return False
    return await judge(world.sight) is Standing.OURS


def before_change(world: World) -> tuple[Check, ...]:
    """Return what a change of the agents uses where they are."""
    return (
        tools.files(),
        tools.folders((world.folder, _CHART)),
        tools.helm_reads,
        tools.rights(tools.TO_CHANGE),
        tools.credentials(_CHANGE),
    )


def before_move(world: World, target: Body, region: str, concurrency: int) -> tuple[Check, ...]:
    """Return what `move` uses once the source is gone; `target` is the resource as it will be.

    How long credentials last is asked apart, once the plan knows how long the move takes.
    """

    @check(CHART, code="AZK8S0502", reaching=True)
    async def chart(_sight: Sight) -> Answer:
        service = await world.clients.data_plane()
        try:
            where = (await service.helm_settings(target, region=region)).repository_path
        except (AzureError, NotFound) as error:
            if isinstance(error, AzureError) and not _REFUSED <= error.status < _FAILED:
                raise
            # A service that does not answer for what is still elsewhere names its newest chart.
            where = await service.latest_chart(region)
        return await _newest_chart(world, Charts(registry=where))

    return (
        tools.files(tools.FILES + 2 * concurrency),
        tools.folders((world.folder, _CHART), (lookup.home(world.clients.settings), _JOURNAL)),
        tools.helm_reads,
        chart,
        tools.rights((*tools.TO_REMOVE, *tools.TO_INSTALL)),
    )


def before_applying(world: World) -> tuple[Check, ...]:
    """Return what `config apply` uses once it has written the first child."""
    return (
        tools.files(tools.FILES),
        tools.folders((lookup.home(world.clients.settings), _JOURNAL)),
        tools.credentials(_CHANGE),
    )


def chart_of_agents(charts: Charts, world: World) -> Check:
    """Ask for the chart of the agents as they are, before Azure is told of a change."""

    @check(CHART, code="AZK8S0502", reaching=True)
    async def chart(sight: Sight) -> Answer:
        installed = await sight.installed()
        return await _newest_chart(world, charts, installed.version if installed else None)

    return chart


def values_file(path: Path | None) -> Check:
    """Ask whether the file of extra values can be read, which is read last of all."""

    @check("the file of extra values can be read", code="usage", reaching=True)
    async def ask(_sight: Sight) -> Answer:
        values_of.from_file(path)
        return passed(str(path) if path else "none")

    return ask


async def _newest_chart(world: World, charts: Charts, version: str | None = None) -> Answer:
    """Fetch and unpack the chart, so that it is here when it is needed."""
    helm = await world.clients.helm()
    if charts.path:
        found = await helm.chart(Path(charts.path))
        return passed(f"{charts.path}, {found.get('version')}")
    where = charts.registry
    if not where:
        service = await world.clients.data_plane()
        where = await service.latest_chart(await world.sight.region(), charts.train)
    reference, newest = agents.chart_reference(where)
    await helm.pulled(reference, version or newest, world.folder)
    return passed(version or newest)
