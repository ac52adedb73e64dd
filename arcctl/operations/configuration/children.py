"""Reading the configuration resources of a connected cluster (`arm.md` 3, 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.clients import arm_versions, providers
from arcctl.errors import ArcctlError, NotFound
from arcctl.model.configuration.child import Child
from arcctl.model.configuration.kinds import PROVIDER, Kind
from arcctl.model.configuration.normal import normal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from arcctl.clients.arm import Arm
    from arcctl.clients.providers import Provider
    from arcctl.model.resource_id import ClusterId

    Note = Callable[[str], None]


async def children_of(
    arm: Arm,
    cluster: ClusterId,
    kinds: Collection[Kind] = tuple(Kind),
    *,
    note: Note | None = None,
    newer: bool = True,
) -> tuple[Child, ...]:
    """Return all configuration resources of a cluster, by kind and name.

    The lists are read side by side. What a newer api-version shows of a resource, and the one
    that is used does not, is among its `not_carried`; `newer=False` saves those requests where
    one only wants to see how things stand. `note` hears of a kind that Azure no longer
    serves, and of what could not be looked at. Raises NotFound where there is no such cluster.
    """
    from asyncio import gather

    say = note or _unheard
    lists = gather(*(_read(arm, cluster, kind, say) for kind in kinds))
    if not newer:
        return tuple(child for each in await lists for child in each)
    provider, found = await gather(_provider(arm, cluster, say), lists)
    complete = await gather(
        *(_with_newer(arm, cluster, each, provider, say) for each in found if each)
    )
    return tuple(child for each in complete for child in each)


async def child_of(arm: Arm, cluster: ClusterId, kind: Kind, name: str) -> Child | None:
    """Return one configuration resource, or None."""
    path = cluster.child(kind, name)
    found = await arm.find(path)
    return Child.read(kind, found, arm.version_of(path)) if found else None


async def _read(arm: Arm, cluster: ClusterId, kind: Kind, note: Note) -> list[Child]:
    path = cluster.child(kind)
    try:
        found = await _listed(arm, cluster, path)
    except ArcctlError as error:
        if kind is Kind.SOURCE_CONTROL and error.code in arm_versions.REFUSED:
            note(f"this Azure no longer serves {kind.word}s: none are read")
            return []
        raise
    version = arm.version_of(path)
    return sorted(
        (Child.read(kind, each, version) for each in found), key=lambda child: child.name.casefold()
    )


async def _listed(arm: Arm, cluster: ClusterId, path: str) -> list[dict[str, Any]]:
    """Read a list, once more where it is missing and the cluster is not."""
    try:
        return [each async for each in arm.items(path)]
    except NotFound as error:
        if error.code in arm_versions.REFUSED:
            raise
        if await arm.find_again(cluster.path) is None:
            raise _no_cluster(cluster) from error
    return [each async for each in arm.items(path)]


def _no_cluster(cluster: ClusterId) -> NotFound:
    return NotFound(
        f"no connected cluster {cluster.name} in group {cluster.group}",
        code="AZK8S0405",
        hints=f"arcctl list {cluster.group_named}",
    )


async def _provider(arm: Arm, cluster: ClusterId, note: Note) -> Provider | None:
    try:
        return await providers.read(arm, cluster.subscription, PROVIDER)
    except ArcctlError as error:
        note(f"newer api-versions are not looked at: {error.message}")
        return None


async def _with_newer(
    arm: Arm, cluster: ClusterId, children: list[Child], provider: Provider | None, note: Note
) -> list[Child]:
    """Look once more with the newest version there is, for what the other one hides."""
    kind, used = children[0].kind, children[0].version
    newest = max(provider.versions(kind), key=_age, default=used) if provider else used
    if _age(newest) <= _age(used):
        return children
    try:
        found = [each async for each in arm.items(cluster.child(kind), version=newest)]
    except ArcctlError as error:
        note(f"{kind.word}s are not looked at with api-version {newest}: {error.message}")
        return children
    newer = {str(each.get("name")).casefold(): Child.read(kind, each, newest) for each in found}
    return [
        child.without(_hidden(child, newer.get(child.name.casefold(), child))) for child in children
    ]


def _hidden(child: Child, newer: Child) -> set[str]:
    """What the newer reading knows or says, and this one does not."""
    return {*newer.not_carried, *(normal(newer).keys() - normal(child).keys())}


def _age(version: str) -> tuple[str, bool]:
    """A preview comes before the version of its day."""
    return version[:10], not version.endswith("preview")


def _unheard(_text: str) -> None:
    """Nobody listens."""
