"""`python -m tests.benchmarks.peer`: the way of `az connectedk8s update --tags`, without az.

Its requests to Azure in their order, its looks at the cluster and its four runs of helm
(`connectedk8s.md` B.3, `az-on-the-wire.md` 2), as fast as a small program can play them: one
connection that is kept, no diagnostics, the agents' state asked for once. What az itself needs to
start comes on top.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import yaml

# What is imported counts as its own time, so ids are spelled out.
HARBOR = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/edge"
    "/providers/Microsoft.Kubernetes/connectedClusters/harbor"
)
VERSION = "2025-08-01-preview"
DATA_PLANE = "/azure-arc-k8sagents"
SPACE = ["-n", "azure-arc-release"]
# Without a Retry-After of its own the service is asked again after so long.
POLL = 30.0
READ_ONLY = [
    "provisioningState",
    "connectivityStatus",
    "lastConnectivityTime",
    "offering",
    "kubernetesVersion",
    "agentVersion",
    "totalNodeCount",
    "totalCoreCount",
    "managedIdentityCertificateExpirationTime",
    "infrastructure",
    "miscellaneousProperties",
]


class Server:
    """A connection to one server, kept open."""

    def __init__(self, url: str, authority: str, headers: dict[str, str]) -> None:
        host = urllib.parse.urlsplit(url).netloc
        trust = ssl.create_default_context(cafile=authority)
        self._connection = HTTPSConnection(host, context=trust, timeout=120)
        self.headers = headers

    def ask(self, method: str, path: str, body: Any = None) -> tuple[Any, Any]:
        """Return the answer's headers and JSON; anything but success ends the program."""
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        self._connection.request(method, path, text, self.headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {content.decode()}")
        return answer.headers, json.loads(content) if content else None


def azure() -> Server:
    """Sign in as a service principal."""
    env, url = os.environ, os.environ["ARCCTL_CLOUD"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    server = Server(url, env["SSL_CERT_FILE"], form)
    said = {
        "grant_type": "client_credentials",
        "client_id": env["AZURE_CLIENT_ID"],
        "client_secret": env["AZURE_CLIENT_SECRET"],
        "scope": f"{url}/.default",
    }
    path = f"/{env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    _, token = server.ask("POST", path, urllib.parse.urlencode(said))
    bearer = f"Bearer {token['access_token']}"
    server.headers = {"Authorization": bearer, "Content-Type": "application/json"}
    return server


def cluster(folder: Path) -> Server:
    """Open the cluster of the kubeconfig, by its token or its certificate."""
    known = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8"))
    place, user = known["clusters"][0]["cluster"], known["users"][0]["user"]
    authority = folder / "ca.pem"
    authority.write_bytes(base64.b64decode(place["certificate-authority-data"]))
    return Server(place["server"], str(authority), {"Authorization": f"Bearer {user['token']}"})


def helm(*words: str) -> str:
    """Run helm and return what it says."""
    done = subprocess.run(
        [os.environ["ARCCTL_HELM"], *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"helm {' '.join(words)}: {done.stderr}")
    return done.stdout


def put(server: Server, path: str, body: Any) -> Any:
    """Write the resource and follow the operation as az does; return it as it is then."""
    headers, answer = server.ask("PUT", path, body)
    if not (follow := headers["Azure-AsyncOperation"]):
        return answer
    where = urllib.parse.urlsplit(follow)
    while True:
        headers, state = server.ask("GET", f"{where.path}?{where.query}")
        if state["status"] not in ("Accepted", "Creating", "Updating", "InProgress", "Running"):
            return server.ask("GET", path)[1]
        time.sleep(float(headers["Retry-After"] or POLL))


def again(resource: Any) -> Any:
    """What of a resource may be written again."""
    properties = {k: v for k, v in resource["properties"].items() if k not in READ_ONLY}
    properties["arcAgentProfile"] = {"agentAutoUpgrade": "Enabled"}
    body = {name: resource[name] for name in ("location", "tags")}
    return body | {"identity": {"type": "SystemAssigned"}, "properties": properties}


def main(tag: str) -> None:
    """Play it."""
    path = f"{HARBOR}?api-version={VERSION}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = azure()
        server.ask("GET", path)
        server.ask("PATCH", path, {"tags": {"site": tag}})
        kubernetes = cluster(folder)
        kubernetes.ask("GET", "/version")
        helm("list", "-A", "--filter", "^azure-arc$", "-o", "json")
        kubernetes.ask("GET", "/api/v1/namespaces/azure-arc/configmaps/azure-clusterconfig")
        for _ in range(2):
            _, resource = server.ask("GET", path)
        resource = put(server, path, again(resource))
        server.ask("GET", path)
        server.ask("GET", "/metadata/endpoints?api-version=2022-09-01")
        server.ask("POST", f"{DATA_PLANE}/healthCheck?api-version=2024-07-01-preview")
        settings = f"{DATA_PLANE}/GetHelmSettings?api-version=2024-07-01-preview"
        _, given = server.ask("POST", f"{settings}&releaseTrain=stable", resource)
        upgrade(folder, given)


def upgrade(folder: Path, given: Any) -> None:
    """Let helm fetch the chart, tell its values, and lay the new ones over them."""
    chart, _, version = given["repositoryPath"].rpartition(":")
    helm("pull", f"oci://{chart}", "--version", version, "-d", str(folder))
    values = folder / "values.yaml"
    values.write_text(helm("get", "values", "azure-arc", *SPACE, "-o", "yaml"), encoding="utf-8")
    sets = [
        word
        for key, value in given["helmValuesContent"].items()
        if "redacted" not in value
        for word in ("--set", f"{key}={value}".replace(",", r"\,"))
    ]
    [archive] = folder.glob("*.tgz")
    helm("upgrade", "azure-arc", str(archive), *SPACE, "-f", str(values), "--wait", *sets)


if __name__ == "__main__":
    main(sys.argv[1])
