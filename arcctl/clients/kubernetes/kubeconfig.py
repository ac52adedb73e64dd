"""Which cluster is meant: the files, the context, and what is wrong with them.

Follows kubectl where the `kubernetes` package does not: of several files the first that names a
current context wins, and a user that no file defines is an error.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.errors import ClusterError
from arcctl.model.shape import misfit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.settings import Settings

HINTS = (
    "kubectl config get-contexts",
    "name the file by --kube-config or KUBECONFIG, the context by --kube-context",
)


_LINKS = 40
_CONTEXT = {"cluster?": str, "user?": str, "namespace?": str}
_CLUSTER = {
    "server?": str,
    "certificate-authority?": str,
    "certificate-authority-data?": str,
    "insecure-skip-tls-verify?": bool,
    "tls-server-name?": str,
    "proxy-url?": str,
}
_TLS = ("certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify")
_USER = {
    **dict.fromkeys(("token?", "tokenFile?", "username?", "password?"), str),
    **dict.fromkeys(("client-certificate?", "client-certificate-data?"), str),
    **dict.fromkeys(("client-key?", "client-key-data?"), str),
    "exec?": {
        "apiVersion?": str,
        "command": str,
        "args?": [str],
        "env?": [{"name": str, "value": str}],
        "installHint?": str,
        "interactiveMode?": str,
        "provideClusterInfo?": bool,
    },
    "auth-provider?": {"name": str, "config?": {str: (str, None)}},
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """One context of the merged files; `user` is {} where the context names none."""

    files: tuple[str, ...]
    context: str
    cluster_name: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]

    @property
    def server(self) -> str:
        """The API server's URL, without a slash at its end; without a scheme, with client-go's."""
        server = str(self.cluster["server"]).rstrip("/")
        if "://" in server:
            return server
        return f"{'https' if any(map(self.cluster.get, _TLS)) else 'http'}://{server}"

    @property
    def plugin(self) -> str | None:
        """The program that the context's user signs in with, if any."""
        command = (self.user.get("exec") or {}).get("command")
        return Path(str(command)).name if command else None

    @property
    def token_ends(self) -> float | None:
        """When the token ends that stands in the file itself, which nobody renews; or None.

        A plug-in, or a file beside the kubeconfig, gives another one in time.
        """
        renewed = any(self.user.get(each) for each in ("exec", "tokenFile", "auth-provider"))
        return None if renewed else _ending(str(self.user.get("token") or ""))


def _ending(token: str) -> float | None:
    """Return when a JSON web token ends, in seconds since 1970; None where it does not say."""
    try:
        claims = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return float(found["exp"])
    except (ValueError, LookupError, TypeError):
        return None


def unusable(message: str, *why: str, hints: tuple[str, ...] = HINTS) -> ClusterError:
    """Build the error for a kubeconfig that cannot be used, AZK8S0200."""
    return ClusterError(message, code="AZK8S0200", why=why, hints=hints)


def locate(settings: Settings) -> tuple[Path, ...]:
    """Find the files that are there, in order: the flag, KUBECONFIG, `~/.kube/config`."""
    home = Path(settings.environ.get("HOME") or Path.home())
    if named := settings.kube_config:
        wanted = [named]
    else:
        listed = settings.environ.get("KUBECONFIG", "").split(os.pathsep)
        wanted = [each for each in listed if each] or [str(home / ".kube" / "config")]
    paths = [_expanded(each, home) for each in wanted]
    found = tuple(path for path in paths if path.exists())
    if not found:
        raise unusable(
            "no kubeconfig found", *(f"{path}: no such file" for path in paths), hints=HINTS[1:]
        )
    return found


def readable(path: Path) -> Path:
    """Return a file that can be read again and by helm too: the file itself, or a private copy.

    A pipe gives what it holds only once, and `/dev/stdin` is another stream in a child. Raise
    OSError where it cannot be read or copied.
    """
    if not _passing(path):
        return path
    from arcctl.clients import own_folder

    return own_folder.keep("kubeconfig", path.read_bytes())


def _passing(path: Path) -> bool:
    """Whether this is no ordinary file, or a name for a stream of this process alone."""
    for _ in range(_LINKS):
        if path.is_relative_to("/dev") or path.is_relative_to("/proc"):
            return True
        if not path.is_symlink():
            return not path.is_file()
        path = path.parent / path.readlink()
    return False


def _expanded(path: str, home: Path) -> Path:
    return home / path[2:] if path.startswith("~/") else Path(path)


def contexts(settings: Settings) -> list[str]:
    """Return the names of all contexts, each once; the files are read, and nobody is asked."""
    import yaml

    found = [
        str(each["name"])
        for path in locate(settings)
        for each in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("contexts") or []
    ]
    return list(dict.fromkeys(found))


def choose(
    contents: Mapping[str, Mapping[str, Any]], merged: Mapping[str, Any], wanted: str | None
) -> Chosen:
    """Pick the context `wanted`, or the current one, out of the merged files.

    `contents` maps each file to what stands in it, in order.
    """
    files = tuple(contents)
    name = wanted or next(
        (each["current-context"] for each in contents.values() if each.get("current-context")), None
    )
    contexts = _named(merged, "contexts")
    if not name:
        raise unusable("the kubeconfig has no current context", *_listed(files, contexts))
    if name not in contexts:
        raise unusable(f"no context {name} in the kubeconfig", *_listed(files, contexts))
    context = contexts[name].get("context") or {}
    return _look_up(merged, files, str(name), context)


def _look_up(
    merged: Mapping[str, Any], files: tuple[str, ...], name: str, context: Mapping[str, Any]
) -> Chosen:
    clusters, users = _named(merged, "clusters"), _named(merged, "users")
    _must_fit(context, _CONTEXT, f"context {name}")
    cluster_name, user_name = context.get("cluster"), context.get("user")
    cluster = (clusters.get(cluster_name) or {}).get("cluster") or {}
    _must_fit(cluster, _CLUSTER, f"cluster {cluster_name}")
    if not cluster.get("server"):
        raise unusable(f"context {name} leads to no server", f"cluster {cluster_name} of {files}")
    if user_name and user_name not in users:
        raise unusable(f"context {name} names a user that is not there: {user_name}", *files)
    user = (users.get(user_name) or {}).get("user") or {}
    _must_fit(user, _USER, f"user {user_name}")
    return Chosen(files, name, str(cluster_name), cluster, user)


def _must_fit(entry: Any, shape: Any, what: str) -> None:
    if wrong := misfit(entry, shape):
        raise unusable(f"{what} of the kubeconfig is not as a kubeconfig has it", wrong)


def _named(merged: Mapping[str, Any], section: str) -> dict[Any, Mapping[str, Any]]:
    return {each["name"]: each for each in merged.get(section) or []}


def _listed(files: tuple[str, ...], contexts: Mapping[str, Any]) -> tuple[str, ...]:
    known = ", ".join(sorted(map(str, contexts))) or "none"
    return (f"contexts: {known}", "looked in " + ", ".join(files))
