"""Whoever the kubeconfig names is who the API server sees, renewed when it has to be."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from arcctl.clients.kubernetes import Kubernetes
from arcctl.errors import AccessError, ClusterError
from tests.clients.helm.scripts import script
from tests.clients.kubernetes.api import PODS, VERSION, Api, settings, status

if TYPE_CHECKING:
    from pathlib import Path

CREDENTIAL = "client.authentication.k8s.io/v1"


def plugin(folder: Path, code: str, **more: Any) -> dict[str, Any]:
    """A user whose credentials come from a program."""
    path = script(folder, code, name="plugin")
    return {
        "exec": {"apiVersion": CREDENTIAL, "command": str(path), "interactiveMode": "Never"} | more
    }


def counting(folder: Path) -> str:
    """A plug-in whose every run gives another token."""
    return f"""
        import json, pathlib
        runs = pathlib.Path({str(folder / "runs")!r})
        run = len(runs.read_text()) + 1 if runs.exists() else 1
        runs.write_text("x" * run)
        print(json.dumps({{"apiVersion": {CREDENTIAL!r}, "kind": "ExecCredential",
                           "status": {{"token": f"token-{{run}}"}}}}))
        """


async def shown(api: Api, path: Path) -> str | None:
    """Ask once, and return the Authorization header."""
    cluster = await api.client(path)
    await cluster.get(PODS)
    return api.seen[-1].headers.get("Authorization")


async def test_a_token_is_sent(api: Api) -> None:
    """The plainest of users."""
    assert await shown(api, api.kubeconfig(token="abc")) == "Bearer abc"


async def test_a_name_and_password_are_sent(api: Api) -> None:
    """Basic authentication, which some proxies in front of clusters still want."""
    header = await shown(api, api.kubeconfig(username="ci", password="p:w"))
    assert header == "Basic " + base64.b64encode(b"ci:p:w").decode()


async def test_nobody_is_nobody(api: Api) -> None:
    """Without credentials no header is sent."""
    assert await shown(api, api.kubeconfig()) is None


async def test_a_token_file_is_read_again_after_a_401(api: Api, tmp_path: Path) -> None:
    """A projected token that was rotated meanwhile costs one more request."""

    async def answer(request: web.Request) -> web.Response:
        if request.headers["Authorization"] != "Bearer new":
            return status(401, "Unauthorized", "Unauthorized")
        return web.json_response({"ok": True})

    api.handle = answer
    (tmp_path / "token").write_text("old")
    cluster = await api.client(api.kubeconfig(tokenFile="token"))
    (tmp_path / "token").write_text("new")
    assert await cluster.get(PODS) == {"ok": True}
    assert len(api.seen) == 2


async def test_a_plugin_is_asked_again_after_a_401(api: Api, tmp_path: Path) -> None:
    """Its first token may have been cached and revoked."""

    async def answer(request: web.Request) -> web.Response:
        if request.headers["Authorization"] == "Bearer token-1":
            return status(401, "Unauthorized", "Unauthorized")
        return web.json_response({"ok": True})

    api.handle = answer
    path = api.kubeconfig(**plugin(tmp_path, counting(tmp_path)))
    cluster = await api.client(path)
    assert await cluster.get(PODS) == {"ok": True}
    assert (tmp_path / "runs").read_text() == "xx"


async def test_a_plugin_is_asked_once_while_its_token_is_good(api: Api, tmp_path: Path) -> None:
    """Two requests are no reason to run a program twice."""
    path = api.kubeconfig(**plugin(tmp_path, counting(tmp_path)))
    cluster = await api.client(path)
    await cluster.get(PODS)
    await cluster.get(PODS)
    assert (tmp_path / "runs").read_text() == "x"


async def test_credentials_that_stay_bad_are_an_access_error(api: Api, tmp_path: Path) -> None:
    """A renewed token that is refused too is not renewed for ever."""

    async def answer(request: web.Request) -> web.Response:
        return status(401, "Unauthorized", "Unauthorized")

    api.handle = answer
    cluster = await api.client(api.kubeconfig(**plugin(tmp_path, counting(tmp_path))))
    with pytest.raises(AccessError) as raised:
        await cluster.get(PODS)
    assert raised.value.code == "kube-unauthorized"
    assert len(api.seen) == 2


async def test_a_client_certificate_is_shown(api: Api) -> None:
    """The certificate of the kubeconfig reaches the server's TLS."""
    subjects = []

    async def answer(request: web.Request) -> web.Response:
        assert request.transport
        subjects.append(request.transport.get_extra_info("peercert")["subjectAltName"])
        return web.json_response(VERSION)

    api.handle = answer
    leaf = api.authority.issue_cert("admin@harbor.example")
    user = {
        "client-certificate-data": base64.b64encode(leaf.cert_chain_pems[0].bytes()).decode(),
        "client-key-data": base64.b64encode(leaf.private_key_pem.bytes()).decode(),
    }
    await (await api.client(api.kubeconfig(**user))).get(PODS)
    assert subjects == [(("email", "admin@harbor.example"),)]


async def test_a_plugin_may_give_a_certificate(api: Api, tmp_path: Path) -> None:
    """Some plug-ins sign in by certificate, not by token."""
    seen = []

    async def answer(request: web.Request) -> web.Response:
        assert request.transport
        seen.append(request.transport.get_extra_info("peercert")["subjectAltName"])
        return web.json_response(VERSION)

    api.handle = answer
    leaf = api.authority.issue_cert("plugin@harbor.example")
    given = {
        "clientCertificateData": leaf.cert_chain_pems[0].bytes().decode(),
        "clientKeyData": leaf.private_key_pem.bytes().decode(),
    }
    credential = {"apiVersion": CREDENTIAL, "kind": "ExecCredential", "status": given}
    path = api.kubeconfig(**plugin(tmp_path, f"print({json.dumps(credential)!r})"))
    await (await api.client(path)).get(PODS)
    assert seen == [(("email", "plugin@harbor.example"),)]


async def refused(path: Path, **environ: str) -> ClusterError:
    """Open a kubeconfig whose plug-in does not work."""
    with pytest.raises(ClusterError) as raised:
        await Kubernetes.open(settings(path, {"PATH": "/bin", **environ}))
    assert raised.value.code == "AZK8S0200"
    return raised.value


async def test_a_plugin_that_is_not_installed_says_how_to(api: Api) -> None:
    """The kubeconfig's own install hint is the remedy."""
    spec = {
        "apiVersion": CREDENTIAL,
        "command": "kubelogin",
        "installHint": "brew install kubelogin",
    }
    error = await refused(api.kubeconfig(exec=spec))
    assert error.message == "the credential plug-in kubelogin is not there"
    assert error.hints == ("brew install kubelogin",)


async def test_a_plugin_that_fails_is_quoted_without_its_secrets(api: Api, tmp_path: Path) -> None:
    """What it wrote to stderr is the reason, tokens taken out."""
    code = "import sys; sys.exit('session over; token: marked')"
    error = await refused(api.kubeconfig(**plugin(tmp_path, code)))
    assert error.message == "the credential plug-in plugin failed"
    assert "session over" in error.why[0]
    assert "marked" not in error.why[0]


async def test_a_plugin_that_says_nothing_useful_is_an_error(api: Api, tmp_path: Path) -> None:
    """Output that is no credential is told, not ignored."""
    assert (
        "plugin failed" in (await refused(api.kubeconfig(**plugin(tmp_path, "print(1)")))).message
    )


async def test_azure_secrets_are_not_for_plugins(api: Api, tmp_path: Path) -> None:
    """A plug-in gets the person's environment, without what arcctl signs in to Azure with."""
    code = f"""
        import json, os, pathlib
        pathlib.Path({str(tmp_path / "environ")!r}).write_text(json.dumps(dict(os.environ)))
        """
    path = api.kubeconfig(**plugin(tmp_path, code, env=[{"name": "OWN", "value": "yes"}]))
    await refused(path, AWS_PROFILE="edge", AZURE_CLIENT_SECRET="marked")
    environ = json.loads((tmp_path / "environ").read_text())
    assert (environ["AWS_PROFILE"], environ["OWN"]) == ("edge", "yes")
    assert "AZURE_CLIENT_SECRET" not in environ
