"""Secrets that lie in the cluster while the agents are still there (`arm.md` 8.2, last rows).

Flux names the Secret of each source in its `secretRef`, `certSecretRef` and `verify.secretRef`;
an extension's ExtensionConfig names the one with its protected settings. Names are read, never
guessed. How ExtensionConfig spells its reference is not in public material ([K]): any map of its
spec that names a Secret is followed.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.needs import VERIFICATION
from arcctl.model.configuration.secrets import accepted, needs
from arcctl.model.configuration.settling import source_block
from arcctl.model.secret import Secret
from arcctl.operations.secrets.files import Given

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body

_SOURCES = {
    "gitRepository": "gitrepositories",
    "bucket": "buckets",
    "azureBlob": "buckets",
    "ociRepository": "ocirepositories",
}
_SOURCE_API = "/apis/source.toolkit.fluxcd.io/v1/namespaces/{namespace}/{plural}/{name}"
_EXTENSION_API = "/apis/clusterconfig.azure.{domain}/v1beta1/extensionconfigs"

# What Flux calls in its Secrets what the service calls by the name on the left; older names last.
_ENTRIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "httpsKey": (("secretRef",), ("password", "bearerToken")),
    "sshPrivateKey": (("secretRef",), ("identity",)),
    "bucketSecretKey": (("secretRef",), ("secretkey",)),
    "azureBlob.accountKey": (("secretRef",), ("accountKey",)),
    "azureBlob.sasToken": (("secretRef",), ("sasKey",)),
    "azureBlob.servicePrincipal.clientSecret": (("secretRef",), ("clientSecret",)),
    "azureBlob.servicePrincipal.clientCertificate": (("secretRef",), ("clientCertificate",)),
    "azureBlob.servicePrincipal.clientCertificatePassword": (
        ("secretRef",),
        ("clientCertificatePassword",),
    ),
    "ociRepository.tlsConfig.clientCertificate": (("certSecretRef",), ("tls.crt", "certFile")),
    "ociRepository.tlsConfig.privateKey": (("certSecretRef",), ("tls.key", "keyFile")),
    "ociRepository.tlsConfig.caCertificate": (("certSecretRef",), ("ca.crt", "caFile")),
    VERIFICATION: (("verify", "secretRef"), ("*.pub",)),
}


async def in_cluster(
    cluster: Kubernetes, children: Sequence[Child], domain: str = "com"
) -> list[Given]:
    """Return the values that the cluster holds of what these children need, with references.

    Raises ClusterError or AccessError where the cluster cannot be read; what is simply not there
    is left out.
    """
    from asyncio import gather

    needing = [child for child in children if child.carried and needs(child)]
    flux = [child for child in needing if child.kind is Kind.FLUX]
    extensions = [child for child in needing if child.kind is Kind.EXTENSION]
    named = await gather(*(_of_source(cluster, child) for child in flux))
    references = [each for found in named for each in found]
    references += await _of_extensions(cluster, extensions, domain) if extensions else []
    secrets = {(each["namespace"], each["secret"]) for _, _, each in references}
    held = dict(
        zip(secrets, await gather(*(_secret(cluster, *each) for each in secrets)), strict=True)
    )
    return [
        Given(child, name, value, "cluster", reference)
        for child, name, reference in references
        if (value := _value(held[reference["namespace"], reference["secret"]], reference["key"]))
    ]


async def value_of(cluster: Kubernetes, reference: Mapping[str, str]) -> Secret | None:
    """Follow one stored reference (`namespace`, `secret`, `key`); None where nothing is there."""
    data = await _secret(cluster, reference["namespace"], reference["secret"])
    return _value(data, reference["key"])


Reference = tuple[str, str, "Body"]


async def _of_source(cluster: Kubernetes, child: Child) -> list[Reference]:
    block = source_block(child.properties)
    namespace = str(child.properties.get("namespace") or "default")
    path = _SOURCE_API.format(namespace=namespace, plural=_SOURCES[block], name=child.name.lower())
    spec = ((await cluster.find(path)) or {}).get("spec") or {}
    found = []
    for name in accepted(child):
        place, keys = _ENTRIES[name]
        secret = _at(spec, place)
        found += [
            (child.key, name, {"namespace": namespace, "secret": secret, "key": key})
            for key in keys
            if secret
        ]
    return found


def _at(spec: Body, place: Sequence[str]) -> str:
    value: Any = spec
    for step in place:
        value = value.get(step) if isinstance(value, dict) else None
    return str(value.get("name") or "") if isinstance(value, dict) else ""


async def _of_extensions(
    cluster: Kubernetes, children: Sequence[Child], domain: str
) -> list[Reference]:
    configs: dict[str, Body] = {}
    for each in await cluster.collection(_EXTENSION_API.format(domain=domain)) or ():
        spec = each.get("spec") or {}
        configs[str(spec.get("extensionName") or each["metadata"]["name"]).casefold()] = each
    return [
        (child.key, need.name, reference)
        for child in children
        for need in needs(child)
        for reference in _referenced(configs.get(child.name.casefold()) or {}, need.name)
    ]


def _referenced(config: Body, key: str) -> Iterator[Body]:
    spec: Body = config.get("spec") or {}
    for each in spec.values():
        if isinstance(each, dict) and each.get("referenceName"):
            yield {
                "namespace": str(
                    each.get("referenceNamespace")
                    or config["metadata"].get("namespace")
                    or "default"
                ),
                "secret": str(each["referenceName"]),
                "key": key,
            }


async def _secret(cluster: Kubernetes, namespace: str, name: str) -> dict[str, str]:
    found = await cluster.find(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    return (found or {}).get("data") or {}


def _value(data: Mapping[str, str], key: str) -> Secret | None:
    if key == "*.pub":
        keys = [name for name in sorted(data) if name.endswith(".pub") and name != "identity.pub"]
        return Secret(json.dumps({name: _plain(data[name]) for name in keys})) if keys else None
    text = _plain(data.get(key) or "")
    return Secret(text) if text else None


def _plain(encoded: str) -> str:
    return base64.b64decode(encoded).decode("utf-8", "surrogateescape")
