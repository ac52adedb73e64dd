"""What must outlive the agents, and must not leave the cluster: their new key, secret helm values.

Both lie in one Secret of namespace `arcctl` for the length of the run. The key is new from the
start, so its place in `azure-arc` tells the new agents from the old ones.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from arcctl.errors import ClusterError
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.model import keys
from arcctl.model.secret import Secret
from arcctl.operations.agents.choices import choices
from arcctl.operations.moving.worlds import Moving
from arcctl.operations.steps.keys import Generating

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.configuration.secrets import Supplied
    from arcctl.model.connected_cluster import Body

NAMESPACE = "arcctl"
_KEY, _VALUES, _SUPPLIED = "key", "values", "protected-settings"


class Hold(Step[Moving]):
    """The new key and the agents' secret values lie in the cluster, and are known to this run."""

    name = "hold-secrets"
    intent = "save everything"
    note = "here and in the cluster"

    async def observe(self, world: Moving) -> str | None:
        found = await _read(world, turned=world.turned)
        if not found:
            return None
        world.key = keys.read(found[_KEY], proved=False)
        world.held = json.loads(found[_VALUES])
        return "held"

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        world.key = await Generating().pair()
        world.held = await self._values(world)
        data = {_KEY: world.key.private.reveal(), _VALUES: json.dumps(world.held)}
        if world.request.keep_secrets_in_cluster:
            data[_SUPPLIED] = json.dumps(_revealed(world.supplied))
        await _write(world, data)
        return "held"

    async def undo(self, world: Moving, tell: Callable[[str], None]) -> str | None:
        kubernetes = await world.clients.kubernetes()
        await kubernetes.delete(_path(world.run.id, turned=world.turned))
        return "let go"

    async def _values(self, world: Moving) -> dict[str, Any]:
        """Read them from the agents' release while it is there, later from where it was put."""
        if world.turned and (before := await _read(world, turned=False)):
            return dict(json.loads(before[_VALUES]))
        if world.run.journal.no_return:
            if world.bundle.held:
                world.leave(
                    f"{', '.join(world.bundle.held)} of the agents went with namespace {NAMESPACE}: "
                    "give them again with arcctl connect"
                )
            return {}
        release = await world.sight.release()
        helm = await world.clients.helm()
        given = await helm.values(names.RELEASE, release.namespace) if release else None
        return choices(given or {}, world.bundle.region).held


async def kept(kubernetes: Kubernetes, run: str) -> Supplied:
    """Return the protected settings that `--keep-secrets-in-cluster` has put aside."""
    found = await kubernetes.find(_path(run, turned=False))
    stored = json.loads(_decoded(found).get(_SUPPLIED, "{}")) if found else {}
    return {
        child: {name: Secret(value) for name, value in values.items()}
        for child, values in stored.items()
    }


async def _read(world: Moving, *, turned: bool) -> dict[str, str] | None:
    kubernetes = await world.clients.kubernetes()
    found = await kubernetes.find(_path(world.run.id, turned=turned))
    return _decoded(found) if found else None


def _decoded(secret: Body) -> dict[str, str]:
    return {name: base64.b64decode(text).decode() for name, text in secret["data"].items()}


async def _write(world: Moving, data: dict[str, str]) -> None:
    kubernetes = await world.clients.kubernetes()
    path = _path(world.run.id, turned=world.turned)
    collection, _, name = path.rpartition("/")
    labels = {"app.kubernetes.io/managed-by": "arcctl", "arcctl/run": world.run.id}
    secret: Body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "data": {key: base64.b64encode(text.encode()).decode() for key, text in data.items()},
    }
    try:
        await kubernetes.create(collection, secret)
    except ClusterError as error:
        if error.status != 409:
            raise
        await kubernetes.replace(path, secret)


def _path(run: str, *, turned: bool) -> str:
    name = f"arcctl-hold-{run}{'-back' if turned else ''}"
    return f"/api/v1/namespaces/{NAMESPACE}/secrets/{name}"


def _revealed(supplied: Supplied) -> dict[str, dict[str, str]]:
    return {
        child: {name: secret.reveal() for name, secret in values.items()}
        for child, values in supplied.items()
    }
