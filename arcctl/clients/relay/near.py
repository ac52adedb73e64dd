"""The relay program while it runs, and what it is told on loopback (`connectedk8s.md` B.6)."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import ssl
import tempfile
import time
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.clients.helm import process
from arcctl.clients.helm.environment import for_helm
from arcctl.clients.kubernetes.background import aside
from arcctl.errors import ArcctlError, AzureError
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from arcctl.clients.cloud import Cloud
    from arcctl.clients.relay.ports import Ports
    from arcctl.clients.token_cache import Token
    from arcctl.model.resource_id import ClusterId
    from arcctl.model.secret import Secret
    from arcctl.settings import Settings

_LOG = logging.getLogger("arcctl.relay")
_API_VERSION = "2020-10-01"
_OPENS = 60  # seconds that the program has to open its ports
_ANSWERS = 60  # seconds that it has to answer
_LAST_WORDS = 3
_CLOUDS = {
    "AzureCloud": "AZUREPUBLICCLOUD",
    "AzureUSGovernment": "AzureUSGovernmentCloud",
    "AzureChinaCloud": "AzureChinaCloud",
}


class KeyExpired(Exception):
    """The program no longer takes tokens that are bound to the key it gave out (`arc.md` T56)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the program answered: HTTP status and text."""

    status: int
    text: str


def configuration(cloud: Cloud, ports: Ports, tenant: str, client: str | None) -> dict[str, Any]:
    """Return the content of config.yml; without a client, callers bring tokens of the cluster's."""
    who = {"tenantID": tenant} | ({"clientID": client} if client else {})
    config: dict[str, Any] = {
        "server": {"httpPort": ports.http, "httpsPort": ports.https},
        "identity": who,
        "cloud": _CLOUDS.get(cloud.name, cloud.environment),
    }
    if cloud.metadata.get("dataplaneEndpoints"):
        suffixes = cloud.metadata.get("suffixes") or {}
        config["cloudConfig"] = {
            "resourceManagerEndpoint": cloud.arm,
            "serviceBusEndpointSuffix": suffixes.get("relayEndpointSuffix", ""),
            "activeDirectoryEndpoint": cloud.login,
        }
    return config


@asynccontextmanager
async def running(
    program: Path, config: Mapping[str, Any], ports: Ports, settings: Settings
) -> AsyncIterator[Near]:
    """Keep the program running for as long as the block lasts.

    Its configuration lies in a folder of this session alone, so a second session changes nothing
    in the first one's; no secret is in it, in the program's arguments, or in its environment.
    """
    import yaml

    words = _Words()

    with tempfile.TemporaryDirectory(prefix="arcctl-relay-") as folder:
        path = Path(folder) / "config.yml"
        path.write_text(yaml.safe_dump(dict(config), sort_keys=False), encoding="utf-8")
        argv = [str(program), "-c", str(path), *(["-d"] if settings.flags.debug else [])]
        environ = for_helm(settings.environ)
        try:
            async with process.beside(argv, environ=environ, on_line=words.hear) as ended:
                yield Near(ports, ended, words)
        except OSError as error:
            if error.filename != argv[0]:
                raise
            raise _not_started(program, error) from error


class _Words:
    """What the program says, without the secrets that it was told."""

    def __init__(self) -> None:
        self.told: set[str] = set()
        self.last: deque[str] = deque(maxlen=_LAST_WORDS)

    def hear(self, line: str) -> None:
        self.last.append(self.readable(line))
        _LOG.debug("%s", self.last[-1])

    def readable(self, text: str) -> str:
        """Return it on one line, as people may see it."""
        return " ".join(scrubbed(text, self.told).split())[:300]


class Near:
    """A program that runs; `ended` is done when it no longer does.

    Each call waits until the ports are open, and raises ArcctlError AZK8S0804 where the program
    has ended instead. Its certificate on loopback is its own and is not verified.
    """

    def __init__(self, ports: Ports, ended: asyncio.Task[int], words: _Words) -> None:
        self.ports = ports
        self.ended = ended
        self._words = words

    def readable(self, text: str) -> str:
        """Return what came from the other end on one line, without the secrets of this session."""
        return self._words.readable(text)

    async def public_key(self) -> str:
        """Return the id of the key that access tokens must be bound to."""
        heard = await self._call("GET", "/identity/poppublickey")
        try:
            return str(json.loads(heard.text)["publicKey"]["kid"])
        except (ValueError, LookupError, TypeError) as error:
            raise self._refused("names no key for tokens", heard) from error

    async def identify(self, token: Token, audience: str, tenant: str, key_id: str) -> None:
        """Say who is asking; raise KeyExpired where the key is no longer good."""
        self._words.told.add(token.value.reveal())
        body = {
            "accessToken": token.value.reveal(),
            "serverId": audience,
            "tenantID": tenant,
            "kid": key_id,
        }
        heard = await self._call("POST", "/identity/at", body)
        if heard.status == 500 and "public key expired" in heard.text.lower():
            raise KeyExpired
        if heard.status >= 300:
            raise self._refused("does not take the access token", heard)

    async def register(
        self, cluster: ClusterId, kubeconfig: str, connection: Mapping[str, Any], token: Secret
    ) -> str:
        """Open the connection to a cluster; return its kubeconfig in base64, as one is given.

        `token` is the secret in the kubeconfig, if there is one.
        """
        self._words.told |= {kubeconfig, str(connection["token"])} | {token.reveal()} - {""}
        names = ("relay", "hybridConnectionName", "token", "expirationTime")
        body = {
            "kubeconfigs": [{"name": "Kubeconfig", "value": kubeconfig}],
            "hybridConnectionConfig": {name: connection.get(name) for name in names},
        }
        path = f"{cluster.path}/register?api-version={_API_VERSION}"
        heard = await self._call("POST", path, body, inner=True)
        try:
            return str(json.loads(heard.text)["kubeconfigs"][0]["value"])
        except (ValueError, LookupError, TypeError) as error:
            raise self._refused("does not open the connection", heard) from error

    async def version(self, path: str, token: str) -> Heard:
        """Ask the cluster for its version, as kubectl would through the address `path`."""
        self._words.told.add(token)
        headers = {"Authorization": f"Bearer {token}"}
        return await self._call("GET", f"{path}/version", headers=headers)

    def _refused(self, what: str, heard: Heard) -> AzureError:
        return AzureError(
            f"the relay program {what}",
            code="AZK8S0803",
            status=heard.status,
            why=f"it answered {heard.status}: {self.readable(heard.text)}",
            hints=(
                "the same command opens a new session",
                "if it cannot reach the relay, allow websockets to *.servicebus.windows.net",
            ),
        )

    def closed(self) -> ArcctlError:
        """Return the error of a program that has ended by itself."""
        return ArcctlError(
            "the relay program has ended by itself",
            code="AZK8S0804",
            why=tuple(self._words.last) or "it did not say why",
            hints=(
                "the same command opens a new session",
                "with --debug it shows what the relay program says",
            ),
        )

    async def _call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        inner: bool = False,
    ) -> Heard:
        content = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        give_up, pause = time.monotonic() + _OPENS, 0.05
        while True:
            if self.ended.done():
                raise self.closed()
            try:
                return await aside(self._ask, method, path, content, sent, inner)
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > give_up:
                    raise _silent(path, error) from error
            await asyncio.wait({self.ended}, timeout=pause)
            pause = min(2 * pause, 2.0)

    def _ask(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str], inner: bool
    ) -> Heard:
        connection = self._connection(inner=inner)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return Heard(answer.status, answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def _connection(self, *, inner: bool) -> http.client.HTTPConnection:
        # Not by way of a proxy, whatever the environment says: it is this machine.
        if inner:
            return http.client.HTTPConnection("127.0.0.1", self.ports.http, timeout=_ANSWERS)
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(
            "127.0.0.1", self.ports.https, timeout=_ANSWERS, context=tls
        )


def _not_started(program: Path, error: OSError) -> ArcctlError:
    return ArcctlError(
        "the relay program cannot be started",
        code="AZK8S0802",
        why=f"{program}: {error.strerror}",
        hints=("export ARCCTL_RELAY_HOME=FOLDER, where programs may be run",),
    )


def _silent(path: str, error: Exception) -> ArcctlError:
    return ArcctlError(
        "the relay program does not open its ports",
        code="AZK8S0802",
        why=f"{path.partition('?')[0]}: {error}",
        hints="with --debug it shows what the relay program says",
    )
