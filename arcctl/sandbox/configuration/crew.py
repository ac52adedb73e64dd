"""The agents that deal with children: when they run, what they have heard, what they do about it.

They act only while their Deployments run and their identity is the one of the resource that is in
Azure now. What happens while they are quiet they never hear of (`arc.md` E2, `arm.md` 4.6).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import errands
from arcctl.sandbox.azure import extensions as service
from arcctl.sandbox.azure.extension_types import known
from arcctl.sandbox.clusterapi import Mirror, RefusedError
from arcctl.sandbox.configuration import charts, extensions, flux, git, kustomizing
from arcctl.sandbox.configuration.attempts import Attempts, may_pass
from arcctl.sandbox.configuration.naming import AGENTS, FLUX_NAMESPACE, FLUX_TYPE
from arcctl.sandbox.configuration.releasing import BlockedError
from arcctl.sandbox.installation import is_ready, is_wanted
from arcctl.sandbox.journal import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.azure.errands import Errand, Farewell
    from arcctl.sandbox.azure.store import Resource
    from arcctl.sandbox.clusterapi import ClusterApi
    from arcctl.sandbox.installation import Installation
    from arcctl.sandbox.world import World

    Object = dict[str, Any]

# Which Deployments must run for a kind of children to be dealt with.
_EXTENSIONS = (AGENTS, ("config-agent", "extension-manager"))
_GIT = (AGENTS, ("config-agent",))
_FLUX = (FLUX_NAMESPACE, ("fluxconfig-agent", "fluxconfig-controller"))
_KUSTOMIZE = (FLUX_NAMESPACE, ("kustomize-controller",))


class Crew:
    """The agents of one cluster; `look` is called whenever something may have changed."""

    def __init__(
        self, world: World, api: ClusterApi, group: asyncio.TaskGroup, changed: asyncio.Event
    ) -> None:
        self.principal = ""
        self._world, self._api, self._group, self._changed = world, api, group, changed
        self._attempts = Attempts(group, changed)
        self._flux = Mirror(api, f"/apis/apps/v1/namespaces/{FLUX_NAMESPACE}/deployments", changed)
        self._kustomizations = Mirror(api, charts.KUSTOMIZATIONS, changed)
        self._following: asyncio.Task[None] | None = None
        self._agents: Mapping[str, Object] = {}
        self._domain = "com"
        self._waiting_for: dict[Errand, list[str]] = {}
        self._handled: dict[str, str] = {}
        self._farewells: list[Farewell] = []
        group.create_task(self._flux.follow())

    def wake(self) -> None:
        self._changed.set()

    def bid_farewell(self, farewell: Farewell) -> None:
        self._farewells.append(farewell)
        self._changed.set()

    def look(
        self, found: Installation | None, agents: Mapping[str, Object], principal: str
    ) -> None:
        """Begin what is due. `principal` is whose identity the cluster holds, if it is good."""
        self._agents = agents
        self.principal = principal if found else ""
        self._kustomize()
        for farewell in self._farewells:
            self._attempts.begin(farewell, self._leave(farewell))
        if found is None or not self._is_known(found):
            return
        self._domain = found.domain
        self._world.errands.met(self.principal)
        running = {agents for agents in (_EXTENSIONS, _GIT, _FLUX) if self._runs(*agents)}
        for errand in self._world.errands.pending(str(found.cluster)) if running else ():
            if _agents_of(errand.child) in running:
                self._attempts.begin(errand, self._carry_out(errand))
        self._comply()

    def _is_known(self, found: Installation) -> bool:
        """Tell whether the resource in Azure is the one whose identity the cluster holds."""
        stored = self._world.azure.store.get(str(found.cluster))
        return bool(stored and self.principal and errands.principal(stored.body) == self.principal)

    def _runs(self, namespace: str, names: tuple[str, ...]) -> bool:
        held = self._agents if namespace == AGENTS else self._flux.objects
        return all(is_ready(held.get(name)) for name in names)

    async def _still_run(self, namespace: str, names: tuple[str, ...]) -> bool:
        """Ask the cluster itself: what the watch shows may be a moment old."""
        there = [
            await self._api.find(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
            for name in names
        ]
        return all(map(is_wanted, there))

    async def _carry_out(self, errand: Errand) -> None:
        number, child, given = errand.number, errand.child, self._world.errands
        errand.met = True
        plan = self._world.faults.take("agents", f"{errand.act}_fails", path=child.id)
        try:
            if plan:
                raise BlockedError(str(plan[f"{errand.act}_fails"]))
            await (self._install(errand) if errand.act == "install" else self._remove(child))
        except RefusedError as refusal:
            if may_pass(refusal):
                raise
            given.refuse(errand, number, _error(str(refusal)))
            self._note(errand.act, child, refusal.status)
        except BlockedError as blocked:
            given.refuse(errand, number, _error(str(blocked)))
            self._note(errand.act, child, 409)
        else:
            given.finish(errand, number)
            self._note(errand.act, child, 200)
        self._world.azure.operations.settle()

    async def _install(self, errand: Errand) -> None:
        child, now = errand.child, self._world.clock.now()
        if _is_flux(child):
            made = await flux.install(self._api, flux.Configuration(child), errand.values)
            self._waiting_for[errand] = made
            return
        if _is_git(child):
            await git.install(self._api, git.SourceControl(child, self._domain))
            return
        await extensions.install(self._api, self._extension(child), errand.values, now)

    async def _remove(self, child: Resource) -> None:
        if _is_flux(child):
            prune = self._runs(*_KUSTOMIZE)
            await flux.remove(self._api, flux.Configuration(child), prune=prune)
            return
        if _is_git(child):
            await git.remove(self._api, git.SourceControl(child, self._domain))
            return
        await extensions.remove(self._api, self._extension(child))

    async def _leave(self, farewell: Farewell) -> None:
        """Clean up after a cluster whose resource is gone: configurations, then extensions."""
        configurations = [child for child in farewell.children if _is_flux(child)]
        installed = [child for child in farewell.children if _is_extension(child)]
        # Flux goes last: its kinds, and what is of them, go with it.
        last = [child for child in installed if _brings_flux(child)]
        others = [child for child in installed if not _brings_flux(child)]
        older = [child for child in farewell.children if _is_git(child)]
        turns = ((_FLUX, configurations), (_GIT, older), (_EXTENSIONS, others), (_EXTENSIONS, last))
        for agents, children in turns:
            if children and self._runs(*agents) and await self._still_run(*agents):
                await self._remove_all(children)
        self._farewells.remove(farewell)

    async def _remove_all(self, children: list[Resource]) -> None:
        async def remove(child: Resource) -> None:
            async with self._attempts.slots:
                await self._remove(child)
            self._note("remove", child, 200)

        ended = await asyncio.gather(*map(remove, children), return_exceptions=True)
        for error in ended:
            if error:
                raise error

    def _kustomize(self) -> None:
        """Play the kustomize-controller, while it runs."""
        if not self._runs(*_KUSTOMIZE):
            if self._following:
                self._following.cancel()
                self._following = None
                self._kustomizations.objects = {}
            return
        if self._following is None:
            self._following = self._group.create_task(self._kustomizations.follow())
        for key, each in self._kustomizations.objects.items():
            if kustomizing.needs(each) and self._handled.get(key) != _version(each):
                self._attempts.begin(("Kustomization", key), self._reconcile(key, each))

    async def _reconcile(self, key: str, kustomization: Object) -> None:
        await kustomizing.reconcile(self._api, {"kind": "Kustomization", **kustomization})
        self._handled[key] = _version(kustomization)

    def _comply(self) -> None:
        """Report what Flux has applied in full, or leaves alone because it is suspended."""
        for errand, keys in list(self._waiting_for.items()):
            if self._world.errands.find(errand.child) is not errand or errand.act == "remove":
                del self._waiting_for[errand]
                continue
            there = (self._kustomizations.objects.get(key) for key in keys)
            if all(each is not None and kustomizing.is_at_rest(each) for each in there):
                del self._waiting_for[errand]
                errand.applied = True
                self._world.azure.operations.settle()

    def _extension(self, child: Resource) -> extensions.Extension:
        namespace, version = service.release_of(self._world.azure, child)
        many = known(child.properties["extensionType"]).many
        return extensions.Extension(child, namespace, version, many, self._domain)

    def _note(self, act: str, child: Resource, status: int) -> None:
        time = self._world.clock.now().isoformat()
        self._world.journal.write(Entry(time, "agents", act.upper(), child.id, "", status=status))


def _version(thing: Object) -> str:
    return str(thing["metadata"]["resourceVersion"])


def _agents_of(child: Resource) -> tuple[str, tuple[str, ...]]:
    if _is_flux(child):
        return _FLUX
    return _GIT if _is_git(child) else _EXTENSIONS


def _is_flux(child: Resource) -> bool:
    return _kind(child) == "fluxconfigurations"


def _is_git(child: Resource) -> bool:
    return _kind(child) == "sourcecontrolconfigurations"


def _is_extension(child: Resource) -> bool:
    return _kind(child) == "extensions"


def _kind(child: Resource) -> str:
    # Not by its key alone: a role assignment below a child has the child's key before its own.
    return str(child.body.get("type", "")).rpartition("/")[2].lower()


def _brings_flux(child: Resource) -> bool:
    return bool(child.properties["extensionType"].lower() == FLUX_TYPE)


def _error(message: str) -> Object:
    return {
        "code": "ExtensionOperationFailed",
        "message": f"The agent could not carry it out: {message}",
    }
