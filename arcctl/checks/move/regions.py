"""Whether the target region has what this cluster uses, type by type (`arm.md` 7, 9.2, 13)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arcctl.checks.azure import (
    CONFIGURATION,
    EXTENDED_LOCATION,
    HYBRID_COMPUTE,
    KUBERNETES,
)
from arcctl.checks.move.sight import CLUSTERS
from arcctl.checks.move.verdicts import blocks, changes, counted, named, noted
from arcctl.clients.arm_versions import pins
from arcctl.model.configuration.kinds import Kind
from arcctl.model.region import canonical, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.checks.move.sight import MoveSight
    from arcctl.clients.providers import Provider
    from arcctl.model.plan import Row

_UNTIED = ("Registered", "Registering")


async def somewhere_else(sight: MoveSight) -> list[Row]:
    """Same region and same id would be no move at all."""
    asked = sight.asked
    home = canonical((await sight.resource())["location"])
    if not (asked.in_place and asked.region == home):
        return []
    hint = f"{asked.source.name} is in {home} already"
    return [blocks("same-region", "nothing to move", hint, "--target-region ANOTHER")]


async def offered(sight: MoveSight) -> list[Row]:
    """The region is known, and offers connected clusters and each type in use."""
    region = sight.asked.region
    children = await sight.children()
    cluster, configuration = await asyncio.gather(
        sight.target.provider(KUBERNETES), sight.target.provider(CONFIGURATION)
    )
    homes = cluster.regions(CLUSTERS)
    kinds = sorted({child.kind for child in children if child.carried})
    known = homes.union(*(configuration.regions(kind) for kind in kinds))
    if homes and region not in known | configuration.regions("extensionTypes"):
        return [_unknown(region, homes)]
    rows = [] if not homes or region in homes else [_lacking(region, "connected clusters", homes)]
    return [*rows, *(row for kind in kinds for row in _of_kind(region, kind, configuration))]


def _of_kind(region: str, kind: Kind, provider: Provider) -> Iterator[Row]:
    regions = provider.regions(kind)
    retired = kind is Kind.SOURCE_CONTROL
    if retired and (not provider.versions(kind) or (regions and region not in regions)):
        why = f"{region} no longer makes them; Flux configurations are their successors"
        yield blocks("source-control-retired", f"{kind.word}s cannot be made", why)
    elif regions and region not in regions:
        yield _lacking(region, f"{kind.word}s", regions)


def _unknown(region: str, known: set[str]) -> Row:
    close = nearest(region, known)
    why = f"did you mean {' or '.join(close)}?" if close else "offered in " + named(sorted(known))
    return blocks(
        "region-unknown", f"no region {region}", why, "az account list-locations -o table"
    )


def _lacking(region: str, what: str, offering: set[str]) -> Row:
    close = nearest(region, offering)
    why = f"offered in {', '.join(close) if close else named(sorted(offering))}"
    return blocks(
        "region-lacks-type", f"{region} does not offer {what}", why, "--target-region ANOTHER"
    )


async def registered(sight: MoveSight) -> list[Row]:
    """The providers that the target needs are registered in its subscription."""
    wanted = await _needed(sight)
    found = await asyncio.gather(*(sight.target.provider(each) for each in wanted))
    where = sight.asked.target.subscription
    return [
        blocks(
            "provider-unregistered",
            f"{each.namespace} is not registered",
            f"its state in the target's subscription is {each.state}",
            f"az provider register --namespace {each.namespace} --subscription {where}",
        )
        for each in found
        if each.state not in _UNTIED
    ]


async def _needed(sight: MoveSight) -> list[str]:
    resource, children = await asyncio.gather(sight.resource(), sight.children())
    properties = resource.get("properties") or {}
    wanted = [KUBERNETES]
    wanted += [CONFIGURATION] if children else []
    wanted += [EXTENDED_LOCATION] if await sight.custom_locations() else []
    arc = properties.get("privateLinkScopeResourceId") or sight.asked.private_link_scope
    gateway = (properties.get("gateway") or {}).get("enabled") or sight.asked.gateway
    return [*wanted, HYBRID_COMPUTE] if arc or gateway else wanted


async def service_answers(sight: MoveSight) -> list[Row]:
    """What serves chart and values in the target region is well (`connectedk8s.md` B.1.26)."""
    trouble = await sight.data_plane_trouble()
    if trouble is None:
        return []
    return [blocks("data-plane", trouble.message, next(iter(trouble.why), ""), *trouble.hints)]


async def extension_types(sight: MoveSight) -> list[Row]:
    """The region offers the type and, where it is pinned, the version of each extension."""
    regions = (await sight.target.provider(CONFIGURATION)).regions(Kind.EXTENSION)
    if regions and sight.asked.region not in regions:
        return []  # without extensions there is no use in asking which
    asked = sorted({
        (kind, train, version)
        for child in await sight.children()
        if child.kind is Kind.EXTENSION and child.carried
        for kind, train, version in [_wanted(child.properties)]
    })  # fmt: skip
    found = await asyncio.gather(*(_offer(sight, *each) for each in asked))
    unread = [kind for (kind, _, _), row in zip(asked, found, strict=True) if row == "unread"]
    rows = [row for row in found if row is not None and not isinstance(row, str)]
    if unread:
        what = f"{counted(len(unread), 'extension type')} not checked"
        rows.append(
            noted("catalogue-unread", what, "the catalogue does not tell, or may not be asked")
        )
    return rows


def _wanted(properties: dict[str, str]) -> tuple[str, str, str]:
    kind = str(properties.get("extensionType") or "").lower()
    train = str(properties.get("releaseTrain") or "Stable").lower()
    return kind, train, str(properties.get("version") or "")


async def _offer(sight: MoveSight, kind: str, train: str, version: str) -> Row | str | None:
    region = sight.asked.region
    found = await sight.offered_versions(region, kind, train)
    if found is None:
        return "unread"
    if version in found or (found and not version):
        return None
    home = canonical((await sight.resource())["location"])
    if not found and not await sight.offered_versions(home, kind, train):
        # The catalogue knows it nowhere, so it says nothing about the target either.
        return "unread"
    what = f"{kind} {version}".rstrip()
    why = f"there are {named(found)}" if found else f"not in its train {train}"
    return blocks("type-not-offered", f"{region} does not offer {what}", why)


async def older_versions(sight: MoveSight) -> list[Row]:
    """An api-version below the pin cannot show all fields (`arm.md` 13)."""
    children = await sight.children()
    old = sorted({
        f"{child.kind} {child.version}"
        for child in children
        if child.version and child.version < pins(child.kind.resource_type.lower())[0]
    })  # fmt: skip
    if not old:
        return []
    why = f"read with {named(old)}: what newer versions add cannot be seen"
    return [noted("version-lossy", "an older api-version", why)]


async def endpoints(sight: MoveSight) -> list[Row]:
    """Firewalls that let the old region through must let the new one through (`arc.md` C5)."""
    cloud = await sight.clients.cloud()
    region, end = sight.asked.region, cloud.domain
    if canonical((await sight.resource())["location"]) == region:
        return []
    hosts = [str(urlsplit(cloud.data_plane_for(region)).netloc)]
    if cloud.builtin:
        login = "login.microsoft.com" if end == "com" else urlsplit(cloud.login).netloc
        hosts += [
            f"{region}.{login}",
            f"{region}.obo.arc.azure.{end}:8084",
            f"*.his.arc.azure.{end}",
        ]
    row = changes("firewall", "endpoints", f"agents call {', '.join(hosts)}")
    if not sight.asked.diagnostics:
        return [row]
    later = "tried by a job in the cluster, before the first change"
    return [row, noted("diagnostics-later", "the cluster's way there", later)]


ASKED = (
    somewhere_else,
    offered,
    registered,
    service_answers,
    extension_types,
    older_versions,
    endpoints,
)
