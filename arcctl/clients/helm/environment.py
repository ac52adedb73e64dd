"""What helm and pip may know of the environment (`design.md` rule 9).

helm needs little and gets little, unless the kubeconfig signs in by a plug-in: that is a child
of helm's, and helm has to hand it on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.clients.kubernetes.environment import for_plugin

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TERM", "TMPDIR",
    "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "KUBECACHEDIR",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "DOCKER_CONFIG",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
})  # fmt: skip
INSTALLER_PREFIXES = ("PIP_", "UV_", "REQUESTS_", "CURL_")


def for_helm(environ: Mapping[str, str], plugin: str | None = None) -> dict[str, str]:
    """Return helm's part of the environment; `plugin` is the kubeconfig's sign-in program.

    Of helm's own variables none goes through: the caller sets what it wants to be true.
    """
    if plugin is None:
        return _plain(environ)
    handed_on = for_plugin(environ, plugin)
    return {name: value for name, value in handed_on.items() if not name.startswith("HELM")}


def for_installer(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what pip may know, its own configuration included."""
    own = {name: value for name, value in environ.items() if name.startswith(INSTALLER_PREFIXES)}
    return _plain(environ) | own


def _plain(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name.upper() in PLAIN or name.startswith("LC_")
    }
