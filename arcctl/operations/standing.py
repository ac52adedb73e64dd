"""How this cluster and this resource stand to each other, before anything is changed.

The branch table of `connect` and `delete` (`connectedk8s.md` B.1.19, `arm.md` 2.8, with the traps
5 to 10 answered). It only judges what was seen; it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from arcctl.errors import AccessError, ArcctlError, NotFound, Refusal
from arcctl.model.connected_cluster import never_connected, public_key, status
from arcctl.model.ownership import Says, Verdict
from arcctl.model.region import canonical
from arcctl.operations import ownership

if TYPE_CHECKING:
    from arcctl.checks.sight import Sight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.keys import KeyPair
    from arcctl.model.onboarding import Onboarding, Release
    from arcctl.model.ownership import Ownership
    from arcctl.model.resource_id import ClusterId


class Standing(Enum):
    """What is there already."""

    FRESH = auto()
    """Neither resource nor agents."""
    OURS = auto()
    """Both belong together, whole or half done: every step makes its own part whole."""
    ADOPTABLE = auto()
    """The resource was made without agents, by somebody else's tool."""
    STALE = auto()
    """Agents are there whose resource is gone."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The four witnesses, gathered side by side."""

    release: Release | None
    onboarding: Onboarding | None
    key: KeyPair | None
    resource: Body | None

    @property
    def in_cluster(self) -> bool:
        """Whether anything of Azure Arc is in the cluster."""
        return bool(self.release or self.onboarding or self.key)

    @property
    def keys_match(self) -> bool:
        """Whether the cluster holds the private half of the resource's key: proof of belonging."""
        if not (self.resource and self.key):
            return False
        known: str = self.resource["properties"].get("agentPublicKeyCertificate") or ""
        return known.strip() == self.key.public


async def look(sight: Sight) -> Seen:
    """Gather all four witnesses at once."""
    import asyncio

    release, onboarding, key, resource = await asyncio.gather(
        sight.release(), _onboarding(sight), sight.readable_key(), sight.resource()
    )
    seen = Seen(release, onboarding, key, resource)
    # Agents are taken for stale, and removed, on the word of two looks only.
    if seen.in_cluster and resource is None:
        return replace(seen, resource=await sight.resource_surely())
    return seen


async def _onboarding(sight: Sight) -> Onboarding | None:
    """By the release alone where the ConfigMap may not be read."""
    try:
        return await sight.onboarding()
    except AccessError as error:
        if error.code != "kube-forbidden":
            raise
        return await sight.named_by_release()


async def judge(sight: Sight) -> Standing:
    """Say how things stand, or raise the Refusal that names the owner, or what is not certain."""
    seen = await look(sight)
    if seen.resource:
        refuse_kind(seen.resource)
    tenant = await sight.tenant()
    if seen.onboarding and seen.onboarding.contradicts(sight.cluster, tenant=tenant):
        return await _somebody_elses(sight, seen.onboarding)
    if seen.resource is None:
        return Standing.STALE if seen.onboarding or seen.release else Standing.FRESH
    if seen.onboarding:
        _must_be_home(sight, seen.resource)
    elif not seen.keys_match and not _brings_its_key(sight, seen.resource):
        return _unnamed(sight, seen.resource, seen.release)
    await _must_be_ours(sight, seen.resource)
    return Standing.OURS


def _brings_its_key(sight: Sight, resource: Body) -> bool:
    """Tell whether a person holds the key of a resource whose agents were removed here."""
    brought = sight.supplied_key
    return not never_connected(resource) and bool(
        brought and brought.public == public_key(resource)
    )


async def _must_be_ours(sight: Sight, resource: Body) -> None:
    """What names the resource may be a copy: all evidence together must be enough."""
    found = await ownership.look(sight, resource)
    if found.verdict is Verdict.REFUSES or (
        found.verdict is Verdict.ASKS and not sight.clients.settings.flags.skip_cluster_check
    ):
        raise not_ours(sight, found)


def not_ours(sight: Sight, found: Ownership) -> Refusal:
    """Return how `connect` refuses a cluster that is another one, or may be, with the ways on."""
    ways = _ways_on(sight, found)
    if found.verdict is Verdict.REFUSES:
        return ownership.contradicted(sight.cluster, found, *ways)
    sure = f"arcctl connect {sight.cluster.named} {ownership.SURE}"
    return ownership.unproved(sight.cluster, found, *ways, sure=sure)


def _ways_on(sight: Sight, found: Ownership) -> list[str]:
    named = sight.cluster.named
    hints = [
        f"if this is a copy of that cluster: arcctl delete {named} --cluster-only",
        f"if that cluster is gone: arcctl delete {named} --azure-only && arcctl connect {named}",
    ]
    if found.seen.key is Says.CONTRADICTS:
        hints.insert(
            0, f"if you hold the resource's key: arcctl connect {named} --private-key FILE"
        )
    return hints


def refuse_kind(resource: Body) -> None:
    """Kinds that other tools own (`arm.md` 2.3)."""
    kind = resource.get("kind")
    if not kind:
        return
    raise Refusal(
        f"{resource['name']} is of kind {kind}, which arcctl does not manage",
        code="AZK8S0003",
        why="its life cycle belongs to the service that made it",
        hints="az aksarc --help" if kind == "ProvisionedCluster" else (),
    )


async def _somebody_elses(sight: Sight, onboarding: Onboarding) -> Standing:
    """Only a resource that is proved to be gone makes agents stale; doubt protects the owner."""
    owner = onboarding.cluster
    try:
        resource = await (await sight.clients.arm()).find(owner.path)
    except NotFound:
        resource = None
    except ArcctlError as error:
        raise already_onboarded(
            sight, onboarding, f"it cannot be looked at from here: {error.message}"
        ) from error
    if resource is None and await _same_tenant(sight, onboarding):
        return Standing.STALE
    fate = f"its status is {status(resource)}" if resource else "it lies in another tenant"
    raise already_onboarded(
        sight,
        onboarding,
        f"{fate}; connecting it as {sight.cluster.name} in group {sight.cluster.group} would tear that down",
    )


async def _same_tenant(sight: Sight, onboarding: Onboarding) -> bool:
    """A 404 from the wrong tenant proves nothing (trap 8)."""
    tenant = await sight.tenant()
    return not (tenant and onboarding.tenant) or tenant.lower() == onboarding.tenant.lower()


def already_onboarded(sight: Sight, onboarding: Onboarding, why: str) -> Refusal:
    """Return the refusal that names the owner; nobody's onboarding is ever torn down."""
    owner = onboarding.cluster
    where = f"-n {owner.name} -g {owner.group} --subscription {owner.subscription}"
    return Refusal(
        f"this cluster is already connected as {owner.name} (group {owner.group}, "
        f"subscription {owner.subscription}, {onboarding.region or 'region unknown'})",
        code="AZK8S0403",
        why=why,
        hints=(f"arcctl show {where}", f"arcctl move {where} {_there(sight.cluster, owner)}"),
    )


def _there(cluster: ClusterId, owner: ClusterId) -> str:
    """Say with `move`'s options what would make the owner the cluster that was asked for."""
    parts = [
        (f"--target-name {cluster.name}", cluster.name, owner.name),
        (f"--target-group {cluster.group}", cluster.group, owner.group),
        (
            f"--target-subscription {cluster.subscription}",
            cluster.subscription,
            owner.subscription,
        ),
    ]
    return " ".join(option for option, a, b in parts if a.casefold() != b.casefold())


def _must_be_home(sight: Sight, resource: Body) -> None:
    home = canonical(resource["location"])
    cluster = sight.cluster
    if sight.asked_region and sight.asked_region != home:
        raise Refusal(
            f"{cluster.name} is in {home}, not in {sight.asked_region}",
            code="location-is-fixed",
            why="the region of a connected cluster can never be changed in place",
            hints=(
                f"the region that it is in: -l {home}",
                f"arcctl move {cluster.named} --target-region {sight.asked_region}",
            ),
        )


def _unnamed(sight: Sight, resource: Body, release: Release | None) -> Standing:
    """Nothing in the cluster says whose it is, and its key is not the resource's."""
    if never_connected(resource) and not release:
        return Standing.ADOPTABLE
    cluster = sight.cluster
    raise Refusal(
        f"{cluster.name} in group {cluster.group} belongs to another cluster",
        code="AZK8S0404",
        why=f"the resource is {status(resource)} with a key that is not this cluster's",
        hints=(
            ownership.CONTEXT,
            "or choose another name with -n NAME",
            f"if that cluster is gone: arcctl delete {cluster.named} --azure-only",
        ),
    )
