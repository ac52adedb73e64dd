"""A kubeconfig may hold anything: it is used, or it is refused in words that quote no secret."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.clients.kubernetes import Kubernetes
from arcctl.errors import AccessError, ArcctlError, ClusterError
from tests.clients.kubernetes.api import PODS, Api, settings, write
from tests.clients.kubernetes.test_credentials import CREDENTIAL, plugin

if TYPE_CHECKING:
    from pathlib import Path

ODD: tuple[Any, ...] = (None, 7, True, "marked", "ümläut", "a\nb", [], ["a"], {}, {"a": 1}, [None])
CLUSTER = (
    "server",
    "certificate-authority",
    "certificate-authority-data",
    "insecure-skip-tls-verify",
    "tls-server-name",
    "proxy-url",
)
USER = (
    *("token", "tokenFile", "username", "password", "exec", "auth-provider"),
    *("client-certificate", "client-certificate-data", "client-key", "client-key-data"),
)
EXEC = ("apiVersion", "command", "args", "env", "installHint", "interactiveMode")


async def asked(api: Api, path: Path) -> ArcctlError | None:
    """Open the kubeconfig and ask something; return how it was refused."""
    try:
        kubernetes = await Kubernetes.open(settings(path))
        api.clients.append(kubernetes)
        assert kubernetes.plugin is None or kubernetes.plugin
        await kubernetes.get(PODS)
    except (ClusterError, AccessError) as error:
        return error
    return None


@pytest.mark.parametrize(
    "token", ["marked\ntoken", "marked\r\nX-Other: 1", "mark\0ed", "mar\u2028ked"]
)
@pytest.mark.parametrize("way", ["plugin", "file", "itself"])
async def test_a_token_that_no_header_can_hold_is_not_quoted(
    api: Api, tmp_path: Path, token: str, way: str
) -> None:
    """The library that would send it puts it whole into a ValueError."""
    (tmp_path / "token").write_text(token, newline="")
    status = {"apiVersion": CREDENTIAL, "kind": "ExecCredential", "status": {"token": token}}
    user = {
        "plugin": plugin(tmp_path, f"import json; print(json.dumps({status!r}))"),
        "file": {"tokenFile": str(tmp_path / "token")},
        "itself": {"token": token},
    }[way]

    error = await asked(api, api.kubeconfig(**user))

    assert error
    assert error.code == "AZK8S0200"
    said = " ".join((error.message, *error.why, *error.hints))
    assert "cannot be sent" in said
    assert "mark" not in said
    assert error.hints


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize(
    "key",
    [
        *(("cluster", each) for each in CLUSTER),
        *(("user", each) for each in USER),
        *(("exec", each) for each in EXEC),
        ("whole", "user"),
        ("whole", "cluster"),
        ("whole", "context"),
    ],
    ids=".".join,
)
async def test_an_odd_value_is_used_or_refused(api: Api, key: tuple[str, str], value: Any) -> None:
    """Each field of cluster, user and plug-in, in all that YAML can say."""
    entry, field = key
    cluster = {"server": f"https://127.0.0.1:{api.port}", "certificate-authority": "authority.pem"}
    user: dict[str, Any] = {}
    if entry == "exec":
        user = {"exec": {"apiVersion": CREDENTIAL, "command": "/bin/false"}}
        user["exec"][field] = value
    elif entry == "user":
        user = {"token": "marked-token", field: value}
    elif entry == "cluster":
        cluster[field] = value
    path = api.folder / "odd"
    write(path, value if key[1] == "cluster" else cluster, value if key[1] == "user" else user)
    if field == "context":
        path.write_text(path.read_text().replace("cluster: harbor", f"cluster: {value!r}"))

    error = await asked(api, path)

    if error:
        assert error.code in ("AZK8S0200", "AZK8S0202"), error
        assert "marked-token" not in " ".join((error.message, *error.why))


@pytest.mark.parametrize("seed", range(8))
async def test_a_kubeconfig_of_garbage_is_refused(api: Api, tmp_path: Path, seed: int) -> None:
    """Bytes changed at random."""
    dice = random.Random(seed)
    path = api.kubeconfig(token="abc")
    raw = bytearray(path.read_bytes())
    for _ in range(6):
        raw[dice.randrange(len(raw))] = dice.randrange(256)
    path.write_bytes(bytes(raw))

    await asked(api, path)
