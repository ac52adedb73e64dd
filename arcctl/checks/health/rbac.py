"""Questions about Azure RBAC, which guard brings to the cluster (`arc.md` A14, T35 and T36; C9)."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from arcctl.checks.azure import allows
from arcctl.checks.check import Answer, check, noted, passed, skipped, wrong
from arcctl.model.agent_features import AZURE_RBAC
from arcctl.model.duration import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.checks.health.sight import HealthSight
    from arcctl.model.connected_cluster import Body

_ROLE = "Connected Cluster Managed Identity CheckAccess Reader"
# What that role allows is `Microsoft.Authorization/*/read`; any word in the middle will do.
_ACTION = "Microsoft.Authorization/whatever/read"
_SECRET = "kube-system/azure-arc-guard-manifests"
_CERTIFICATE = re.compile(r"certificate-(?:authority-)?data:\s*([A-Za-z0-9+/=]+)")
_URGENT = 30 * 86400
_OFF = "Azure RBAC is off"


@check("guard may ask Azure who may do what", code="rbac-identity")
async def may_ask(sight: HealthSight) -> Answer:
    """T36: without this role of the cluster's own identity every user is refused."""
    if AZURE_RBAC not in await sight.features():
        return passed(_OFF)
    identity = ((await sight.resource() or {}).get("identity") or {}).get("principalId")
    if not identity:
        return skipped("Azure does not show the cluster's identity")
    roles = await sight.roles(str(identity))
    if any(allows(each, _ACTION) for role in roles for each in _permissions(role)):
        return passed()
    has = ", ".join(str((role.get("properties") or {}).get("roleName")) for role in roles)
    return wrong(
        "Azure RBAC is on, and the cluster's identity may not check access: every user gets 403",
        f'az role assignment create --role "{_ROLE}" --assignee-object-id {identity} '
        f"--assignee-principal-type ServicePrincipal --scope {sight.cluster.path}",
        why=f"the roles of identity {identity} here: {has or 'none'}",
    )


def _permissions(role: Body) -> list[Body]:
    return (role.get("properties") or {}).get("permissions") or []


@check("guard's certificates have not expired", code="guard-certificate")
async def certified(sight: HealthSight) -> Answer:
    """T35: they live a year; the copy on the control plane's disk is out of sight, but as old."""
    if AZURE_RBAC not in await sight.features():
        return passed(_OFF)
    files = await sight.guard_files()
    if files is None:
        return skipped(f"Secret {_SECRET} is not there")
    until = min(_ends(files), default=None)
    if until is None:
        return skipped(f"Secret {_SECRET} holds no certificate that can be read")
    left = (until - datetime.now(UTC)).total_seconds()
    if left <= 0:
        return wrong(
            f"a certificate of guard's webhook expired {spoken(-left)} ago",
            *_RENEWAL,
            why="the API server refuses it: tls: bad certificate",
        )
    if left < _URGENT:
        return noted(f"a certificate of guard's webhook ends in {spoken(left)}", *_RENEWAL)
    return passed(f"{left / 86400:.0f} days more")


_RENEWAL = (
    "kubectl rollout restart deployment/guard -n azure-arc",
    f"copy what Secret {_SECRET} holds to /etc/guard of every control plane node",
    "restart the API servers",
)


def _ends(secret: Body) -> Iterator[datetime]:
    """Yield when each certificate ends that the kubeconfig-like files in a Secret hold."""
    from cryptography import x509

    for file in (secret.get("data") or {}).values():
        text = base64.b64decode(file).decode("utf-8", "replace")
        for found in _CERTIFICATE.findall(text):
            yield x509.load_pem_x509_certificate(base64.b64decode(found)).not_valid_after_utc


ASKED = (may_ask, certified)
