"""Azure Arc's agents as Azure sees them: they fetch an identity, then they beat.

The controller lives in the cluster only through its API, as the real agents do, so it works in
the embedded Kubernetes and in any other (`arc.md` A1 and B, `connectedk8s.md` C.3 and C.4).
It acts when what it watches has changed, and when a beat is due by the sandbox's clock.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp

from arcctl.model.cluster import AAD_PROXY_CERTIFICATE, AGENT_NAMESPACE, IDENTITY_CERTIFICATE
from arcctl.sandbox import identity, reports
from arcctl.sandbox.azure import errands
from arcctl.sandbox.clusterapi import ClusterApi, Mirror, RefusedError
from arcctl.sandbox.configuration.crew import Crew
from arcctl.sandbox.installation import Installation, look
from arcctl.sandbox.journal import Entry

if TYPE_CHECKING:
    from datetime import datetime

    from arcctl.sandbox.access import Access
    from arcctl.sandbox.world import World

log = logging.getLogger(__name__)

_DEPLOYMENTS = f"/apis/apps/v1/namespaces/{AGENT_NAMESPACE}/deployments"
_CONFIG_MAPS = f"/api/v1/namespaces/{AGENT_NAMESPACE}/configmaps"
_SECRETS = f"/api/v1/namespaces/{AGENT_NAMESPACE}/secrets"
_LONGEST_RETRY = 15.0
_CUTS = ("blocked_egress", "wrong_clock")


class Agents:
    """The agents of one cluster, whether or not any are installed in it yet."""

    def __init__(self, world: World, access: Access) -> None:
        self._world = world
        self._access = access
        self._changed = asyncio.Event()
        self._seen: Installation | None = None
        self._since: dict[str, datetime] = {}
        self._due: datetime | None = None
        self._reported: object = None
        self._noted: object = None

    async def run(self) -> None:
        """Live in the cluster until cancelled."""
        async with ClusterApi(self._access) as api, asyncio.TaskGroup() as group:
            self._api, self._group = api, group
            self._deployments = Mirror(api, _DEPLOYMENTS, self._changed)
            self._config_maps = Mirror(api, _CONFIG_MAPS, self._changed)
            self._secrets = Mirror(api, _SECRETS, self._changed)
            for mirror in (self._deployments, self._config_maps, self._secrets):
                group.create_task(mirror.follow())
            self._crew = Crew(self._world, api, group, self._changed)
            self._world.errands.listeners.append(self._crew)
            try:
                await self._live()
            finally:
                self._world.errands.listeners.remove(self._crew)

    async def _live(self) -> None:
        while True:
            self._changed.clear()
            try:
                due = await self._turn()
            except (aiohttp.ClientError, RefusedError, TimeoutError) as error:
                log.info("the agents could not act: %s", error)
                due = self._later()
            self._crew.look(self._seen, self._deployments.objects, self._principal())
            await self._wait(due)

    async def _wait(self, due: datetime | None) -> None:
        """Return when something has changed, or when the time has come."""
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._changed.wait())]
        if due:
            waits.append(asyncio.create_task(self._world.clock.until(due)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _turn(self) -> datetime | None:
        """Do what is due; return when to look again, or None to wait for a change."""
        found = look(self._config_maps.objects, self._deployments.objects, self._secrets.objects)
        now = self._world.clock.now()
        if found != self._seen:
            self._seen, self._due = found, now
        if found is None:
            return None
        self._since.setdefault(found.uid, now)
        if self._due and now >= self._due:
            self._due = await self._act(found)
        return self._due

    async def _act(self, found: Installation) -> datetime | None:
        """Go one step further, and return when to take the next one."""
        now = self._world.clock.now()
        expiry = identity.expiry(self._secrets.objects.get(IDENTITY_CERTIFICATE))
        if not found.operator_ready or not found.public_key:
            return None
        if self._cut_off(found):
            return self._later()
        if expiry is None or (expiry > now and self._lacks(found, expiry)):
            return await self._fetch_identity(found)
        if now >= expiry:
            return None  # an expired identity cannot renew itself (arc.md B1)
        return await self._beat(found, expiry) if found.ready else None

    def _lacks(self, found: Installation, expiry: datetime) -> bool:
        """Tell whether a certificate is missing, old enough to be renewed, or another resource's."""
        renewable = expiry - self._world.clock.now() < identity.RENEWAL
        proxy = found.has_proxy and AAD_PROXY_CERTIFICATE not in self._secrets.objects
        held = self._secrets.objects.get(IDENTITY_CERTIFICATE)
        foreign = self._known(found) and self._owner(found) != identity.principal(held)
        return renewable or proxy or foreign

    def _principal(self) -> str:
        """Return whose identity the agents hold; nobody's where it is over, or they are cut off."""
        held = self._secrets.objects.get(IDENTITY_CERTIFICATE)
        expiry = identity.expiry(held)
        over = expiry is None or expiry <= self._world.clock.now()
        if over or self._seen is None or self._is_cut_off(self._seen):
            return ""
        return identity.principal(held)

    def _is_cut_off(self, found: Installation) -> bool:
        """Tell whether a planned fault would keep the agents from Azure, without consuming it."""
        return any(
            fault.action.keys() & set(_CUTS)
            and not fault.skip
            and fault.matches("agents", "", str(found.cluster), "")
            for fault in self._world.faults.waiting
        )

    async def _fetch_identity(self, found: Installation) -> datetime | None:
        """Write the certificates, if ARM knows the key that is in the cluster."""
        if not self._known(found):
            self._note(found, "IDENTITY", 401)
            return self._later()
        self._note(found, "IDENTITY", 200)
        now = self._world.clock.now()
        # The identity comes last: its arrival in the watch is what the next turn waits for.
        names = [*([AAD_PROXY_CERTIFICATE] if found.has_proxy else []), IDENTITY_CERTIFICATE]
        for name in names:
            held = identity.secret(name, found.cluster.name, self._owner(found), now)
            await self._api.write(_SECRETS, held)
        for report in reports.identities(found, now + identity.LIFETIME):
            self._group.create_task(self._publish(*report))
        return self._later()

    def _known(self, found: Installation) -> bool:
        stored = self._stored(found)
        return bool(
            stored and stored["properties"].get("agentPublicKeyCertificate") == found.public_key
        )

    def _owner(self, found: Installation) -> str:
        return errands.principal(self._stored(found) or {})

    def _stored(self, found: Installation) -> dict[str, Any] | None:
        id_ = found.cluster
        return self._world.azure.find_cluster(id_.subscription, id_.group, id_.name)

    async def _beat(self, found: Installation, expiry: datetime) -> datetime | None:
        clock, delays = self._world.clock, self._world.delays
        first = self._since[found.uid] + timedelta(seconds=delays.first_heartbeat)
        if clock.now() < first:
            return first
        facts = await self._facts()
        answer = self._world.azure.heartbeat(
            str(found.cluster), public_key=found.public_key, facts=reports.as_sent(found, facts)
        )
        self._note(found, "HEARTBEAT", 200 if answer.accepted else 403)
        if not answer.accepted:
            return self._later()
        if (found, facts) != self._reported:
            report = reports.metadata(found, facts, expiry, clock.now())
            self._group.create_task(self._publish(*report))
            self._reported = (found, facts)
        return clock.after(delays.beat_interval)

    async def _facts(self) -> reports.Facts:
        version = (await self._api.get("/version"))["gitVersion"]
        nodes = (await self._api.get("/api/v1/nodes"))["items"]
        cores = sum(reports.cores(node) for node in nodes)
        return reports.Facts(version.removeprefix("v"), len(nodes), cores)

    async def _publish(self, collection: str, thing: dict[str, Any]) -> None:
        """Write a custom resource, beside everything else: a real API server keeps whoever writes
        the first object of a new kind waiting for seconds, and the kind may already be leaving.
        """
        try:
            await self._api.write(collection, thing)
        except (aiohttp.ClientError, RefusedError, TimeoutError) as error:
            log.info("%s not written: %s", thing["kind"], error)
            self._reported = None

    def _cut_off(self, found: Installation) -> bool:
        """Tell whether a planned fault keeps the agents from Azure, this time."""
        for name in _CUTS:
            if self._world.faults.take("agents", name, path=str(found.cluster)):
                self._note(found, name.upper(), 0)
                return True
        return False

    def _note(self, found: Installation, act: str, status: int) -> None:
        """Put an exchange with Azure into the journal, unless it only repeats the last one."""
        if (found.uid, act, status) != self._noted:
            self._noted = (found.uid, act, status)
            time = self._world.clock.now().isoformat()
            path = str(found.cluster)
            self._world.journal.write(Entry(time, "agents", act, path, "", status=status))

    def _later(self) -> datetime:
        """When to try again: soon, though not sooner than the next beat would be."""
        return self._world.clock.after(min(self._world.delays.beat_interval, _LONGEST_RETRY))
