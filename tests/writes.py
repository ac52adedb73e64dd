"""What somebody else may change at a cluster: one request of each kind, with a mark in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from tests import arm
from tests.stories.moving import ROLE, extension, git

if TYPE_CHECKING:
    from collections.abc import Callable

AUTHORIZATION = "providers/Microsoft.Authorization"

Write = tuple[str, str, str, Any]
"""Method, path below the cluster, api-version, body"""


def _tag(mark: str) -> Write:
    body = {"operation": "Merge", "properties": {"tags": {mark: "mine"}}}
    return "PATCH", "/providers/Microsoft.Resources/tags/default", "2021-04-01", body


def _field(mark: str) -> Write:
    body = {"properties": {"distribution": "k3s", "infrastructure": "aws"}, "tags": {mark: "x"}}
    return "PATCH", "", "2024-01-01", body


def _extension(mark: str) -> Write:
    body = extension("contoso.part", configurationSettings={"size": mark})
    return "PUT", f"/{arm.CHILDREN}/extensions/{mark}", "2025-03-01", body


def _configuration(mark: str) -> Write:
    body = git("https://git.example.com/edge/more", namespace=mark)
    return "PUT", f"/{arm.CHILDREN}/fluxConfigurations/{mark}", "2025-04-01", body


def _source_control(mark: str) -> Write:
    body = {"properties": {"repositoryUrl": f"https://git.example.com/edge/{mark}"}}
    return "PUT", f"/{arm.CHILDREN}/sourceControlConfigurations/{mark}", "2023-05-01", body


def _lock(mark: str) -> Write:
    body = {"properties": {"level": "CanNotDelete"}}
    return "PUT", f"/{AUTHORIZATION}/locks/{mark}", "2020-05-01", body


def _role(mark: str) -> Write:
    who = {"principalId": mark, "principalType": "User", "roleDefinitionId": ROLE}
    place = f"/{AUTHORIZATION}/roleAssignments/{uuid5(NAMESPACE_URL, mark)}"
    return "PUT", place, "2022-04-01", {"properties": who}


def _policy(mark: str) -> Write:
    definition = "/providers/Microsoft.Authorization/policyDefinitions/e56962a6"
    body = {"properties": {"policyDefinitionId": definition, "displayName": mark}}
    return "PUT", f"/{AUTHORIZATION}/policyAssignments/{mark}", "2022-06-01", body


def _diagnostics(mark: str) -> Write:
    body = {"properties": {"workspaceId": "/w", "logs": []}}
    place = f"/providers/Microsoft.Insights/diagnosticSettings/{mark}"
    return "PUT", place, "2021-05-01-preview", body


WRITES: dict[str, Callable[[str], Write]] = {
    "tag": _tag,
    "field": _field,
    "extension": _extension,
    "configuration": _configuration,
    "source control": _source_control,
    "lock": _lock,
    "role": _role,
    "policy": _policy,
    "diagnostics": _diagnostics,
}
