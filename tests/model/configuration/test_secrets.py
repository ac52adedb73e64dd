"""Which secrets are needed, and where their values go (`arm.md` 8.2, row by row)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from arcctl.errors import UsageError
from arcctl.model.configuration.secrets import VERIFICATION, filled, needs
from arcctl.model.secret import Secret
from tests.model.configuration.bodies import (
    extension,
    flux,
    git,
    read,
    source,
    source_control,
)

PRINCIPAL = "azureBlob.servicePrincipal"
TLS = "ociRepository.tlsConfig"
MONITOR = ["amalogs.secret.key", "amalogs.secret.wsid"]


def blob(**more: Any) -> dict[str, Any]:
    """A configuration that reads a container."""
    return source("AzureBlob", "azureBlob", {"url": "https://store.example", **more})


def oci(**more: Any) -> dict[str, Any]:
    """A configuration that reads from a registry."""
    return source("OCIRepository", "ociRepository", {"url": "oci://r.example/apps", **more})


def bucket(**more: Any) -> dict[str, Any]:
    """A configuration that reads a bucket."""
    return source("Bucket", "bucket", {"url": "https://s3.example", "bucketName": "b", **more})


SSH = "ssh://git@git.example/apps"
ROWS: list[tuple[str, dict[str, Any], list[tuple[str, bool]]]] = [
    ("an extension's keys", extension(configurationProtectedSettings={"b": "", "a": None}),
     [("a", True), ("b", True)]),
    ("an extension without keys", extension(), []),
    ("keys nobody tells, a type that has some", extension(configurationProtectedSettings=None),
     [(name, False) for name in MONITOR]),
    ("keys nobody tells, another type",
     extension(extensionType="microsoft.flux", configurationProtectedSettings=None), []),
    ("public git", flux(), []),
    ("git as a user", git(httpsUser="reader"), [("httpsKey", True)]),
    ("git as a user, by reference", git(httpsUser="reader", localAuthRef="s"), []),
    ("git over ssh", git(url=SSH), [("sshPrivateKey", True)]),
    ("git over ssh, as scp writes it", git(url="git@git.example:apps"), [("sshPrivateKey", True)]),
    ("git over ssh, by reference", git(url=SSH, localAuthRef="s"), []),
    ("git over ssh, a key of Flux's own",
     flux(gitRepository={"url": SSH}, repositoryPublicKey="ssh-rsa A"), []),
    ("a bucket with an access key", bucket(accessKey="a"), [("bucketSecretKey", True)]),
    ("a bucket by reference", bucket(accessKey="a", localAuthRef="s"), []),
    ("a public bucket", bucket(), []),
    ("a container as a principal", blob(servicePrincipal={"clientId": "c"}),
     [(f"{PRINCIPAL}.clientSecret", True)]),
    ("a container with a key or none", blob(), [("azureBlob.accountKey", False)]),
    ("a container with a key that shows", blob(accountKey="****"), [("azureBlob.accountKey", True)]),
    ("a container as an identity", blob(managedIdentity={"clientId": "c"}), []),
    ("a container by reference", blob(localAuthRef="s"), []),
    ("a public registry", oci(), []),
    ("a registry with certificates", oci(tlsConfig={"caCertificate": None}),
     [(f"{TLS}.caCertificate", True)]),
    ("a registry with certificates that show",
     oci(tlsConfig={"clientCertificate": "*", "privateKey": "*"}),
     [(f"{TLS}.clientCertificate", True), (f"{TLS}.privateKey", True)]),
    ("artifacts that are verified", oci(verify={"provider": "cosign"}), [(VERIFICATION, True)]),
    ("artifacts that are verified without keys",
     oci(verify={"provider": "cosign", "matchOidcIdentity": [{"issuer": "i"}]}),
     [(VERIFICATION, False)]),
    ("Flux v1 over https", source_control(), [("httpsUser", False), ("httpsKey", False)]),
    ("Flux v1 over ssh", source_control(repositoryUrl=SSH), [("sshPrivateKey", True)]),
    ("Flux v1 over ssh, a key of its own",
     source_control(repositoryUrl=SSH, repositoryPublicKey="ssh-rsa A"), []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "wanted"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_a_need_is_known_by_its_sign(
    resource: dict[str, Any], wanted: list[tuple[str, bool]]
) -> None:
    """And where the sign cannot tell for certain, it says so."""
    child = read(resource)
    found = needs(child)

    assert [(need.name, need.certain) for need in found] == wanted
    assert all(need.child == child.key and need.why for need in found)


def test_alternatives_are_named() -> None:
    """One of them is enough."""
    principal = needs(read(blob(servicePrincipal={"clientId": "c"})))[0]
    key = needs(read(blob()))[0]

    assert principal.any_of == (f"{PRINCIPAL}.clientSecret", f"{PRINCIPAL}.clientCertificate")
    assert key.any_of == ("azureBlob.accountKey", "azureBlob.sasToken")


def sent(resource: dict[str, Any], **values: str) -> dict[str, Any]:
    """The properties of a PUT with these values, dots written as two underscores."""
    secrets = {name.replace("__", "."): Secret(value) for name, value in values.items()}
    found: dict[str, Any] = filled(read(resource), secrets)["properties"]
    return found


def encoded(text: str) -> str:
    """As the service wants some of them."""
    return base64.b64encode(text.encode()).decode()


def test_an_extensions_settings_are_sent_as_they_are() -> None:
    """The complete set, since a PUT replaces it."""
    found = sent(extension(), a="1", b="ü")

    assert found["configurationProtectedSettings"] == {"a": "1", "b": "ü"}


@pytest.mark.parametrize("name", ["httpsKey", "sshPrivateKey"])
def test_keys_of_git_are_sent_in_base64(name: str) -> None:
    """As protected settings, whatever they hold."""
    found = sent(flux(), **{name: "pässword\n"})

    assert found["configurationProtectedSettings"] == {name: encoded("pässword\n")}


def test_secrets_of_other_sources_go_to_their_places() -> None:
    """Plain where the service wants them plain, base64 for certificates and keys."""
    principal = sent(
        blob(servicePrincipal={"clientId": "c"}),
        azureBlob__servicePrincipal__clientCertificate="PFX",
        azureBlob__servicePrincipal__clientCertificatePassword="pw",
    )
    registry = sent(
        oci(tlsConfig={}, verify={"provider": "cosign"}),
        ociRepository__tlsConfig__caCertificate="CA",
        ociRepository__verify__verificationConfig=json.dumps({"cosign.pub": "K"}),
    )

    assert sent(bucket(), bucketSecretKey="k")["configurationProtectedSettings"] == {
        "bucketSecretKey": encoded("k")
    }
    assert sent(blob(), azureBlob__sasToken="?sv=1")["azureBlob"]["sasToken"] == "?sv=1"
    assert principal["azureBlob"]["servicePrincipal"] == {
        "clientId": "c",
        "clientCertificate": encoded("PFX"),
        "clientCertificatePassword": "pw",
    }
    assert registry["ociRepository"]["tlsConfig"] == {"caCertificate": encoded("CA")}
    assert registry["ociRepository"]["verify"] == {
        "provider": "cosign",
        "verificationConfig": {"cosign.pub": "K"},
    }


def test_a_binary_certificate_arrives_byte_by_byte() -> None:
    """A PFX is no text; read with surrogates, it is encoded as it was."""
    content = bytes(range(256))
    value = Secret(content.decode("utf-8", "surrogateescape"))
    body = filled(read(blob(servicePrincipal={})), {f"{PRINCIPAL}.clientCertificate": value})

    found = body["properties"]["azureBlob"]["servicePrincipal"]["clientCertificate"]
    assert base64.b64decode(found) == content


def test_without_values_nothing_protected_is_sent() -> None:
    """No empty map that would take away what is stored, and no empty blocks."""
    child = read(oci(tlsConfig={"caCertificate": None}))

    assert "configurationProtectedSettings" not in filled(child, {})["properties"]
    assert "tlsConfig" not in filled(child, {})["properties"]["ociRepository"]
    assert "tlsConfig" in child.properties["ociRepository"]


def test_a_secret_without_a_place_is_refused() -> None:
    """Of sources only the known names; the value is not in the message."""
    with pytest.raises(UsageError, match="no place for the secret bucketSecretKey") as refused:
        sent(flux(), bucketSecretKey="hidden")

    assert "hidden" not in str(refused.value.why)


def test_verification_keys_that_are_no_map_are_refused() -> None:
    """Without being quoted."""
    with pytest.raises(UsageError, match="must be a map") as refused:
        sent(oci(verify={}), ociRepository__verify__verificationConfig="hidden")

    assert "hidden" not in str(refused.value)
