"""What may be written to a connected cluster, and what the service makes of it (`arm.md` 2.2-2.4)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.model.region import canonical
from arcctl.sandbox.azure import entra, projection
from arcctl.sandbox.azure.answers import ArmError, bad_request

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call

_TEXTS = (
    "agentPublicKeyCertificate",
    "distribution",
    "distributionVersion",
    "infrastructure",
    "privateLinkScopeResourceId",
)
_OBJECTS = (
    "aadProfile",
    "arcAgentProfile",
    "securityProfile",
    "oidcIssuerProfile",
    "gateway",
)
_ENUMS = {
    "privateLinkState": ("Enabled", "Disabled"),
    "azureHybridBenefit": ("True", "False", "NotApplicable"),
}
_DEFAULTS = {"privateLinkState": "Disabled", "azureHybridBenefit": "NotApplicable"}
# Read-only parts of objects that may be written: taken out of a body, never believed.
_READ_ONLY = {
    "arcAgentProfile": ("agentErrors", "agentState"),
    "oidcIssuerProfile": ("issuerUrl",),
}


def accepted(call: Call) -> dict[str, Any]:
    """Read a PUT's body: checked, without what is read-only or unknown, with the defaults."""
    sent = projection.projected(call.document(), projection.CLUSTER, call.version)
    properties = _an_object(sent, "properties")
    body: dict[str, Any] = {
        "location": canonical(sent["location"]),
        "tags": tags_of(sent),
        "identity": {"type": _identity(sent)},
        "properties": _properties(properties),
    }
    if kind := _kind(call, sent):
        body["kind"] = kind
    _check_key(body["properties"]["agentPublicKeyCertificate"], agentless=kind is not None)
    _check_private_link(call, body)
    add_issuer(body)
    return body


def _properties(sent: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = dict(_DEFAULTS)
    check_types(sent)
    names = (*_TEXTS, *_OBJECTS, *_ENUMS)
    kept |= {name: sent[name] for name in names if sent.get(name) is not None}
    if "agentPublicKeyCertificate" not in kept:
        raise bad_request("BadRequest", "properties.agentPublicKeyCertificate is required.")
    kept.setdefault("aadProfile", {})
    kept.setdefault("arcAgentProfile", {}).setdefault("agentAutoUpgrade", "Enabled")
    for owner, names in _READ_ONLY.items():
        for name in names:
            kept.get(owner, {}).pop(name, None)
    kept["arcAgentryConfigurations"] = _agentry(sent.get("arcAgentryConfigurations"))
    return kept


def check_types(sent: dict[str, Any]) -> None:
    """Refuse a value of the wrong type or outside its enum; null counts as absent."""
    for name, value in sent.items():
        wrong = (
            (name in _TEXTS and not isinstance(value, str))
            or (name in _OBJECTS and not isinstance(value, dict))
            or (name in _ENUMS and value not in _ENUMS[name])
        )
        if wrong and value is not None:
            raise _wrong(f"properties.{name}")


def _agentry(sent: Any) -> list[dict[str, Any]]:
    """Keep features and settings; protected settings are taken and never shown."""
    if sent is None:
        return []
    if not isinstance(sent, list) or not all(isinstance(item, dict) for item in sent):
        raise _wrong("properties.arcAgentryConfigurations")
    return [
        {
            "feature": item.get("feature"),
            "settings": item.get("settings"),
            "protectedSettings": None,
        }
        for item in sent
    ]


def _identity(sent: dict[str, Any]) -> str:
    kind = _an_object(sent, "identity").get("type")
    if kind not in {"SystemAssigned", "None"}:
        raise _wrong("identity.type")
    return str(kind)


def _kind(call: Call, sent: dict[str, Any]) -> str | None:
    kind = sent.get("kind")
    if not kind:
        return None
    known = ["ProvisionedCluster"]
    if "2024-12-01" <= call.version < "2026-03":
        known.append("AWS")
    if "2025-12-01" <= call.version < "2026-03":
        known.append("GCP")
    if kind not in known:
        raise _wrong("kind")
    return str(kind)


def tags_of(sent: dict[str, Any]) -> dict[str, str]:
    tags = sent.get("tags") or {}
    if not isinstance(tags, dict) or not all(isinstance(v, str) for v in tags.values()):
        raise _wrong("tags")
    if len(tags) > 50 or any(len(k) > 512 or len(v) > 256 for k, v in tags.items()):
        raise ArmError(400, "InvalidTags", "At most 50 tags, names to 512, values to 256 letters.")
    return tags


def _check_key(key: str, *, agentless: bool) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    if agentless:
        if key:
            raise bad_request("BadRequest", "agentPublicKeyCertificate must be empty here.")
        return
    try:
        loaded = load_der_public_key(base64.b64decode(key, validate=True))
    except (ValueError, binascii.Error) as error:
        raise _bad_key() from error
    if not isinstance(loaded, RSAPublicKey) or loaded.key_size < 2048:
        raise _bad_key()


def _check_private_link(call: Call, body: dict[str, Any]) -> None:
    """A private link scope must exist, in the cluster's own region (`arm.md` 2.4)."""
    properties = body["properties"]
    wanted = properties.get("privateLinkScopeResourceId")
    if properties["privateLinkState"] != "Enabled" or not wanted:
        return
    scope = call.azure.store.get(wanted)
    if scope is None or scope.body.get("location") != body["location"]:
        raise bad_request(
            "BadRequest",
            f"The private link scope '{wanted}' was not found in '{body['location']}'.",
            target="properties.privateLinkScopeResourceId",
        )


def add_issuer(body: dict[str, Any]) -> None:
    """Give a cluster that wants one an issuer of its own, if it has none."""
    profile = body["properties"].get("oidcIssuerProfile", {})
    if profile.get("enabled") and not profile.get("issuerUrl"):
        # Region and a random part: another region means another issuer (arc.md B7).
        host = f"{body['location']}.oic.prod-arc.azure.com"
        profile["issuerUrl"] = f"https://{host}/{entra.TENANT}/{uuid4()}/"


def _an_object(sent: dict[str, Any], name: str) -> dict[str, Any]:
    value = sent.get(name)
    if value is None:
        raise bad_request("BadRequest", f"The property '{name}' is required.", target=name)
    if not isinstance(value, dict):
        raise _wrong(name)
    return value


def _wrong(name: str) -> ArmError:
    return bad_request(
        "InvalidRequestContent", f"The value of '{name}' is not what was expected.", target=name
    )


def _bad_key() -> ArmError:
    return bad_request(
        "BadRequest",
        "agentPublicKeyCertificate must be the base64 of an RSA public key in PKCS#1 DER.",
        target="properties.agentPublicKeyCertificate",
    )
