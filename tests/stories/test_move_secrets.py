"""What a move must carry in secret goes where it must, and nowhere else (design rule 9).

The protected settings of every child and the private keys of the agents are looked for in argv and
environment of every child process, both streams with --debug, every file that arcctl writes, what
it keeps in the cluster, ARM's store and the sandbox's journal.
"""

from __future__ import annotations

import base64
import gzip
import json
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from arcctl.sandbox.azure import entra
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import arm
from tests.stage import Ended
from tests.stories import moving
from tests.stories.moved import GIVEN, MOVE, kept_in_cluster, running, stopped, whole
from tests.stories.spying import files, spy_on_helm, watching

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

HARBOR = "/connectedClusters/harbor$"
APPLY = "config apply -n harbor -g edge --file manifest.yaml --yes"


@dataclass
class Spied:
    """A stage, and all that was seen of the commands that were typed at it."""

    stage: Stage
    seen: Path
    keys: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> dict[str, str]:
        """Every secret of this world, by where it belongs."""
        given = {
            f"{child}/{name}": value
            for child, values in moving.SECRETS.items()
            for name, value in values.items()
        }
        own = {
            "AZURE_CLIENT_SECRET": entra.FULL_RIGHTS.secret,
            "the kubeconfig": self.stage.cluster.token,
        }
        return given | own | self.keys

    def type(self, line: str, **environ: str) -> tuple[int, str]:
        """Type a command, watched, and keep all that it let be seen; return its end."""
        stage = self.stage
        scratch = stage.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        self.learn_key("the key before")
        with stage.start(line, **environ) as process, watching(process, scratch) as told:
            out, err = process.communicate(timeout=120)
        self.learn_key("the key after")
        self.texts |= {f"stdout of {line}": out, f"stderr of {line}": err}
        self.texts["children and scratch"] = "\n".join(told)
        self.texts["helm"] = self.seen.read_text() if self.seen.exists() else ""
        self.texts |= {str(path): text for path, text in files(stage.folder / "home")}
        entries = stage.within(lambda: [each.plain() for each in stage.world.journal.entries])
        self.texts["the sandbox's journal"] = json.dumps(entries)
        self.texts["ARM"] = json.dumps(stage.within(stage.world.azure.dump))
        return process.returncode, err

    def learn_key(self, name: str) -> None:
        """Know the agents' private key, to look for a line of it that no public half has."""
        kind, secret = KINDS["secrets"].key, "azure-arc-connect-privatekey"
        found = self.stage.within(lambda: self.stage.cluster.store.get(kind, "azure-arc", secret))
        if found:
            text = base64.b64decode(found["data"]["privateKey"]).decode()
            self.keys[name] = text.splitlines()[20]

    def leaks(self) -> list[str]:
        """Name each secret and each place where it should not be."""
        return [
            f"{name} in {place}"
            for name, secret in self.secrets.items()
            for place, text in self.texts.items()
            if secret in text or base64.b64encode(secret.encode()).decode() in text
        ]

    def keep_what_the_cluster_keeps(self) -> None:
        """Read the run's Secrets in the cluster as a person would, all but the one that holds."""
        kind = KINDS["secrets"].key
        for each in self.stage.within(lambda: list(self.stage.cluster.store.items(kind))):
            name = each["metadata"]["name"]
            if each["metadata"]["namespace"] == "arcctl" and not name.startswith("arcctl-hold-"):
                packed = b"".join(base64.b64decode(text) for text in each["data"].values())
                self.texts[f"Secret {name}"] = gzip.decompress(packed).decode()


@pytest.fixture
def spied(harbor: Stage) -> Spied:
    """Harbor, with a helm that is spied on."""
    script, seen = spy_on_helm(harbor.folder, harbor.helm)
    seen.unlink(missing_ok=True)
    harbor.extra["ARCCTL_HELM"] = str(script)
    return Spied(harbor, seen)


@pytest.mark.parametrize("flags", ["", "--debug --new-key", "--keep-secrets-in-cluster"])
def test_no_secret_is_seen_while_a_cluster_is_moved(spied: Spied, flags: str) -> None:
    """Neither by children, nor on streams, disk or in ARM; plan, bundle and report are clean."""
    uids = running(spied.stage)

    code, err = spied.type(f"{MOVE} --plan-out home/plan.json --report home/report.md {flags}")

    assert code == 0, err
    assert spied.leaks() == []
    assert "upgrade" in spied.texts["helm"]
    assert {"the key before", "the key after"} <= spied.keys.keys()
    assert len(set(spied.keys.values())) == (2 if "--new-key" in flags else 1)
    kept = [path for path in spied.texts if path.endswith(("bundle.json", "journal.jsonl"))]
    assert len(kept) == 2
    whole(spied.stage, uids)


def half_done(spied: Spied, flags: str = "") -> str:
    """Let a move stop when the source is gone, and return the run's name."""
    spied.stage.fault(
        "arm", {"deny_policy": True}, method="PUT", path=HARBOR, region="westeurope", times=None
    )
    code, err = spied.type(f"{MOVE} --debug {flags}")
    spied.keep_what_the_cluster_keeps()
    spied.stage.within(spied.stage.world.faults.remove)
    return stopped(Ended(code, "", err.replace("Traceback", "")), "RequestDisallowedByPolicy")


def test_what_is_kept_of_a_stopped_move_holds_no_secret(spied: Spied) -> None:
    """Journal, bundle and plan, in the cluster and here; files are 0600 in folders 0700."""
    run = half_done(spied)

    assert [each for each in spied.texts if each.startswith("Secret ")]
    assert spied.leaks() == []
    folder = spied.stage.folder / "home" / "arcctl" / "state" / "runs" / run
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_secret_is_seen_while_a_move_is_taken_up(spied: Spied) -> None:
    """Elsewhere, with the secrets given again."""
    uids = running(spied.stage)
    run = half_done(spied)

    home = str(spied.stage.folder / "home" / "elsewhere")
    code, err = spied.type(f"resume {run} --debug {GIVEN}", ARCCTL_HOME=home)

    assert code == 0, err
    assert spied.leaks() == []
    whole(spied.stage, uids)


def test_without_the_secrets_nothing_is_taken_up(spied: Spied) -> None:
    """Whoever resumes gives them again: no journal holds them, and the message says which."""
    run = half_done(spied)
    code, err = spied.type(f"resume {run}")

    assert code != 0
    assert "[secret-missing]" in err
    assert f"arcctl resume {run} --protected-settings FILE" in err
    assert spied.leaks() == []


def test_secrets_kept_in_the_cluster_are_enough_and_go_with_the_run(spied: Spied) -> None:
    """In one Secret, for the length of the run; a resume elsewhere then needs no file."""
    uids = running(spied.stage)
    run = half_done(spied, "--keep-secrets-in-cluster")
    assert f"arcctl-hold-{run}" in kept_in_cluster(spied.stage)

    home = str(spied.stage.folder / "home" / "elsewhere")
    code, err = spied.type(f"resume {run}", ARCCTL_HOME=home)

    assert code == 0, err
    assert spied.leaks() == []
    assert kept_in_cluster(spied.stage) == []
    whole(spied.stage, uids)


def test_no_secret_is_seen_while_configuration_is_applied(spied: Spied) -> None:
    """The same for `config apply` of an extension that was deleted."""
    stage = spied.stage
    exported = stage.well("config export -n harbor -g edge")
    (stage.folder / "manifest.yaml").write_text(exported.out)
    arm.ask(
        stage, "DELETE", f"{arm.HARBOR}/{arm.CHILDREN}/extensions/monitor", version="2025-03-01"
    )

    code, err = spied.type(f"{APPLY} --debug {GIVEN}")

    assert code == 0, err
    assert spied.leaks() == []
    assert "extensions/monitor" in arm.children(stage)


@pytest.mark.parametrize(
    "fault",
    [
        {"service": "arm", "method": "PUT", "path": "/extensions/monitor$"},
        {"service": "arm", "method": "PUT", "path": "/fluxConfigurations/private$"},
        {"service": "kubernetes", "method": "POST", "path": "/arcctl/secrets$", "skip": 3},
    ],
    ids=["extension", "configuration", "hold"],
)
def test_no_secret_is_in_a_traceback_of_a_move(spied: Spied, fault: dict[str, Any]) -> None:
    """With --debug a failure shows where it came from, and none of what it came with."""
    answer = {"error": {"code": "BadRequest", "message": "no"}}
    action = {"action": {"status": 400, "body": answer}, "times": None}
    spied.stage.within(lambda: spied.stage.world.faults.add({**fault, **action}))

    code, err = spied.type(f"{MOVE} --debug")

    assert code in (1, 6), err
    assert "Traceback" in err
    assert spied.leaks() == []


def test_the_secrets_really_arrive(spied: Spied) -> None:
    """They are sent again in full: ARM knows of each by its name, in the new region."""
    spied.type(MOVE)

    stored = spied.stage.within(lambda: dict(spied.stage.world.azure.store.resources))
    known = {key.rpartition("/")[2]: each.secrets for key, each in stored.items() if each.secrets}
    names = {child.rpartition("/")[2]: set(values) for child, values in moving.SECRETS.items()}
    assert {child: set(values) for child, values in known.items()} == names
    assert yaml.safe_load((spied.stage.folder / "secrets.yaml").read_text()) == moving.SECRETS
