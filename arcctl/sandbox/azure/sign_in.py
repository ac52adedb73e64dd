"""The endpoints of Entra that clients call (`arm.md` 15.1; `az-on-the-wire.md` 4 and 6.3)."""

from __future__ import annotations

import base64
import hmac
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import uuid4

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from arcctl.sandbox.azure import entra, times
from arcctl.sandbox.azure.answers import Answer

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call

_TENANTS = {entra.TENANT, entra.TENANT_DOMAIN, "organizations", "common"}
_LIFE = 3599
_IDENTITY_VERSION = "2019-08-01"


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """What Entra says no with."""

    status: int
    error: str
    number: int
    why: str


def openid_configuration(call: Call) -> Answer:
    tenant = call.target.path.split("/")[1]
    if tenant.lower() not in _TENANTS:
        return _error(call, _no_tenant(tenant))
    known = tenant if tenant in {"organizations", "common"} else entra.TENANT
    base = f"{call.origin}/{known}"
    return Answer(
        body={
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "tenant_region_scope": None,
        }
    )


def instance_discovery(call: Call) -> Answer:
    host = call.origin.partition("//")[2]
    return Answer(
        body={
            "tenant_discovery_endpoint": (
                f"{call.origin}/{entra.TENANT}/v2.0/.well-known/openid-configuration"
            ),
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )


def user_realm(_call: Call) -> Answer:
    return Answer(body={"ver": "1.0", "account_type": "Managed", "domain_name": "arcctl.sandbox"})


def token(call: Call) -> Answer:
    form = dict(parse_qsl(call.content.decode("utf-8", "replace")))
    tenant = call.target.path.split("/")[1]
    try:
        if planned := call.knob("error", service="entra"):
            raise _planned(planned["error"])
        if tenant.lower() not in _TENANTS:
            raise _no_tenant(tenant)
        who = _GRANTS.get(form.get("grant_type", ""), _unknown_grant)(call, form)
        return Answer(body=_granted(call, form, who))
    except Refused as refused:
        return _error(call, refused)


def managed_identity(call: Call) -> Answer:
    """Give a token as App Service does: to whoever sends its secret header, for one resource."""
    who, resource = entra.FULL_RIGHTS, call.query.get("resource", "")
    sent = call.headers.get("X-IDENTITY-HEADER", "")
    if not hmac.compare_digest(sent.encode(), entra.IDENTITY_HEADER.encode()):
        return _no_identity("The header X-IDENTITY-HEADER is missing or wrong.")
    if call.version != _IDENTITY_VERSION or not resource:
        return _no_identity(f"api-version={_IDENTITY_VERSION} and resource are required.")
    if call.query.get("client_id", who.client_id) != who.client_id:
        return _no_identity("No managed identity was found for the client_id.")
    until = int(call.world.clock.now().timestamp()) + _LIFE
    return Answer(
        body={
            "access_token": call.azure.tokens.issue(who, resource, _LIFE),
            "expires_on": str(until),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": who.client_id,
        }
    )


def _no_identity(why: str) -> Answer:
    return Answer(400, {"statusCode": 400, "message": why})


def _client_credentials(call: Call, form: dict[str, str]) -> entra.Principal:
    who = entra.PRINCIPALS.get(form.get("client_id", "").lower())
    if who is None or who.type != "Application":
        raise Refused(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{form.get('client_id', '')}' was not found in the "
            "directory 'Sandbox'.",
        )
    if "client_assertion" in form:
        _check_assertion(call, form["client_assertion"], who)
    elif "client_secret" not in form:
        raise Refused(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or "
            "'client_secret'.",
        )
    elif not hmac.compare_digest(form["client_secret"].encode(), who.secret.encode()):
        raise Refused(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the "
            f"client secret value, for a secret added to app '{who.client_id}'.",
        )
    return who


def _check_assertion(call: Call, assertion: str, who: entra.Principal) -> None:
    """Take a federated token that ends with the app's secret, or what a known certificate signed."""
    if assertion.count(".") != 2 or not all(assertion.split(".")):
        raise Refused(400, "invalid_request", 50027, "JWT token is invalid or malformed.")
    if hmac.compare_digest(assertion.rpartition(".")[2].encode(), who.secret.encode()):
        return
    if not any(_has_signed(each, assertion) for each in call.azure.certificates):
        raise Refused(
            401,
            "invalid_client",
            70021,
            "No matching federated identity record found for presented assertion.",
        )


def _has_signed(certificate: str, assertion: str) -> bool:
    """Tell whether the key of this certificate (PEM) has signed the assertion, as MSAL signs."""
    key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    text, _, signature = assertion.rpartition(".")
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    for scheme in (padding.PKCS1v15(), padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO)):
        with suppress(InvalidSignature, ValueError):
            key.verify(
                base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)),
                text.encode(),
                scheme,
                SHA256(),
            )
            return True
    return False


def _password(_call: Call, form: dict[str, str]) -> entra.Principal:
    who = entra.PRINCIPALS.get(form.get("username", "").lower())
    given = form.get("password", "").encode()
    if who is None or who.type != "User" or not hmac.compare_digest(given, who.secret.encode()):
        raise Refused(
            400,
            "invalid_grant",
            50126,
            "Error validating credentials due to invalid username or password.",
        )
    return who


def _refresh(call: Call, form: dict[str, str]) -> entra.Principal:
    who = call.azure.refreshable.get(form.get("refresh_token", ""))
    if who is None:
        raise Refused(400, "invalid_grant", 9002313, "The refresh token is malformed or unknown.")
    return who


def _unknown_grant(_call: Call, form: dict[str, str]) -> entra.Principal:
    raise Refused(
        400,
        "unsupported_grant_type",
        70003,
        f"The app requested an unsupported grant type '{form.get('grant_type', '')}'.",
    )


_GRANTS = {
    "client_credentials": _client_credentials,
    "password": _password,
    "refresh_token": _refresh,
}


def _granted(call: Call, form: dict[str, str], who: entra.Principal) -> dict[str, Any]:
    short = call.knob("short_token", service="entra")
    life = float(short["short_token"]) if short else float(_LIFE)
    key_id = _bound_to(form)
    body: dict[str, Any] = {
        "token_type": "pop" if key_id else "Bearer",
        "expires_in": int(life),
        "ext_expires_in": int(life),
        "access_token": call.azure.tokens.issue(who, _audience(form), life, key_id=key_id),
    }
    if "resource" in form:  # the old endpoint writes numbers as text
        body |= {"resource": form["resource"], "expires_in": str(int(life))}
    if who.type == "User":
        renewal = entra.refresh_token()
        call.azure.refreshable[renewal] = who
        now = call.world.clock.now().timestamp()
        body |= {
            "scope": form.get("scope", ""),
            "refresh_token": renewal,
            "id_token": entra.identity_document(who, form.get("client_id", ""), now),
            "client_info": entra.client_info(who),
        }
    return body


def _bound_to(form: dict[str, str]) -> str:
    """Return the key that a proof-of-possession token is asked for (`connectedk8s.md` B.6.7)."""
    if form.get("token_type", "").lower() != "pop":
        return ""
    key_id, wanted = form.get("key_id", ""), form.get("req_cnf", "")
    try:
        proof = json.loads(base64.urlsafe_b64decode(wanted + "=" * (-len(wanted) % 4)))
    except ValueError:
        proof = None
    if not key_id or "=" in wanted or proof != {"kid": key_id, "xms_ksl": "sw"}:
        raise Refused(400, "invalid_request", 90014, "The field 'req_cnf' is missing or malformed.")
    return key_id


def _audience(form: dict[str, str]) -> str:
    """Return the resource that is meant: `…/.default` cut off, whatever slashes precede it."""
    if "resource" in form:
        return form["resource"].rstrip("/")
    scopes = [s for s in form.get("scope", "").split() if s.endswith("/.default")]
    if not scopes:
        raise Refused(
            400, "invalid_scope", 70011, f"The scope '{form.get('scope', '')}' is not valid."
        )
    return scopes[0].removesuffix("/.default").rstrip("/")


def _no_tenant(tenant: str) -> Refused:
    return Refused(
        400, "invalid_request", 90002, f"Tenant '{tenant}' not found. Check that it is correct."
    )


def _planned(plan: Any) -> Refused:
    plan = plan if isinstance(plan, dict) else {}
    return Refused(
        int(plan.get("status", 401)),
        plan.get("error", "invalid_client"),
        int(plan.get("number", 7000222)),
        plan.get("description", "The provided client secret keys are expired."),
    )


def _error(call: Call, refused: Refused) -> Answer:
    moment = call.world.clock.now()
    trace, correlation = str(uuid4()), str(uuid4())
    description = (
        f"AADSTS{refused.number}: {refused.why} Trace ID: {trace} "
        f"Correlation ID: {correlation} Timestamp: {moment:%Y-%m-%d %H:%M:%SZ}"
    )
    return Answer(
        refused.status,
        {
            "error": refused.error,
            "error_description": description,
            "error_codes": [refused.number],
            "timestamp": times.zulu(moment),
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{call.origin}/error?code={refused.number}",
        },
    )


def graph_principals(call: Call) -> Answer:
    """Answer Graph's `servicePrincipals?$filter=appId eq '…'` (`connectedk8s.md` B.1, 24)."""
    if call.knob("no_principal", service="graph"):
        return Answer(body={"value": []})
    wanted = call.query.get("$filter", "")
    app_id = wanted.partition("'")[2].partition("'")[0]
    if not app_id:
        return Answer(
            400,
            {"error": {"code": "BadRequest", "message": "Only a filter by appId is known here."}},
        )
    known = {who.client_id: who.object_id for who in entra.PRINCIPALS.values()}
    object_id = known.get(app_id) or _CUSTOM_LOCATIONS.get(app_id)
    found = [{"id": object_id, "appId": app_id}] if object_id else []
    return Answer(
        body={"@odata.context": f"{call.origin}/v1.0/$metadata#servicePrincipals", "value": found}
    )


# The service principal of custom locations, the same app in every tenant.
_CUSTOM_LOCATIONS = {"bc313c14-388c-4e7d-a58e-70017303ee3b": "00000000-0000-0000-0000-0000000001c1"}


def keys(_call: Call) -> Answer:
    return Answer(body={"keys": []})
