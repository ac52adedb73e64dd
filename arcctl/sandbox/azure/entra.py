"""Sign-in (`arm.md` 15.1, 15.2; `az-on-the-wire.md` 4 T1 to T5): a few apps, one person, tokens.

A token looks like any JWT and is signed with a key that lives as long as the process. Its
`alg` is one that no client library verifies by accident. The secrets of those who can sign in are
as old as the process, so that another user of the machine knows none of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.sandbox.azure.answers import ArmError
from arcctl.sandbox.azure.call import Caller

if TYPE_CHECKING:
    from arcctl.sandbox.world import World

TENANT = "00000000-0000-0000-0000-0000000000aa"
TENANT_DOMAIN = "arcctl.sandbox"
STATIC_LIFE = 10 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who can sign in. `client_id` is the user name where it is a person.

    A federated token of theirs has three parts, of which the last is their secret.
    """

    client_id: str
    object_id: str
    name: str
    may: str
    type: str = "Application"
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def assertion(self) -> str:
        """What a pipeline would write to the file of its federated token."""
        return f"{_packed(b'{}')}.{_packed(b'{}')}.{self.secret}"


FULL_RIGHTS = Principal(
    "00000000-0000-0000-0000-0000000000a1",
    "00000000-0000-0000-0000-0000000001a1",
    "arcctl-sandbox",
    "everything",
)
ONBOARDING = Principal(
    "00000000-0000-0000-0000-0000000000a2",
    "00000000-0000-0000-0000-0000000001a2",
    "onboarding",
    "what the role Kubernetes Cluster - Azure Arc Onboarding may",
)
NO_RIGHTS = Principal(
    "00000000-0000-0000-0000-0000000000a3",
    "00000000-0000-0000-0000-0000000001a3",
    "stranger",
    "nothing",
)
PERSON = Principal(
    f"operator@{TENANT_DOMAIN}",
    "00000000-0000-0000-0000-0000000001a4",
    "operator",
    "everything",
    "User",
)
PRINCIPALS = {who.client_id: who for who in (FULL_RIGHTS, ONBOARDING, NO_RIGHTS, PERSON)}
IDENTITY_HEADER = secrets.token_urlsafe(24)
"""What App Service tells its own processes alone: who sends it is the app with full rights"""
# What a person's client calls itself does not matter; az's public client is one of many.
PUBLIC_CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


def sign_ins() -> list[dict[str, str]]:
    """Return who can sign in, with their secrets, for the person whose sandbox this is."""
    return [
        {"clientId": who.client_id, "secret": who.secret, "may": who.may}
        for who in PRINCIPALS.values()
    ]


class Tokens:
    """Makes access tokens and tells whose they are."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._key = secrets.token_bytes(32)
        self._known: dict[str, tuple[Caller, float, str]] = {}

    def issue(
        self, who: Principal, audience: str, life: float = 3600.0, *, key_id: str = ""
    ) -> str:
        """Return an access token of one principal for one audience, bound to a key if one is named."""
        now = self._world.clock.now().timestamp()
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now + life),
            "appid": who.client_id if who.type == "Application" else PUBLIC_CLIENT,
            "oid": who.object_id,
            "tid": TENANT,
            "ver": "1.0",
            "idtyp": "app" if who.type == "Application" else "user",
            "uti": secrets.token_urlsafe(16),
        }
        if who.type == "User":
            claims |= {"upn": who.client_id, "name": who.name}
        if key_id:
            claims["cnf"] = {"kid": key_id, "xms_ksl": "sw"}
        return self._signed(claims)

    def claims(self, token: str) -> dict[str, Any]:
        """Return what a token of ours says, for as long as it holds; else {}."""
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._signature(head)):
            return {}
        found: dict[str, Any] = json.loads(_unpacked(head.partition(".")[2]))
        return found if self._world.clock.now().timestamp() < found["exp"] else {}

    def seal(self, text: str) -> str:
        """Sign something else that Azure gives out and wants to know again."""
        return self._signature(text)

    def static(self) -> str:
        """Return a token of the app with full rights that outlives any sandbox."""
        return self.issue(FULL_RIGHTS, self._world.base_url or "https://localhost", STATIC_LIFE)

    def caller(self, header: str, origin: str) -> Caller:
        """Return whose token it is, or refuse it as ARM does (401)."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("AuthenticationFailed", "Authentication failed. No token was sent.")
        known = self._known.get(token) or self._read(token)
        caller, expires, audience = known
        if self._world.clock.now().timestamp() >= expires:
            raise unauthorized("ExpiredAuthenticationToken", "The access token has expired.")
        if audience not in self._audiences(origin):
            raise unauthorized(
                "InvalidAuthenticationTokenAudience",
                f"The access token has been obtained for wrong audience or resource '{audience}'.",
            )
        return caller

    def _read(self, token: str) -> tuple[Caller, float, str]:
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._signature(head)):
            raise unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
        claims = json.loads(_unpacked(head.partition(".")[2]))
        name = claims.get("upn", claims["appid"])
        kind = "User" if "upn" in claims else "Application"
        caller = Caller(claims["oid"], claims["appid"], claims["tid"], name, kind)
        known = (caller, float(claims["exp"]), claims["aud"].rstrip("/"))
        self._known[token] = known
        return known

    def _audiences(self, origin: str) -> set[str]:
        public = {"https://management.azure.com", "https://management.core.windows.net"}
        return public | {origin, (self._world.base_url or "https://localhost").rstrip("/")}

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"typ": "JWT", "alg": "sandbox", "kid": "sandbox"}
        head = f"{_packed(json.dumps(header).encode())}.{_packed(json.dumps(claims).encode())}"
        return f"{head}.{self._signature(head)}"

    def _signature(self, head: str) -> str:
        return _packed(hmac.digest(self._key, head.encode(), hashlib.sha256))


def unauthorized(code: str, message: str, *, claims: str = "") -> ArmError:
    """Return a 401 with the challenge that goes with it; `claims` asks for a fresh token."""
    challenge = (
        f'Bearer authorization_uri="https://login.windows.net/{TENANT}", '
        f'error="{"insufficient_claims" if claims else "invalid_token"}", '
        f'error_description="{message}"'
    )
    if claims:
        challenge += f', claims="{base64.b64encode(claims.encode()).decode()}"'
    return ArmError(401, code, message, headers={"WWW-Authenticate": challenge})


def identity_document(who: Principal, client_id: str, now: float) -> str:
    """Return an id_token for a person; nobody checks who signed it."""
    claims = {
        "aud": client_id,
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "iat": int(now),
        "exp": int(now + 3600),
        "oid": who.object_id,
        "sub": who.object_id,
        "tid": TENANT,
        "preferred_username": who.client_id,
        "name": who.name,
        "ver": "2.0",
    }
    header = {"typ": "JWT", "alg": "sandbox"}
    return ".".join(_packed(json.dumps(part).encode()) for part in (header, claims)) + ".c2FuZGJveA"


def client_info(who: Principal) -> str:
    return _packed(json.dumps({"uid": who.object_id, "utid": TENANT}).encode())


def refresh_token() -> str:
    return f"sandbox.{uuid4()}"


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
