"""What config-agent does about a source control configuration: a GitConfig that says what is wanted.

It has the configuration's name and lies in the operator's namespace, as a public page on
troubleshooting shows one. The operator of Flux v1 itself is not played.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.configuration import naming, releasing

if TYPE_CHECKING:
    from arcctl.sandbox.azure.store import Resource
    from arcctl.sandbox.clusterapi import ClusterApi

    Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SourceControl:
    """A source control configuration; `domain` is that of the cloud's kinds."""

    child: Resource
    domain: str

    @property
    def name(self) -> str:
        return naming.fitting(str(self.child.body["name"]))

    @property
    def namespace(self) -> str:
        return str(self.child.properties["operatorNamespace"])

    @property
    def configs(self) -> str:
        group = f"clusterconfig.azure.{self.domain}"
        return f"/apis/{group}/v1beta1/namespaces/{self.namespace}/gitconfigs"


async def install(api: ClusterApi, wanted: SourceControl) -> None:
    """Write the GitConfig, in a namespace that is made where it is missing."""
    await releasing.ensure_namespace(api, wanted.namespace)
    await api.write(wanted.configs, _config(wanted))


async def remove(api: ClusterApi, gone: SourceControl) -> None:
    """Take the GitConfig away."""
    await api.remove(f"{gone.configs}/{gone.name}")


def _config(wanted: SourceControl) -> Object:
    properties = wanted.child.properties
    return {
        "apiVersion": f"clusterconfig.azure.{wanted.domain}/v1beta1",
        "kind": "GitConfig",
        "metadata": {"name": wanted.name, "namespace": wanted.namespace},
        "spec": {
            "correlationId": "",
            "deleteOperator": False,
            "enableHelmOperator": properties["enableHelmOperator"],
            "giturl": properties["repositoryUrl"],
            "helmOperatorProperties": None,
            "operatorInstanceName": properties["operatorInstanceName"] or wanted.name,
            "operatorParams": properties["operatorParams"],
            "operatorScope": properties["operatorScope"],
            "operatorType": "flux",
        },
    }
