"""What must outlive the agents, and must not leave the cluster: their key, and secret helm values.

Both lie in one Secret of namespace `arcctl` for the length of the run, and nowhere on disk. The
key may be the one that the agents have already: what tells the new agents from the old ones is in
`old_agents`.
"""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from arcctl.errors import ClusterError, Refusal, UsageError
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.model import keys
from arcctl.model.connected_cluster import public_key
from arcctl.model.helm_values import layered
from arcctl.model.secret import Secret
from arcctl.operations.agents.choices import choices
from arcctl.operations.keeping.in_cluster import HOLD
from arcctl.operations.moving.switches import brought_along
from arcctl.operations.moving.worlds import Moving
from arcctl.operations.steps import old_agents
from arcctl.operations.steps.keys import Generating

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.configuration.secrets import Supplied
    from arcctl.model.connected_cluster import Body
    from arcctl.model.helm_values import Values
    from arcctl.model.keys import KeyPair

Read = TypeVar("Read")
NAMESPACE = "arcctl"
_KEY, _VALUES, _SUPPLIED = "key", "values", "protected-settings"
_SOURCES_KEY = "key-of-the-source"
_BOUND = "values-of-the-region"


class Hold(Step[Moving]):
    """The target's key and the agents' secret values lie in the cluster, and are known to this run."""

    name = "hold-secrets"
    intent = "save everything"
    note = "here and in the cluster"

    async def observe(self, world: Moving) -> str | None:
        found = await _read(world, turned=world.turned)
        if not found:
            return None
        name = _name(world.run.id, turned=world.turned)
        world.key = _legible(name, lambda: keys.read(found[_KEY], proved=False))
        world.held = _legible(name, lambda: dict(json.loads(found[_VALUES])))
        return "held"

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        world.key, own = await _chosen(world)
        world.held, bound = await self._values(world)
        if world.turned:
            world.held = layered(world.held, await brought_along(world))
        data = {_KEY: world.key.private.reveal(), _VALUES: json.dumps(world.held)}
        if own:
            data[_SOURCES_KEY] = own.private.reveal()
        if bound:
            data[_BOUND] = json.dumps(bound)
        if world.request.keep_secrets_in_cluster:
            data[_SUPPLIED] = json.dumps(_revealed(world.supplied))
        await old_agents.remember(world)
        for _ in range(2):
            await _write(world, data)
            # Without it the key would go with the source: the answer alone is no proof of it.
            if await _read(world, turned=world.turned) == data:
                return "held"
        raise ClusterError(
            "the cluster has agreed to keep what the move must hold, and does not keep it",
            code="hold-not-kept",
            why=f"Secret {_path(world.run.id, turned=world.turned).rpartition('/')[2]}",
            hints=f"kubectl get secrets -n {NAMESPACE}",
        )

    async def undo(self, world: Moving, tell: Callable[[str], None]) -> str | None:
        kubernetes = await world.clients.kubernetes()
        await kubernetes.delete(_path(world.run.id, turned=world.turned))
        return "let go"

    async def _values(self, world: Moving) -> tuple[Values, Values]:
        """Read them from the agents' release while it is there, later from where it was put.

        Return what is carried, and what only a way back may carry, into the region that it names.
        """
        if world.turned and (before := await _read(world, turned=False)):
            name = _name(world.run.id, turned=False)
            return _legible(name, lambda: _of_the_source(before)), {}
        if world.run.journal.no_return:
            if world.bundle.held:
                world.leave(
                    f"{', '.join(world.bundle.held)} of the agents went with namespace {NAMESPACE}: "
                    "give them again with arcctl connect"
                )
            return {}, {}
        release = await world.sight.release()
        helm = await world.clients.helm()
        given = await helm.values(names.RELEASE, release.namespace) if release else None
        found = choices(given or {}, world.bundle.region, world.request.region)
        return found.held, found.bound


async def _chosen(world: Moving) -> tuple[KeyPair, KeyPair | None]:
    """Return the target's key, and the source's own where the way back should have it again.

    Raise Refusal where a key that the plan has promised is out of reach, and nothing is lost yet.
    """
    if world.turned:
        return await _of_the_way_back(world), None
    choice, own = world.bundle.key, await _sources_own(world)
    if choice == "kept" and (key := own or world.brought):
        return key, key
    # One that was replaced in place is not to come back.
    back = None if world.request.new_key or (choice == "new" and world.request.in_place) else own
    if choice == "brought" and world.brought:
        return world.brought, back
    if choice != "new" and not world.run.journal.no_return:
        raise _out_of_reach(world)
    return await _placed(world) or await Generating(world.make_key).pair(), back


async def _of_the_way_back(world: Moving) -> KeyPair:
    """The source has the key again that it had, unless that was to be replaced."""
    first = await _read(world, turned=False) or {}
    text = first.get(_SOURCES_KEY)
    if not text:
        return await Generating(world.make_key).pair()
    return _legible(_name(world.run.id, turned=False), lambda: keys.read(text, proved=False))


async def _sources_own(world: Moving) -> KeyPair | None:
    """Return the private half of the saved resource's key, where the cluster still holds it."""
    held = await world.sight.readable_key()
    return held if held and held.public == public_key(world.bundle.resource) else None


async def _placed(world: Moving) -> KeyPair | None:
    """Return the key that this run has placed already, where what was held is gone since."""
    return await world.sight.readable_key() if await old_agents.are_new(world) else None


def _out_of_reach(world: Moving) -> Refusal:
    return Refusal(
        f"the key of {world.bundle.source.name} cannot be read any more, and the plan keeps it",
        code="key-gone",
        why="nothing was changed yet",
        hints=(
            f"arcctl rollback {world.run.id}",
            "then move again, with --private-key FILE or --new-key",
        ),
    )


def reveal_key(world: Moving) -> str:
    """Return the command that prints the target's key, which is held until a run has ended clean."""
    name = _name(world.run.id, turned=world.turned)
    return f"kubectl get secret -n {NAMESPACE} {name} -o jsonpath='{{.data.{_KEY}}}' | base64 -d"


async def kept(kubernetes: Kubernetes, run: str) -> Supplied:
    """Return the protected settings that `--keep-secrets-in-cluster` has put aside."""
    found = await kubernetes.find(_path(run, turned=False))
    if not found:
        return {}
    return _legible(_name(run, turned=False), lambda: _supplied(_decoded(found)))


async def held_keys(kubernetes: Kubernetes, run: str) -> list[KeyPair]:
    """Return the private keys that a run holds in the cluster; what cannot be read is left out."""
    found = []
    for turned in (False, True):
        secret = await kubernetes.find(_path(run, turned=turned)) or {}
        for name in (_KEY, _SOURCES_KEY):
            with suppress(ValueError, TypeError, KeyError, AttributeError, UsageError):
                found.append(keys.read(_decoded(secret)[name], proved=False))
    return found


def _of_the_source(held: Mapping[str, str]) -> Values:
    return layered(json.loads(held[_VALUES]), json.loads(held.get(_BOUND, "{}")))


def _supplied(held: Mapping[str, str]) -> Supplied:
    return {
        child: {name: Secret(value) for name, value in values.items()}
        for child, values in json.loads(held.get(_SUPPLIED, "{}")).items()
    }


async def _read(world: Moving, *, turned: bool) -> dict[str, str] | None:
    kubernetes = await world.clients.kubernetes()
    found = await kubernetes.find(_path(world.run.id, turned=turned))
    if not found:
        return None
    return _legible(_name(world.run.id, turned=turned), lambda: _decoded(found))


def _legible(name: str, read: Callable[[], Read]) -> Read:
    """Read what was held; say in words that somebody has spoiled it, and how it goes on."""
    try:
        return read()
    except (ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
        raise Refusal(
            f"what Secret {name} of namespace {NAMESPACE} holds cannot be read",
            code="document-damaged",
            why="somebody has changed it since this run has written it",
            hints=(
                "put it back from a copy, then type the same command again",
                f"or do without it: kubectl delete secret -n {NAMESPACE} {name}",
                "then the same again",
            ),
        ) from error


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
    return f"/api/v1/namespaces/{NAMESPACE}/secrets/{_name(run, turned=turned)}"


def _name(run: str, *, turned: bool) -> str:
    return f"{HOLD}{run}{'-back' if turned else ''}"


def _revealed(supplied: Supplied) -> dict[str, dict[str, str]]:
    return {
        child: {name: secret.reveal() for name, secret in values.items()}
        for child, values in supplied.items()
    }
