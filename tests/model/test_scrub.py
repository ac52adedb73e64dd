"""Text for people loses its secrets and keeps its sense."""

from __future__ import annotations

import base64
import hashlib

import pytest
from arcctl.model.resource_id import ClusterId
from arcctl.model.scrub import scrubbed, secrets_of

HARBOR = ClusterId("4b1c0000-0000-0000-0000-000000000000", "edge", "harbor")

ENVIRON = {
    "AZURE_CLIENT_SECRET": "marked-one",
    "AZURE_ACCESS_TOKEN": "marked-two",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD": "marked-three",
    "HTTPS_PROXY": "http://me:marked%2Dfour@proxy.example:3128",
    "SYSTEM_ACCESSTOKEN": "marked-five",
    "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token",
    "AZURE_TOKEN_CREDENTIALS": "prod",
    "EMPTY_TOKEN": "",
    "SHORT_TOKEN": "abc",
    "HOME": "/somewhere",
    "BROKEN": "http://[me:pass@",
}


def test_the_environments_secrets_are_known() -> None:
    """Tokens, secrets and passwords by their names, a proxy's as it is written and as it is meant."""
    assert set(secrets_of(ENVIRON)) == {
        "marked-one",
        "marked-two",
        "marked-three",
        "marked%2Dfour",
        "marked-four",
        "marked-five",
    }


@pytest.mark.parametrize("length", [30, 33, 64, 2000])
def test_base64_is_hidden_whatever_it_holds(length: int) -> None:
    """Hundreds of values of each length, all of forty characters or more."""
    values = [hashlib.shake_256(bytes([seed])).digest(length) for seed in range(200)]
    texts = [base64.b64encode(value).decode() for value in values]

    assert [text for text in texts if scrubbed(f"v={text};") != "v=[hidden];"] == []


def test_a_known_secret_is_hidden_wherever_it_stands() -> None:
    """Also inside of another word, the longest first."""
    known = secrets_of({"A_TOKEN": "marked", "B_TOKEN": "marked-longer"})

    assert scrubbed("x=marked-longer,y=marked!", known) == "x=[hidden],y=[hidden]!"


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nmarked\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nmarked",
        "http://me:marked@proxy.example",
        "Authorization: Bearer marked",
        "password: marked",
        '"token": "marked"',
        "eyJhbGciOiJub25lIn0.marked.x",
    ],
)
def test_what_looks_secret_is_hidden(text: str) -> None:
    """Keys, passwords in URLs, bearer tokens, in whatever words they come."""
    assert "marked" not in scrubbed(text)


@pytest.mark.parametrize(
    "text",
    [
        f"GET https://management.azure.com{HARBOR.path} 200 41 ms",
        f"GET https://management.azure.com{HARBOR.child('extensions', 'azuremonitor1')} 200 41 ms",
        'File "arcctl/operations/steps/registration.py", line 44, in do',
        "image registry.example/pause@sha256:" + "0123456789abcdef" * 4,
    ],
)
def test_what_helps_is_kept(text: str) -> None:
    """Addresses, places in the code and digests."""
    assert scrubbed(text) == text
