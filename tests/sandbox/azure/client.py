"""A client that speaks plain HTTP to the small Azure, and what it sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import entra, seeds
from yarl import URL

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from arcctl.sandbox.world import World

SUB = f"/subscriptions/{seeds.SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/edge"
CLUSTERS = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters"
HARBOR = f"{CLUSTERS}/harbor"
NEWEST = "2026-05-01"


@dataclass
class Reply:
    """An answer, read to its end."""

    status: int
    body: Any
    headers: Any
    text: str

    @property
    def code(self) -> str:
        return self.body["error"]["code"]


class Client:
    """Asks as the app with full rights; `as_(principal)` asks as another."""

    def __init__(self, world: World, session: ClientSession, base: str) -> None:
        self.world, self.session, self.base = world, session, base
        self.principal = entra.FULL_RIGHTS

    def as_(self, principal: entra.Principal) -> Client:
        other = Client(self.world, self.session, self.base)
        other.principal = principal
        return other

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str | None = NEWEST,
        headers: dict[str, str] | None = None,
        data: Any = None,
    ) -> Reply:
        url = path if path.startswith("http") else self.base + path
        if version and "api-version" not in url.lower():
            url += f"{'&' if '?' in url else '?'}api-version={version}"
        token = self.world.azure.tokens.issue(self.principal, self.base)
        sent = {"Authorization": f"Bearer {token}"} | (headers or {})
        async with self.session.request(
            method, URL(url, encoded=True), json=body, data=data, headers=sent
        ) as answer:
            return await read(answer)

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.ask("GET", path, **options)

    async def put(self, path: str, body: Any, **options: Any) -> Reply:
        return await self.ask("PUT", path, body, **options)

    async def patch(self, path: str, body: Any, **options: Any) -> Reply:
        return await self.ask("PATCH", path, body, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.ask("POST", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Reply:
        return await self.ask("DELETE", path, **options)


async def read(answer: ClientResponse) -> Reply:
    """Read an answer to its end."""
    text = await answer.text()
    is_json = answer.content_type == "application/json" and text
    body = await answer.json() if is_json else None
    return Reply(answer.status, body, answer.headers, text)


def body_of_cluster(**properties: Any) -> dict[str, Any]:
    """A PUT's body that the service accepts."""
    return {
        "location": "eastus",
        "tags": {"team": "edge"},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "agentPublicKeyCertificate": seeds.public_key(),
            "distribution": "k3s",
            "infrastructure": "generic",
            **properties,
        },
    }
