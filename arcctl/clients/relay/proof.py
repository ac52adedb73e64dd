"""Access tokens that are bound to a key, as cluster connect wants them (`connectedk8s.md` B.6.7).

azure-identity cannot ask for them, so MSAL beneath it is asked, as whoever has signed in for
Resource Manager: the service principal of the environment (secret, certificate, federated token),
or who `az login` has signed in, person or service principal. Managed identities and others have
no such tokens to give.
"""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.clients import arm_errors, identity
from arcctl.clients.importing import load
from arcctl.clients.kubernetes.background import aside
from arcctl.clients.token_cache import Token
from arcctl.errors import AccessError
from arcctl.model import plain_file
from arcctl.model.secret import Secret
from arcctl.settings import az_home

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arcctl.clients.cloud import Cloud
    from arcctl.settings import Settings

    Ask = Callable[[list[str], dict[str, str]], dict[str, Any]]

AUDIENCE = "6256c85f-0aad-4d50-b960-e6e9b21efe35"
_AZ = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # the app that az is to Entra
_SECONDS = 30


class Signer:
    """Gets tokens for one who has signed in; `claims` are those of the token for ARM.

    Raises AccessError `proof-of-possession` where that kind of sign-in has none to give.
    """

    def __init__(self, settings: Settings, cloud: Cloud, claims: Mapping[str, Any]) -> None:
        self._environ = settings.environ
        self._cloud = cloud
        self.client = str(claims.get("appid") or claims.get("azp") or "")
        self.tenant = str(claims.get("tid") or settings.tenant or "")
        self._person = str(claims.get("oid") or "")
        self._kept = self._environment() or self._az_application()
        if not (self._kept or self._az_person()):
            raise _unable(self.client)

    async def token(self, key_id: str) -> Token:
        """Return a token that is bound to the key; raise AccessError where Entra refuses."""
        load("msal")
        return await aside(self._ask, key_id)

    def _ask(self, key_id: str) -> Token:
        import requests

        began = time.time()
        try:
            found = self._asker()([f"{AUDIENCE}/.default"], _bound(key_id))
        except requests.RequestException as error:
            raise arm_errors.unreachable(self._cloud.login, str(error)) from error
        except (ValueError, OSError) as error:
            raise identity.refused(error, self._cloud) from error
        if "access_token" not in found:
            said = f"Authentication failed: {found.get('error_description') or found.get('error')}"
            raise identity.refused(ValueError(said), self._cloud)
        return Token(Secret(str(found["access_token"])), began + float(found["expires_in"]))

    def _asker(self) -> Ask:
        import msal

        where: dict[str, Any] = {
            "authority": f"{self._cloud.login}/{self.tenant}",
            "instance_discovery": self._cloud.builtin,
            "timeout": _SECONDS,
        }
        if self._kept:
            app = msal.ConfidentialClientApplication(
                self.client, client_credential=_credential(self._kept), **where
            )
            return lambda scopes, data: app.acquire_token_for_client(scopes, data=data)
        cache = msal.SerializableTokenCache()
        cache.deserialize(self._az_person())
        person = msal.PublicClientApplication(_AZ, token_cache=cache, **where)
        known = [each for each in person.get_accounts() if each["local_account_id"] == self._person]
        return lambda scopes, data: (
            person.acquire_token_silent_with_error(scopes, (known or [None])[0], data=data) or {}
        )

    def _environment(self) -> dict[str, str]:
        """Return how the environment's service principal proves itself, if it is the one."""
        environ = self._environ
        if environ.get("AZURE_CLIENT_ID", "").lower() != self.client.lower() or not self.client:
            return {}
        names = {
            "secret": "AZURE_CLIENT_SECRET",
            "certificate": "AZURE_CLIENT_CERTIFICATE_PATH",
            "password": "AZURE_CLIENT_CERTIFICATE_PASSWORD",
            "federated": "AZURE_FEDERATED_TOKEN_FILE",
        }
        found = {key: environ[name] for key, name in names.items() if environ.get(name)}
        return found if found.keys() - {"password"} else {}

    def _az_application(self) -> dict[str, str]:
        """Return how the service principal proves itself that az has signed in, if it is the one."""
        try:
            entries = json.loads(self._of_az("service_principal_entries.json"))
            [entry] = [each for each in entries if each["client_id"] == self.client]
        except (ValueError, LookupError, TypeError, RecursionError):
            return {}
        names = {"secret": "client_secret", "certificate": "certificate"}
        return {key: str(entry[name]) for key, name in names.items() if entry.get(name)}

    def _az_person(self) -> str:
        """Return what az keeps of the people who have signed in, where it is one of them."""
        kept = self._of_az("msal_token_cache.json") if self.client == _AZ else ""
        return kept if self._person and self._person in kept else ""

    def _of_az(self, name: str) -> str:
        try:
            return plain_file.text(az_home(self._environ) / name, "utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return ""


def _bound(key_id: str) -> dict[str, str]:
    """Return what a request for a token says of the key; `sw`: it is kept in software."""
    proof = json.dumps({"kid": key_id, "xms_ksl": "sw"}, separators=(",", ":")).encode()
    encoded = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
    return {"token_type": "pop", "key_id": key_id, "req_cnf": encoded}


def _credential(kept: Mapping[str, str]) -> Any:
    if "secret" in kept:
        return kept["secret"]
    if "certificate" in kept:
        from azure.identity._credentials.certificate import get_client_credential

        return get_client_credential(kept["certificate"], kept.get("password"))
    return {"client_assertion": plain_file.given_text(Path(kept["federated"]))}


def _unable(client: str) -> AccessError:
    return AccessError(
        "this way of signing in has no proof-of-possession token to give",
        code="proof-of-possession",
        why=(
            "cluster connect wants an access token that is bound to a key of this session",
            "service principals of the environment can have one, and whoever az has signed in",
            f"{client or 'an unknown app'} is neither",
        ),
        hints=(
            'as a service account of the cluster: --token "$(kubectl create token ACCOUNT)"',
            "az login",
        ),
    )
