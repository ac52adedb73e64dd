"""What Azure does not give back lies in the cluster, as long as the agents are there (`arm.md` 8.2)."""

from __future__ import annotations

import base64
import gc
import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.clients.kubernetes import Kubernetes
from arcctl.model.configuration.child import Child
from arcctl.model.configuration.kinds import Kind
from arcctl.operations.secrets.in_cluster import in_cluster, value_of
from arcctl.operations.secrets.values import resolve
from tests.clients.kubernetes import api
from tests.sandbox.living import CLUSTER, GIT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.operations.secrets.values import Resolved
    from tests.sandbox.living import Living

VERSION = "2025-04-01"
SECRETS: dict[str, dict[str, str]] = {
    "extensions/monitor": {"amalogs.secret.key": "one", "amalogs.secret.wsid": "two"},
    "fluxConfigurations/https": {"httpsKey": "three"},
    "fluxConfigurations/ssh": {"sshPrivateKey": "-----BEGIN KEY-----\nfour\n"},
    "fluxConfigurations/bucket": {"bucketSecretKey": "five"},
    "fluxConfigurations/blob": {"azureBlob.servicePrincipal.clientSecret": "six"},
    "fluxConfigurations/sas": {"azureBlob.sasToken": "?sv=seven"},
    "fluxConfigurations/oci": {
        "ociRepository.verify.verificationConfig": json.dumps({"cosign.pub": "eight"})
    },
}
BLOB = {"url": "https://store.example", "containerName": "apps"}
SOURCES: dict[str, dict[str, Any]] = {
    "https": {"gitRepository": {**GIT, "httpsUser": "reader"}},
    "ssh": {"gitRepository": {**GIT, "url": "ssh://git@git.example/apps"}},
    "bucket": {
        "sourceKind": "Bucket",
        "bucket": {"url": "https://s3.example", "bucketName": "b", "accessKey": "reader"},
    },
    "blob": {
        "sourceKind": "AzureBlob",
        "azureBlob": {
            **BLOB,
            "servicePrincipal": {"clientId": "c", "tenantId": "t", "clientSecret": "six"},
        },
    },
    "sas": {"sourceKind": "AzureBlob", "azureBlob": {**BLOB, "sasToken": "?sv=seven"}},
    "oci": {
        "sourceKind": "OCIRepository",
        "ociRepository": {
            "url": "oci://r.example/apps",
            "verify": {"provider": "cosign", "verificationConfig": {"cosign.pub": "eight"}},
        },
    },
}


async def plant(harbor: Living) -> None:
    """PUT a child for each way to sign in, and wait until the agents have carried them in."""
    await harbor.installed(
        "extensions/monitor",
        extensionType="microsoft.azuremonitor.containers",
        configurationProtectedSettings=SECRETS["extensions/monitor"],
    )
    for name, source in SOURCES.items():
        given = {
            key: base64.b64encode(value.encode()).decode()
            for key, value in SECRETS[f"fluxConfigurations/{name}"].items()
            if "." not in key
        }
        await harbor.flux(name, **source, configurationProtectedSettings=given)


async def children(harbor: Living) -> list[Child]:
    """All of them, as Azure shows them."""
    found = []
    for kind, version in ((Kind.EXTENSION, "2025-03-01"), (Kind.FLUX, VERSION)):
        path = f"{CLUSTER}/providers/{kind.resource_type}"
        listed = (await harbor.azure.get(path, version=version)).body["value"]
        found += [Child.read(kind, each, version) for each in listed]
    return found


@asynccontextmanager
async def client(harbor: Living) -> AsyncIterator[Kubernetes]:
    """A client with the sandbox's kubeconfig."""
    path = Path(harbor.onboarding.sandbox.environment["KUBECONFIG"])
    kubernetes = await Kubernetes.open(api.settings(path))
    yield kubernetes
    await kubernetes.close()
    # urllib3 closes connections when a pool is collected, and the frames of a 404 hold it till then.
    gc.collect()


def revealed(found: Resolved) -> dict[str, dict[str, str]]:
    """The values, as they would be sent."""
    return {
        child: {name: value.reveal() for name, value in values.items()}
        for child, values in found.values.items()
    }


async def test_every_secret_is_found_where_it_lies(harbor: Living) -> None:
    """Of extensions and of each kind of source; then nothing is missing, and nothing surplus."""
    await plant(harbor)
    needing = await children(harbor)
    async with client(harbor) as kubernetes:
        found = resolve(needing, await in_cluster(kubernetes, needing))
        again = {
            child: {
                name: value.reveal() if (value := await value_of(kubernetes, place)) else ""
                for name, place in places.items()
            }
            for child, places in found.references.items()
        }

    assert revealed(found) == SECRETS
    assert (found.missing, found.notes) == ((), [])
    assert {status.origin for status in found.statuses} == {"cluster"}
    assert again == SECRETS


async def test_references_hold_no_value(harbor: Living) -> None:
    """They are stored as JSON, and say namespace, Secret and key."""
    await harbor.flux("https", **SOURCES["https"], configurationProtectedSettings={
        "httpsKey": base64.b64encode(b"three").decode()
    })  # fmt: skip
    needing = await children(harbor)
    async with client(harbor) as kubernetes:
        found = resolve(needing, await in_cluster(kubernetes, needing))

    reference = found.references["fluxConfigurations/https"]["httpsKey"]
    assert reference.keys() == {"namespace", "secret", "key"}
    assert (reference["namespace"], reference["key"]) == ("apps", "password")
    assert "three" not in json.dumps(found.references)


async def test_what_is_not_in_the_cluster_stays_missing(harbor: Living) -> None:
    """A source and an extension that the cluster does not know: nothing is found, nothing fails."""
    await harbor.flux("public")
    properties = {"sourceKind": "GitRepository", **SOURCES["https"]}
    keys = {"configurationProtectedSettings": {"key": ""}}
    needing = [
        Child.read(Kind.FLUX, {"name": "https", "properties": properties}, VERSION),
        Child.read(Kind.EXTENSION, {"name": "x", "properties": keys}, "2025-03-01"),
    ]
    async with client(harbor) as kubernetes:
        found = resolve(needing, await in_cluster(kubernetes, needing))

    assert found.missing == ("fluxConfigurations/https/httpsKey", "extensions/x/key")
