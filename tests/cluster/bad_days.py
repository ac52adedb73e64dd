"""The campaign's house on a real control plane, whose objects are seen by kubectl.

The kubeconfig that leads to the proxy has a token: a proxy that ends TLS cannot hand on the
certificate of a client.
"""

from __future__ import annotations

import base64
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.chaos import scenes
from tests.chaos.behind import House, exposed
from tests.cluster.moving import Harbor, until
from tests.cluster.test_stories import on
from tests.matrix.beginnings import Theatre
from tests.matrix.quick import quickened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane
    from tests.matrix.beginnings import Making

_NAME = "sandbox"
_WHO = "chaos"
_SPACE = "kube-system"
# Of what belongs to no namespace: the kinds that neither Kubernetes nor kwok changes by itself.
_WIDE = ("namespaces", "customresourcedefinitions", "clusterrolebindings")


class Kind(NamedTuple):
    """A kind of object, as the oracle asks for it."""

    kind: str
    key: tuple[str, str]


class Seen:
    """What kubectl has found in a cluster, in the shape of the sandbox's own store."""

    def __init__(self, plane: ControlPlane, token: str) -> None:
        self.token = token
        self.kinds = self.store = self
        self._found = _found(plane)

    def all(self) -> list[Kind]:
        """Return every kind of which there is something; the key of each is its plural's."""
        return [Kind(each, ("", f"{each.lower()}s")) for each in {e["kind"] for e in self._found}]

    def items(self, key: tuple[str, str], namespace: str = "") -> list[dict[str, Any]]:
        """Return the objects of a kind."""
        return [
            each
            for each in self._found
            if f"{each['kind'].lower()}s" == key[1]
            and namespace in ("", each["metadata"].get("namespace"))
        ]

    def get(self, key: tuple[str, str], namespace: str, name: str) -> dict[str, Any] | None:
        """Return one object."""
        found = (each for each in self.items(key, namespace) if each["metadata"]["name"] == name)
        return next(found, None)


def _found(plane: ControlPlane) -> list[dict[str, Any]]:
    """Look again where a kind goes, with the chart that it came with, while one looks."""
    for last in (False, False, True):
        try:
            found = plane.kubectl("api-resources", "--verbs=list", "--namespaced", "-o", "name")
            names = [each for each in found.split() if not each.startswith(("events", "leases"))]
            return plane.get(",".join([*names, *_WIDE]), "-A")
        except RuntimeError:
            if last:
                raise
            time.sleep(1)
    raise AssertionError


@dataclass(kw_only=True)
class Shore(House):
    """A house whose only cluster is real."""

    plane: ControlPlane
    token: str

    @property
    def clusters(self) -> Mapping[str, Any]:
        """What kubectl finds."""
        return {_NAME: Seen(self.plane, self.token)}

    @property
    def harbor(self) -> Harbor:
        """The same cluster, as other stories see it."""
        return Harbor(self.stage, self.plane)

    def begin(self, making: Making) -> None:
        """Let a scene stand; the control plane is clean already, and so is Azure."""
        self.plane.apply(*scenes.shop().values())
        making(self.stage)
        until(lambda: self.harbor.awake)


@contextmanager
def ashore(plane: ControlPlane, folder: Path, helm: Path) -> Iterator[Shore]:
    """Put up Azure beside a control plane, and a proxy before each of them."""
    with admitted(plane) as token, on(plane, folder, helm) as slow:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": _NAME,
            "clusters": [{"name": _NAME, "cluster": {"server": plane.server}}],
            "users": [{"name": _WHO, "user": {"token": token}}],
            "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _WHO}}],
        }
        doors = exposed(slow, config, _authority(plane))
        with doors as (weather, proxies), quickened(slow) as stage:
            yield Shore(Theatre(stage), weather, proxies, plane=plane, token=token)


@contextmanager
def admitted(plane: ControlPlane) -> Iterator[str]:
    """Return the token of somebody who may do everything."""
    account = f"--serviceaccount={_SPACE}:{_WHO}"
    plane.kubectl("create", "serviceaccount", _WHO, "-n", _SPACE)
    try:
        plane.kubectl("create", "clusterrolebinding", _WHO, "--clusterrole=cluster-admin", account)
        yield plane.kubectl("create", "token", _WHO, "-n", _SPACE, "--duration=8h").strip()
    finally:
        for kind in ("clusterrolebinding", "serviceaccount"):
            plane.kubectl("delete", kind, _WHO, "-n", _SPACE, "--ignore-not-found")


def _authority(plane: ControlPlane) -> str:
    """Return the certificate of who vouches for the API server."""
    where = "{.clusters[0].cluster.certificate-authority-data}"
    found = plane.kubectl("config", "view", "--raw", "--flatten", "-o", f"jsonpath={where}")
    return base64.b64decode(found).decode()
