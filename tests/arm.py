"""Azure behind arcctl's back: what somebody else puts there, deletes there, finds there."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import entra, seeds

if TYPE_CHECKING:
    from tests.stage import Stage

SUBSCRIPTION = f"/subscriptions/{seeds.SUBSCRIPTION}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/edge"
HARBOR = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/harbor"
CHILDREN = "providers/Microsoft.KubernetesConfiguration"
VERSIONS = {
    "extensions": "2025-03-01",
    "fluxConfigurations": "2025-04-01",
    "sourceControlConfigurations": "2023-05-01",
}
_PATIENCE = 60


def ask(stage: Stage, method: str, path: str, body: Any = None, *, version: str) -> tuple[int, Any]:
    """Ask Azure as an app that may do everything; return status and JSON."""
    world = stage.world
    token = stage.within(lambda: world.azure.tokens.issue(entra.FULL_RIGHTS, world.base_url))
    joint = "&" if "?" in path else "?"
    request = urllib.request.Request(
        f"{world.base_url}{path}{joint}api-version={version}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": "somebody-else",
        },
    )
    trust = ssl.create_default_context(cafile=stage.sandbox.environment["SSL_CERT_FILE"])
    try:
        with urllib.request.urlopen(request, context=trust, timeout=_PATIENCE) as answer:
            return answer.status, _read(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _read(error.read())


def _read(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def put_child(stage: Stage, kind: str, name: str, body: Any, cluster: str = HARBOR) -> Any:
    """Put a child to a connected cluster, and wait until the agents have settled it."""
    path = f"{cluster}/{CHILDREN}/{kind}/{name}"
    version = VERSIONS[kind]
    status, answer = ask(stage, "PUT", path, body, version=version)
    assert status in (200, 201), (status, answer)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        _, found = ask(stage, "GET", path, version=version)
        if found["properties"]["provisioningState"] not in ("Creating", "Updating", "Accepted"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"{kind}/{name} did not settle")


def children(stage: Stage, cluster: str = HARBOR) -> dict[str, Any]:
    """Return all children of a cluster by kind and name."""
    found = {}
    for kind, version in VERSIONS.items():
        _, listed = ask(stage, "GET", f"{cluster}/{CHILDREN}/{kind}", version=version)
        found |= {f"{kind}/{each['name']}": each for each in listed["value"]}
    return found
