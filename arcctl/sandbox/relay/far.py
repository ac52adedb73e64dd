"""Azure's end of cluster connect: the relay, and the agents that wait at it (`arc.md` A1, T14).

    GET  /$hc/NAME          204 if the token still opens the connection
    *    /$hc/NAME/PATH     the same to the cluster's API, by way of its agents
    POST /$hc/proof         what the near end asks of Entra: does this token belong to this key?

NAME is the hybrid connection's; the token is in `ServiceBusAuthorization`. Where it was given out
for AAD, kube-aad-proxy reads the caller's access token and acts for who it names; else the token
of a service account goes through to the API server.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from arcctl.model.cluster import AGENT_NAMESPACE, IDENTITY_MAP
from arcctl.model.onboarding import Onboarding
from arcctl.sandbox.azure import entra
from arcctl.sandbox.azure.connectivity import connection_name, relay_token
from arcctl.sandbox.clusterapi import ClusterApi
from arcctl.sandbox.installation import is_ready
from arcctl.sandbox.relay.passing import handed_back, without_hop

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiohttp.typedefs import Middleware

    from arcctl.sandbox.access import Access
    from arcctl.sandbox.world import World

TOKEN_HEADER = "ServiceBusAuthorization"
# The app of cluster connect, the same in every tenant (connectedk8s.md B.6.7).
AUDIENCE = "6256c85f-0aad-4d50-b960-e6e9b21efe35"
NOBODY_THERE = "no agent is connected in the target arc resource"
_SEALED = re.compile(r"SharedAccessSignature sr=([^&]+)&se=(\d+)&skn=(AAD|Token)&sig=.+")
_MAP = f"/api/v1/namespaces/{AGENT_NAMESPACE}/configmaps/{IDENTITY_MAP}"
_DEPLOYMENT = f"/apis/apps/v1/namespaces/{AGENT_NAMESPACE}/deployments"
# Whom the clusters' administrators let in; who may ask Azure for a way in is Azure's to say.
_WELCOME = frozenset({entra.FULL_RIGHTS.object_id, entra.PERSON.object_id})


def application(
    world: World, ways_in: Sequence[Access], middlewares: Iterable[Middleware] = ()
) -> web.Application:
    """Return the paths below `/$hc`; `ways_in` may still grow."""
    app = web.Application(middlewares=tuple(middlewares))
    relay = RelayEnd(world, ways_in)
    app.router.add_post("/proof", relay.proof)
    app.router.add_route("*", r"/{name:[\w.]+/\w+/[0-9a-f]{64}}{path:.*}", relay.answer)
    app.on_shutdown.append(relay.hang_up)
    return app


class RelayEnd:
    """Where near ends and agents meet."""

    def __init__(self, world: World, ways_in: Sequence[Access]) -> None:
        self._world = world
        self._ways_in = ways_in
        self._apis: dict[tuple[int, bool], ClusterApi] = {}

    async def hang_up(self, _app: web.Application) -> None:
        """Leave the clusters, which ends the watches that nobody reads any more."""
        for api in self._apis.values():
            await api.__aexit__(None, None, None)

    async def proof(self, request: web.Request) -> web.Response:
        """Say 204, 401 for a token that does not hold, 410 for a key that is too old."""
        asked = await request.json()
        if self._world.faults.take("relay", "key_expired"):
            return web.Response(status=410)
        claims = self._world.azure.tokens.claims(asked["accessToken"])
        expected = {"aud": AUDIENCE, "tid": asked["tenantID"], "appid": asked["clientID"]}
        bound = claims.get("cnf") == {"kid": asked["kid"], "xms_ksl": "sw"}
        fits = bound and expected.items() <= claims.items()
        return web.Response(status=204 if fits else 401)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name, path = request.match_info["name"], request.match_info["path"]
        method = self._method(request.headers.get(TOKEN_HEADER, ""), name)
        if method is None:
            return web.Response(
                status=401, text="the token of the relay is invalid, or has expired"
            )
        if not path:
            return web.Response(status=204)
        number = await self._agents_of(name)
        if number is None:
            return web.Response(status=404, text=NOBODY_THERE)
        api = self._api(number, own=method == "AAD")
        headers = without_hop(request.headers)
        headers.pop(TOKEN_HEADER, None)
        if method == "AAD":
            refusal = self._refusal(headers.pop("Authorization", ""))
            if refusal:
                return _status(*refusal)
            # A client certificate speaks for itself.
            headers |= {"Authorization": own} if (own := api.own_authorization()) else {}
        url = request.rel_url.raw_path_qs.partition(name)[2]
        body = await request.read()
        async with api.handed_on(request.method, url, headers, body) as answer:
            return await handed_back(request, answer)

    def _method(self, token: str, name: str) -> str | None:
        """Return for which kind of caller a token was given out; None where it opens nothing."""
        found = _SEALED.fullmatch(token)
        if not found:
            return None
        expires, method = int(found[2]), found[3]
        again = relay_token(self._world.azure.tokens, name, expires, method)
        lives = self._world.clock.now().timestamp() < expires
        return method if lives and hmac.compare_digest(token, again) else None

    def _refusal(self, authorization: str) -> tuple[int, str, str] | None:
        """Judge a caller's access token as kube-aad-proxy does."""
        claims = self._world.azure.tokens.claims(authorization.removeprefix("Bearer "))
        if claims.get("aud") != AUDIENCE or "cnf" not in claims:
            return 401, "Unauthorized", "the access token is invalid, or has expired"
        if claims["oid"] not in _WELCOME:
            return 403, "Forbidden", f'User "{claims["oid"]}" may do nothing in this cluster'
        return None

    async def _agents_of(self, name: str) -> int | None:
        """Return the number of the cluster whose agents wait under this name, and run."""
        for number in range(len(self._ways_in)):
            api = self._api(number, own=True)
            data = ((await api.find(_MAP)) or {}).get("data") or {}
            onboarding = Onboarding.from_map(data)
            if onboarding and connection_name(onboarding.cluster.path) == name:
                return number if await self._connected(api, onboarding.cluster.path) else None
        return None

    def _api(self, number: int, *, own: bool) -> ClusterApi:
        """Return the session of the agents with their API server, or one for a caller's token."""
        if (number, own) not in self._apis:
            access = self._ways_in[number]
            self._apis[number, own] = ClusterApi(access if own else access.for_others())
        return self._apis[number, own]

    async def _connected(self, api: ClusterApi, cluster: str) -> bool:
        """Tell whether both agents of cluster connect run, and Azure knows their cluster."""
        names = ("clusterconnect-agent", "kube-aad-proxy")
        agents = [await api.find(f"{_DEPLOYMENT}/{each}") for each in names]
        return all(map(is_ready, agents)) and self._world.azure.store.get(cluster) is not None


def address_of(cluster_id: str) -> str:
    """Return the path under which the near end offers a cluster (`connectedk8s.md` B.6.10)."""
    return "/" + hashlib.sha256(cluster_id.lower().encode()).hexdigest()


def _status(code: int, reason: str, message: str) -> web.Response:
    document: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    return web.Response(
        status=code, text=json.dumps(document), content_type="application/json", charset="utf-8"
    )
