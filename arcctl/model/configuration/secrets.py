"""Which secrets a configuration resource needs, and where they go (`arm.md` 8.2, 5.1-5.5).

Names are those of the extension's own protected settings, `httpsKey`, `sshPrivateKey` and
`bucketSecretKey` of the protected settings of Flux, and dotted places such as
`azureBlob.accountKey`. A value is always held as it is used; where the service wants base64, it
is made when the body is filled.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model.bounded import read_json
from arcctl.model.configuration.forms import PROTECTED
from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.needs import VERIFICATION, Need, needs
from arcctl.model.configuration.settling import source_block
from arcctl.model.secret import Secret

if TYPE_CHECKING:
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body

__all__ = ["VERIFICATION", "Need", "Supplied", "accepted", "filled", "needs"]

Supplied = Mapping[str, Mapping[str, Secret]]
"""Values by `Child.key`, then by the name of the secret."""

_PRINCIPAL = "azureBlob.servicePrincipal"
_TLS = "ociRepository.tlsConfig"
_IN_PLACE = {
    "azureBlob": (
        "azureBlob.accountKey",
        "azureBlob.sasToken",
        f"{_PRINCIPAL}.clientSecret",
        f"{_PRINCIPAL}.clientCertificate",
        f"{_PRINCIPAL}.clientCertificatePassword",
    ),
    "ociRepository": (
        f"{_TLS}.clientCertificate",
        f"{_TLS}.privateKey",
        f"{_TLS}.caCertificate",
        VERIFICATION,
    ),
}
_PROTECTED_OF = {
    "gitRepository": ("httpsKey", "sshPrivateKey"),
    "bucket": ("bucketSecretKey",),
}
_OF_SOURCE_CONTROL = ("httpsUser", "httpsKey", "sshPrivateKey")
_BASE64 = frozenset({
    *_OF_SOURCE_CONTROL,
    "bucketSecretKey",
    f"{_PRINCIPAL}.clientCertificate",
    f"{_TLS}.clientCertificate",
    f"{_TLS}.privateKey",
    f"{_TLS}.caCertificate",
})  # fmt: skip


def accepted(child: Child) -> tuple[str, ...]:
    """Return every name of a secret that this resource could take; () for an extension: any."""
    if child.kind is Kind.SOURCE_CONTROL:
        return _OF_SOURCE_CONTROL
    block = source_block(child.properties)
    return (*_PROTECTED_OF.get(block, ()), *_IN_PLACE.get(block, ()))


def filled(child: Child, secrets: Mapping[str, Secret]) -> Body:
    """Return the body of a PUT with the values at their places.

    Protected settings are sent whole, since a PUT replaces them. Raises UsageError for a name
    that the resource has no place for.
    """
    body = deepcopy(child.body)
    properties: Body = body.setdefault("properties", {})
    protected: Body = {}
    for name, secret in secrets.items():
        _check(child, name)
        if "." in name and child.kind is Kind.FLUX:
            _put(properties, name.split("."), _wire(child, name, secret))
        else:
            protected[name] = _wire(child, name, secret)
    if protected:
        properties[PROTECTED] = protected
    _drop_empty(properties.get("ociRepository") or {})
    return body


def _check(child: Child, name: str) -> None:
    if child.kind is not Kind.EXTENSION and name not in accepted(child):
        raise UsageError(
            f"{child.key} has no place for the secret {name}",
            code="secret-unknown",
            why=f"it takes {', '.join(accepted(child)) or 'none'}",
            hints="arcctl config list",
        )


def _wire(child: Child, name: str, secret: Secret) -> Any:
    text = secret.reveal()
    if child.kind is Kind.EXTENSION:
        return text
    if name == VERIFICATION:
        return _object(child, text)
    if name in _BASE64:
        return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
    return text


def _object(child: Child, text: str) -> Body:
    try:
        found = read_json(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"{VERIFICATION} of {child.key} must be a map", code="secret-form")
    return found


def _put(target: Body, path: list[str], value: Any) -> None:
    for step in path[:-1]:
        target = target.setdefault(step, {})
    target[path[-1]] = value


def _drop_empty(block: Body) -> None:
    """The blocks that were kept as a sign of their secrets are nothing without them."""
    for name in ("tlsConfig", "verify"):
        if block.get(name) == {}:
            del block[name]
