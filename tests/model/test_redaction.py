"""What evidence must not hold is found by its name, its shape and its value."""

from __future__ import annotations

import base64
import time

import pytest
from arcctl.model.redaction import Redactor, secret_leaves, secret_words, worth_hiding
from arcctl.model.scrub import HIDDEN

SECRET = "marked-secret"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Basic {SECRET}",
        f'"authorization": "Negotiate {SECRET} and {SECRET}"',
        f"GET / with Bearer {SECRET}",
        f'{{"clientSecret": "{SECRET} and more", "tenant": "t"}}',
        f"AccountName=a;AccountKey={SECRET};EndpointSuffix=core",
        f"InstrumentationKey={SECRET};IngestionEndpoint=https://x",
        f"Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey={SECRET}",
        f"https://x.blob.core.windows.net/a?sv=1&sig={SECRET}&se=2",
        f"cloning https://{SECRET}@github.com/a/b",
        f"cloning https://someone:{SECRET}@github.com/a/b",
        f"export DB_PASSWORD='{SECRET}'",
        f'{{\\"api_key\\": \\"{SECRET}\\"}}',
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\\n{SECRET}\\n",
    ],
)
def test_what_looks_like_a_secret_is_taken_out_of_text(text: str) -> None:
    """Headers, connection strings, signatures, sign-ins in addresses, keys."""
    assert SECRET not in Redactor().text(text)
    assert HIDDEN in Redactor().text(text)


@pytest.mark.parametrize(
    "text",
    [
        'secret "azure-identity-certificate" not found',
        "references non-existent secret key: ca.crt",
        "pulling mcr.microsoft.com/azurearck8s/agent:1.36.1",
        "/subscriptions/4b1c/resourceGroups/edge/providers/Microsoft.Kubernetes/connectedClusters/x",
        "dial tcp: lookup gbl.his.arc.azure.com: no such host",
    ],
)
def test_what_helps_is_kept(text: str) -> None:
    """A message that names a Secret holds none."""
    assert Redactor().text(text) == text


def test_a_secret_that_is_known_is_found_in_any_spelling() -> None:
    """Plain, in base64 and in an address; what is no secret of its own is spared."""
    known = worth_hiding(["pa/ss w0rd!", "azure-arc", "abc"], harmless=["azure-arc"])
    encoded = base64.b64encode(b"pa/ss w0rd!").decode()

    told = Redactor(known).text(f"a pa/ss w0rd! b {encoded} c pa%2Fss%20w0rd%21 d azure-arc abc")

    assert told == f"a {HIDDEN} b {HIDDEN} c {HIDDEN} d azure-arc abc"


def test_a_document_keeps_its_form() -> None:
    """Leaves under a secret's name are hidden, references to Secrets are not."""
    document = {
        "kind": "Pod",
        "metadata": {
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET},
            "managedFields": [1],
        },
        "env": [{"name": "API_TOKEN", "value": SECRET}, {"name": "MODE", "value": "fast"}],
        "volumes": [{"secret": {"secretName": "proxy-cert"}}],
        "tokenExpirationSeconds": 3600,
        "protectedSettings": {"anything": SECRET},
    }

    assert Redactor().document(document) == {
        "kind": "Pod",
        "metadata": {
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": HIDDEN},
        },
        "env": [{"name": "API_TOKEN", "value": HIDDEN}, {"name": "MODE", "value": "fast"}],
        "volumes": [{"secret": {"secretName": "proxy-cert"}}],
        "tokenExpirationSeconds": 3600,
        "protectedSettings": {"anything": HIDDEN},
    }


def test_contents_of_secrets_and_private_keys_are_never_told() -> None:
    """Not even to whoever wants everything as it is; the rest is left alone then."""
    raw = Redactor(known=("known",), on=False)
    secret = {"kind": "Secret", "data": {"a": SECRET}, "stringData": {"b": SECRET}}
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----"

    assert raw.document(secret) == {"kind": "Secret"}
    assert raw.document({"onboardingPrivateKey": SECRET}) == {"onboardingPrivateKey": HIDDEN}
    assert SECRET not in raw.text(key)
    assert raw.text("password=known") == "password=known"


def test_secrets_of_a_document_are_its_secret_leaves() -> None:
    """By their names, and passwords in addresses."""
    values = {
        "global": {"httpsProxy": "http://someone:pw-of-proxy@proxy:3128", "location": "eastus"},
        "guard": {"clientSecret": "of-guard"},
    }

    assert set(secret_leaves(values)) == {"pw-of-proxy", "of-guard"}


def test_an_entry_of_an_environment_says_its_name_beside_its_value() -> None:
    """As in a pod, and for a plug-in of a kubeconfig."""
    entries = [{"name": "DB_PASSWORD", "value": "of-db"}, {"name": "REGION", "value": "eastus"}]

    assert set(secret_leaves({"env": entries})) == {"of-db"}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("get-token --server-id 1 --client-id 2 --client-secret of-app", {"of-app"}),
        ("--password=of-user --login spn", {"of-user"}),
        ("get-token --password", set()),
        ("--use-token --login spn", set()),
        ("--issuer https://me:of-issuer@sign.example", {"of-issuer"}),
        ("", set()),
    ],
)
def test_secrets_of_a_command_line_follow_their_options(line: str, found: set[str]) -> None:
    """Ids, and switches whose names say of a secret, are none."""
    assert set(secret_words(line.split())) - {""} == found


def test_a_log_of_blobs_does_not_hold_up_the_others() -> None:
    """A run without an end is not looked at closely: no text takes longer than its length allows."""
    began = time.process_time()

    told = Redactor().text("0123456789abcdef" * 60_000 + "/" + "aB" * 200_000)

    assert told.count(HIDDEN) <= 3
    assert time.process_time() - began < 10
