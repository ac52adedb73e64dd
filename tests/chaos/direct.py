"""Past the proxies: what the campaign itself asks of Azure and of a cluster, as somebody else."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import entra

if TYPE_CHECKING:
    from tests.stage import Stage

_PATIENCE = 60


def azure(stage: Stage, method: str, path: str, version: str, body: Any = None) -> tuple[int, Any]:
    """Ask ARM as an app that may do everything; return status and JSON."""
    world, port = stage.world, stage.sandbox.port
    token = world.azure.tokens.issue(entra.FULL_RIGHTS, world.base_url)
    joint = "&" if "?" in path else "?"
    url = f"https://127.0.0.1:{port}{path}{joint}api-version={version}"
    return _ask(stage, method, url, token, body)


def cluster(stage: Stage, name: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask the API server of a cluster by name."""
    config = json.loads(stage.sandbox.home.kubeconfig.read_text())
    [server] = [each["cluster"]["server"] for each in config["clusters"] if each["name"] == name]
    return _ask(stage, method, server + path, stage.sandbox.clusters[name].token, body)


def _ask(stage: Stage, method: str, url: str, token: str, body: Any) -> tuple[int, Any]:
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": "somebody-else",
        },
    )
    trust = ssl.create_default_context(cafile=str(stage.sandbox.home.ca))
    try:
        with urllib.request.urlopen(request, context=trust, timeout=_PATIENCE) as found:
            return found.status, _json(found.read())
    except urllib.error.HTTPError as error:
        return error.code, _json(error.read())


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
