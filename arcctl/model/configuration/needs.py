"""The signs by which a needed secret is known (`arm.md` 8.2, row by row)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arcctl.model.configuration.fields import filled_in
from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.settling import source_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body

# Types of `arm.md` 4.5 that are usually given protected settings.
_IMPLIED = {
    "microsoft.azuremonitor.containers": ("amalogs.secret.key", "amalogs.secret.wsid"),
}
VERIFICATION = "ociRepository.verify.verificationConfig"
"""The one secret that is an object: its value is the text of a JSON object."""
_PRINCIPAL = "azureBlob.servicePrincipal"
_TLS = "ociRepository.tlsConfig"


@dataclass(frozen=True, slots=True)
class Need:
    """One secret that Azure will not give back.

    `child` is its `Child.key`. `any_of` are the names of which one is enough, `name` the first.
    Where `certain` is False the resource may do without; what was seen cannot tell.
    """

    child: str
    name: str
    any_of: tuple[str, ...]
    why: str
    certain: bool = True


def needs(child: Child) -> tuple[Need, ...]:
    """Return what must be given before this resource can be written again.

    What a manifest declares overrules what is inferred; what was to be sent is needed for certain.
    """
    given = {*child.state.get("given", ())}
    return tuple(
        replace(need, certain=need.certain or bool(given & {*need.any_of}))
        for need in _found(child)
    )


def _found(child: Child) -> Iterator[Need]:
    inferred = list(_inferred(child))
    declared = child.state.get("declared")
    if declared is None:
        yield from inferred
        return
    yield from (need for need in inferred if set(need.any_of) & set(declared))
    known = {name for need in inferred for name in need.any_of}
    for name in declared:
        if name not in known:
            yield _need(child, name, "the manifest names it")


def _inferred(child: Child) -> Iterator[Need]:
    match child.kind:
        case Kind.EXTENSION:
            yield from _extension(child)
        case Kind.FLUX:
            yield from _flux(child)
        case Kind.SOURCE_CONTROL:
            yield from _source_control(child)


def _need(child: Child, name: str, why: str, *others: str, certain: bool = True) -> Need:
    return Need(child.key, name, (name, *others), why, certain)


def _extension(child: Child) -> Iterator[Need]:
    keys = child.state.get("protectedKeys")
    if keys is not None:
        for key in keys:
            yield _need(child, key, "a protected setting of the extension")
        return
    kind = str(child.properties.get("extensionType") or "").lower()
    for key in _IMPLIED.get(kind, ()):
        yield _need(child, key, "extensions of this type usually have it", certain=False)


def _flux(child: Child) -> Iterator[Need]:
    block = source_block(child.properties)
    source: Body = child.properties.get(block) or {}
    if filled_in(source.get("localAuthRef")):
        return
    match block:
        case "gitRepository":
            yield from _git(child, source)
        case "bucket" if filled_in(source.get("accessKey")):
            yield _need(child, "bucketSecretKey", "the bucket is read with an access key")
        case "azureBlob":
            yield from _azure_blob(child, source)
        case "ociRepository":
            yield from _oci(child, source)
        case _:
            pass


def _git(child: Child, source: Body) -> Iterator[Need]:
    if is_ssh(str(source.get("url") or "")):
        if not child.state.get("repositoryPublicKey"):
            yield _need(
                child, "sshPrivateKey", "the repository is read over ssh with a key of yours"
            )
    elif filled_in(source.get("httpsUser")):
        yield _need(child, "httpsKey", "the repository is read as a user")


def _azure_blob(child: Child, source: Body) -> Iterator[Need]:
    if filled_in((source.get("servicePrincipal") or {}).get("clientId")):
        yield _need(
            child,
            f"{_PRINCIPAL}.clientSecret",
            "the container is read as a service principal",
            f"{_PRINCIPAL}.clientCertificate",
        )
    elif not filled_in(source.get("managedIdentity")):
        yield _need(
            child,
            "azureBlob.accountKey",
            "the container is read with a key, unless it is public",
            "azureBlob.sasToken",
            certain=any(name.startswith("azureBlob.") for name in child.state.get("shown", ())),
        )


def _oci(child: Child, source: Body) -> Iterator[Need]:
    shown = child.state.get("shown", ())
    if "tlsConfig" in source:
        names = [name for name in shown if name.startswith(f"{_TLS}.")]
        for name in names:
            yield _need(child, name, "the registry is reached with certificates of its own")
        if not names:
            yield _need(
                child,
                f"{_TLS}.caCertificate",
                "the registry is reached with certificates of its own",
                f"{_TLS}.clientCertificate",
            )
    if "verify" in source:
        keyless = filled_in(source["verify"].get("matchOidcIdentity")) and VERIFICATION not in shown
        yield _need(child, VERIFICATION, "artifacts are verified", certain=not keyless)


def _source_control(child: Child) -> Iterator[Need]:
    url = str(child.properties.get("repositoryUrl") or "")
    if is_ssh(url):
        if not child.state.get("repositoryPublicKey"):
            yield _need(
                child, "sshPrivateKey", "the repository is read over ssh with a key of yours"
            )
    else:
        for name in ("httpsUser", "httpsKey"):
            yield _need(
                child, name, "the repository is read over https, if it is private", certain=False
            )


def is_ssh(url: str) -> bool:
    """Tell whether git would read this url over ssh: `ssh://…` or `user@host:path`."""
    return url.lower().startswith("ssh://") or ("://" not in url and "@" in url)
