"""The sources of Flux configurations, each with the secrets that it may need (`arm.md` 5.2 to 5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.dice import SECRETS, Body, encoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.dice import Dice

PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nbm90aGluZw==\n-----END OPENSSH PRIVATE KEY-----\n"
Source = tuple[str, str, Body, dict[str, str], Body]
"""Source kind, block, its content, the secrets by name, and those among the protected settings."""


def _git(dice: Dice) -> Source:
    reference = dice.choice((
        {"branch": "main"}, {"tag": "v1"}, {"semver": ">=1.0"}, {"commit": "a" * 40}
    ))  # fmt: skip
    source: Body = {"url": "https://git.example.com/edge", "repositoryRef": reference}
    secret = dice.choice(SECRETS)
    match dice.randrange(5):
        case 0:
            source |= {"httpsUser": "Jürgen", "httpsCACert": encoded("a certificate")}
            return "GitRepository", "gitRepository", source, *_one("httpsKey", secret)
        case 1:
            source |= {"url": "git@git.example.com:edge", "sshKnownHosts": encoded("a host")}
            return "GitRepository", "gitRepository", source, *_one("sshPrivateKey", PEM)
        case 2:  # Flux makes a key of its own
            source |= {"url": "ssh://git@git.example.com/edge"}
        case 3:
            source |= {"localAuthRef": "kept-in-the-cluster", "provider": "Generic"}
    return "GitRepository", "gitRepository", source, {}, {}


def _bucket(dice: Dice) -> Source:
    source = {"url": "https://s3.example.com", "bucketName": "edge", "insecure": False}
    if dice.happens(0.3):
        return "Bucket", "bucket", {**source, "localAuthRef": "bucket-key"}, {}, {}
    source["accessKey"] = "AKIA-ü"
    return "Bucket", "bucket", source, *_one("bucketSecretKey", dice.choice(SECRETS))


def _one(name: str, value: str) -> tuple[dict[str, str], Body]:
    return {name: value}, {name: encoded(value)}


def _blob(dice: Dice) -> Source:
    source: Body = {"url": "https://edge.blob.example.com", "containerName": "apps"}
    secret = dice.choice(SECRETS)
    client = {"clientId": "c-1", "tenantId": "t-1"}
    principal = "azureBlob.servicePrincipal"
    ways: tuple[tuple[Body, dict[str, str]], ...] = (
        ({"accountKey": secret}, {"azureBlob.accountKey": secret}),
        ({"sasToken": secret}, {"azureBlob.sasToken": secret}),
        ({"managedIdentity": {"clientId": "m-1"}}, {}),
        (
            {"servicePrincipal": {**client, "clientSecret": secret}},
            {f"{principal}.clientSecret": secret},
        ),
        (
            {
                "servicePrincipal": {
                    **client,
                    "clientCertificate": encoded(PEM),
                    "clientCertificatePassword": secret,
                    "clientCertificateSendChain": True,
                }
            },
            {
                f"{principal}.clientCertificate": PEM,
                f"{principal}.clientCertificatePassword": secret,
            },
        ),
    )
    more, secrets = dice.choice(ways)
    return "AzureBlob", "azureBlob", {**source, **more}, secrets, {}


def _oci(dice: Dice) -> Source:
    source: Body = {"url": "oci://registry.example.com/edge", "repositoryRef": {"tag": "1"}}
    if dice.happens(0.5):
        source["layerSelector"] = {"mediaType": "application/x", "operation": "copy"}
    return "OCIRepository", "ociRepository", source, {}, {}


SOURCES: tuple[Callable[[Dice], Source], ...] = (_git, _git, _bucket, _blob, _oci)
