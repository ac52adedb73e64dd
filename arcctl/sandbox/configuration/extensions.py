"""What extension-manager does: a release for each extension, and an ExtensionConfig beside it.

The values of protected settings go into a Secret of the release's namespace, which the
ExtensionConfig names and which outlives namespace `azure-arc` (`arm.md` 4, 4.6, 8.2; [K]).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.configuration import charts, kustomizing, naming, releasing
from arcctl.sandbox.configuration.naming import AGENTS, FLUX_TYPE, MANAGED_BY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arcctl.sandbox.azure.store import Resource
    from arcctl.sandbox.clusterapi import ClusterApi

    Object = dict[str, Any]

MANAGER = "azure-arc-extension-manager"


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension as the service tells the agent of it; `domain` is that of the cloud's kinds."""

    child: Resource
    namespace: str
    version: str
    many: bool
    domain: str

    @property
    def name(self) -> str:
        return str(self.child.body["name"])

    @property
    def type(self) -> str:
        return str(self.child.properties["extensionType"])

    @property
    def release(self) -> str:
        return naming.release(self.name)

    @property
    def secret(self) -> str:
        return naming.protected_secret("extensions", self.name)

    @property
    def configs(self) -> str:
        group = f"clusterconfig.azure.{self.domain}"
        return f"/apis/{group}/v1beta1/namespaces/{AGENTS}/extensionconfigs"


async def install(
    api: ClusterApi, wanted: Extension, values: Mapping[str, str] | None, now: datetime
) -> None:
    """Bring a release and its secrets to what they should be; BlockedError where helm refuses."""
    await releasing.install(api, _release(wanted), now)
    if values is not None:
        await keep_values(api, protected(wanted, values))
    await api.write(wanted.configs, _config(wanted, now))


async def remove(api: ClusterApi, gone: Extension) -> None:
    """Uninstall a release; what Flux holds with finalizers is let go first, and stays."""
    if gone.type.lower() == FLUX_TYPE:
        await kustomizing.let_go(api)
    await releasing.uninstall(api, gone.release, gone.namespace)
    await api.remove(f"{charts.collection('Secret', gone.namespace)}/{gone.secret}")
    await api.remove(f"{gone.configs}/{naming.fitting(gone.name, 253)}")


async def keep_values(api: ClusterApi, secret: Object) -> None:
    """Write a Secret of protected values, or remove it where there are none."""
    metadata = secret["metadata"]
    secrets = charts.collection("Secret", metadata["namespace"])
    if secret["data"]:
        await api.write(secrets, secret)
    else:
        await api.remove(f"{secrets}/{metadata['name']}")


def protected(wanted: Extension, values: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": wanted.secret,
            "namespace": wanted.namespace,
            "labels": {naming.PROTECTED: "true", MANAGED_BY: MANAGER},
            "annotations": {naming.CHILD: f"extensions/{wanted.name}"},
        },
        "data": {name: base64.b64encode(value.encode()).decode() for name, value in values.items()},
    }


def _release(wanted: Extension) -> releasing.Release:
    name, namespace = wanted.release, wanted.namespace
    made = charts.objects(wanted.type, name, namespace, version=wanted.version, many=wanted.many)
    chart = {
        "name": naming.fitting(wanted.type.lower()),
        "version": wanted.version,
        "appVersion": wanted.version,
        "apiVersion": "v2",
        "description": f"The extension {wanted.type}",
    }
    values = dict(wanted.child.properties.get("configurationSettings") or {})
    marked = [charts.marked(each, name, namespace) for each in made]
    return releasing.Release(name, namespace, chart, values, marked)


def _config(wanted: Extension, now: datetime) -> Object:
    properties = wanted.child.properties
    spec = {
        "extensionName": wanted.name,
        "extensionType": wanted.type,
        "autoUpgradeMinorVersion": properties["autoUpgradeMinorVersion"],
        "releaseTrain": properties["releaseTrain"],
        "version": wanted.version,
        "releaseName": wanted.release,
        "releaseNamespace": wanted.namespace,
        "parameter": dict(properties.get("configurationSettings") or {}),
    }
    if wanted.child.secrets:
        spec["protectedParameters"] = {
            "referenceName": wanted.secret,
            "referenceNamespace": wanted.namespace,
            "keys": sorted(wanted.child.secrets),
        }
    applied = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "apiVersion": f"clusterconfig.azure.{wanted.domain}/v1beta1",
        "kind": "ExtensionConfig",
        "metadata": {"name": naming.fitting(wanted.name, 253), "namespace": AGENTS},
        "spec": spec,
        "status": {"configAppliedTime": applied, "status": "Successfully installed the extension"},
    }
