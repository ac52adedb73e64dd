"""Whatever is sent, the answer is an error of ARM's shape and never a crash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure.kinds import BY_TYPE
from tests.sandbox.azure.client import CLUSTERS, GROUP, HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

ODD = (None, "text", 7, [{}], {"cluster": 5})
FIELDS = [
    "location",
    "tags",
    "identity",
    "kind",
    "plan",
    "properties",
    "properties.provisioningState",
    "properties.agentPublicKeyCertificate",
    "properties.distribution",
    "properties.aadProfile",
    "properties.arcAgentProfile",
    "properties.arcAgentryConfigurations",
    "properties.gateway",
    "properties.oidcIssuerProfile",
    "properties.privateLinkState",
    "properties.extensionType",
    "properties.scope",
    "properties.version",
    "properties.autoUpgradeMinorVersion",
    "properties.configurationSettings",
    "properties.configurationProtectedSettings",
    "properties.sourceKind",
    "properties.gitRepository",
    "properties.gitRepository.url",
    "properties.gitRepository.repositoryRef",
    "properties.kustomizations",
    "properties.kustomizations.k",
    "properties.kustomizations.k.dependsOn",
    "properties.namespace",
    "properties.repositoryUrl",
    "properties.helmOperatorProperties",
    "properties.level",
    "properties.roleDefinitionId",
    "properties.principalId",
    "properties.tags",
    "operation",
    "properties.parameters",
    "properties.parameters.listOfAllowedLocations",
    "resourceDetails",
    "query",
    "options",
    "subscriptions",
    "authenticationMethod",
    "clientProxy",
]


def sensible() -> dict[str, Any]:
    """A body that has something of everything."""
    return {
        **body_of_cluster(),
        "properties": body_of_cluster()["properties"]
        | {
            "extensionType": "microsoft.dapr",
            "sourceKind": "GitRepository",
            "gitRepository": {"url": "https://git.example", "repositoryRef": {"branch": "b"}},
            "kustomizations": {"k": {"path": "."}},
            "repositoryUrl": "https://git.example",
            "level": "CanNotDelete",
        },
        "resourceDetails": {"resourceContent": {"location": "eastus"}},
        "query": "resources | where type =~ 'x'",
        "operation": "Merge",
    }


def with_odd(path: str, value: Any) -> dict[str, Any]:
    """That body, with one field replaced."""
    body: dict[str, Any] = json.loads(json.dumps(sensible()))
    *way, last = path.split(".")
    place: Any = body
    for step in way:
        place = place.setdefault(step, {})
    place[last] = value
    return body


def path_of(kind: str) -> str:
    """A path at which a resource of this type would lie."""
    namespace, *types = kind.split("/")
    if namespace == "microsoft.resources" and types[0] != "tags":
        return "/" + "/".join(f"{each}/n{at}" for at, each in enumerate(types))
    if namespace == "microsoft.kubernetes":
        return CLUSTERS + "/harbor" + "".join(f"/{each}" for each in types[1:])
    chain = "".join(f"/{each}/name" for each in types)
    return f"{HARBOR}/providers/{namespace}{chain}"


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_of_the_wrong_type_is_answered(
    world: World, azure: Client, field: str
) -> None:
    """One odd value in an otherwise sensible body, sent to every type by every method."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    for kind in BY_TYPE.values():
        path = path_of(kind.type.lower())
        methods = (kind.item.keys() | kind.collection.keys()) & {"PUT", "PATCH", "POST"}
        for value in ODD if methods else ():
            for method in sorted(methods):
                target = path if method != "POST" else path.removesuffix("/name")
                await azure.ask(method, target, with_odd(field, value), version=kind.versions[-1])

    assert world.crashes == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"', b"1e999"])
async def test_a_body_that_is_no_object_is_refused(azure: Client, content: bytes) -> None:
    """Neither broken JSON nor JSON of another kind gets further than 400."""
    for path, version in ((f"{SUB}/resourceGroups/new", "2021-04-01"), (HARBOR, "2026-05-01")):
        answer = await azure.ask("PUT", path, data=content, version=version)

        assert (answer.status, bool(answer.code)) == (400, True)


async def test_an_unknown_type_is_refused(azure: Client) -> None:
    """A type that this Azure does not have is 404 InvalidResourceType."""
    answer = await azure.get(f"{GROUP}/providers/Microsoft.Nothing/things/one")

    assert (answer.status, answer.code) == (404, "InvalidResourceType")


async def test_a_method_that_a_type_lacks_is_refused(azure: Client) -> None:
    """PUT on a list is 405."""
    answer = await azure.put(CLUSTERS, body_of_cluster())

    assert (answer.status, answer.code) == (405, "HttpMethodNotSupported")
