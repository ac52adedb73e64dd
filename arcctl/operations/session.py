"""A session with a cluster through Azure: what was asked for, and what it has so far."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.clients.relay.ports import Ports
from arcctl.errors import UsageError
from arcctl.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AsyncExitStack

    from arcctl.clients import Clients
    from arcctl.clients.relay.near import Near
    from arcctl.clients.relay.proof import Signer
    from arcctl.model.kubeconfig import Config
    from arcctl.model.resource_id import ClusterId

HTTPS, HTTP = 47011, 47010
USUAL = "~/.kube/config"
EARLY = 300  # seconds before its end at which something is renewed
_LOWEST, _HIGHEST = 2, 65535


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """`file` None: the kubeconfig is shown instead. `token` is of an account in the cluster.

    `typed` is the file as a person has written it.
    """

    cluster: ClusterId
    port: int = HTTPS
    token: Secret | None = None
    context: str | None = None
    file: Path | None = None
    typed: str = USUAL

    @property
    def line(self) -> str:
        """The command that opens it again, without what is secret in it."""
        return self.at_port(self.port)

    def at_port(self, port: int) -> str:
        """The same command with another port."""
        said = [f"arcctl proxy {self.cluster.named}"]
        said += [f"--file {shlex.quote(self.typed)}"] if self.typed != USUAL else []
        said += [f"--port {port}"] if port != HTTPS else []
        said += [f"--kube-context {shlex.quote(self.context)}"] if self.context else []
        said += ["--token TOKEN"] if self.token else []
        return " ".join(said)

    def kubectl(self, context: str) -> str:
        """How kubectl is told to go this way."""
        if self.file and self.typed != USUAL:
            return f"kubectl --kubeconfig {shlex.quote(self.typed)}"
        return f"kubectl --context {shlex.quote(context)}"


@dataclass
class Session:
    """What the steps share. Times are seconds since 1970."""

    request: ProxyRequest
    clients: Clients
    stack: AsyncExitStack
    show: Callable[[str], None]
    ports: Ports = field(default_factory=lambda: Ports(HTTPS, HTTP))
    program: Path | None = None
    signer: Signer | None = None
    tenant: str = ""
    kubeconfig: str = ""
    connection: dict[str, Any] = field(default_factory=dict)
    proof_ends: float = float("inf")
    config: Config = field(default_factory=dict)
    _near: Near | None = None

    @property
    def near(self) -> Near:
        """The relay program, once it is started."""
        assert self._near
        return self._near

    @near.setter
    def near(self, near: Near) -> None:
        self._near = near

    @property
    def connection_ends(self) -> float:
        """When the relay's token ends."""
        return float(self.connection["expirationTime"])

    @property
    def rest(self) -> float:
        """Seconds until something must be renewed."""
        return min(self.connection_ends, self.proof_ends) - EARLY - time.time()


def proxy_request(
    clusters: Sequence[ClusterId], given: dict[str, Any], environ: Mapping[str, str]
) -> ProxyRequest:
    """Read the flags of `proxy` (`connectedk8s.md` A.8)."""
    if clusters[1:]:
        raise UsageError(
            f"a session leads to one cluster, not to {len(clusters)}",
            why="several stand side by side, each by a command and on a port of its own",
        )
    token = given["token"]
    if token is not None and not token.strip():
        raise UsageError("--token is empty", why="what should have made one has not")
    return ProxyRequest(
        clusters[0],
        port=_port(given["port"]),
        token=Secret(token.strip()) if token else None,
        context=given["kube_context"] or None,
        file=None if given["file"] == "-" else _at_home(given["file"], environ),
        typed=given["file"],
    )


def _at_home(path: str, environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME")
    return Path(home) / path[2:] if home and path.startswith("~/") else Path(path).expanduser()


def _port(number: int) -> int:
    if not _LOWEST <= number <= _HIGHEST:
        raise UsageError(f"--port is between {_LOWEST} and {_HIGHEST}, not {number}")
    if number == HTTP:
        raise UsageError(
            f"port {HTTP} is the one by which arcctl itself speaks to the relay program",
            code="AZK8S0801",
            hints=f"choose another: --port {HTTPS}",
        )
    return number
