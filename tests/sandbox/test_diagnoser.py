"""The sandbox plays the job of troubleshoot: its container tries the way that the agents take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.server import Sandbox

IMAGE = "mcr.microsoft.com/arck8sdiagnoser:v0.1.1"


def pod(image: str) -> dict[str, Any]:
    """A pod of one container."""
    return {
        "metadata": {"name": "p", "namespace": "azure-arc"},
        "spec": {"containers": [{"image": image}]},
    }


def known_as(cluster: Cluster, region: str) -> None:
    """Let the cluster know in which region its resource is."""
    for plural, space, name in (
        ("namespaces", "", "azure-arc"),
        ("configmaps", "azure-arc", "azure-clusterconfig"),
    ):
        body: dict[str, Any] = {"metadata": {"name": name}}
        if plural == "configmaps":
            body["data"] = {"AZURE_REGION": region}
        cluster.api.create(KINDS[plural], space, body)


@pytest.mark.parametrize(("closed", "code"), [([], "200"), (["West Europe"], "000")])
async def test_the_image_writes_what_it_finds(
    sandbox: Sandbox, closed: list[str], code: str
) -> None:
    """Names, and the endpoints of the resource's region, closed or not; another image writes nothing."""
    cluster = sandbox.clusters["sandbox"]
    known_as(cluster, "westeurope")
    sandbox.world.azure.plant({"unreachable": closed})

    told = cluster.log_of(pod(IMAGE))  # type: ignore[arg-type] # a document is a dict that remembers its bytes

    assert told.startswith("DNS Result:")
    assert f"https://westeurope.dp.kubernetesconfiguration.azure.com : {code}" in told
    assert cluster.log_of(pod("pause")) == ""  # type: ignore[arg-type] # as above
