"""What the relay program may be told: its configuration, a proof, a registration; nothing else."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

API_VERSION = "2020-10-01"
_CLOUD = {"resourceManagerEndpoint", "serviceBusEndpointSuffix", "activeDirectoryEndpoint"}
_CONNECTION = {
    "relay": str,
    "hybridConnectionName": str,
    "token": str,
    "expirationTime": int,
}


class Malformed(Exception):
    """Somebody said something that the program does not take."""


@dataclass(frozen=True, slots=True)
class Config:
    """config.yml; `client` is empty where callers bring tokens of service accounts."""

    http_port: int
    https_port: int
    tenant: str
    client: str
    relay: str


@dataclass(frozen=True, slots=True)
class Registration:
    """The cluster's kubeconfig, and the connection to it."""

    kubeconfig: dict[str, Any]
    connection: dict[str, Any]


def read_config(path: Path) -> Config:
    """Read config.yml as strictly as it is written."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise Malformed(f"{path} is no YAML: {error}") from error
    _only(config, {"server", "identity", "cloud", "cloudConfig"}, "the configuration")
    _only(config["server"], {"httpPort", "httpsPort"}, "server")
    _only(config["identity"], {"tenantID"} | config["identity"].keys() & {"clientID"}, "identity")
    _only(config["cloudConfig"], _CLOUD, "cloudConfig")
    if not isinstance(config["cloud"], str):
        raise Malformed("cloud must be a name")
    return Config(
        http_port=int(config["server"]["httpPort"]),
        https_port=int(config["server"]["httpsPort"]),
        tenant=str(config["identity"]["tenantID"]),
        client=str(config["identity"].get("clientID", "")),
        relay=f"https://{config['cloudConfig']['serviceBusEndpointSuffix']}",
    )


def read_proof(content: bytes, config: Config, audience: str) -> dict[str, str]:
    """Read what is posted to /identity/at."""
    proof = _object(content)
    _only(proof, {"accessToken", "serverId", "tenantID", "kid"}, "the body")
    expected = {"serverId": audience, "tenantID": config.tenant}
    for name, value in expected.items():
        if proof[name] != value:
            raise Malformed(f"{name} must be {value}")
    if not config.client:
        raise Malformed("the configuration names no client that could sign in")
    return {name: str(value) for name, value in proof.items()}


def read_registration(content: bytes) -> Registration:
    """Read what is posted to …/register."""
    body = _object(content)
    _only(body, {"kubeconfigs", "hybridConnectionConfig"}, "the body")
    connection, listed = body["hybridConnectionConfig"], body["kubeconfigs"]
    _only(connection, set(_CONNECTION), "hybridConnectionConfig")
    for name, kind in _CONNECTION.items():
        if not isinstance(connection[name], kind):
            raise Malformed(f"{name} must be {kind.__name__}")
    if connection["expirationTime"] <= time.time():
        raise Malformed("expirationTime has passed")
    if not isinstance(listed, list) or [each.get("name") for each in listed] != ["Kubeconfig"]:
        raise Malformed("kubeconfigs must be one, of the name Kubeconfig")
    return Registration(_kubeconfig(listed[0].get("value", "")), connection)


def _kubeconfig(value: str) -> dict[str, Any]:
    try:
        config = yaml.safe_load(base64.b64decode(value, validate=True))
        config["clusters"][0]["cluster"], config["users"][0]["user"]
    except (ValueError, yaml.YAMLError, LookupError, TypeError) as error:
        raise Malformed(f"this is no kubeconfig: {error}") from error
    found: dict[str, Any] = config
    return found


def _object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except ValueError as error:
        raise Malformed(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise Malformed("the body must be an object")
    return body


def _only(found: Any, names: set[str], what: str) -> None:
    if not isinstance(found, dict) or found.keys() != names:
        raise Malformed(f"{what} must have {', '.join(sorted(names))}, and nothing else")
