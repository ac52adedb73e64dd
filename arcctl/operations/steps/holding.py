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
from arcctl.operations.agent_choices import choices
from arcctl.operations.moving import Moving
from arcctl.operations.steps.keys import Generating

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.connected_cluster import Body

NAMESPACE = "arcctl"
_KEY, _VALUES, _SUPPLIED = "key", "values", "protected-settings"


def hold_name(run: str) -> str:
    """Return the name of the Secret of one run."""
    return f"arcctl-hold-{run}"


class Hold(Step[Moving]):
    """The new key and the agents' secret values lie in the cluster, and are known to this run."""

    name = "hold-secrets"

    async def observe(self, world: Moving) -> str | None:
        kubernetes = await world.clients.kubernetes()
        held = await kubernetes.find(_path(world))
        if not held:
            return None
        data = {name: base64.b64decode(text).decode() for name, text in held["data"].items()}
        world.key = keys.read(data[_KEY], proved=False)
        world.held = json.loads(data[_VALUES])
        if _SUPPLIED in data:
            world.supplied = {**_secrets(json.loads(data[_SUPPLIED])), **world.supplied}
        return "held"

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        if world.run.journal.no_return:
            world.leave(
                "the proxy and other secret helm values of the agents are lost with namespace "
                f"{NAMESPACE}: give them again with arcctl connect"
            )
        world.key = await Generating().pair()
        world.held = await self._values(world)
        data = {_KEY: world.key.private.reveal(), _VALUES: json.dumps(world.held)}
        if world.request.keep_secrets_in_cluster:
            data[_SUPPLIED] = json.dumps(_revealed(world.supplied))
        await self._write(world, data)
        return "held"

    async def undo(self, world: Moving, tell: Callable[[str], None]) -> str | None:
        kubernetes = await world.clients.kubernetes()
        await kubernetes.delete(_path(world))
        return "let go"

    async def _values(self, world: Moving) -> dict[str, Any]:
        release = await world.sight.release()
        if release is None or world.run.journal.no_return:
            return {}
        helm = await world.clients.helm()
        given = await helm.values(names.RELEASE, release.namespace)
        return choices(given or {}, world.bundle.region).held

    async def _write(self, world: Moving, data: dict[str, str]) -> None:
        kubernetes = await world.clients.kubernetes()
        secret: Body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {
                "name": hold_name(world.run.id),
                "namespace": NAMESPACE,
                "labels": {"app.kubernetes.io/managed-by": "arcctl", "arcctl/run": world.run.id},
            },
            "data": {name: base64.b64encode(text.encode()).decode() for name, text in data.items()},
        }
        try:
            await kubernetes.create(f"/api/v1/namespaces/{NAMESPACE}/secrets", secret)
        except ClusterError as error:
            if error.status != 409:
                raise
            await kubernetes.replace(_path(world), secret)


def _path(world: Moving) -> str:
    return f"/api/v1/namespaces/{NAMESPACE}/secrets/{hold_name(world.run.id)}"


def _revealed(supplied: Any) -> dict[str, dict[str, str]]:
    return {
        child: {name: secret.reveal() for name, secret in values.items()}
        for child, values in supplied.items()
    }


def _secrets(stored: dict[str, dict[str, str]]) -> dict[str, dict[str, Secret]]:
    return {
        child: {name: Secret(value) for name, value in values.items()}
        for child, values in stored.items()
    }
