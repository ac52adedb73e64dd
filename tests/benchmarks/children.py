"""A connected cluster with as many children as wanted, put there and settled, and ARM's limits on."""

from __future__ import annotations

import json
import ssl
import time
import urllib.parse
from http.client import HTTPSConnection
from typing import TYPE_CHECKING, Any

from tests import arm
from tests.stories.moving import extension, git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.benchmarks.worlds import World

PATIENCE = 120.0
_KINDS = ("extensions", "fluxConfigurations")


def bodies(count: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield kind, name and body: microsoft.flux, then configurations and extensions by turns.

    Every second extension has a protected setting, and five configurations share a namespace.
    """
    yield "extensions", "flux", extension("microsoft.flux")
    for number in range(1, count):
        if number % 3:
            url = f"https://git.example.com/edge/apps-{number}"
            yield "fluxConfigurations", f"apps-{number}", git(url, namespace=f"apps-{number // 5}")
        else:
            secret = {"token": f"hidden-{number}"} if number % 2 else {}
            yield (
                "extensions",
                f"part-{number}",
                extension(
                    "contoso.part",
                    configurationSettings={"replicas": "1", "number": str(number)},
                    configurationProtectedSettings=secret,
                ),
            )


def put(world: World, count: int) -> None:
    """Put the children to the cluster, wait until they are settled, and slow ARM down."""
    azure = _Azure(world.environment)
    for kind, name, body in bodies(count):
        azure.ask("PUT", kind, name, body)
    deadline = time.monotonic() + PATIENCE
    while not all(_settled(each) for kind in _KINDS for each in azure.ask("GET", kind)["value"]):
        assert time.monotonic() < deadline, f"{count} children did not settle"
        time.sleep(0.2)
    slow_down(world)


def slow_down(world: World) -> None:
    """Let ARM keep to the rates of the real one."""
    world.ask("POST", "seed", {"throttle": True})


def write_secrets(path: Path, count: int) -> None:
    """Write the protected settings of these children as a person would keep them."""
    secrets = {
        f"{kind}/{name}": body["properties"].get("configurationProtectedSettings")
        for kind, name, body in bodies(count)
    }
    text = json.dumps({child: given for child, given in secrets.items() if given})
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def _settled(child: Mapping[str, Any]) -> bool:
    properties = child["properties"]
    applied = properties.get("complianceState", "Compliant") == "Compliant"
    return applied and properties["provisioningState"] == "Succeeded"


class _Azure:
    """One connection to the sandbox's ARM, as an app that may do everything."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._host = environment["ARCCTL_CLOUD"].removeprefix("https://")
        self._trust = ssl.create_default_context(cafile=environment["SSL_CERT_FILE"])
        self._connection = HTTPSConnection(self._host, context=self._trust, timeout=PATIENCE)
        self._token = self._sign_in(environment)

    def _sign_in(self, environment: Mapping[str, str]) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": environment["AZURE_CLIENT_ID"],
            "client_secret": environment["AZURE_CLIENT_SECRET"],
            "scope": f"https://{self._host}/.default",
        }
        path = f"/{environment['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        return str(self._send("POST", path, urllib.parse.urlencode(form))["access_token"])

    def ask(self, method: str, kind: str, name: str = "", body: Any = None) -> Any:
        path = f"{arm.HARBOR}/{arm.CHILDREN}/{kind}" + (f"/{name}" if name else "")
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body)
        return self._send(method, f"{path}?api-version={arm.VERSIONS[kind]}", text, headers)

    def _send(
        self, method: str, path: str, body: str | None, headers: Mapping[str, str] | None = None
    ) -> Any:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request(method, path, body, dict(headers or form))
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status < 300, (method, path, answer.status, text)
        return json.loads(text)
