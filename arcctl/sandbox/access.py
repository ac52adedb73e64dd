"""How to get into a cluster: its address, its CA, and who is asking.

For the user's own cluster (`--kube-context`) the `kubernetes` package reads the kubeconfig, so
client certificates, tokens and sign-in plug-ins work as they do for kubectl.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

_FILES = {"certificate-authority", "client-certificate", "client-key", "tokenFile"}


@dataclass(frozen=True, slots=True)
class Access:
    """`authorization` is asked before each request: a sign-in plug-in's token may have changed.

    `tls` may carry a client certificate; then `bare` is the same without it.
    """

    server: str
    tls: ssl.SSLContext
    authorization: Callable[[], str | None] = field(repr=False)
    bare: ssl.SSLContext | None = None

    def for_others(self) -> Access:
        """Return the way in for whoever says himself who he is: nothing here speaks for him."""
        return Access(self.server, self.bare or self.tls, lambda: None)


def by_token(server: str, ca_file: Path, token: str) -> Access:
    """Enter a cluster of the sandbox's own."""
    return Access(
        server, ssl.create_default_context(cafile=str(ca_file)), lambda: f"Bearer {token}"
    )


def by_context(context: str, kube_config: str | None = None) -> Access:
    """Enter the cluster of a context of the user's kubeconfig."""
    from kubernetes.config import ConfigException, new_client_from_config

    try:
        settings = new_client_from_config(kube_config, context).configuration
    except (ConfigException, OSError, ValueError) as error:
        raise SandboxError(
            f"the context {context} cannot be used",
            code="kube-context",
            why=str(error),
            hints="kubectl config get-contexts",
        ) from error
    tls, bare = _tls(settings), _tls(settings)
    if settings.cert_file:
        tls.load_cert_chain(settings.cert_file, settings.key_file)
    return Access(
        settings.host,
        tls,
        lambda: settings.get_api_key_with_prefix("BearerToken", "authorization"),
        bare,
    )


def _tls(settings: Any) -> ssl.SSLContext:
    tls = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if not settings.verify_ssl:
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    return tls


def kubeconfig(clusters: dict[str, tuple[str, str]], ca_data: str) -> str:
    """Write a kubeconfig, as JSON, which is YAML too; `clusters` maps names to URL and token."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": next(iter(clusters)),
            "preferences": {},
            "clusters": [
                _named(name, cluster={"server": url, "certificate-authority-data": ca_data})
                for name, (url, _) in clusters.items()
            ],
            "users": [_named(name, user={"token": token}) for name, (_, token) in clusters.items()],
            "contexts": [
                _named(name, context={"cluster": name, "user": name}) for name in clusters
            ],
        },
        indent=1,
    )


def with_current(context: str, kube_config: str | None = None) -> str:
    """Copy the user's kubeconfig, all its files merged, with another current context."""
    from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION, KubeConfigMerger

    merged = KubeConfigMerger(kube_config or KUBE_CONFIG_DEFAULT_LOCATION)
    config = {**_plain(merged.config), "current-context": context}
    return json.dumps(config, indent=1, default=str)


def _plain(node: Any, folder: Path = Path()) -> Any:
    """Unwrap a merged kubeconfig; files that it names relative to itself get their whole path."""
    folder = Path(node.path).absolute().parent if hasattr(node, "path") else folder
    value = getattr(node, "value", node)
    if isinstance(value, list):
        return [_plain(part, folder) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: str(folder / part) if name in _FILES else _plain(part, folder)
        for name, part in value.items()
    }


def _named(name: str, **content: Any) -> dict[str, Any]:
    return {"name": name, **content}
