"""Gather the evidence for whose cluster this is, and say it to people; `model.ownership` decides."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from arcctl.errors import AccessError, ClusterError, Refusal
from arcctl.model.connected_cluster import created, never_connected
from arcctl.model.keys import REPLACES, digest
from arcctl.model.onboarding import Onboarding
from arcctl.model.ownership import Agents, Evidence, Heard, Identity, Ownership, Says, Verdict
from arcctl.model.region import canonical
from arcctl.model.times import read
from arcctl.operations import presence
from arcctl.operations.keeping import lookup

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from arcctl.checks.sight import Sight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.presence import Presence

Seen = TypeVar("Seen")
SURE = "--skip-cluster-check"
CONTEXT = "choose the right cluster with --kube-context NAME"


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Stands for what the kubeconfig may not read, and for what is damaged."""


async def look(sight: Sight, resource: Body) -> Ownership:
    """Gather all evidence side by side; `resource` is the connected cluster as ARM shows it.

    Raise what the looks raise, other than a refusal of the API server's RBAC.
    """
    config_map, release, key, here, identity, tenant = await asyncio.gather(
        _read(_named_by_map(sight)),
        _read(sight.named_by_release()),
        _read(sight.key_secret()),
        presence.look(sight),
        _identity(sight, resource),
        sight.tenant(),
    )
    names = [_Named(each, sight, resource, tenant) for each in (config_map, release)]
    heard = _heard(resource, here)
    seen = Evidence(
        config_map=names[0].says,
        release=names[1].says,
        key=await _key(sight, key, resource),
        agents=here.agents,
        heard=heard,
        identity=identity,
    )
    owners = [each.owner for each in names if each.owner]
    return Ownership(seen, tuple(_why(seen, names, resource, here)), owners[0] if owners else None)


async def _read(looking: Awaitable[Seen]) -> Seen | _Unreadable:
    try:
        return await looking
    except (AccessError, ClusterError) as error:
        if error.code not in ("kube-forbidden", "release-unreadable"):
            raise
        return _Unreadable()


async def _named_by_map(sight: Sight) -> Onboarding | None:
    found = await sight.config_map()
    return Onboarding.from_map(found.get("data") or {}) if found else None


@dataclass(frozen=True, slots=True)
class _Named:
    """What the ConfigMap or the release names, compared with the resource."""

    found: Onboarding | _Unreadable | None
    sight: Sight
    resource: Body
    tenant: str | None

    @property
    def says(self) -> Says:
        """Whether it names the resource, in its region."""
        if isinstance(self.found, _Unreadable):
            return Says.UNREADABLE
        if self.found is None:
            return Says.ABSENT
        return Says.CONTRADICTS if self.difference else Says.AGREES

    @property
    def owner(self) -> ClusterId | None:
        """The other resource that it names."""
        if not self.found or isinstance(self.found, _Unreadable):
            return None
        return self.found.cluster if self.found.cluster != self.sight.cluster else None

    @property
    def difference(self) -> str:
        """How it contradicts; empty where it does not."""
        if not self.found or isinstance(self.found, _Unreadable):
            return ""
        owner = self.found.cluster
        if self.found.contradicts(self.sight.cluster, tenant=self.tenant):
            tenant = f", tenant {self.found.tenant}" if owner == self.sight.cluster else ""
            return f"names {owner.name} (group {owner.group}, subscription {owner.subscription}{tenant})"
        home = canonical(self.resource["location"])
        if self.found.region and self.found.region != home:
            return f"belongs to {self.found.region}, and the resource is in {home}"
        return ""


async def _key(sight: Sight, secret: Body | _Unreadable | None, resource: Body) -> Says:
    """A key that a cut `connect` has put in the place of a lost one is not the cluster's proof yet."""
    known = str((resource.get("properties") or {}).get("agentPublicKeyCertificate") or "").strip()
    if sight.supplied_key and sight.supplied_key.public == known:
        return Says.AGREES
    if isinstance(secret, _Unreadable):
        return Says.UNREADABLE
    held = await sight.key() if secret else None
    if not held or not known:
        return Says.ABSENT
    if held.public == known:
        return Says.AGREES
    marks = ((secret or {}).get("metadata") or {}).get("annotations") or {}
    return Says.ABSENT if marks.get(REPLACES) == digest(known) else Says.CONTRADICTS


async def _identity(sight: Sight, resource: Body) -> Identity:
    """Compare with what the newest run on this machine has recorded; nothing is asked without one."""
    recorded = lookup.recorded_identity(sight.clients.settings, sight.cluster, created(resource))
    if not recorded:
        return Identity.UNKNOWN
    uid = await _read(sight.identity())
    if isinstance(uid, _Unreadable):
        return Identity.UNREADABLE
    return Identity.SAME if uid == recorded else Identity.DIFFERS


def _heard(resource: Body, here: Presence) -> Heard:
    if never_connected(resource):
        return Heard.NEVER
    at = read((resource.get("properties") or {}).get("lastConnectivityTime"))
    return here.compared(at)


def _why(seen: Evidence, names: list[_Named], resource: Body, here: Presence) -> list[str]:
    """Say what contradicts; where nothing does, what agrees and what is missing."""
    titles = ("ConfigMap azure-clusterconfig", "the helm release", "the private key")
    contradicting = [
        f"{title} {each.difference}"
        for title, each in zip(titles, names, strict=False)
        if each.difference
    ]
    if seen.key is Says.CONTRADICTS:
        contradicting.append("the private key is not the one of the resource's public key")
    if seen.heard is Heard.ELSEWHERE:
        at = resource["properties"]["lastConnectivityTime"]
        contradicting.append(
            f"Azure received a heartbeat at {at}, but the last agent pod here ended by "
            f"{here.ended:%Y-%m-%dT%H:%M:%SZ}"
        )
    return contradicting or _missing(seen, titles)


def _missing(seen: Evidence, titles: tuple[str, ...]) -> list[str]:
    words = {Says.AGREES: "agree", Says.ABSENT: "missing", Says.UNREADABLE: "not readable"}
    found = []
    for says, word in words.items():
        named = [title for title, each in zip(titles, seen.witnesses, strict=True) if each is says]
        found += [f"{word}: {', '.join(named)}"] if named else []
    states = {
        Agents.DOWN: "no agent pod is ready here",
        Agents.ABSENT: "no agents are installed here",
        Agents.UNREADABLE: "the agent pods may not be read",
    }
    found += [states[seen.agents]] if seen.agents in states else []
    if seen.agents is Agents.RUNNING and seen.heard is not Heard.SINCE:
        found.append("Azure has received no heartbeat since the agent pods here started")
    if seen.identity is Identity.DIFFERS:
        found.append(
            "the uid of namespace kube-system is not the one that the last run of arcctl recorded: "
            "the cluster was restored from a backup, or is another one"
        )
    return found


def refusal(sight: Sight, found: Ownership, *way_on: str, sure: str = "") -> Refusal | None:
    """Return the refusal that the evidence calls for, None where it is enough.

    `way_on` are further commands, `sure` the words that answer the question for people who know.
    """
    if found.verdict is Verdict.REFUSES:
        return contradicted(sight.cluster, found, *way_on)
    if found.verdict is Verdict.PASSES or sight.clients.settings.flags.skip_cluster_check:
        return None
    return unproved(sight.cluster, found, *way_on, sure=sure or SURE)


def contradicted(cluster: ClusterId, found: Ownership, *way_on: str) -> Refusal:
    """Return the refusal of a cluster that is another one."""
    owner = found.owner
    message = (
        f"this kubeconfig does not lead to the cluster of {cluster.name} (group {cluster.group})"
    )
    if owner:
        message = (
            f"this kubeconfig leads to the cluster of {owner.name} (group {owner.group}, "
            f"subscription {owner.subscription}), not of {cluster.name}"
        )
    return Refusal(message, code="AZK8S0406", why=found.why, hints=(CONTEXT, *way_on))


def unproved(cluster: ClusterId, found: Ownership, *way_on: str, sure: str) -> Refusal:
    """Return the refusal of a cluster that may be another one; `sure` answers for it."""
    if found.seen.silent:
        return Refusal(
            f"nothing in this cluster says that it is {cluster.name}",
            code="AZK8S0406",
            why=found.why,
            hints=(CONTEXT, f"if you are certain: {sure}", *way_on),
        )
    return uncertain(cluster, found.why, *way_on, sure=sure)


def uncertain(cluster: ClusterId, why: tuple[str, ...], *way_on: str, sure: str) -> Refusal:
    """Return the refusal of a cluster for which too little speaks; `why` says what is lacking."""
    return Refusal(
        f"it is not certain that this is the cluster of {cluster.name} (group {cluster.group})",
        code="cluster-unproved",
        why=why,
        hints=(CONTEXT, f"if you are certain: {sure}", *way_on),
    )


async def require(sight: Sight, *way_on: str, sure: str = "") -> Ownership | None:
    """Raise the refusal that the evidence calls for; return what was found, None without a resource."""
    resource = await sight.resource_surely()
    if not resource:
        return None
    found = await look(sight, resource)
    if error := refusal(sight, found, *way_on, sure=sure):
        raise error
    return found
