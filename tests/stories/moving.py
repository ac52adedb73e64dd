"""A cluster worth moving: connected, with a child of each kind and things that hang on it."""

from __future__ import annotations

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
    arm.put_child(
        stage, "fluxConfigurations", "public", git("https://git.example.com/edge/apps")
    )
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
