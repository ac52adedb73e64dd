"""Identities that become others, and the roles that hang on them (`arm.md` 0.3, 12.2)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.checks.move.verdicts import blocks, carried, changes, counted, lost, named, restored
from arcctl.model.region import canonical

if TYPE_CHECKING:
    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.plan import Row

_RESOURCE = "resource"


async def managed_identities(sight: MoveSight) -> list[Row]:
    """New resources have new principals, the extensions' too."""
    owners = await sight.principals()
    rows = [
        changes("identity", "managed identity", f"{principal[:4]}… → new, see the report")
        for principal, owner in owners.items()
        if owner == _RESOURCE
    ]
    others = sorted(each.partition("/")[2] for each in owners.values() if each != _RESOURCE)
    if others:
        what = counted(len(others), "extension identity")
        rows.append(changes("extension-identities", what, f"→ new: {named(others)}"))
    return rows


async def their_rights(sight: MoveSight) -> list[Row]:
    """Roles that the old identities have elsewhere follow the new ones, where that is asked for."""
    found = await sight.identity_assignments()
    if not found:
        return []
    what = f"{counted(len(found), 'role')} of these identities elsewhere"
    where = named(sorted({_scope(each).rpartition("/")[2] for each in found}))
    if sight.asked.reassign_identities:
        return [restored("identity-rights", what, f"for the new identities, at {where}")]
    return [
        lost("identity-rights", what, f"at {where}", "to assign them again: --reassign-identities")
    ]


async def roles_here(sight: MoveSight) -> list[Row]:
    """Roles on the resource, and on namespaces below it, are given again under new names."""
    found = await sight.role_assignments()
    if not found:
        return []
    below = [each for each in found if _scope(each).casefold() != _own(sight)]
    detail = f"{len(below)} of them on namespaces" if below else ""
    return [restored("role-assignments", counted(len(found), "role assignment"), detail)]


def _own(sight: MoveSight) -> str:
    return sight.asked.source.path.casefold()


def _scope(assignment: Body) -> str:
    return str((assignment.get("properties") or {}).get("scope") or "")


async def of_users(sight: MoveSight) -> list[Row]:
    """Identities of users go along by their ids, which must be known and there (`arm.md` 18)."""
    rows: list[Row] = []
    owners: dict[str, str] = {}
    for child in await sight.children():
        identity = child.body.get("identity") or {}
        if not child.carried or "userassigned" not in str(identity.get("type") or "").lower():
            continue
        ids = identity.get("userAssignedIdentities") or {}
        owners |= dict.fromkeys(ids, child.key)
        if not ids:
            what = f"user-assigned identities of {child.key}"
            why = "Azure does not show which, and refuses the extension without them"
            show = f"arcctl config list {sight.source.cluster.named}"
            rows.append(blocks("identity-unknown", what, why, show))
    found = await asyncio.gather(
        *(sight.looked_at(_used(each, owner), each, needed=False) for each, owner in owners.items())
    )
    gone = [
        what
        for (each, owner), body in zip(owners.items(), found, strict=True)
        if body is None and (what := _used(each, owner)) not in sight.unseen
    ]
    if gone:
        why = f"{named(gone)}: Azure refuses an extension whose identity does not exist"
        hint = "az identity list -o table"
        rows.append(blocks("identity-unknown", "user-assigned identities are gone", why, hint))
    if names := sorted({each.rpartition("/")[2] for each in owners}):
        rows.append(carried("user-identities", counted(len(names), "identity"), named(names)))
    return rows


def _used(path: str, owner: str) -> str:
    return f"identity {path.rpartition('/')[2]} of {owner}"


async def issuer(sight: MoveSight) -> list[Row]:
    """The OIDC issuer that Arc hosts has region and resource in its address; one's own stays."""
    resource = await sight.resource()
    profile = (resource.get("properties") or {}).get("oidcIssuerProfile") or {}
    if not profile.get("enabled"):
        return []
    if own := profile.get("selfHostedIssuerUrl"):
        return [carried("issuer", "self-hosted OIDC issuer", str(own))]
    old = str(profile.get("issuerUrl") or "")
    home = canonical(resource["location"])
    rows = [
        changes(
            "issuer",
            f"OIDC issuer in {home}",
            f"→ another in {sight.asked.region}: the API server must name it",
            f"arcctl show {sight.target_named} --query oidcIssuerProfile.issuerUrl",
        )
    ]
    trusting = await sight.federated_credentials(old) if old else []
    if trusting:
        names = named(_credential(each) for each in trusting)
        what = f"{counted(len(trusting), 'federated credential')} to update"
        rows.append(
            changes(
                "federated-credentials",
                what,
                names,
                *(_update(sight, each) for each in trusting[:3]),
            )
        )
    return rows


def _credential(each: Body) -> str:
    parts = str(each["id"]).split("/")
    return f"{parts[-3]}/{parts[-1]}"


def _update(sight: MoveSight, each: Body) -> str:
    parts = str(each["id"]).split("/")
    subscription, group, identity, name = parts[2], parts[4], parts[-3], parts[-1]
    own = subscription.casefold() == sight.asked.source.subscription.casefold()
    return (
        f"az identity federated-credential update -g {group} --identity-name {identity} "
        f"-n {name} --issuer NEW-ISSUER{'' if own else f' --subscription {subscription}'}"
    )


ASKED = (managed_identities, of_users, their_rights, roles_here, issuer)
