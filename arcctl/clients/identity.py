"""Who is signed in to Azure, and the tokens that prove it (`arm.md` 15.2, `connectedk8s.md` D.1).

In this order: AZURE_ACCESS_TOKEN; a token kept from an earlier command; azure-identity's default
chain (environment, federated token file, managed identity, az, azd), which reads the process's
own environment. azure-identity costs 200 ms to import, so it is, only when a token is needed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from arcctl.clients import arm_errors
from arcctl.clients.importing import load
from arcctl.clients.token_cache import Token, TokenCache
from arcctl.errors import AccessError, ArcctlError, AzureError, UsageError
from arcctl.model.secret import Secret
from arcctl.model.shape import misfit

if TYPE_CHECKING:
    from azure.identity import DefaultAzureCredential

    from arcctl.clients.cloud import Cloud
    from arcctl.settings import Settings

_COMPANIONS = ("AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID")
HINTS = (
    "az login",
    "or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET (or _CERTIFICATE_PATH)",
)
# Without them azure-identity waits 5 min for a host that is silent, four times.
_BOUNDS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 30, "retry_total": 2}
# They need packages that arcctl does not bring, and would only lengthen what is said of failure.
_NOT_OURS: dict[str, Any] = {
    "exclude_shared_token_cache_credential": True,
    "exclude_visual_studio_code_credential": True,
    "exclude_broker_credential": True,
}
_JUST_REFUSED = 2  # seconds for which a sign-in that failed is not tried again
_JUST_FETCHED = 30  # seconds for which even a token that ends soon is used

# azure-identity and msal warn through logging, which Python prints when nobody listens.
for _name in ("azure", "msal"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

# What the libraries say where the sign-in service's answer is no token and no error of its own:
# Python's words for what they stumbled over.
_NO_ANSWER = re.compile(
    r"Authentication failed: (None$|'\w+'$|JSON is invalid|Expecting value|.*(has no attribute"
    r"|argument of type|codec can't decode|failed to decode|invalid literal|recursion depth"
    r"|OIDC Discovery))"
)


class Identity:
    """Gets tokens for one cloud; asked many times at once, it signs in once, or never if it may not."""

    def __init__(self, settings: Settings, cloud: Cloud, *, may_sign_in: bool = True) -> None:
        self._cloud = cloud
        self._may_sign_in = may_sign_in
        self._given = _given_token(settings)
        self._cache = TokenCache(settings, cloud)
        self._tokens: dict[str, tuple[Token, float]] = {}
        self._refusals: dict[str, tuple[ArcctlError, float]] = {}
        self._lock = asyncio.Lock()

    @property
    def renewable(self) -> bool:
        """Whether another token can be had when Azure refuses this one."""
        return self._given is None

    async def token(
        self, audience: str | None = None, *, claims: str | None = None, fresh: bool = False
    ) -> Secret:
        """Return an access token for `audience` (default: ARM).

        `fresh` passes over what is kept; `claims` is the JSON text of a claims challenge. Raises
        AccessError where nobody is signed in or the sign-in is refused.
        """
        wanted = audience or self._cloud.audience
        if self._given is not None:
            return self._token_for(wanted)
        async with self._lock:
            kept = None if fresh or claims else self._kept(wanted)
            return (kept or await self._fetch(wanted, claims)).value

    async def renew(self, audience: str, refused: Secret, *, claims: str | None = None) -> Secret:
        """Return a token other than the refused one; several askers cause one sign-in."""
        async with self._lock:
            if (kept := self._kept(audience)) and kept.value == refused:
                # Another process may have put a newer one on the disk.
                self._tokens.pop(audience, None)
                kept = self._kept(audience)
            if kept is None or kept.value == refused or claims:
                self._cache.drop(audience)
                kept = await self._fetch(audience, claims)
            return kept.value

    async def whoami(self) -> dict[str, Any]:
        """Return the claims of the ARM token (tid, oid, appid, upn, …); {} where it is opaque."""
        parts = (await self.token()).reveal().split(".")
        try:
            claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
            found = json.loads(claims)
        except (ValueError, IndexError):
            return {}
        return found if isinstance(found, dict) else {}

    def _token_for(self, audience: str) -> Secret:
        if self._given is None or audience == self._cloud.graph:
            raise AccessError(
                f"AZURE_ACCESS_TOKEN is for Azure Resource Manager, not for {audience}",
                code="token-for-another-audience",
            )
        return self._given

    def _kept(self, audience: str) -> Token | None:
        token, until = self._tokens.get(audience, (None, 0.0))
        if token and (token.usable or time.time() < until):
            return token
        if found := self._cache.get(audience):
            self._tokens[audience] = (found, 0.0)
        return found

    async def _fetch(self, audience: str, claims: str | None) -> Token:
        if not self._may_sign_in:
            raise AccessError("no access token is kept", code="not-signed-in", hints=HINTS)
        error, until = self._refusals.get(audience, (None, 0.0))
        if error and time.monotonic() < until:
            # Whoever waited for this sign-in hears how it ended, and does not begin it again.
            raise error
        try:
            token = await asyncio.to_thread(_sign_in, self._cloud, audience, claims)
        except ArcctlError as refusal:
            self._refusals[audience] = (refusal, time.monotonic() + _JUST_REFUSED)
            raise
        self._tokens[audience] = (token, min(token.expires_on, time.time() + _JUST_FETCHED))
        self._cache.put(audience, token)
        return token


def _given_token(settings: Settings) -> Secret | None:
    # A secret store may end it with a newline, which no header may hold.
    token = settings.environ.get("AZURE_ACCESS_TOKEN", "").strip()
    missing = [name for name in _COMPANIONS if not settings.environ.get(name)]
    if token and missing:
        raise UsageError(
            f"AZURE_ACCESS_TOKEN is set, but {' and '.join(missing)} is not",
            code="access-token-env-incomplete",
            hints=tuple(f"export {name}=ID" for name in missing),
        )
    if len(token.split()) > 1:
        raise AccessError(
            "AZURE_ACCESS_TOKEN is no token: it has a line break or a space in it",
            code="sign-in-settings",
            hints='export AZURE_ACCESS_TOKEN="$(az account get-access-token --query accessToken -o tsv)"',
        )
    return Secret(token) if token else None


def _sign_in(cloud: Cloud, audience: str, claims: str | None) -> Token:
    """Ask the chain, in a thread. A new chain each time: it re-reads files and keeps no token."""
    load("azure.identity")
    from azure.core.exceptions import AzureError as CoreError

    # az and MSAL keep the audience as it is, so one that ends in a slash gives two of them.
    options: dict[str, Any] = {"claims": claims, "enable_cae": True} if claims else {}
    try:
        with _chain(cloud) as chain:
            found = chain.get_token(f"{audience}/.default", **options)
    except CoreError as error:
        raise refused(error, cloud) from error
    except ValueError as error:
        raise AccessError(
            "the settings for signing in to Azure do not fit",
            code="sign-in-settings",
            why=str(error),
            hints=HINTS,
        ) from error
    # The library takes whatever the login host calls so.
    if misfit({"token": found.token, "until": found.expires_on}, {"token": str, "until": float}):
        raise AzureError(
            f"{urlsplit(cloud.login).netloc} did not answer the sign-in",
            code=arm_errors.UNUSABLE,
            why="what it calls an access token is no text",
            hints="try again in a minute; if it stays so: https://azure.status.microsoft",
        )
    return Token(Secret(found.token), found.expires_on)


def _chain(cloud: Cloud) -> DefaultAzureCredential:
    from azure.identity import DefaultAzureCredential, WorkloadIdentityCredential

    where: dict[str, Any] = {
        "authority": cloud.login,
        "disable_instance_discovery": not cloud.builtin,
    }
    chain = DefaultAzureCredential(process_timeout=30, **where, **_BOUNDS, **_NOT_OURS)
    # The chain gives everyone but this one the authority: a federated token would go to the
    # public cloud's login unless AZURE_AUTHORITY_HOST says otherwise.
    chain.credentials = tuple(
        WorkloadIdentityCredential(**where, **_BOUNDS)
        if isinstance(each, WorkloadIdentityCredential)
        else each
        for each in chain.credentials
    )
    return chain


def refused(error: Exception, cloud: Cloud) -> ArcctlError:
    """Tell apart: the sign-in was refused, its host cannot be reached, nobody is signed in."""
    said = str(getattr(error, "message", "") or error)
    if found := re.search(r"(AADSTS\d+):\s*(.*?)(?:\.\s|\.?$|\r|\n)", said, re.MULTILINE):
        return AccessError(
            f"sign-in refused: {found.group(2).rstrip('.')}", code=found.group(1), hints=HINTS
        )
    if found := re.search(
        r"Unable to get authority configuration for (\S+/)?([^/\s]+?)\.? ", f"{said} "
    ):
        return AccessError(
            f"sign-in refused: {cloud.name} knows no tenant {found.group(2)}",
            code="unknown-tenant",
            hints=("export AZURE_TENANT_ID=TENANT", "az account list -o table"),
        )
    # Only who really asked the login host says so; others report what they miss on this machine.
    asked = [line for line in said.splitlines() if "Authentication failed" in line]
    if asked and arm_errors.unreached(asked[0]):
        return arm_errors.unreachable(cloud.login, asked[0])
    if asked and _NO_ANSWER.search(asked[0]):
        return AzureError(
            f"{urlsplit(cloud.login).netloc} did not answer the sign-in",
            code=arm_errors.UNUSABLE,
            why="its answer is neither a token nor a refusal",
            hints=(
                "try again in a minute; if it stays so: https://azure.status.microsoft",
                "a proxy may stand between: look at HTTPS_PROXY",
            ),
        )
    tried = dict(re.findall(r"^\s*(\w+Credential): (.*)$", said, re.MULTILINE))
    lines = tuple(
        f"{name}: {reason.removeprefix(f'{name} ').split('. ')[0].rstrip('.')}"
        for name, reason in tried.items()
    )
    return AccessError(
        f"not signed in to {cloud.name}",
        code="not-signed-in",
        why=lines or " ".join(said.split())[:300],
        hints=HINTS,
    )
