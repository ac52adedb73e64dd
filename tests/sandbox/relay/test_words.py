"""The stand-in relay takes what the real one is sent, and nothing else."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from arcctl.sandbox.relay import words

if TYPE_CHECKING:
    from pathlib import Path

TENANT, CLIENT, APP = "tenant", "client", "app"
CONFIG: dict[str, Any] = {
    "server": {"httpPort": 47010, "httpsPort": 47011},
    "identity": {"tenantID": TENANT, "clientID": CLIENT},
    "cloud": "SANDBOX",
    "cloudConfig": {
        "resourceManagerEndpoint": "https://here",
        "serviceBusEndpointSuffix": "here",
        "activeDirectoryEndpoint": "https://here",
    },
}
PROOF = {"accessToken": "a", "serverId": APP, "tenantID": TENANT, "kid": "k"}
KUBECONFIG = {"clusters": [{"cluster": {}}], "users": [{"user": {}}]}


def registration(**changes: Any) -> dict[str, Any]:
    """What is posted to register a cluster."""
    value = base64.b64encode(json.dumps(KUBECONFIG).encode()).decode()
    body: dict[str, Any] = {
        "kubeconfigs": [{"name": "Kubeconfig", "value": value}],
        "hybridConnectionConfig": {
            "relay": "r",
            "hybridConnectionName": "h",
            "token": "t",
            "expirationTime": int(time.time()) + 60,
        },
    }
    connection = body["hybridConnectionConfig"] | changes.pop("connection", {})
    return body | {"hybridConnectionConfig": connection} | changes


def config(folder: Path, **changes: Any) -> words.Config:
    """Write a configuration, and read it."""
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(CONFIG | changes))
    return words.read_config(path)


def test_a_configuration_is_read(tmp_path: Path) -> None:
    """Ports, who may ask, and where the far end is."""
    assert config(tmp_path) == words.Config(47010, 47011, TENANT, CLIENT, "https://here")
    assert config(tmp_path, identity={"tenantID": TENANT}).client == ""


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"server": {}},
        {"identity": {"clientID": "c"}},
        {"cloudConfig": {}},
        {"cloud": 1},
    ],
)
def test_a_configuration_has_what_it_must_have(tmp_path: Path, change: dict[str, Any]) -> None:
    """Nothing is missing, and nothing else is in it."""
    with pytest.raises(words.Malformed):
        config(tmp_path, **change)


@pytest.mark.parametrize("change", [{"serverId": "x"}, {"tenantID": "x"}, {"more": "x"}])
def test_a_proof_is_for_this_app_and_tenant(tmp_path: Path, change: dict[str, str]) -> None:
    """Each of its words is looked at."""
    known = config(tmp_path)

    assert words.read_proof(json.dumps(PROOF).encode(), known, APP)["kid"] == "k"
    with pytest.raises(words.Malformed):
        words.read_proof(json.dumps(PROOF | change).encode(), known, APP)


def test_without_a_client_nobody_can_sign_in(tmp_path: Path) -> None:
    """Such a session is for tokens of service accounts."""
    with pytest.raises(words.Malformed, match="no client"):
        words.read_proof(
            json.dumps(PROOF).encode(), config(tmp_path, identity={"tenantID": TENANT}), APP
        )


@pytest.mark.parametrize(
    "change",
    [
        {"connection": {"expirationTime": 1}},
        {"connection": {"expirationTime": "soon"}},
        {"connection": {"relayTid": "x"}},
        {"kubeconfigs": []},
        {"kubeconfigs": [{"name": "credentialName1", "value": ""}]},
        {"kubeconfigs": [{"name": "Kubeconfig", "value": "e30="}]},
        {"more": 1},
    ],
)
def test_a_registration_is_looked_at_word_by_word(change: dict[str, Any]) -> None:
    """Its connection still opens something, and its kubeconfig is one."""
    good = json.dumps(registration()).encode()

    assert words.read_registration(good).connection["relay"] == "r"
    with pytest.raises(words.Malformed):
        words.read_registration(json.dumps(registration(**change)).encode())


@pytest.mark.parametrize("content", [b"", b"{", b"[]"])
def test_a_body_is_an_object(content: bytes) -> None:
    """Whatever else is posted is refused."""
    with pytest.raises(words.Malformed):
        words.read_registration(content)
