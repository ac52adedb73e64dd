"""Worlds that are broken as people's are (`arc.md` A14): each a thing done to a healthy harbor."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml
from arcctl.sandbox import identity
from arcctl.sandbox.kubernetes.api import Deletion
from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.seeds import NodeShape
from arcctl.sandbox.kubernetes.store import copy_of
from arcctl.sandbox.merge import merged

if TYPE_CHECKING:
    from tests.stage import Stage

ARC, RELEASES = "azure-arc", "azure-arc-release"
KUSTOMIZATIONS = ("kustomize.toolkit.fluxcd.io", "kustomizations")
_PATIENCE = 30

Break = Callable[["Stage"], object]


def azure(**properties: Any) -> Break:
    """Let ARM show the resource with these properties."""

    def act(stage: Stage) -> None:
        action = {"patch_body": {"properties": properties}}
        stage.fault("arm", action, method="GET", path="/harbor$", times=None)

    return act


def children(kind: str, **document: Any) -> Break:
    """Let ARM list all children of a kind with these properties."""

    def act(stage: Stage) -> None:
        action = {"patch_items": {"properties": document}}
        stage.fault("arm", action, method="GET", path=f"/{kind}$", times=None)

    return act


def instead(service: str, path: str, status: int, body: Any = None) -> Break:
    """Let a service answer so to every GET of a path."""

    def act(stage: Stage) -> None:
        action = {"status": status, "body": body}
        stage.fault(service, action, method="GET", path=path, times=None)

    return act


def trouble(reason: str, agent: str = "config-agent", message: str = "") -> Break:
    """Let an agent's pods, made anew, fail for a reason."""

    def act(stage: Stage) -> None:
        def begin() -> None:
            stage.cluster.trouble(reason, namespace=ARC, prefix=agent, message=message)
            for pod in stage.cluster.store.items(KINDS["pods"].key, ARC):
                if pod["metadata"]["name"].startswith(agent):
                    stage.cluster.api.delete(KINDS["pods"], pod, Deletion(grace=0))

        stage.within(begin)
        until(stage, lambda: not available(stage, agent))
        until(stage, lambda: shows(stage, reason, agent))

    return act


def available(stage: Stage, agent: str) -> bool:
    """Whether an agent's Deployment has a pod available."""
    found = stage.cluster.store.get(KINDS["deployments"].key, ARC, agent)
    return bool(found and found["status"].get("availableReplicas"))


def shows(stage: Stage, reason: str, agent: str) -> bool:
    """Whether the cluster tells of the trouble yet."""
    if reason == "PodForbidden":
        events = stage.cluster.store.items(KINDS["events"].key, ARC)
        return any(each["reason"] == "FailedCreate" for each in events)
    pods = stage.cluster.store.items(KINDS["pods"].key, ARC)
    return any(
        pod["metadata"]["name"].startswith(agent) and pod["status"].get("conditions")
        for pod in pods
    )


def until(stage: Stage, wanted: Callable[[], bool]) -> None:
    """Wait until the sandbox has come so far."""
    deadline = time.monotonic() + _PATIENCE
    while not stage.within(wanted):
        assert time.monotonic() < deadline, "the sandbox did not come so far"
        time.sleep(0.02)


def remove(plural: str, namespace: str, name: str) -> Break:
    """Take an object away."""
    key = KINDS[plural].key
    return lambda stage: stage.within(lambda: stage.cluster.store.remove(key, namespace, name))


def change(plural: str, namespace: str, name: str, **patch: Any) -> Break:
    """Merge a patch into an object."""
    return lambda stage: stage.within(lambda: merge(stage, plural, namespace, name, **patch))


def merge(stage: Stage, plural: str, namespace: str, name: str, **patch: Any) -> None:
    """The same, for what acts in the sandbox's own loop already."""
    key = KINDS[plural].key
    found = stage.cluster.store.get(key, namespace, name)
    assert found
    new = merged(copy_of(dict(found)), patch)
    new["metadata"].pop("resourceVersion", None)
    stage.cluster.store.write(key, new)


def plant(plural: str, namespace: str, name: str, **body: Any) -> Break:
    """Put an object there."""
    kind = KINDS[plural]
    metadata = {"name": name, **body.pop("metadata", {})}

    def act(stage: Stage) -> None:
        made = {"metadata": metadata, **body}
        stage.within(lambda: stage.cluster.api.create(kind, namespace, made))

    return act


def tight_quota(stage: Stage) -> None:
    """Let a quota of the agents' namespace be used up."""
    plant("resourcequotas", ARC, "tight", spec={"hard": {"pods": "11"}})(stage)
    used = {"hard": {"pods": "11"}, "used": {"pods": "11"}}
    change("resourcequotas", ARC, "tight", status=used)(stage)


def cut_off(stage: Stage) -> None:
    """Keep the agents from Azure."""
    stage.fault("agents", {"blocked_egress": True}, times=None)


def both(*acts: Break) -> Break:
    """Do one after the other."""
    return lambda stage: [act(stage) for act in acts]


def no_identity(stage: Stage) -> None:
    """Let the identity certificate be gone, and no other come."""
    cut_off(stage)
    remove("secrets", ARC, "azure-identity-certificate")(stage)


def obstructed(line: str) -> Break:
    """Let the certificate be missing, and the agent that asks for it write why."""
    log = f"I0101 asking for the identity\nE0101 {line}\nI0101 trying again"
    return both(no_identity, instead("kubernetes", "/clusteridentityoperator-[^/]+/log$", 200, log))


def expired_identity(stage: Stage) -> None:
    """Let the identity certificate in the cluster be an old one."""
    cut_off(stage)
    past = datetime.now(UTC) - timedelta(days=100)
    old = identity.secret("azure-identity-certificate", "harbor", "", past)["data"]
    change("secrets", ARC, "azure-identity-certificate", data=old)(stage)


def offline(stage: Stage) -> None:
    """Let the way out close, and a quarter of an hour pass."""
    cut_off(stage)
    stage.within(lambda: stage.world.clock.advance(1200))


def release(status: str) -> Break:
    """Let helm's record of the agents be in another state."""
    name = "sh.helm.release.v1.azure-arc.v1"
    return change("secrets", RELEASES, name, metadata={"labels": {"status": status}})


def dying(stage: Stage) -> None:
    """Delete the releases' namespace, in which a finalizer holds something."""
    plant("configmaps", RELEASES, "held", metadata={"finalizers": ["example.com/never"]})(stage)

    def delete() -> None:
        space = stage.cluster.store.get(KINDS["namespaces"].key, "", RELEASES)
        assert space
        stage.cluster.api.delete(KINDS["namespaces"], space, Deletion())

    stage.within(delete)


def another_owner(stage: Stage) -> None:
    """Let the cluster's ConfigMap name another resource."""
    change("configmaps", ARC, "azure-clusterconfig", data={"AZURE_RESOURCE_NAME": "depot"})(stage)


def nodes(**shape: Any) -> Break:
    """Let all nodes be like this."""
    return lambda stage: stage.within(lambda: stage.cluster.set_nodes([NodeShape(**shape)]))


def provider(namespace: str) -> Break:
    """Let a provider not be registered."""
    return lambda stage: stage.seed(providers={namespace: "NotRegistered"})


def another_user(*rules: dict[str, Any], token: str = "narrow") -> Break:
    """Let the kubeconfig belong to somebody who may only do this."""

    def act(stage: Stage) -> None:
        stage.within(lambda: stage.cluster.grant(token, token, rules))
        kubeconfig(stage, token)

    return act


def kubeconfig(stage: Stage, token: str, server: str = "") -> None:
    """Let the kubeconfig have another token, and lead to another server."""
    known = yaml.safe_load(stage.sandbox.home.kubeconfig.read_text())
    if server:
        known["clusters"][0]["cluster"]["server"] = server
    known["users"][0]["user"] = {"token": token}
    (stage.folder / "mine").write_text(yaml.safe_dump(known))
    stage.extra["KUBECONFIG"] = str(stage.folder / "mine")


def stale_token(stage: Stage) -> None:
    """Let the kubeconfig's token have expired."""
    kubeconfig(stage, "stale")


def clock_of(service: str, path: str) -> Break:
    """Let a service's clock be an hour behind."""

    def act(stage: Stage) -> None:
        past = datetime.now(UTC) - timedelta(hours=1)
        said = {"Date": past.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        stage.fault(service, {"add_header": said}, method="GET", path=path, times=None)

    return act


def flux_says(reason: str, message: str) -> Break:
    """Let a Kustomization of Flux not be ready."""
    condition = {"type": "Ready", "status": "False", "reason": reason, "message": message}

    def act(stage: Stage) -> None:
        # Nobody is there to make it ready again.
        change("deployments", "flux-system", "kustomize-controller", spec={"replicas": 0})(stage)

        def write() -> None:
            [found] = [
                each
                for each in stage.cluster.store.items(KUSTOMIZATIONS)
                if each["metadata"]["name"] == "public-base"
            ]
            new = copy_of(dict(found))
            new["status"] = {"conditions": [condition]}
            new["metadata"].pop("resourceVersion", None)
            stage.cluster.store.write(KUSTOMIZATIONS, new)

        stage.within(write)

    return act


def inside(log: str) -> Break:
    """Let the diagnostics job have written this."""
    return instead("kubernetes", "/log$", 200, log)


def custom_location(stage: Stage) -> None:
    """Let a custom location stand on harbor."""
    stage.seed(customLocations=[{"name": "depot", "cluster": "edge/harbor"}])


def values(parts: dict[str, Any] | None = None, **more: Any) -> Break:
    """Let helm's record say that the agents were given these `systemDefaultValues`."""
    name = "sh.helm.release.v1.azure-arc.v1"

    def act(stage: Stage) -> None:
        found = stage.cluster.store.get(KINDS["secrets"].key, RELEASES, name)
        assert found
        packed = base64.b64decode(base64.b64decode(found["data"]["release"]))
        record = json.loads(gzip.decompress(packed))
        given = {"systemDefaultValues": {**(parts or {}), **more}}
        record["config"] = merged(record.get("config") or {}, given)
        packed = base64.b64encode(gzip.compress(json.dumps(record).encode()))
        data = {"release": base64.b64encode(packed).decode()}
        change("secrets", RELEASES, name, data=data)(stage)

    return act


def azure_rbac(stage: Stage) -> None:
    """Let Azure RBAC be on by helm's record."""
    values(guard={"enabled": True})(stage)


def guard_files(days: float) -> Break:
    """Let the files for guard hold a certificate that ends in so many days."""
    made = datetime.now(UTC) + timedelta(days=days) - identity.LIFETIME
    held = identity.secret("guard", "guard", "", made)["data"]["tls.crt"]
    file = f"users:\n- user:\n    client-certificate-data: {held}\n"
    data = {"guard-authn-webhook.yaml": base64.b64encode(file.encode()).decode()}
    return plant("secrets", "kube-system", "azure-arc-guard-manifests", data=data)


def relay_log(*lines: str) -> Break:
    """Let the agent of cluster connect have written this."""
    return instead("kubernetes", "/clusterconnect-agent-[^/]+/log$", 200, "\n".join(lines))


def private_link(address: str) -> Break:
    """Let harbor have a private link, and the identity service lead to this address."""
    services = {"arcHybridIdentityServiceEndpoint": f"https://{address}/"}
    action = {"patch_body": {"dataplaneEndpoints": services}}

    def act(stage: Stage) -> None:
        stage.fault("arm", action, path="/metadata/endpoints$", times=None)

    return both(azure(privateLinkState="Enabled"), act)


def no_helm(stage: Stage) -> None:
    """Let no helm be on this machine, and its archive be unreachable."""
    stage.extra.update(PATH="/nowhere", ARCCTL_HELM="", ARCCTL_HELM_BASE_URL="http://127.0.0.1:9")


def another_key(stage: Stage) -> None:
    """Let the cluster hold a key that is not the resource's."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    cut_off(stage)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    data = {"privateKey": base64.b64encode(pem).decode()}
    change("secrets", ARC, "azure-arc-connect-privatekey", data=data)(stage)
