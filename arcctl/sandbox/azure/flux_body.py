"""What a Flux configuration may hold, and its defaults (`arm.md` 5.1 to 5.6).

Each field has a type and a default. A field whose name is in `SECRETS` is taken, remembered as a
digest, and never shown again.
"""

from __future__ import annotations

from typing import Any

from arcctl.sandbox.azure import children
from arcctl.sandbox.azure.answers import bad_request

Field = tuple[type, Any]
_INTERVALS: dict[str, Field] = {
    "timeoutInSeconds": (int, 600),
    "syncIntervalInSeconds": (int, 600),
}
_AUTH: dict[str, Field] = {"localAuthRef": (str, None)}
_GIT_REF: dict[str, Field] = dict.fromkeys(("branch", "tag", "semver", "commit"), (str, None))
_OCI_REF: dict[str, Field] = dict.fromkeys(("tag", "semver", "digest"), (str, None))
Shape = dict[str, Any]

SOURCES: dict[str, tuple[str, Shape]] = {
    "GitRepository": (
        "gitRepository",
        {
            "url": (str, None),
            **_INTERVALS,
            "repositoryRef": _GIT_REF,
            "sshKnownHosts": (str, None),
            "httpsUser": (str, None),
            "httpsCACert": (str, None),
            "provider": (str, None),
            **_AUTH,
        },
    ),
    "Bucket": (
        "bucket",
        {
            "url": (str, None),
            "bucketName": (str, None),
            "insecure": (bool, True),
            **_INTERVALS,
            "accessKey": (str, None),
            **_AUTH,
        },
    ),
    "AzureBlob": (
        "azureBlob",
        {
            "url": (str, None),
            "containerName": (str, None),
            **_INTERVALS,
            "servicePrincipal": {
                "clientId": (str, None),
                "tenantId": (str, None),
                "clientSecret": (str, None),
                "clientCertificate": (str, None),
                "clientCertificatePassword": (str, None),
                "clientCertificateSendChain": (bool, False),
            },
            "accountKey": (str, None),
            "sasToken": (str, None),
            "managedIdentity": {"clientId": (str, None)},
            **_AUTH,
        },
    ),
    "OCIRepository": (
        "ociRepository",
        {
            "url": (str, None),
            **_INTERVALS,
            "repositoryRef": _OCI_REF,
            "layerSelector": {"mediaType": (str, None), "operation": (str, None)},
            "verify": {
                "provider": (str, None),
                "verificationConfig": (dict, None),
                "matchOidcIdentity": (list, None),
            },
            "insecure": (bool, False),
            "useWorkloadIdentity": (bool, False),
            "serviceAccountName": (str, None),
            "tlsConfig": {
                "clientCertificate": (str, None),
                "privateKey": (str, None),
                "caCertificate": (str, None),
            },
            **_AUTH,
        },
    ),
}
SECRETS = frozenset(
    {"clientSecret", "clientCertificate", "clientCertificatePassword", "accountKey", "sasToken"}
    | {"verificationConfig", "privateKey", "caCertificate"}
)
# Always shown, with explicit nulls; all other nested objects are null when not given.
_ALWAYS = frozenset({"repositoryRef"})
KUSTOMIZATION: Shape = {
    "path": (str, ""),
    "dependsOn": (list, None),
    "timeoutInSeconds": (int, 600),
    "syncIntervalInSeconds": (int, 600),
    "retryIntervalInSeconds": (int, None),
    "prune": (bool, False),
    "force": (bool, False),
    "wait": (bool, True),
    "postBuild": (dict, None),
}
_TOP: Shape = {
    "scope": (str, "cluster"),
    "namespace": (str, "default"),
    "sourceKind": (str, "GitRepository"),
    "suspend": (bool, False),
    "waitForReconciliation": (bool, None),
    "reconciliationWaitDuration": (str, None),
}


def read(sent: Shape) -> Shape:
    """Read the properties of a PUT: checked, completed, without what is read-only."""
    kept = filled(_TOP, sent, "properties")
    if kept["scope"] not in {"cluster", "namespace"}:
        raise bad_request("ValidationFailed", "scope is either cluster or namespace.")
    if kept["sourceKind"] not in SOURCES:
        raise bad_request("ValidationFailed", f"'{kept['sourceKind']}' is no source kind.")
    for kind, (name, shape) in SOURCES.items():
        kept[name] = None
        if kind == kept["sourceKind"]:
            kept[name] = _source(sent, kind, name, shape)
    kept["kustomizations"] = _kustomizations(sent.get("kustomizations"))
    return kept


def filled(shape: Shape, sent: Any, where: str) -> Shape:
    """Return `sent` in the given shape: defaults for what is absent, wrong types refused."""
    if not isinstance(sent, dict):
        raise children.wrong_type(where)
    kept: Shape = {}
    for name, field in shape.items():
        value = sent.get(name)
        if isinstance(field, dict):
            given = {} if value is None and name in _ALWAYS else value
            kept[name] = None if given is None else filled(field, given, f"{where}.{name}")
        else:
            kept[name] = _value(field, value, f"{where}.{name}")
    return kept


def hidden(document: Any) -> dict[str, Any]:
    """Take the secrets out of a document, in place, and return them by their paths."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name in SECRETS and value is not None:
            found[name] = value
            document[name] = None
        elif isinstance(value, dict):
            found |= {f"{name}.{inner}": text for inner, text in hidden(value).items()}
    return found


def _source(sent: Shape, kind: str, name: str, shape: Shape) -> Shape:
    if not isinstance(sent.get(name), dict):
        raise bad_request(
            "ValidationFailed", f"The source kind '{kind}' needs the property '{name}'."
        )
    kept = filled(shape, sent[name], f"properties.{name}")
    if not kept["url"]:
        raise bad_request("ValidationFailed", f"properties.{name}.url is required.")
    return kept


def _kustomizations(sent: Any) -> Shape:
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        raise children.wrong_type("properties.kustomizations")
    kept = {}
    for name, entry in sent.items():
        kept[name] = {"name": name} | filled(KUSTOMIZATION, entry or {}, f"kustomizations.{name}")
        kept[name]["dependsOn"] = kept[name]["dependsOn"] or []
    return kept


def _value(field: Field, value: Any, where: str) -> Any:
    expected, default = field
    if value is None:
        return default
    # In JSON true is no number, though Python thinks so.
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise children.wrong_type(where)
    return value
