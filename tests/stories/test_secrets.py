"""Secrets go where they must and nowhere else (design rule 9).

Marked secrets are planted in every input of `connect`; then argv and environment of every child,
both streams with --debug and without, every file, ARM's store, the sandbox's journal and helm's
record of the release are searched for them.
"""

from __future__ import annotations

import base64
import gzip
import json
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from arcctl.model import keys
from arcctl.sandbox.azure import entra
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.spying import files, spy_on_helm, watching

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

PROXY, PROTECTED = "marked-proxy-password", "marked-protected-setting"
CONNECT = (
    "connect -n harbor -g edge -l westeurope --adopt --private-key key.pem"
    f" --proxy-https http://someone:{PROXY}@proxy.example:3128"
    f" --config-protected-settings extra.token={PROTECTED}"
)


@dataclass
class Planted:
    """A stage with a secret in every input, and what was seen of the commands typed at it."""

    stage: Stage
    key: str
    seen: Path
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> dict[str, str]:
        """Every planted secret, by the input in which it was planted."""
        return {
            "AZURE_CLIENT_SECRET": entra.FULL_RIGHTS.secret,
            "IDENTITY_HEADER": entra.IDENTITY_HEADER,
            "--proxy-https": PROXY,
            "--config-protected-settings": PROTECTED,
            "--private-key": self.key.splitlines()[20],  # the first dozen lines are public
            "the kubeconfig": self.stage.cluster.token,
        }

    def type(self, line: str, **environ: str) -> int:
        """Type a command, watched, and keep all that it let be seen."""
        scratch = self.stage.folder / "scratch"
        with self.stage.start(line, **environ) as process, watching(process, scratch) as told:
            out, err = process.communicate(timeout=120)
        self.texts |= {"stdout": out, "stderr": err, "children and scratch": "\n".join(told)}
        self.texts["helm"] = self.seen.read_text() if self.seen.exists() else ""
        for path, text in files(self.stage.folder / "home"):
            self.texts[str(path)] = text
        entries = self.stage.within(lambda: [e.plain() for e in self.stage.world.journal.entries])
        self.texts["journal"] = json.dumps(entries)
        self.texts["ARM"] = json.dumps(self.stage.within(self.stage.world.azure.dump))
        return process.returncode

    def leaks(self) -> list[str]:
        """Name each secret and each place where it should not be."""
        return [
            f"{name} in {place}"
            for name, secret in self.secrets.items()
            for place, text in self.texts.items()
            if secret in text or base64.b64encode(secret.encode()).decode() in text
        ]


@pytest.fixture
def planted(quick: Stage) -> Planted:
    """A resource without agents, its owner's key in a file, and a helm that is spied on."""
    pair = keys.generate()
    key = pair.private.reveal()
    (quick.folder / "key.pem").write_text(key)
    (quick.folder / "scratch").mkdir()
    script, seen = spy_on_helm(quick.folder, quick.helm)
    quick.extra |= {"ARCCTL_HELM": str(script), "TMPDIR": str(quick.folder / "scratch")}
    entry = {
        "name": "harbor",
        "group": "edge",
        "location": "westeurope",
        "state": "AgentNotInstalled",
        "properties": {"agentPublicKeyCertificate": pair.public},
    }
    quick.seed(clusters=[entry])
    return Planted(quick, key, seen)


def release(stage: Stage) -> str:
    """What helm keeps of the release of the agents, decoded."""
    secrets = stage.within(lambda: list(stage.cluster.store.items(KINDS["secrets"].key)))
    kept = [each for each in secrets if each["metadata"]["name"].startswith("sh.helm.release")]
    return "\n".join(
        gzip.decompress(base64.b64decode(base64.b64decode(each["data"]["release"]))).decode()
        for each in kept
    )


@pytest.mark.parametrize("flags", ["", "--debug"])
def test_no_secret_is_seen_while_a_cluster_is_connected(planted: Planted, flags: str) -> None:
    """Neither by its children, nor on its streams or disk, nor by ARM; and the chart got them."""
    code = planted.type(f"{CONNECT} {flags}")

    assert code == 0, planted.texts["stderr"]
    assert planted.leaks() == []
    assert "upgrade" in planted.texts["helm"]
    assert "upgrade" in planted.texts["children and scratch"]
    kept = release(planted.stage)
    assert (PROXY in kept, PROTECTED in kept) == (True, True)
    assert planted.secrets["--private-key"] not in kept
    assert planted.stage.cluster.token not in kept
    assert entra.FULL_RIGHTS.secret not in kept


def test_what_is_kept_on_disk_is_for_its_owner_alone(planted: Planted) -> None:
    """Access tokens are all that stays, 0600 in folders 0700; the scratch folder is empty."""
    planted.type(CONNECT)

    home = planted.stage.folder / "home" / "arcctl"
    kept = [path for path, _ in files(home)]
    assert kept
    assert {path.parent.name for path in kept} <= {"helm", "tokens"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert {stat.S_IMODE(path.parent.stat().st_mode) for path in kept} == {0o700}
    assert list((planted.stage.folder / "scratch").iterdir()) == []


def test_an_older_chart_gets_the_key_and_nobody_else(planted: Planted) -> None:
    """Before 1.35.3 the chart renders the Secret itself, so helm's record must hold the key."""
    charts = planted.stage.world.agent_charts
    older = charts["stable"].replace("1.36.1", "1.34.2")
    planted.stage.within(lambda: charts.update(stable=older))

    assert planted.type(f"{CONNECT} --skip-prechecks --debug") == 0, planted.texts["stderr"]

    assert planted.leaks() == []
    assert planted.secrets["--private-key"] in release(planted.stage)


def test_a_helm_that_repeats_its_values_is_not_repeated(planted: Planted) -> None:
    """What helm writes to stderr reaches people and logs without the secrets it was given."""
    script = planted.stage.folder / "helm"
    told = script.read_text()
    script.write_text(told.replace("exec ", 'case "$1" in upgrade) cat >&2; exit 1;; esac\nexec '))

    code = planted.type(f"{CONNECT} --skip-prechecks --debug")

    assert code == 1
    assert "[AZK8S0500]" in planted.texts["stderr"]
    assert planted.leaks() == []


def test_a_token_of_the_environment_is_not_kept(planted: Planted) -> None:
    """AZURE_ACCESS_TOKEN goes to Azure, and to no child, stream or file."""
    stage = planted.stage
    token = stage.within(stage.world.azure.tokens.static)
    environ = {"AZURE_ACCESS_TOKEN": token, "AZURE_CLIENT_SECRET": ""}

    code = planted.type(f"{CONNECT} --skip-prechecks --debug", **environ)

    assert code == 0, planted.texts["stderr"]
    signature = token.rpartition(".")[2]
    assert [place for place, text in planted.texts.items() if signature in text] == []


@pytest.mark.parametrize(
    "fault",
    [
        {"service": "entra", "action": {"status": 500}, "times": None},
        {"service": "dataplane", "action": {"status": 400}, "path": "Settings", "times": None},
        {"service": "kubernetes", "action": {"status": 500}, "path": "/secrets$", "method": "POST"},
    ],
)
def test_no_secret_is_in_a_traceback(planted: Planted, fault: dict[str, object]) -> None:
    """With --debug a failure shows where it came from, and none of what it came with."""
    planted.stage.within(lambda: planted.stage.world.faults.add(fault))

    code = planted.type(f"{CONNECT} --skip-prechecks --debug")

    assert code in (1, 4)
    assert "Traceback" in planted.texts["stderr"]
    assert planted.leaks() == []
