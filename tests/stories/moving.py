"""A cluster worth moving: connected, with a child of each kind and things that hang on it."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests import arm

if TYPE_CHECKING:
    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l eastus --skip-prechecks --tags team=edge site=pier7"
MOVE = "move -n harbor -g edge --target-region westeurope --skip-prechecks --yes"
SECRETS = {
    "extensions/monitor": {"amalogs.secret.wsid": "workspace-7c1d", "amalogs.secret.key": "kX-31"},
    "fluxConfigurations/private": {"httpsKey": "ghp-hidden-81"},
}
ROLE = f"{arm.SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/63f0a09d-1495-4db4-a681-037d84835eb4"


def extension(kind: str, **properties: Any) -> dict[str, Any]:
    """Return the body of an extension."""
    return {
        "identity": {"type": "SystemAssigned"},
        "properties": {"extensionType": kind, "autoUpgradeMinorVersion": True, **properties},
    }


def git(url: str, **properties: Any) -> dict[str, Any]:
    """Return the body of a Flux configuration with one kustomization that prunes."""
    repository = properties.pop("repository", {})
    return {
        "properties": {
            "scope": "cluster",
            "namespace": properties.pop("namespace", "apps"),
            "sourceKind": "GitRepository",
            "gitRepository": {"url": url, "repositoryRef": {"branch": "main"}, **repository},
            "kustomizations": {"base": {"path": "./base", "prune": True}},
            **properties,
        }
    }


def connected(stage: Stage) -> None:
    """Connect harbor in eastus and give it its children."""
    stage.well(CONNECT)
    arm.put_child(stage, "extensions", "flux", extension("microsoft.flux"))
    arm.put_child(
        stage,
        "extensions",
        "monitor",
        extension(
            "microsoft.azuremonitor.containers",
            configurationSettings={"amalogs.useAADAuth": "true"},
            configurationProtectedSettings=SECRETS["extensions/monitor"],
        ),
    )
    arm.put_child(stage, "fluxConfigurations", "public", git("https://git.example.com/edge/apps"))
    arm.put_child(
        stage,
        "fluxConfigurations",
        "private",
        git(
            "https://git.example.com/edge/private",
            namespace="private",
            repository={"httpsUser": "edge"},
            configurationProtectedSettings={"httpsKey": "Z2hwLWhpZGRlbi04MQ=="},
        ),
    )


def secrets_file(stage: Stage) -> str:
    """Write the protected settings as a person would keep them, and return the file's name."""
    import yaml

    path = stage.folder / "secrets.yaml"
    path.write_text(yaml.safe_dump(SECRETS), encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def workloads(stage: Stage) -> dict[str, str]:
    """Return the uid of everything that runs in the cluster and is not an agent of azure-arc."""

    def look() -> dict[str, str]:
        store = stage.cluster.store
        return {
            f"{kind}/{each['metadata']['namespace']}/{each['metadata']['name']}": each["metadata"][
                "uid"
            ]
            for kind in ("deployments", "pods")
            for each in store.items(("apps" if kind == "deployments" else "", kind))
            if not each["metadata"]["namespace"].startswith(("azure-arc", "kube-", "arcctl"))
        }

    return stage.within(look)


def protected(stage: Stage) -> dict[str, dict[str, str]]:
    """Return the Secrets in which the agents have put what was given, by place."""

    def look() -> dict[str, dict[str, str]]:
        return {
            f"{each['metadata']['namespace']}/{each['metadata']['name']}": {
                key: base64.b64decode(text).decode() for key, text in each["data"].items()
            }
            for each in stage.cluster.store.items(("", "secrets"))
            if not each["metadata"]["namespace"].startswith(("azure-arc", "kube-", "arcctl"))
            and each.get("type") != "helm.sh/release.v1"
            and each.get("data")
        }

    return stage.within(look)


_SETTING = "providers/Microsoft.Insights/diagnosticSettings/to-logs"
_COLLECTION = "providers/Microsoft.Insights/dataCollectionRuleAssociations/containers"
_PERSON = "00000000-0000-0000-0000-00000000d001"


def attached(stage: Stage) -> None:
    """Hang on harbor what often hangs on a cluster."""
    assignment = {
        "properties": {
            "roleDefinitionId": ROLE,
            "principalId": _PERSON,
            "principalType": "User",
        }
    }
    name = "11111111-2222-3333-4444-555555555555"
    for place, body, version in (
        (f"providers/Microsoft.Authorization/roleAssignments/{name}", assignment, "2022-04-01"),
        (
            _SETTING,
            {"properties": {"workspaceId": f"{arm.GROUP}/workspaces/logs", "logs": []}},
            "2021-05-01-preview",
        ),
        (
            _COLLECTION,
            {"properties": {"dataCollectionRuleId": f"{arm.GROUP}/rules/containers"}},
            "2022-06-01",
        ),
    ):
        status, answer = arm.ask(stage, "PUT", f"{arm.HARBOR}/{place}", body, version=version)
        assert status in (200, 201), answer


def hanging(stage: Stage) -> dict[str, Any]:
    """Return what hangs on harbor, without what is new each time."""
    roles = arm.ask(
        stage,
        "GET",
        f"{arm.HARBOR}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()",
        version="2022-04-01",
    )[1]["value"]
    own = [
        each["properties"] for each in roles if "connectedClusters" in each["properties"]["scope"]
    ]
    found = {
        "roles": [(each["principalId"], each["roleDefinitionId"], each["scope"]) for each in own]
    }
    for place, version in ((_SETTING, "2021-05-01-preview"), (_COLLECTION, "2022-06-01")):
        status, answer = arm.ask(stage, "GET", f"{arm.HARBOR}/{place}", version=version)
        found[place] = [status, (answer or {}).get("properties")]
    return found


def granted(stage: Stage) -> None:
    """Grant harbor's identity a role on its group."""
    harbor = arm.ask(stage, "GET", arm.HARBOR, version="2026-05-01")[1]
    body = {
        "properties": {
            "roleDefinitionId": ROLE,
            "principalId": harbor["identity"]["principalId"],
            "principalType": "ServicePrincipal",
        }
    }
    name = "66666666-2222-3333-4444-555555555555"
    path = f"{arm.GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}"
    status, answer = arm.ask(stage, "PUT", path, body, version="2022-04-01")
    assert status in (200, 201), answer


def grantees(stage: Stage) -> set[str]:
    """Return whom the group's role assignments name."""
    path = f"{arm.GROUP}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()"
    found = arm.ask(stage, "GET", path, version="2022-04-01")[1]["value"]
    return {each["properties"]["principalId"] for each in found}


def agent_values(stage: Stage) -> dict[str, Any]:
    """Return the helm values of the agents, as helm itself tells them."""
    told = subprocess.run(
        [str(stage.helm), "get", "values", "azure-arc", "-n", "azure-arc-release", "-o", "json"],
        env=stage.environment,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return dict(json.loads(told.stdout))
