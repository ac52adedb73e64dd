"""Questions about the cluster's identity: the key, the certificates, the clock that ends them (`arc.md` B2)."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from arcctl.checks.check import Answer, check, noted, passed, skipped, wrong
from arcctl.checks.health.sayings import obstacle_in
from arcctl.model import cluster as names
from arcctl.model.duration import spoken
from arcctl.model.times import read

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight
    from arcctl.model.connected_cluster import Body

_ASKER = "clusteridentityoperator"
_URGENT_DAYS = 14
_DAY = 86400


@check("identity certificate is there", code="AZK8S0309")
async def is_there(sight: HealthSight) -> Answer:
    """T03: without it every other agent waits or crashes."""
    if not await sight.deployments():
        return skipped("no agents are in this cluster")
    if await sight.agent_secret(names.IDENTITY_CERTIFICATE):
        return passed()
    region, domain = await sight.region(), await sight.domain()
    return wrong(
        "the cluster has not got its identity certificate from Azure",
        f"allow https://gbl.his.arc.azure.{domain} and *.his.arc.azure.{domain}",
        f"where the way out is a proxy: arcctl update {sight.named} --proxy-https URL",
        f"arcctl check {sight.named} --inside",
        why=(
            f"clusteridentityoperator asks gbl.his.arc.azure.{domain} and then {region} for it",
            "that way is blocked, or the agents were not told of the proxy",
            "kubectl logs -n azure-arc deployment/clusteridentityoperator --all-containers",
        ),
    )


@check("nothing keeps the identity from the cluster", code="identity-obstacle")
async def unobstructed(sight: HealthSight) -> Answer:
    """T03, T51: the agent that asks for the certificate writes down what it meets."""
    if not await sight.deployments() or await sight.agent_secret(names.IDENTITY_CERTIFICATE):
        return passed()
    found = obstacle_in(await sight.log_of(_ASKER))
    if found is None:
        return skipped(f"the log of {_ASKER} names no cause that is known")
    cause, remedy, line = found
    return wrong(cause, remedy, why=f"{_ASKER}: {line}")


@check("identity certificate has not expired", code="identity-expired")
async def in_cluster(sight: HealthSight) -> Answer:
    """T31, as the cluster has it: agents cannot renew an expired one."""
    held = await sight.agent_secret(names.IDENTITY_CERTIFICATE)
    if held is None:
        return skipped("there is no certificate")
    until = _until(held)
    if until is None:
        return skipped("the certificate cannot be read")
    return _judged(sight, until)


@check("Azure trusts the identity", code="identity-trusted")
async def in_azure(sight: HealthSight) -> Answer:
    """T31, as Azure has it: the certificate that it issued last."""
    resource = await sight.resource()
    properties = (resource or {}).get("properties") or {}
    if properties.get("connectivityStatus") == "Expired":
        return _expired(sight, "Azure says that the identity has expired")
    until = read(properties.get("managedIdentityCertificateExpirationTime"))
    return _judged(sight, until) if until else skipped("Azure has issued no certificate yet")


def _judged(sight: HealthSight, until: datetime) -> Answer:
    left = (until - datetime.now(UTC)).total_seconds()
    if left <= 0:
        return _expired(sight, f"the identity certificate expired {spoken(-left)} ago")
    if left > _URGENT_DAYS * _DAY:
        return passed(f"{left / _DAY:.0f} days more")
    return noted(
        f"the identity certificate is valid for {spoken(left)} more, and was not renewed",
        "bring the cluster online: agents renew from day 46 on",
        f"arcctl check {sight.named} --inside",
    )


def _expired(sight: HealthSight, what: str) -> Answer:
    return wrong(
        what,
        f"keep extensions and configurations: arcctl config export {sight.named}",
        f"arcctl delete {sight.named}",
        f"arcctl connect {sight.named}",
        why="an expired identity cannot be renewed: the cluster must be connected again",
    )


def _until(secret: Body) -> datetime | None:
    from cryptography import x509

    for value in (secret.get("data") or {}).values():
        try:
            return x509.load_pem_x509_certificate(base64.b64decode(value)).not_valid_after_utc
        except ValueError:
            continue
    return None


@check("the key of the cluster is the resource's", code="key-mismatch")
async def same_key(sight: HealthSight) -> Answer:
    """Agents with another key are nobody to Azure: made anew, restored, or of another cluster."""
    resource, key = await sight.resource(), await sight.key()
    known = str(((resource or {}).get("properties") or {}).get("agentPublicKeyCertificate") or "")
    if not key or not known:
        return skipped("one of the two keys cannot be seen")
    if known.strip() == key.public:
        return passed()
    return wrong(
        "the cluster holds another private key than the resource was made with",
        f"put back the resource's own: arcctl connect {sight.named} --private-key FILE",
        f"or give the resource this one: arcctl connect {sight.named}",
        why="Azure refuses agents that cannot prove to be this cluster",
    )


@check("cluster connect has its certificate", code="aad-proxy-certificate")
async def proxy_certificate(sight: HealthSight) -> Answer:
    """T05: kube-aad-proxy stays in ContainerCreating without it."""
    deployments = [each["metadata"]["name"] for each in await sight.deployments()]
    if "kube-aad-proxy" not in deployments:
        return skipped("cluster connect is off")
    if await sight.agent_secret(names.AAD_PROXY_CERTIFICATE):
        return passed()
    return wrong(
        f"Secret {names.AAD_PROXY_CERTIFICATE} is missing, so kube-aad-proxy cannot start",
        f"arcctl delete {sight.named}",
        f"arcctl connect {replace(sight.cluster, name=f'{sight.cluster.name}-2').named}",
        why="the certificate was not delivered; connecting under another name is what helps",
    )


ASKED = (is_there, unobstructed, in_cluster, in_azure, same_key, proxy_certificate)
