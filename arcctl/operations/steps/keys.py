"""The key pair by which the cluster proves itself to Azure.

The private half is put into the cluster *before* the resource is made. So a run that is cut in
between leaves a proof behind: the next run finds the key, sees that it belongs to the resource,
and goes on, where the peer would speak of "a different cluster".
"""

from __future__ import annotations

import asyncio
import base64
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any

from arcctl.errors import ClusterError, Refusal, UsageError
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.model import keys
from arcctl.model.connected_cluster import public_key
from arcctl.model.next_command import adopting
from arcctl.operations.steps.waiting import dying
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.secret import Secret


class Generating:
    """Makes a pair in a thread from the start, so that it is ready when it is needed."""

    def __init__(self, make: Callable[[], keys.KeyPair]) -> None:
        self._make = make
        self._pair: Future[keys.KeyPair] = Future()
        # No daemon: OpenSSL cleans up when the process ends, and aborts it (SIGABRT, after a refusal
        # has been printed) where a thread still makes a key.
        Thread(target=self._work, daemon=False).start()

    def _work(self) -> None:
        # Whoever waits may be stopped: a future that runs is not cancelled with them.
        self._pair.set_running_or_notify_cancel()
        try:
            self._pair.set_result(self._make())
        except BaseException as error:  # noqa: BLE001 - it is raised where the pair is awaited
            self._pair.set_exception(error)

    async def pair(self) -> keys.KeyPair:
        """Return the pair, waiting for it where it is not ready."""
        return await asyncio.wrap_future(self._pair)


def supplied(secret: Secret | None) -> keys.KeyPair | None:
    """Return the owner's key, to be compared only; None where none was given, or a bad one."""
    try:
        return keys.read(secret.reveal(), proved=False) if secret else None
    except UsageError:
        return None


class Choose(Step[World]):
    """The owner's key, else the one in the cluster, else a new one."""

    name = "choose-key"

    def __init__(self, supplied: Secret | None, new: Generating) -> None:
        self._supplied = supplied
        self._new = new

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        if self._supplied:
            world.key = keys.read(self._supplied.reveal())
            await self._must_match(world, world.key)
            return "the key that was given"
        world.key = await world.sight.readable_key()
        if world.key:
            return "the key in the cluster"
        world.key = await self._new.pair()
        if known := public_key(await world.sight.resource()):
            world.replaces = keys.digest(known)
        return "a new key"

    async def _must_match(self, world: World, key: keys.KeyPair) -> None:
        known = public_key(await world.sight.resource())
        if known and known != key.public:
            raise Refusal(
                "the private key does not belong to the resource",
                code="key-mismatch",
                why="its public half differs from the resource's agentPublicKeyCertificate",
                hints=adopting(world.cluster),
            )


# An upgrade from a chart that rendered this Secret to one that does not would delete it (B.13).
_KEPT = {"helm.sh/resource-policy": "keep"}


def _marked(name: str, **more: str) -> dict[str, Any]:
    """Marks by which helm takes over what it finds, instead of refusing it (B.13)."""
    return {
        "name": name,
        **more,
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {
            "meta.helm.sh/release-name": names.RELEASE,
            "meta.helm.sh/release-namespace": names.RELEASE_NAMESPACE,
        },
    }


class Place(Step[World]):
    """The private key lies in the cluster, in a Secret that the chart will own."""

    name = "place-key"

    async def observe(self, world: World) -> str | None:
        held = await world.sight.readable_key()
        space = await world.sight.namespace(names.AGENT_NAMESPACE)
        return "there already" if held and held == world.key and not dying(space) else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        assert world.key
        kubernetes = await world.clients.kubernetes()
        space = f"/api/v1/namespaces/{names.AGENT_NAMESPACE}"
        body: dict[str, Any] = {"metadata": _marked(names.AGENT_NAMESPACE)}
        if await world.sight.namespace(names.AGENT_NAMESPACE):
            await kubernetes.patch(space, body)
        else:
            body |= {"apiVersion": "v1", "kind": "Namespace"}
            await kubernetes.create("/api/v1/namespaces", body)
        pem = world.key.private.reveal().encode()
        secret: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": _marked(names.PRIVATE_KEY_SECRET, namespace=names.AGENT_NAMESPACE),
            "data": {names.PRIVATE_KEY_ENTRY: base64.b64encode(pem).decode()},
        }
        secret["metadata"]["annotations"] |= _KEPT
        if world.replaces:
            # Cut before Azure is told, the next run must not take it for another cluster's key.
            secret["metadata"]["annotations"][keys.REPLACES] = world.replaces
        try:
            await kubernetes.create(f"{space}/secrets", secret)
        except ClusterError as error:
            if error.status != 409:
                raise
            await kubernetes.replace(f"{space}/secrets/{names.PRIVATE_KEY_SECRET}", secret)
        return "placed"
