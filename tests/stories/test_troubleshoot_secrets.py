"""No secret is in an archive of `troubleshoot` (design rule 9), wherever it was planted.

Marked secrets are put where people and programs put them; then every byte of the archive, of the
folder and of both streams is searched for them, as they are and in base64.
"""

from __future__ import annotations

import base64
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.azure import entra
from tests.stories import changing, symptoms
from tests.stories.evidence import TROUBLESHOOT, packed, page
from tests.stories.test_masking import signing_in

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

# By the place where each is planted; no two look alike, so that each is found by its own way.
MARKED = {
    "log: bearer": "marked-bearer-3f9a",
    "log: header": "bWFya2VkLWhlYWRlcjpwYXNz",
    "log: environment": "marked-of-env-81c2",
    "log: connection string": "marked-account-key-77",
    "log: address": "marked-in-url-5d",
    "log: signature": "marked-sas-4e",
    "log: json": "marked json value",
    "log: only its value": "marked-plain-words-of-a-secret",
    "event": "marked-of-event-09",
    "pod: env": "marked-pod-env-6b",
    "annotation: last applied": "marked-last-applied-2c",
    "deployment: env": "marked-deployment-env-aa",
    "ARM: tag": "marked-of-arm-d1",
    "ARM: protected": "marked-protected-e2",
    "environment: proxy": "marked-here-proxy-f3",
    "environment: variable": "marked-here-token-b4",
}
LOG = f"""I1123 asking https://someone:{MARKED["log: address"]}@depot.example/x
I1123 Authorization: Bearer {MARKED["log: bearer"]}
I1123 headers map[Authorization:[Basic {MARKED["log: header"]}]]
I1123 MY_PASSWORD={MARKED["log: environment"]}
I1123 AccountName=a;AccountKey={MARKED["log: connection string"]};EndpointSuffix=x
I1123 GET https://a.blob.core.windows.net/c?sv=2024&sig={MARKED["log: signature"]}&se=1
I1123 body {{"clientSecret": "{MARKED["log: json"]}"}}
I1123 it is {MARKED["log: only its value"]}, or so they say
I1123 the end
"""


@pytest.fixture
def planted(connected: Stage) -> Stage:
    """Harbor, whose release has a proxy with a password, with a secret in every kind of place."""
    value = base64.b64encode(MARKED["log: only its value"].encode()).decode()
    symptoms.plant("secrets", symptoms.ARC, "extra", data={"some": value})(connected)
    noted = {
        "sandbox.arcctl/log": LOG,
        "kubectl.kubernetes.io/last-applied-configuration": MARKED["annotation: last applied"],
    }
    # An agent that is not ready, so that its pod is kept whole.
    symptoms.trouble("CrashLoopBackOff")(connected)
    pods = connected.within(lambda: list(connected.cluster.store.items(("", "pods"))))
    for pod in pods:
        name = pod["metadata"]["name"]
        containers = [
            dict(each) | {"env": [{"name": "DB_PASSWORD", "value": MARKED["pod: env"]}]}
            for each in pod["spec"]["containers"]
        ]
        change = {"metadata": {"annotations": noted}, "spec": {"containers": containers}}
        symptoms.change("pods", symptoms.ARC, name, **change)(connected)
    template = {"metadata": {"annotations": {"token": MARKED["deployment: env"]}}}
    symptoms.change("deployments", symptoms.ARC, "config-agent", metadata=template["metadata"])(
        connected
    )
    said = f"cannot pull with password={MARKED['event']}"
    about = {"kind": "Pod", "name": pods[0]["metadata"]["name"], "namespace": symptoms.ARC}
    event = {"involvedObject": about, "reason": "Failed", "type": "Warning", "message": said}
    symptoms.plant("events", symptoms.ARC, "marked", **event)(connected)
    settings = [{"feature": "x", "protectedSettings": {"a": MARKED["ARM: protected"]}}]
    tags = {"deployKey": f"token={MARKED['ARM: tag']}"}
    body = {"tags": tags, "properties": {"arcAgentryConfigurations": settings}}
    connected.fault("arm", {"patch_body": body}, method="GET", path="/harbor$", times=None)
    return connected


ENVIRONMENT = {
    "FTP_PROXY": "",
    "all_proxy": f"http://me:{MARKED['environment: proxy']}@127.0.0.1:9",
    "AZURE_OTHER_TOKEN": MARKED["environment: variable"],
}


def found(stage: Stage, ended: Ended) -> list[str]:
    """Name each secret, and each place in which it is."""
    secrets = MARKED | {
        "proxy of the agents": changing.PROXY,
        "private key": changing.key(stage),
        "AZURE_CLIENT_SECRET": entra.FULL_RIGHTS.secret,
        "IDENTITY_HEADER": entra.IDENTITY_HEADER,
        "kubeconfig": stage.cluster.token,
    }
    texts = {"stdout": ended.out.encode(), "stderr": ended.err.encode()}
    with tarfile.open(ended.data["archive"]) as archive:
        for member in archive:
            file = archive.extractfile(member)
            texts[member.name] = file.read() if file else b""
            texts[f"name of {member.name}"] = member.name.encode()
    for path in Path(ended.data["folder"]).rglob("*"):
        texts[str(path)] = path.read_bytes() if path.is_file() else b""
    return [
        f"{name} in {place}"
        for name, secret in secrets.items()
        for place, text in texts.items()
        if secret.encode() in text or base64.b64encode(secret.encode()) in text
    ]


@pytest.mark.parametrize("flags", ["", "--debug", "--progress json"])
def test_no_secret_is_in_the_archive(planted: Stage, flags: str) -> None:
    """Nor on the streams; what stood around it is there."""
    ended = planted.type(f"{TROUBLESHOOT} {flags}", **ENVIRONMENT)

    assert ended.out, ended.err
    assert found(planted, ended) == []
    files = packed(ended)
    [log] = [text for name, text in files.items() if name.endswith("kube-arc-config-agent.txt")]
    assert "I1123 the end" in log
    assert "@depot.example" in log
    assert "proxy.example:3128" in files["helm_values_azure_arc.txt"]
    assert "all_proxy=http://127.0.0.1:9 (with a sign-in)" in files["arcctl.txt"]
    assert "AZURE_OTHER_TOKEN" in files["arcctl.txt"]


def test_what_was_planted_would_be_found(planted: Stage) -> None:
    """Without redaction the same search finds it, so that it is known to look in the right places."""
    ended = planted.type(f"{TROUBLESHOOT} --no-redact", **ENVIRONMENT)

    there = {each.partition(" in ")[0] for each in found(planted, ended)}
    # What the helm values and the environment hold is never written as it is.
    never = {"environment: proxy", "environment: variable", "private key"}
    assert there >= MARKED.keys() - never
    assert not there & (never | {"AZURE_CLIENT_SECRET", "kubeconfig"})


def test_raw_evidence_says_that_it_is_raw(connected: Stage) -> None:
    """Before it begins, on the page, in the document, and with the archive's path."""
    ended = connected.type(f"{TROUBLESHOOT} --no-redact")

    assert ended.data["redacted"] is False
    assert "NOT redacted" in page(ended)
    assert ended.err.count("NOT redacted") == 2


@pytest.mark.parametrize("flags", ["", "--no-redact"])
def test_no_secret_of_a_plug_in_is_in_the_archive(connected: Stage, flags: str) -> None:
    """It fails, and repeats what the kubeconfig gives it."""
    secret = "marked-of-plug-in-7c"
    ended = connected.type(f"{TROUBLESHOOT} {flags} {signing_in(connected, secret)}")

    texts = packed(ended)
    assert any("login of app-of-ours failed" in text for text in texts.values())
    assert [name for name, text in texts.items() if secret in text] == []
    assert secret not in ended.out + ended.err
