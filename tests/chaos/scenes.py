"""Worlds that seeds begin with: each is made once in a process, by real commands, and put aside.

Every secret in them is a mark of its own, so that one that turns up where it should not is found.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from tests import arm
from tests.chaos import direct
from tests.stories.moving import extension, git

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l eastus --skip-prechecks"
OTHER = "sandbox-2"
ARC = "azure-arc"
CREW = str(uuid5(NAMESPACE_URL, "crew"))
"""Who has a role on harbor"""
_MARKS: dict[str, str] = {}
_SALT = uuid4().hex


def mark(name: str) -> str:
    """Return the secret of this name: the same in a process, and found nowhere else."""
    return _MARKS.setdefault(name, f"mark-{uuid5(NAMESPACE_URL, f'{_SALT}{name}').hex[:20]}")


def marks() -> list[str]:
    """Return every secret that was ever asked for."""
    return list(_MARKS.values())


@dataclass(frozen=True)
class Scene:
    """A way to begin: who makes it, and what the secrets of its children are called."""

    name: str
    make: Callable[[Stage], None]
    secrets: tuple[tuple[str, str], ...] = ()

    def secrets_of(self) -> dict[str, dict[str, str]]:
        """Return the protected settings, as a person keeps them in a file."""
        found: dict[str, dict[str, str]] = {}
        for child, key in self.secrets:
            found.setdefault(child, {})[key] = mark(f"{child} {key}")
        return found

    def write_secrets(self, stage: Stage, *, more: bool = False) -> None:
        """Write secrets.yaml, which only its owner may read; `more` for what is to be added."""
        path = stage.folder / "secrets.yaml"
        added = {"extensions/added": {"added.key": mark("extensions/added added.key")}}
        path.write_text(json.dumps(self.secrets_of() | (added if more else {})))
        path.chmod(0o600)


def strangers(stage: Stage) -> None:
    """Plant what is nobody's business: another cluster and group, a shop in the cluster."""
    stage.seed(
        groups=[{"name": "other", "location": "eastus"}, {"name": "edge", "location": "eastus"}],
        clusters=[{"name": "quay", "group": "other", "tags": {"team": "sea"}}],
        policies=[{"on": "other", "name": "regions", "allow": ["eastus", "westeurope"]}],
    )
    for name in stage.sandbox.clusters:
        for place, each in shop().items():
            _kube(stage, name, place, each)


def shop() -> dict[str, dict[str, Any]]:
    """What somebody else runs in a cluster, by the place to which it is posted."""
    secret = base64.b64encode(mark("shop").encode()).decode()
    labels = {"app": "till"}
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "till", "image": "till:1"}]},
        },
    }
    inside = {
        "/api/v1/namespaces/shop/configmaps": _object("ConfigMap", "till", data={"open": "8"}),
        "/api/v1/namespaces/shop/secrets": _object("Secret", "safe", data={"code": secret}),
        "/apis/apps/v1/namespaces/shop/deployments": _object(
            "Deployment", "till", "apps/v1", spec=spec
        ),
    }
    for each in inside.values():
        each["metadata"]["namespace"] = "shop"
    return {"/api/v1/namespaces": _object("Namespace", "shop"), **inside}


def unconnected(stage: Stage) -> None:
    """Nothing of Arc's."""
    strangers(stage)


def bare(stage: Stage) -> None:
    """Harbor connected, with tags and nothing else."""
    strangers(stage)
    stage.well(f"{CONNECT} --tags team=edge site=pier7")


def plain(stage: Stage) -> None:
    """Harbor with two extensions, two configurations, and what hangs on it."""
    bare(stage)
    _put(stage, "extensions", "flux", extension("microsoft.flux"))
    monitor = extension(
        "microsoft.azuremonitor.containers",
        configurationSettings={"amalogs.useAADAuth": "true"},
        configurationProtectedSettings={key: mark(f"extensions/monitor {key}") for key in _MONITOR},
    )
    _put(stage, "extensions", "monitor", monitor)
    _put(stage, "fluxConfigurations", "public", git("https://git.example.com/edge/apps"))
    key = mark("fluxConfigurations/private httpsKey")
    private = git(
        "https://git.example.com/edge/private",
        namespace="private",
        repository={"httpsUser": "edge"},
        configurationProtectedSettings={"httpsKey": base64.b64encode(key.encode()).decode()},
    )
    _put(stage, "fluxConfigurations", "private", private)
    hanging(stage)


def several(stage: Stage) -> None:
    """Harbor with six extensions, with scopes, pins and secrets."""
    bare(stage)
    for number in range(5):
        name = f"part{number}"
        more: dict[str, Any] = {"configurationSettings": {"replicas": str(number), "a.b": "x=1"}}
        if number % 2:
            more["scope"] = {"cluster": {"releaseNamespace": f"parts-{number}"}}
            more["configurationProtectedSettings"] = {"token": mark(f"extensions/{name} token")}
        if number == 2:
            more |= {"autoUpgradeMinorVersion": False, "version": "1.0.0"}
        _put(stage, "extensions", name, extension("contoso.part", **more))
    _put(stage, "extensions", "dapr", extension("microsoft.dapr"))
    hanging(stage)


def elder(stage: Stage) -> None:
    """Harbor with an extension and a configuration of Flux's first generation."""
    bare(stage)
    settings = {"amalogs.useAADAuth": "true"}
    monitor = extension("microsoft.azuremonitor.containers", configurationSettings=settings)
    _put(stage, "extensions", "monitor", monitor)
    old = {"properties": {"repositoryUrl": "https://git.example.com/edge/old"}}
    _put(stage, "sourceControlConfigurations", "old", old)
    hanging(stage)


def locked(stage: Stage) -> None:
    """Harbor as `plain` has it, and a lock on it."""
    plain(stage)
    stage.seed(locks=[{"on": "edge/harbor", "name": "keep"}])


def copied(stage: Stage) -> None:
    """Harbor as `plain` has it; the second cluster holds a copy of its ConfigMap."""
    plain(stage)
    _copy(stage, "configmaps", "azure-clusterconfig")


def copied_with_key(stage: Stage) -> None:
    """The same, and a copy of the private key as well."""
    copied(stage)
    _copy(stage, "secrets", "azure-arc-connect-privatekey")


def hanging(stage: Stage) -> None:
    """Hang on harbor what often hangs on a cluster, and give its identity a role."""
    stage.seed(
        assignments=[
            {"on": "edge/harbor", "who": "operator", "role": "Reader"},
            {"on": "edge/harbor", "who": CREW, "role": "Reader"},
        ],
        diagnosticSettings=[{"on": "edge/harbor", "name": "to-logs", "workspaceId": "/w"}],
        policies=[{"on": "edge/harbor", "name": "own", "allow": ["eastus", "westeurope"]}],
    )
    harbor = stage.within(lambda: stage.world.azure.store.get(arm.HARBOR))
    assert harbor
    who = harbor.body["identity"]["principalId"]
    stage.seed(assignments=[{"on": "edge", "who": who, "role": "Reader"}])


def _put(stage: Stage, kind: str, name: str, body: Any) -> None:
    arm.put_child(stage, kind, name, body)


def _copy(stage: Stage, plural: str, name: str) -> None:
    place = f"/api/v1/namespaces/{ARC}/{plural}"
    _, found = direct.cluster(stage, "sandbox", "GET", f"{place}/{name}")
    direct.cluster(stage, OTHER, "POST", "/api/v1/namespaces", _object("Namespace", ARC))
    kept = {"name": name, "labels": found["metadata"].get("labels") or {}}
    copy = {key: each for key, each in found.items() if key not in ("metadata", "status")}
    _kube(stage, OTHER, place, copy | {"metadata": kept})


def _kube(stage: Stage, name: str, place: str, body: Any) -> None:
    status, found = direct.cluster(stage, name, "POST", place, body)
    assert status in (200, 201), (place, status, found)


def _object(kind: str, name: str, version: str = "v1", **content: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **content}


_MONITOR = ("amalogs.secret.wsid", "amalogs.secret.key")
_PLAIN = (
    *(("extensions/monitor", key) for key in _MONITOR),
    ("fluxConfigurations/private", "httpsKey"),
)
_PARTS = tuple((f"extensions/part{number}", "token") for number in (1, 3))
SCENES = {
    each.name: each
    for each in (
        Scene("unconnected", unconnected),
        Scene("bare", bare),
        Scene("plain", plain, _PLAIN),
        Scene("several", several, _PARTS),
        Scene("elder", elder),
        Scene("locked", locked, _PLAIN),
        Scene("copied", copied, _PLAIN),
        Scene("copied with key", copied_with_key, _PLAIN),
    )
}
