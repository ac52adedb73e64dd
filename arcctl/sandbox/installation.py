"""What stands in namespace `azure-arc`, as the agents' controller judges it (`arc.md` A3, A4)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from arcctl.model.agents import AGENTS, is_agent
from arcctl.model.cluster import (
    IDENTITY_CERTIFICATE,
    IDENTITY_MAP,
    PRIVATE_KEY_ENTRY,
    PRIVATE_KEY_SECRET,
)
from arcctl.model.resource_id import ClusterId

if TYPE_CHECKING:
    from collections.abc import Mapping

    Objects = Mapping[str, dict[str, Any]]

_DOMAINS = {"AZUREUSGOVERNMENTCLOUD": "us", "AZURECHINACLOUD": "cn"}
_ALWAYS = frozenset(agent.name for agent in AGENTS if agent.feature == "always")


@dataclass(frozen=True, slots=True)
class Installation:
    """The agents of one helm release.

    `uid` tells one installation from the next, `public_key` is empty where the cluster holds no
    usable private key, `ready` means that every agent that is there, and all that always are,
    have their pods ready. `identity` is the version of the Secret with the identity certificate.
    """

    uid: str
    cluster: ClusterId
    version: str
    domain: str
    public_key: str
    operator_ready: bool
    has_proxy: bool
    ready: bool
    identity: str


def look(config_maps: Objects, deployments: Objects, secrets: Objects) -> Installation | None:
    """Judge what the watches show; None where no agents are installed or all are stopped."""
    deployments = {name: each for name, each in deployments.items() if is_agent(each)}
    identity_map = config_maps.get(IDENTITY_MAP)
    if identity_map is None or not deployments:
        return None
    data = identity_map.get("data") or {}
    names = ("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZURE_RESOURCE_NAME")
    return Installation(
        uid=identity_map["metadata"]["uid"],
        cluster=ClusterId(*(data.get(name, "") for name in names)),
        version=data.get("AZURE_ARC_AGENT_VERSION", ""),
        domain=_DOMAINS.get(data.get("AZURE_ENVIRONMENT", "").upper(), "com"),
        public_key=_public_key(secrets.get(PRIVATE_KEY_SECRET)),
        operator_ready=is_ready(deployments.get("clusteridentityoperator")),
        has_proxy="kube-aad-proxy" in deployments,
        ready=deployments.keys() >= _ALWAYS and all(map(is_ready, deployments.values())),
        identity=_version(secrets.get(IDENTITY_CERTIFICATE)),
    )


def is_wanted(deployment: dict[str, Any] | None) -> bool:
    """Tell whether a Deployment is there to run, and not scaled to zero."""
    if deployment is None or "deletionTimestamp" in deployment["metadata"]:
        return False
    return bool(deployment["spec"].get("replicas", 1) > 0)


def is_ready(deployment: dict[str, Any] | None) -> bool:
    if deployment is None or not is_wanted(deployment):
        return False
    wanted = deployment["spec"].get("replicas", 1)
    status = deployment.get("status") or {}
    current = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    counts = (status.get("updatedReplicas", 0), status.get("availableReplicas", 0))
    return bool(current and min(counts) >= wanted)


def _version(secret: dict[str, Any] | None) -> str:
    return str(secret["metadata"]["resourceVersion"]) if secret else ""


def _public_key(secret: dict[str, Any] | None) -> str:
    return _public_half(((secret or {}).get("data") or {}).get(PRIVATE_KEY_ENTRY) or "")


@lru_cache(maxsize=16)
def _public_half(encoded: str) -> str:
    """Return the public key that belongs to the PEM, or nothing where the agents could not use it.

    They take PKCS#1 only (connectedk8s.md B.11). Whether the numbers are prime is not asked: that
    costs a quarter of a second, and the comparison with ARM's key says more.
    """
    try:
        pem = base64.b64decode(encoded)
        if not pem.startswith(b"-----BEGIN RSA PRIVATE KEY-----"):
            return ""
        key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):
        return ""
    return base64.b64encode(
        key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    ).decode()
