"""A Flux configuration as objects of the cluster: its source, and the Secret that it names.

Field names are those of Flux's source kinds and of its Secrets (`arm.md` 5.2 to 5.5, 8.2).
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.configuration import naming

if TYPE_CHECKING:
    from collections.abc import Mapping

Object = dict[str, Any]

# How Flux calls what the service was given; a name that is missing is the service's own.
_NAMES = {
    "httpsKey": "password",
    "sshPrivateKey": "identity",
    "bucketSecretKey": "secretkey",
    "servicePrincipal.clientSecret": "clientSecret",
    "servicePrincipal.clientCertificate": "clientCertificate",
    "servicePrincipal.clientCertificatePassword": "clientCertificatePassword",
    "accountKey": "accountKey",
    "sasToken": "sasKey",
    "tlsConfig.clientCertificate": "tls.crt",
    "tlsConfig.privateKey": "tls.key",
    "tlsConfig.caCertificate": "ca.crt",
}
# These come base64-encoded (arm.md 5.1), and Flux wants them plain.
_ENCODED = frozenset({
    "httpsKey",
    "sshPrivateKey",
    "bucketSecretKey",
    "sshKnownHosts",
    "servicePrincipal.clientCertificate",
    "tlsConfig.clientCertificate",
    "tlsConfig.privateKey",
    "tlsConfig.caCertificate",
})  # fmt: skip
_KINDS = {"AzureBlob": "Bucket"}


def block(properties: Object) -> Object:
    """Return the block of the source that a configuration has."""
    kind = str(properties["sourceKind"])
    name = "ociRepository" if kind == "OCIRepository" else kind[0].lower() + kind[1:]
    found = properties[name]
    assert isinstance(found, dict)
    return found


def kind_of(properties: Object) -> str:
    return _KINDS.get(properties["sourceKind"], str(properties["sourceKind"]))


def source(name: str, properties: Object, secret: str) -> Object:
    """Return the source object; `secret` names the Secret to sign in with, or is empty."""
    has = block(properties)
    spec: Object = {
        "url": has["url"],
        "interval": f"{has['syncIntervalInSeconds']}s",
        "timeout": f"{has['timeoutInSeconds']}s",
        "suspend": bool(properties["suspend"]),
    }
    kind = properties["sourceKind"]
    if reference := {k: v for k, v in (has.get("repositoryRef") or {}).items() if v}:
        spec["ref"] = reference
    if kind in {"Bucket", "AzureBlob"}:
        spec["bucketName"] = has.get("bucketName") or has.get("containerName")
        spec["provider"] = "azure" if kind == "AzureBlob" else "generic"
    spec |= _references(has, has.get("localAuthRef") or secret)
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": kind_of(properties),
        "metadata": {"name": name, "namespace": properties["namespace"]},
        "spec": spec,
    }


def _references(has: Object, secret: str) -> Object:
    """Say in which Secret Flux finds what it signs in with, and what it trusts."""
    if not secret:
        return {}
    found: Object = {"secretRef": {"name": secret}}
    if has.get("tlsConfig"):
        found["certSecretRef"] = {"name": secret}
    if verify := has.get("verify"):
        found["verify"] = {"provider": verify.get("provider"), "secretRef": {"name": secret}}
    return found


def secret_data(properties: Object, values: Mapping[str, str]) -> dict[str, str]:
    """Return what the Secret of a source holds, base64-encoded; empty where nothing was given.

    `values` have the service's names: `httpsKey`, `azureBlob.accountKey`, …
    """
    has = block(properties)
    held: dict[str, bytes] = {}
    for name, value in values.items():
        short = name.partition(".")[2] or name
        if short == "verify.verificationConfig":
            held |= {key: str(text).encode() for key, text in json.loads(value).items()}
        else:
            held[_NAMES.get(short, short)] = _plain(short, value)
    if held:
        held |= _beside(has, values)
    elif public := properties.get("repositoryPublicKey"):
        held = {"identity": b"generated in the cluster", "identity.pub": str(public).encode()}
    return {
        naming.fitting_key(name): base64.b64encode(value).decode() for name, value in held.items()
    }


def _beside(has: Object, values: Mapping[str, str]) -> dict[str, bytes]:
    """Return what is no secret, but lies beside one for Flux."""
    principal = has.get("servicePrincipal") or {}
    beside = {
        "username": has.get("httpsUser") if "httpsKey" in values else None,
        "accesskey": has.get("accessKey"),
        "clientId": principal.get("clientId"),
        "tenantId": principal.get("tenantId"),
    }
    found = {name: str(value).encode() for name, value in beside.items() if value}
    for name, field in (("known_hosts", "sshKnownHosts"), ("caFile", "httpsCACert")):
        if has.get(field):
            found[name] = _plain("sshKnownHosts", has[field])
    return found


def _plain(name: str, value: str) -> bytes:
    """Decode what came base64-encoded; what never was is taken as it is."""
    if name in _ENCODED:
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return value.encode()
    return value.encode()
