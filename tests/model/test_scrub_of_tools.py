"""Other programs' words lose their secrets and keep their sense."""

from __future__ import annotations

import base64

import pytest
from arcctl.model.scrub import scrubbed

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIJKQIBAAKCAgEA\nmarked\n-----END RSA PRIVATE KEY-----"
LONG = base64.b64encode(bytes(range(64))).decode()
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtYXJrZWQifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"key {PEM} end", "key [hidden] end"),
        (PEM[:50], "[hidden]"),
        (
            "proxy http://me:pass@proxy.example:3128 refused",
            "proxy http://[hidden]@proxy.example:3128 refused",
        ),
        (f"value {LONG} is bad", "value [hidden] is bad"),
        (f"got {TOKEN}", "got [hidden]"),
        ("Authorization: Bearer abc", "Authorization: Bearer [hidden]"),
        ("password: hunter2 given", "password: [hidden] given"),
        ('"token":"abc"', '"token":[hidden]'),
    ],
)
def test_a_secret_is_hidden(text: str, left: str) -> None:
    """Keys, passwords, tokens and long base64 go."""
    assert scrubbed(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "image registry.example/pause@sha256:" + "0123456789abcdef" * 4,
        "open /srv/charts/stable/releases/agents/azure-arc-k8sagents/Chart.yaml: no such file",
        'Get "https://127.0.0.1:6443/api/v1/namespaces/azure-arc/pods": connection refused',
        "timed out waiting for the condition",
    ],
)
def test_what_helps_is_kept(text: str) -> None:
    """Digests, paths and addresses are what a person needs."""
    assert scrubbed(text) == text
