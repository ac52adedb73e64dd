"""Secrets are taken out of all that is said by their value, whoever says them (design rule 9).

Each is a random mark: Azure, the API server or a library repeats it, and it is looked for in both
streams, in the events, in every file that arcctl keeps and in the cluster's copy of the journal.
"""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from arcctl.sandbox.azure import entra
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import arm
from tests.stories.spying import files
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

APPLY = "config apply -n harbor -g edge --file manifest.yaml --yes"
ACTING = "a\x1b[31mred\x07\x9b2Jb\u202egnp.exe"


def manifest(stage: Stage, secret: str, **settings: str) -> None:
    """Ask for an extension with one protected setting."""
    properties = {
        "extensionType": "microsoft.azuremonitor.containers",
        "configurationSettings": settings or {"a": "b"},
    }
    extension = {
        "kind": "extensions",
        "name": "echo",
        "apiVersion": "2025-03-01",
        "body": {"properties": properties},
        "secrets": {"token": {"file": "secret.txt"}},
    }
    (stage.folder / "secret.txt").write_text(secret, encoding="utf-8")
    document = {"format": "arcctl.configuration/1", "children": [extension]}
    (stage.folder / "manifest.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def echoing(stage: Stage, text: str, status: int = 400) -> None:
    """Let Azure repeat what it was sent, as it does where a value does not fit."""
    body = {"error": {"code": "BadRequest", "message": f"The value '{text}' does not fit."}}
    stage.fault(
        "arm", {"status": status, "body": body}, method="PUT", path="/extensions/echo$", times=None
    )


def everywhere(stage: Stage, *ended: Ended) -> dict[str, str]:
    """Return all that was said or kept, by its place."""
    places = {f"stdout {at}": each.out for at, each in enumerate(ended)}
    places |= {f"stderr {at}": each.err for at, each in enumerate(ended)}
    places |= {str(path): text for path, text in files(stage.folder / "home")}
    return places | run_in_cluster(stage)


def run_in_cluster(stage: Stage) -> dict[str, str]:
    """Return what the cluster keeps of arcctl's runs, unpacked, but for the values put aside."""
    held = stage.within(lambda: list(stage.cluster.store.items(KINDS["secrets"].key)))
    found = {}
    for each in held:
        metadata = each["metadata"]
        if metadata["namespace"] != "arcctl" or metadata["name"].startswith("arcctl-hold-"):
            continue
        for name, encoded in (each.get("data") or {}).items():
            content = base64.b64decode(encoded)
            packed = content[:2] == b"\x1f\x8b"
            text = (gzip.decompress(content) if packed else content).decode("utf-8", "replace")
            found[f"{metadata['name']}/{name}"] = text
    return found


def leaks(places: dict[str, str], secret: str) -> list[str]:
    """Name each place that holds the secret, plain or in base64."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return [place for place, text in places.items() if secret in text or encoded in text]


@pytest.mark.parametrize("more", ["", "--debug", "--progress json", "--verbose -o json"])
def test_what_azure_repeats_is_hidden(connected: Stage, more: str) -> None:
    """A protected setting in the text of a 400, in every way in which a failure is told."""
    secret = f"mark-{secrets.token_hex(8)}"
    manifest(connected, secret)
    echoing(connected, f"{secret}=")
    ended = connected.type(f"{APPLY} {more}")
    told = connected.type("history -o json")

    assert ended.code != 0
    assert "[hidden]=" in ended.err
    assert leaks(everywhere(connected, ended, told), secret) == []


@pytest.mark.parametrize(
    "awkward", ['qu"ote\\back', "two\nlines-of-it", "ünï-cödé-€", "a b c d e f"]
)
def test_it_is_hidden_however_it_is_spelled(connected: Stage, awkward: str) -> None:
    """In a JSON line, in an error on one line, in a log."""
    secret = f"{secrets.token_hex(4)}{awkward}"
    manifest(connected, secret)
    echoing(connected, secret)
    events = connected.type(f"{APPLY} --progress json")
    plain = connected.type(f"{APPLY} --debug")

    for text in (events.err, plain.err):
        assert secret[:8] not in text
    for line in events.err.splitlines():
        if line.startswith("{"):
            json.loads(line)


def test_a_short_secret_spoils_no_result(connected: Stage) -> None:
    """`443` may be any number, and the cluster's name is no secret; both stay where they belong."""
    manifest(connected, "443", port="443", name="harbor")
    echoing(connected, "443")
    ended = connected.type(f"{APPLY} -o json")
    shown = connected.well("show -n harbor -g edge -o json")

    assert ended.code != 0
    assert shown.data["name"] == "harbor"
    assert "[hidden]" not in shown.out


def test_a_secret_that_is_the_clusters_name_leaves_the_name(connected: Stage) -> None:
    """What is said in the clear stays readable, even where a secret has the same value."""
    manifest(connected, "harbor-in-edge", note="harbor-in-edge")
    echoing(connected, "nothing")
    ended = connected.type(f"{APPLY} -o json")
    assert "[hidden]" not in ended.out


def kubeconfig(stage: Stage, **user: Any) -> str:
    """Write a kubeconfig like the sandbox's own, for another user; return the flag."""
    path = stage.sandbox.home.kubeconfig
    content = yaml.safe_load(path.read_text())
    name = content["users"][0]["name"]
    content["users"] = [{"name": name, "user": user}]
    other = stage.folder / "other-kubeconfig"
    other.write_text(yaml.safe_dump(content), encoding="utf-8")
    return f"--kube-config {other}"


def signing_in(stage: Stage, secret: str) -> str:
    """Name a plug-in that fails and repeats what it was given; return the flag."""
    script = stage.folder / "plug-in"
    words = "login of $2 failed with $4, $5 and $LOGIN_SECRET"
    script.write_text(f'#!/bin/sh\necho "{words}" >&2\nexit 1\n', encoding="utf-8")
    script.chmod(0o755)
    entry = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": str(script),
        "args": ["--client-id", "app-of-ours", "--client-secret", secret, f"--password={secret}"],
        "env": [{"name": "LOGIN_SECRET", "value": secret}],
        "interactiveMode": "Never",
    }
    return kubeconfig(stage, exec=entry)


@pytest.mark.parametrize("verb", ["check", "upgrade"])
def test_the_secrets_that_a_plug_in_is_given_are_hidden(connected: Stage, verb: str) -> None:
    """They are in the kubeconfig; what else the plug-in says is shown."""
    secret = secrets.token_hex(8)
    flag = signing_in(connected, secret)
    ended = connected.type(f"{verb} -n harbor -g edge --debug {flag}")

    assert "login of app-of-ours failed" in ended.out + ended.err
    assert leaks(everywhere(connected, ended), secret) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n"])
def test_a_token_file_may_end_in_a_newline(connected: Stage, end: str) -> None:
    """An editor puts one there; client-go trims it, and no header holds it."""
    file = connected.folder / "token"
    file.write_text(connected.cluster.token + end)
    flag = kubeconfig(connected, tokenFile=str(file))
    ended = connected.type(f"check -n harbor -g edge --only cluster {flag}")

    assert leaks({"out": ended.out, "err": ended.err}, connected.cluster.token) == []
    assert "can reach the API server" not in ended.err
    assert ended.code == 0, ended.out + ended.err


def test_a_token_that_no_header_can_hold_is_not_printed(connected: Stage) -> None:
    """Whatever the library says of it."""
    secret = f"mark-{secrets.token_hex(8)}"
    flag = kubeconfig(connected, token=f"{secret}\nsecond-{secret}")
    ended = connected.type(f"check -n harbor -g edge --debug {flag}")

    assert leaks({"out": ended.out, "err": ended.err}, secret) == []


def test_an_access_token_may_end_in_a_newline(connected: Stage) -> None:
    """`$(cat file)` takes it off; a secret store's variable has it."""
    world = connected.world
    token = connected.within(lambda: world.azure.tokens.issue(entra.FULL_RIGHTS, world.base_url))
    ended = connected.type(
        "show -n harbor -g edge -o json --debug", AZURE_ACCESS_TOKEN=f"{token}\n"
    )

    assert ended.code == 0, ended.err
    assert leaks({"out": ended.out, "err": ended.err}, token) == []


def test_an_access_token_that_no_header_can_hold_is_not_printed(connected: Stage) -> None:
    """Two lines of it, for instance."""
    secret = f"mark-{secrets.token_hex(8)}"
    ended = connected.type(
        "show -n harbor -g edge --debug", AZURE_ACCESS_TOKEN=f"{secret}\n{secret}x"
    )

    assert ended.code == 4
    assert "AZURE_ACCESS_TOKEN is no token: it has a line break or a space in it" in ended.err
    assert leaks({"out": ended.out, "err": ended.err}, secret) == []


def test_no_kill_leaves_the_clients_key(connected: Stage) -> None:
    """While it asks the cluster, no file holds what it read from the kubeconfig."""
    from arcctl.model import keys

    key = keys.generate().private.reveal()
    data = base64.b64encode(key.encode()).decode()
    issued = self_signed(key)
    flag = kubeconfig(
        connected,
        token=connected.cluster.token,
        **{"client-key-data": data, "client-certificate-data": issued},
    )
    connected.fault("kubernetes", {"delay": 30}, path="/version", times=None)
    with connected.start(f"check -n harbor -g edge --only cluster {flag}") as process:
        deadline = time.monotonic() + 60
        while not connected.requests("kubernetes") and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()

    left = {str(path): text for path, text in files(connected.folder / "scratch")}
    assert [place for place, text in left.items() if key.splitlines()[5] in text] == []


def self_signed(key: str) -> str:
    """Return a certificate for the key, as a kubeconfig holds it."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    private = serialization.load_pem_private_key(key.encode(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "someone")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def acts(text: str) -> bool:
    """Tell whether anything of `ACTING` could still act."""
    return any(each in text for each in ("\x1b[31m", "\x07", "\x9b", "\u202e"))


def test_what_others_wrote_cannot_act_on_the_terminal(connected: Stage) -> None:
    """A tag with colours, a bell and letters in reverse, on a terminal and in a table."""
    arm.ask(connected, "PATCH", arm.HARBOR, {"tags": {"team": ACTING}}, version="2024-01-01")
    screen = typed_at_a_terminal(connected, "show -n harbor -g edge")
    table = connected.well("list -g edge -o table --query [].{a:tags.team}")
    shown = connected.well("show -n harbor -g edge -o json")
    dumped = connected.well("show -n harbor -g edge -o yaml")

    assert not acts(screen.out)
    for ended in (table, shown, dumped):
        assert not acts(ended.out)
    assert shown.data["tags"]["team"] == ACTING
    assert yaml.safe_load(dumped.out)["tags"]["team"] == ACTING


def test_what_azure_says_cannot_act_on_the_terminal(connected: Stage) -> None:
    """In an error, in an event, and in the log."""
    manifest(connected, "long-enough-secret")
    echoing(connected, ACTING)
    for more in ("", "--progress json", "--debug", "--progress plain"):
        ended = connected.type(f"{APPLY} {more}")
        assert ended.code != 0
        assert not acts(ended.err)


def test_a_kubeconfig_that_skips_verification_is_told(connected: Stage) -> None:
    """The same warning as with the flag, and a row in `check`."""
    content = yaml.safe_load(connected.sandbox.home.kubeconfig.read_text())
    for each in content["clusters"]:
        each["cluster"].pop("certificate-authority-data", None)
        each["cluster"].pop("certificate-authority", None)
        each["cluster"]["insecure-skip-tls-verify"] = True
    other = connected.folder / "insecure"
    other.write_text(yaml.safe_dump(content), encoding="utf-8")
    ended = connected.type(f"check -n harbor -g edge --only cluster --kube-config {other} -o json")

    assert "is NOT verified" in ended.err
    assert "tls-unverified" in ended.out
