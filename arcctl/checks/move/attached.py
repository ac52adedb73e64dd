"""What hangs on the resource: diagnostics, data collection, policies, and whether it may be put back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.checks.azure import allows
from arcctl.checks.move.verdicts import blocks, counted, named, noted, restored
from arcctl.model.region import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.plan import Row


async def diagnostics(sight: MoveSight) -> list[Row]:
    """Settings are made again; storage and event hubs must lie in the resource's own region."""
    found = await sight.diagnostic_settings()
    if not found:
        return []
    rows = [
        restored(
            "diagnostic-settings",
            counted(len(found), "diagnostic setting"),
            named(str(each.get("name")) for each in found),
        )
    ]
    homes = await asyncio.gather(
        *(_home(sight, each, place) for each in found for place in _bound(each))
    )
    for setting, place, region in homes:
        if region and region != sight.asked.region:
            why = f"{place.rpartition('/')[2]} lies in {region}; only one in the target will do"
            rows.append(blocks("diagnostic-region", f"diagnostic setting {setting}", why))
    return rows


async def _home(sight: MoveSight, setting: Body, place: str) -> tuple[str, str, str]:
    subject = f"the destination of {setting.get('name')}"
    found = await sight.looked_at(subject, place, needed=False)
    return str(setting.get("name")), place, canonical(str((found or {}).get("location") or ""))


def _bound(setting: Body) -> Iterator[str]:
    properties = setting.get("properties") or {}
    if storage := properties.get("storageAccountId"):
        yield str(storage)
    rule = str(properties.get("eventHubAuthorizationRuleId") or "")
    if rule:
        yield rule.partition("/authorizationRules/")[0].partition("/authorizationrules/")[0]


async def data_collection(sight: MoveSight) -> list[Row]:
    """Associations are made again; the rules and endpoints themselves stay where they are."""
    found = await sight.data_collection()
    if not found:
        return []
    names = named(str(each.get("name")) for each in found)
    what = counted(len(found), "data collection association")
    rows = [restored("data-collection", what, names)]
    places = [(each, place) for each in found if (place := _endpoint(each))]
    homes = await asyncio.gather(*(_home(sight, each, place) for each, place in places))
    for name, place, region in homes:
        if region and region != sight.asked.region:
            why = f"{place.rpartition('/')[2]} lies in {region}; see that it serves the new region"
            rows.append(noted("data-collection-region", f"data collection {name}", why))
    return rows


def _endpoint(association: Body) -> str:
    return str((association.get("properties") or {}).get("dataCollectionEndpointId") or "")


async def policies(sight: MoveSight) -> list[Row]:
    """Assignments and exemptions of the resource itself are made again."""
    assigned, exempt = await asyncio.gather(sight.policy_assignments(), sight.policy_exemptions())
    several = (
        ("policy-assignments", "policy assignment", assigned),
        ("policy-exemptions", "policy exemption", exempt),
    )
    return [
        restored(code, counted(len(found), word), named(str(each.get("name")) for each in found))
        for code, word, found in several
        if found
    ]


async def may_put_back(sight: MoveSight) -> list[Row]:
    """Whoever may not write what hangs on the resource would lose it."""
    wanted = {kind: found for kind, found in await _hanging(sight) if found}
    group = await sight.target.group()
    permissions = await sight.permissions(sight.asked.target.group_path) if group else None
    if permissions is None:
        return []
    lacking = [
        kind for kind in wanted if not any(allows(each, f"{kind}/write") for each in permissions)
    ]
    if not lacking:
        return []
    words = [f"{len(wanted[kind])} {kind.rpartition('/')[2]}" for kind in lacking]
    why = f"you may not write {' and '.join(words)}, which would be lost"
    return [blocks("cannot-restore", "not everything can be put back", why)]


async def _hanging(sight: MoveSight) -> list[tuple[str, Sequence[Body]]]:
    found = await sight.attached()
    follow = found.identity_assignments if sight.asked.reassign_identities else ()
    return [
        ("Microsoft.Authorization/roleAssignments", (*found.role_assignments, *follow)),
        ("Microsoft.Authorization/policyAssignments", found.policy_assignments),
        ("Microsoft.Authorization/policyExemptions", found.policy_exemptions),
        ("Microsoft.Insights/diagnosticSettings", found.diagnostic_settings),
        ("Microsoft.Insights/dataCollectionRuleAssociations", found.data_collection),
    ]


ASKED = (diagnostics, data_collection, policies, may_put_back)
