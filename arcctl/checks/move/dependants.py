"""What stands on the cluster, or names it, and what that means for it (`arm.md` 12.2, 12.4)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.checks.move.verdicts import blocks, carried, changes, counted, lost, named, noted
from arcctl.model.region import canonical

if TYPE_CHECKING:
    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.plan import Row


async def custom_locations(sight: MoveSight) -> list[Row]:
    """They are bound to the resource that goes; what stands on them breaks with them."""
    locations, standing = await asyncio.gather(
        sight.custom_locations(), sight.on_custom_locations()
    )
    if not locations:
        return []
    if standing is None:
        above = "what stands on them is not known: Resource Graph may not be asked"
    elif standing:
        above = (
            f"on them stand {counted(len(standing), 'resource')}: {named(map(_short, standing))}"
        )
    else:
        above = "nothing stands on them"
    hints = []
    if standing:
        hints.append(f"first move or delete what stands on them: {named(map(_short, standing))}")
    lead = "then: " if standing else "if nothing stands on it: " if standing is None else ""
    hints += [f"{lead}az customlocation delete --ids {each['id']}" for each in locations[:3]]
    what = f"{counted(len(locations), 'custom location')}: {named(map(_name, locations))}"
    return [blocks("custom-locations", what, above, *hints)]


async def below(sight: MoveSight) -> list[Row]:
    """What other services keep below the cluster goes with it."""
    found = await sight.sub_resources()
    if not found:
        return []
    what = f"{counted(len(found), 'resource')} of other services below the cluster"
    hint = "note them, and make them again afterwards: az resource show --ids ID"
    return [lost("sub-resources", what, named(map(_short, found)), hint)]


async def naming(sight: MoveSight) -> list[Row]:
    """Ids written down elsewhere stay valid only where the id stays."""
    found, locations = await asyncio.gather(sight.references(), sight.custom_locations())
    if found is None:
        why = await sight.graph_refusal()
        return [noted("graph-unread", "Resource Graph was not asked", f"{why}; lists were read")]
    known = {str(each.get("id", "")).casefold() for each in locations}
    others = [each for each in found if str(each.get("id", "")).casefold() not in known]
    if not others:
        return []
    what = f"{counted(len(others), 'resource')} elsewhere that name it"
    if sight.asked.in_place:
        why = f"the id stays valid, see that they still work: {named(map(_short, others))}"
        return [noted("references", what, why)]
    return [changes("references", what, f"the id changes: {named(map(_short, others))}")]


async def private_link(sight: MoveSight) -> list[Row]:
    """A scope serves clusters of its own region only (`arc.md` C7)."""
    properties = (await sight.resource()).get("properties") or {}
    old = str(properties.get("privateLinkScopeResourceId") or "")
    asked = sight.asked.private_link_scope
    if not (asked or (old and properties.get("privateLinkState") == "Enabled")):
        return []
    new = asked or old
    found = await sight.target_scope()
    home = canonical(str((found or {}).get("location") or "nowhere"))
    if home != sight.asked.region:
        why = f"{new.rpartition('/')[2]} lies in {home}, private endpoints too"
        hint = "--private-link-scope-resource-id ID"
        return [blocks("private-link-region", "the private link scope", why, hint)]
    if new.casefold() == old.casefold():
        return [carried("private-link", "private link scope")]
    was = old.rpartition("/")[2] or "none"
    return [changes("private-link", "private link scope", f"{was} → {new.rpartition('/')[2]}")]


async def gateway(sight: MoveSight) -> list[Row]:
    """A gateway serves any region; only which one it is must be known (`arc.md` C6)."""
    properties = (await sight.resource()).get("properties") or {}
    enabled = bool((properties.get("gateway") or {}).get("enabled"))
    asked, linked = sight.asked.gateway, await sight.gateway() if enabled else ""
    if asked and asked.casefold() != linked.casefold():
        was = linked.rpartition("/")[2] or "none"
        return [changes("gateway", "Arc gateway", f"{was} → {asked.rpartition('/')[2]}")]
    if linked:
        return [carried("gateway", "Arc gateway", linked.rpartition("/")[2])]
    if enabled:
        why = "the resource uses one, and its link cannot be read"
        return [
            blocks(
                "gateway-unknown", "the Arc gateway is not known", why, "--gateway-resource-id ID"
            )
        ]
    return []


async def history(sight: MoveSight) -> list[Row]:
    """What Azure has recorded stays with the old resource."""
    name = sight.asked.source.name
    return [
        lost(
            "history",
            f"metrics, activity log and change history of {name}, which no move can carry",
        )
    ]


def _name(resource: Body) -> str:
    return str(resource.get("name") or resource.get("id", "").rpartition("/")[2])


def _short(resource: Body) -> str:
    """`connectedenvironments/web`: the last type and the name."""
    kind = str(resource.get("type") or "").rpartition("/")[2]
    return f"{kind}/{_name(resource)}" if kind else _name(resource)


ASKED = (custom_locations, below, naming, private_link, gateway, history)
